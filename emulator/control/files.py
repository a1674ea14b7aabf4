"""Control API: files from the chat page, which messages then send by URL, as Meta does."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from ..platform.state.files import SentFiles
from ..platform.state.uploads import LARGEST_FILE
from .http import BadInputError, NoSuchFileError, Route

# A file may come from anybody, and may be a page with scripts: it is served only as a file.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class FileControl:
    """Takes files, and serves them to anybody with the address: bot, agents' app and browser."""

    def __init__(self) -> None:
        self._files = SentFiles()

    def routes(self) -> list[Route]:
        """Paths below `/_emulator`."""
        return [("POST", "files", self._keep), ("GET", "files/{path:.+}", self._serve)]

    async def _keep(self, request: web.Request) -> web.Response:
        content = await request.read()
        if not 0 < len(content) <= LARGEST_FILE:
            most = LARGEST_FILE // 1024**2
            raise BadInputError(f"A file must have 1 byte to {most} MB, not {len(content)} bytes.")
        name, media_type = request.query.get("name", ""), request.content_type
        path, kept = self._files.keep(name, media_type, content)
        url = f"{request.scheme}://{request.host}/_emulator/files/{quote(path)}"
        return web.json_response({"type": kept.kind, "url": url}, status=201)

    async def _serve(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["path"])
        if file is None:
            raise NoSuchFileError("There is no such file; a restart deletes them.")
        kind = "inline" if file.kind == "image" else "attachment"
        disposition = f"{kind}; filename*=UTF-8''{quote(file.name)}"
        headers = {**HEADERS, "Content-Type": file.media_type, "Content-Disposition": disposition}
        return web.Response(body=file.content, headers=headers)
