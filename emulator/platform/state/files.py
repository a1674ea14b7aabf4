"""Pictures and files that people and operators send from this machine, kept in memory."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_ODD = re.compile(r"[^\w.\- ]+")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_LONGEST_NAME = 100
_MEDIA = ("image", "audio", "video")


@dataclass(frozen=True, kw_only=True, slots=True)
class SentFile:
    """A file as the browser sent it: `media_type` is its MIME type."""

    name: str
    media_type: str
    content: bytes

    @property
    def kind(self) -> str:
        """The type of its attachment: image, audio, video or file. To Meta, SVG is not an image."""
        family, _, of = self.media_type.partition("/")
        return family if family in _MEDIA and of != "svg+xml" else "file"


class SentFiles:
    """The files by their paths, which nobody can guess."""

    def __init__(self) -> None:
        self._files: dict[str, SentFile] = {}

    def keep(self, name: str, media_type: str, content: bytes) -> tuple[str, SentFile]:
        """Keep a file; returns its path, and the file as it is kept. A wrong MIME type is replaced
        by that of plain bytes.
        """
        is_type = _TYPE.fullmatch(media_type) is not None
        kept = SentFile(
            name=_ODD.sub("_", name).strip(" .")[-_LONGEST_NAME:] or "file",
            media_type=media_type if is_type else "application/octet-stream",
            content=content,
        )
        path = f"{secrets.token_urlsafe(12)}/{kept.name}"
        self._files[path] = kept
        return path, kept

    def get(self, path: str) -> SentFile | None:
        """The file that is kept at a path."""
        return self._files.get(path)
