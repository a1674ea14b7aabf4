"""An INSERT that leaves out the rows that are there already."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import Table
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert


class _InsertNew(Insert):  # type: ignore[misc]  # SQLAlchemy 1.4 carries no types
    inherit_cache = True


def insert_new(table: Table) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING`, which SQLite and PostgreSQL both know.

    SQLAlchemy's own `on_conflict_do_nothing` is never found in its cache: each event would pay
    for making the statement's text, which costs more than carrying it out.
    """
    return _InsertNew(table).inline()  # or a RETURNING that nobody needs comes before the end


@compiles(_InsertNew)  # type: ignore[untyped-decorator]  # as above
def _compiled(insert: _InsertNew, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.visit_insert(insert, **options)} ON CONFLICT DO NOTHING"
