"""What is known of pages, in SQL: each function is an operation for the writer."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.engine import Connection

from ..core.events import PageRoles
from .database.schema import pages

_ROLES: msgspec.json.Decoder[dict[str, tuple[str, ...]]] = msgspec.json.Decoder(
    dict[str, tuple[str, ...]]
)
_FIND = select(pages.c.roles).where(pages.c.page == bindparam("this_page"))
_CHANGE = update(pages).where(pages.c.page == bindparam("this_page"))


def keep_roles(connection: Connection, told: PageRoles) -> None:
    """Later roles of the same apps take the place of earlier ones."""
    known = roles(connection, told.page)
    row = {"roles": msgspec.json.encode(known | told.roles).decode()}
    if connection.execute(_FIND, {"this_page": told.page}).first() is None:
        connection.execute(insert(pages), {"page": told.page, **row})
    else:
        connection.execute(_CHANGE, {"this_page": told.page, **row})


def roles(connection: Connection, page: str) -> dict[str, tuple[str, ...]]:
    found = connection.execute(_FIND, {"this_page": page}).scalar()
    return {} if found is None else _ROLES.decode(found)
