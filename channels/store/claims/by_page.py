"""The pages that rows wait for, each found by one step along an index, however many rows it has.

What waits for a page that can't take more costs nothing then: nobody reads past it.
"""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.selectable import CTE


def pages_of(table: Table, waits: ColumnElement[bool]) -> CTE:
    """A table of the pages, in its one column `page`, and one row of NULL at the end.

    The condition is that of an index whose first column is `page`.
    """
    first = select(func.min(table.c.page).label("page")).where(waits)
    pages = first.cte("pages", recursive=True)
    following = select(func.min(table.c.page)).where(waits, table.c.page > pages.c.page)
    return pages.union_all(select(following.scalar_subquery()).where(pages.c.page.is_not(None)))
