"""What `Store` promises about all that is kept of a person."""

from __future__ import annotations

from channels.core.briefing.transcript import Line
from channels.core.records.kept import PersonalData
from channels.core.sessions.session import Speaker
from channels.store.protocol import Store
from tests.contract.store.store_samples import ANNA, BEN, NOW, SECOND, message, new_session


async def test_of_a_stranger_nothing_is_kept(store: Store) -> None:
    assert await store.export(ANNA) == PersonalData(events=[], sessions=[], lines=[], messages=[])


async def test_all_of_one_person_comes_back_and_nobody_else_s(store: Store) -> None:
    first, second = message("a"), message("b")
    [entry, _] = await store.record([first, second], NOW)
    await store.done(entry.position, NOW)
    await store.record([message("c", BEN)], NOW)
    session = new_session("anna", ANNA)
    await store.add_session(session)
    await store.add_session(new_session("ben", BEN))
    said = [
        Line(key="2", at=NOW + SECOND, speaker=Speaker.OPERATOR, text="Good day"),
        Line(key="1", at=NOW, speaker=Speaker.USER, text="Hello"),
    ]
    for line in said:
        await store.add_line(session, line)

    kept = await store.export(ANNA)

    assert kept.events == [first, second]
    assert [one.id for one in kept.sessions] == ["anna"]
    assert kept.lines == said[::-1]
    assert kept.messages == []
