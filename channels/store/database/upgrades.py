"""The steps from each version of the tables to the next.

A step is never changed: it says what was altered then, no matter how the tables look by now.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

# By the version from which a step starts. The statements are valid SQL for both databases.
_STEPS = {
    1: (
        """
        CREATE INDEX handover_inbox_thread_waiting ON handover_inbox (thread, position)
        WHERE state = 'waiting'
        """,
        "CREATE INDEX handover_sessions_thread ON handover_sessions (thread)",
        """
        CREATE TABLE handover_workers (
            worker TEXT NOT NULL, seen_at_us BIGINT NOT NULL, PRIMARY KEY (worker)
        )
        """,
        """
        CREATE TABLE handover_echoes (
            metadata TEXT NOT NULL, heard_at_us BIGINT NOT NULL, PRIMARY KEY (metadata)
        )
        """,
        "CREATE INDEX handover_echoes_heard ON handover_echoes (heard_at_us)",
    ),
    2: (
        """
        CREATE TABLE handover_sent (
            thread TEXT NOT NULL, turn TEXT NOT NULL, fingerprints TEXT NOT NULL,
            kept_at_us BIGINT NOT NULL, PRIMARY KEY (thread, turn)
        )
        """,
        "CREATE INDEX handover_sent_kept ON handover_sent (kept_at_us)",
    ),
    3: (
        """
        CREATE TABLE handover_turns (
            thread TEXT NOT NULL, worker TEXT NOT NULL, until_us BIGINT NOT NULL,
            PRIMARY KEY (thread)
        )
        """,
        "CREATE INDEX handover_turns_until ON handover_turns (until_us)",
    ),
    4: (
        # Ends that waited for the user's next message: Rasa is told of them now.
        """
        UPDATE handover_sessions SET due_at_us = 0, wake_at_us = 0
        WHERE state = 'ending' AND due_at_us IS NULL
        """,
        "DROP TABLE handover_sent",
        "DROP TABLE handover_echoes",
        """
        CREATE TABLE handover_outgoing (
            position {position}, thread TEXT NOT NULL, page TEXT NOT NULL, turn TEXT NOT NULL,
            mark TEXT NOT NULL, mid TEXT, event_key TEXT, session_id TEXT, data TEXT NOT NULL,
            said_at_us BIGINT NOT NULL, state TEXT NOT NULL,
            failures INTEGER DEFAULT '0' NOT NULL, claimed_by TEXT NOT NULL,
            claimed_until_us BIGINT NOT NULL, handled_at_us BIGINT
        )
        """,
        "CREATE INDEX handover_outgoing_mark ON handover_outgoing (mark)",
        "CREATE INDEX handover_outgoing_mid ON handover_outgoing (mid)",
        "CREATE INDEX handover_outgoing_turn ON handover_outgoing (thread, turn, position)",
        """
        CREATE INDEX handover_outgoing_waiting
        ON handover_outgoing (claimed_until_us, position)
        WHERE state = 'waiting'
        """,
        """
        CREATE INDEX handover_outgoing_thread ON handover_outgoing (thread)
        WHERE state = 'waiting'
        """,
        "CREATE INDEX handover_outgoing_held ON handover_outgoing (thread) WHERE state = 'held'",
        """
        CREATE INDEX handover_outgoing_held_since ON handover_outgoing (said_at_us)
        WHERE state = 'held'
        """,
        """
        CREATE INDEX handover_outgoing_handled ON handover_outgoing (handled_at_us)
        WHERE handled_at_us IS NOT NULL
        """,
    ),
    5: (
        """
        CREATE TABLE handover_notices (
            position {position}, id TEXT NOT NULL, target TEXT NOT NULL, session_id TEXT NOT NULL,
            thread TEXT NOT NULL, data TEXT NOT NULL, told_at_us BIGINT NOT NULL,
            due_at_us BIGINT NOT NULL, claimed_until_us BIGINT DEFAULT '0' NOT NULL,
            failures INTEGER DEFAULT '0' NOT NULL, state TEXT DEFAULT 'waiting' NOT NULL,
            handled_at_us BIGINT
        )
        """,
        "CREATE UNIQUE INDEX handover_notices_once ON handover_notices (target, id)",
        "CREATE INDEX handover_notices_thread ON handover_notices (thread)",
        """
        CREATE INDEX handover_notices_due ON handover_notices (target, due_at_us)
        WHERE state = 'waiting'
        """,
        """
        CREATE INDEX handover_notices_claimed ON handover_notices (claimed_until_us, target)
        WHERE state = 'waiting'
        """,
        """
        CREATE INDEX handover_notices_told ON handover_notices (told_at_us)
        WHERE state = 'waiting'
        """,
        """
        CREATE INDEX handover_notices_session ON handover_notices (session_id, target, position)
        WHERE state = 'waiting'
        """,
        """
        CREATE INDEX handover_notices_handled ON handover_notices (handled_at_us)
        WHERE handled_at_us IS NOT NULL
        """,
    ),
    6: (
        "ALTER TABLE handover_inbox ADD COLUMN page TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE handover_inbox ADD COLUMN attempts INTEGER DEFAULT '0' NOT NULL",
        "ALTER TABLE handover_inbox ADD COLUMN error TEXT",
        "ALTER TABLE handover_sessions ADD COLUMN page TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE handover_outgoing ADD COLUMN attempts INTEGER DEFAULT '0' NOT NULL",
        "ALTER TABLE handover_outgoing ADD COLUMN error TEXT",
        "UPDATE handover_inbox SET page = {page}",
        "UPDATE handover_sessions SET page = {page}",
        """
        CREATE INDEX handover_inbox_free ON handover_inbox (page, position)
        WHERE state = 'waiting' AND claimed_until_us + 0 = 0
        """,
        """
        CREATE INDEX handover_outgoing_free ON handover_outgoing (page, position)
        WHERE state = 'waiting' AND claimed_until_us + 0 = 0
        """,
        "DROP INDEX handover_sessions_wake",
        """
        CREATE INDEX handover_sessions_wake ON handover_sessions (page, wake_at_us)
        WHERE wake_at_us IS NOT NULL
        """,
        "DROP INDEX handover_outgoing_handled",
        """
        CREATE INDEX handover_outgoing_handled ON handover_outgoing (state, handled_at_us)
        WHERE handled_at_us IS NOT NULL
        """,
    ),
    7: (
        # In rows that exist already, the new columns are filled in when the session next changes.
        "ALTER TABLE handover_sessions ADD COLUMN plan TEXT",
        "ALTER TABLE handover_sessions ADD COLUMN app TEXT",
        "ALTER TABLE handover_sessions ADD COLUMN first_answer_at_us BIGINT",
        "ALTER TABLE handover_sessions ADD COLUMN operator_at_us BIGINT",
        """
        CREATE INDEX handover_sessions_unanswered ON handover_sessions (plan, page)
        WHERE state != 'ended' AND first_answer_at_us IS NULL
        """,
        """
        CREATE INDEX handover_sessions_answered ON handover_sessions (plan, first_answer_at_us)
        WHERE first_answer_at_us IS NOT NULL
        """,
        """
        CREATE INDEX handover_sessions_operator ON handover_sessions (app, operator_at_us)
        WHERE operator_at_us IS NOT NULL
        """,
    ),
    8: ("DROP TABLE handover_pages",),
}
_WORDS = {
    "sqlite": {
        "position": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        "page": "substr(thread, 1, instr(thread, ':') - 1)",
    },
    "postgresql": {
        "position": "BIGSERIAL NOT NULL PRIMARY KEY",
        "page": "split_part(thread, ':', 1)",
    },
}


def upgrade(connection: Connection, found: int) -> None:
    """Take every step from the version that was `found`."""
    words = _WORDS[connection.dialect.name]
    for version in range(found, max(_STEPS) + 1):
        for statement in _STEPS[version]:
            connection.exec_driver_sql(statement.format(**words))
