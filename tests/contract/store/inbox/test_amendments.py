"""What `Store` promises about messages that their authors take back, or edit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.core.briefing.transcript import line_of
from channels.core.events import (
    Array,
    Attachment,
    Echo,
    Edited,
    Event,
    Platform,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
    message_key,
)
from channels.core.sessions.session import Speaker
from channels.store.protocol import Store
from tests.contract.store.store_samples import ANNA, BEN, NOW, SECOND, new_session

CAT = Attachment(type="image", url="https://cdn.example/cat.jpg")
ARRAYS = list(Array)
DAY = timedelta(days=1)


def common(mid: str, array: Array = Array.MESSAGING, thread: Thread = ANNA) -> dict[str, Any]:
    key = message_key(thread.page, array, mid)
    return {"key": key, "thread": thread, "array": array, "at": NOW, "received_at": NOW}


def message(mid: str = "m", text: str = "secret", **fields: Any) -> UserMessage:
    places = {name: fields.pop(name) for name in ("array", "thread") if name in fields}
    return UserMessage(**common(mid, **places), mid=mid, text=text, **fields)


def echo(mid: str = "m", text: str = "secret") -> Echo:
    return Echo(**common(mid, Array.STANDBY), mid=mid, app_id="7", text=text, attachments=(CAT,))


def taken_back(mid: str = "m", array: Array = Array.MESSAGING, **fields: Any) -> TakenBack:
    told = common(mid, array, fields.pop("thread", ANNA))
    return TakenBack(**{**told, "key": f"{told['key']}/deleted"}, mid=mid, **fields)


def edited(text: str, number: int = 1, mid: str = "m", **fields: Any) -> Edited:
    told = common(mid, fields.pop("array", Array.MESSAGING), fields.pop("thread", ANNA))
    key = f"{told['key']}/edit {number}"
    return Edited(**{**told, "key": key}, mid=mid, text=text, number=number, **fields)


async def kept_after(store: Store, days: int) -> list[Event]:
    """What is kept of Anna's events after so many days."""
    await store.prune(
        NOW + DAY * days,
        inbox_retention=DAY * 2,
        session_retention=DAY * 30,
        transcript_retention=DAY * 30,
    )
    return (await store.export(ANNA)).events


async def recorded(store: Store, *events: Event) -> list[Event]:
    """The events that wait, as they are now."""
    entries = [entry for event in events for entry in await store.record([event], NOW)]
    now = [await store.recorded(entry.position) for entry in entries]
    return [event for event in now if event is not None]


async def texts(store: Store) -> list[str]:
    return await store.last_user_texts(ANNA, limit=9)


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("other", ARRAYS)
async def test_what_waits_is_taken_back_on_whichever_array_it_came(
    store: Store, array: Array, other: Array
) -> None:
    [first, _] = await recorded(store, message(array=array), taken_back(array=other))

    assert isinstance(first, SignOfLife)
    assert first.mid == "m"
    assert await texts(store) == []


async def test_what_was_handled_is_taken_back(store: Store) -> None:
    [entry] = await store.record([message()], NOW)
    await store.done(entry.position, NOW)
    await store.record([taken_back()], NOW)

    assert isinstance(await store.recorded(entry.position), SignOfLife)
    assert await texts(store) == []
    assert await store.last_user_at(ANNA) == NOW


async def test_what_is_taken_back_is_none_of_the_user_s_last_texts(store: Store) -> None:
    await recorded(store, message("a", "one"), message("b", "two"), taken_back("b"))

    assert await store.last_user_texts(ANNA, limit=1) == ["one"]


async def test_what_is_taken_back_before_it_comes_is_known(store: Store) -> None:
    await store.record([taken_back()], NOW)

    assert await store.record([message(), message(array=Array.STANDBY)], NOW) == []
    assert (await store.backlog()).waiting == 1
    assert await texts(store) == []


@pytest.mark.parametrize("is_first", [False, True])
async def test_both_may_come_in_one_delivery(store: Store, is_first: bool) -> None:
    events: list[Event] = [taken_back(), message()] if is_first else [message(), taken_back()]
    entries = await store.record(events, NOW)
    now = [await store.recorded(entry.position) for entry in entries]

    assert sorted(type(event).__name__ for event in now) == ["SignOfLife", "TakenBack"]
    assert [entry.event for entry in entries] == now  # without reading them once more
    assert await texts(store) == []


async def test_nobody_else_s_message_goes_along(store: Store) -> None:
    others = [message("n"), message("m", thread=BEN)]
    await recorded(store, *others, taken_back())

    assert await texts(store) == ["secret"]
    assert await store.last_user_texts(BEN, limit=9) == ["secret"]


async def test_taking_back_comes_twice(store: Store) -> None:
    await store.record([message()], NOW)
    assert len(await store.record([taken_back()], NOW)) == 1
    assert await store.record([taken_back()], NOW) == []


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_the_latest_edit_counts_in_whatever_order_they_come(
    store: Store, number: int
) -> None:
    order = [edited("new", 1), edited("newer", 2), edited("newest", 3)]
    [now, *_] = await recorded(store, message(), *order[number:], *order[:number])

    assert isinstance(now, UserMessage)
    assert now.text == "newest"
    assert await texts(store) == ["newest"]


async def test_an_edit_that_comes_before_its_message_is_the_message(store: Store) -> None:
    [now, _] = await recorded(store, edited("newer", 2), message(), edited("new", 1))

    assert isinstance(now, UserMessage)
    assert (now.text, now.key) == ("newer", message().key)
    assert await texts(store) == ["newer"]


async def test_an_edit_and_its_message_in_one_delivery_are_told_apart(store: Store) -> None:
    entries = await store.record([edited("new"), message(attachments=(CAT,))], NOW)
    now = [await store.recorded(entry.position) for entry in entries]

    [kept] = [event for event in now if isinstance(event, UserMessage)]
    assert (kept.text, kept.attachments) == ("new", (CAT,))


async def test_the_page_s_edit_of_an_unknown_message_is_no_message(store: Store) -> None:
    [now] = await recorded(store, edited("new", by_page=True))

    assert isinstance(now, Edited)
    assert await texts(store) == []


async def test_what_was_taken_back_is_not_brought_back_by_an_edit(store: Store) -> None:
    [now, *_] = await recorded(store, message(), taken_back(), edited("new"))

    assert isinstance(now, SignOfLife)
    assert await texts(store) == []


async def test_lines_follow(store: Store) -> None:
    session = new_session("session")
    for said, speaker in ((message(), Speaker.USER), (echo("n"), Speaker.OPERATOR)):
        await store.record([said], NOW)
        line = line_of(said, speaker)
        assert line is not None
        await store.add_line(session, line)

    await store.record([edited("better")], NOW + SECOND)
    await store.record([taken_back("n", Array.STANDBY, by_page=True)], NOW + SECOND)

    assert [line.text for line in await store.transcript("session", limit=9)] == ["better"]


async def test_a_line_that_is_written_meanwhile_follows_when_that_is_asked_for(
    store: Store,
) -> None:
    session = new_session("session")
    for mid, amendment in (("m", edited("better")), ("n", taken_back("n"))):
        said = message(mid)
        await store.record([said], NOW)
        await store.record([amendment], NOW)
        line = line_of(said, Speaker.USER)
        assert line is not None
        await store.add_line(session, line)
        await store.amend(amendment, NOW)

    assert [line.text for line in await store.transcript("session", limit=9)] == ["better"]


async def test_the_words_of_an_edited_message_are_told_without_its_attachments(
    store: Store,
) -> None:
    [entry] = await store.record([message(attachments=(CAT,))], NOW)
    await store.done(entry.position, NOW)
    [edit] = await store.record([edited("better")], NOW)
    assert isinstance(edit.event, Edited)

    assert await store.amend(edit.event, NOW) == "better"
    assert await store.amend(taken_back(), NOW) == ""
    assert await store.amend(edit.event, NOW) == ""


async def test_an_operator_s_message_that_waits_keeps_who_sent_it(store: Store) -> None:
    back = taken_back(array=Array.STANDBY, by_page=True)
    [now, _] = await recorded(store, echo(), back)

    assert now == Echo(**common("m", Array.STANDBY), mid="m", app_id="7")


async def test_what_is_forgotten_stays_forgotten(store: Store) -> None:
    [entry] = await store.record([message()], NOW)
    await store.done(entry.position, NOW)
    assert await store.forget(ANNA) == 1
    assert await store.recorded(entry.position) is None


async def test_instagram_is_no_other(store: Store) -> None:
    anna = Thread(page="178", user="5", platform=Platform.INSTAGRAM)
    [now, _] = await recorded(store, message(thread=anna), taken_back(thread=anna))
    assert isinstance(now, SignOfLife)


async def test_no_trace_of_any_version_stays_where_an_edited_message_is_taken_back(
    store: Store,
) -> None:
    edits = [edited("secret two", 1), edited("secret three", 2)]
    await recorded(store, message(text="secret one"), *edits, taken_back())

    assert "secret" not in str((await store.export(ANNA)).events)


async def test_that_a_message_was_taken_back_is_known_as_long_as_sessions_are_kept(
    store: Store,
) -> None:
    rounds: list[list[Event]] = [[message("gone"), message("other")], [taken_back("gone")]]
    for events in rounds:
        for entry in await store.record(events, NOW):
            await store.done(entry.position, NOW)

    assert {type(event) for event in await kept_after(store, 3)} == {SignOfLife}
    assert await kept_after(store, 31) == []
