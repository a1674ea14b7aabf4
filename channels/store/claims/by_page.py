"""The pages that have rows waiting, each found by one step along an index, however many wait.

So the rows of a page that has no room for more cost nothing: nobody reads past them.
"""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.selectable import CTE


def pages_of(table: Table, waits: ColumnElement[bool]) -> CTE:
    """A table of the pages, with the one column `page`, and a row of NULL at the end.

    `waits` has to be the condition of a partial index whose first column is `page`.
    """
    first = select(func.min(table.c.page).label("page")).where(waits)
    pages = first.cte("pages", recursive=True)
    following = select(func.min(table.c.page)).where(waits, table.c.page > pages.c.page)
    return pages.union_all(select(following.scalar_subquery()).where(pages.c.page.is_not(None)))
