"""A hook of mkdocs: each row of a reference's tables that begins with a name can be linked to."""

from __future__ import annotations

import re
from typing import Any

_NAMED_ROW = re.compile(r"<tr>\n<td><code>([\w-]+)</code></td>")


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """`reference/settings.html#idle-timeout` leads to the row of that setting."""
    if not page.file.src_uri.startswith("reference/"):
        return html
    taken = set(re.findall(r'id="([^"]+)"', html))

    def anchored(row: re.Match[str]) -> str:
        name = row[1]
        if name in taken:
            return row[0]
        taken.add(name)
        return f'<tr id="{name}">\n<td><code>{name}</code></td>'

    return _NAMED_ROW.sub(anchored, html)
