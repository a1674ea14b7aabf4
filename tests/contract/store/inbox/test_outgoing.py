"""What `Store` promises of what the bot says: stored in order, sent by one worker, said once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.core.events import Thread
from channels.core.records.outgoing import OutgoingEntry, Standing
from channels.core.sessions.session import EndReason
from channels.core.sessions.transitions import activated, ended, ending
from channels.store.protocol import CLAIM_LEASE, Store
from tests.contract.store.store_samples import (
    ANNA,
    BEN,
    HOUR,
    NOW,
    SECOND,
    message,
    new_session,
    words,
)

LATER = NOW + CLAIM_LEASE + SECOND
Reopen = Callable[[str], Any]


async def say(store: Store, text: str, thread: Thread = ANNA, **fields: Any) -> OutgoingEntry:
    entry = await store.say(words(text, thread, **fields))
    assert entry is not None
    return entry


def texts(entries: list[OutgoingEntry]) -> list[str]:
    return [entry.outgoing.message["text"] for entry in entries]


async def standing(store: Store, entry: OutgoingEntry) -> Standing | None:
    return (await store.before_send(entry))[0]


async def test_what_is_said_is_in_the_hand_of_who_said_it(store: Store) -> None:
    entry = await say(store, "hello")
    assert entry.outgoing == words("hello")
    assert await store.claim_outgoing(LATER, limit=9) == []
    assert await standing(store, entry) is Standing.WAITING


async def test_what_a_worker_has_no_room_for_waits_in_order(store: Store) -> None:
    assert await store.say(words("one"), in_hand=False) is None
    assert await store.say(words("two")) is None, "it would overtake the first"
    assert texts(await store.claim_outgoing(NOW, limit=9)) == ["one", "two"]


async def test_another_worker_gets_what_a_dead_one_has_left_and_in_doubt(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    await say(store, "how are you?")
    assert await other.claim_outgoing(NOW + SECOND, limit=9) == []

    taken = await other.claim_outgoing(LATER, limit=9)
    assert texts(taken) == ["hello", "how are you?"]
    assert all(entry.is_doubtful for entry in taken)


async def test_what_a_worker_has_by_a_clock_that_was_ahead_is_anybodys(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    now = datetime.now(timezone.utc)
    await say(store, "hello", said_at=now + HOUR)
    assert texts(await other.claim_outgoing(now, limit=9)) == ["hello"]


async def test_what_nobody_had_in_hand_is_not_in_doubt(store: Store) -> None:
    await store.say(words("hello"), in_hand=False)
    [entry] = await store.claim_outgoing(NOW, limit=9)
    assert not entry.is_doubtful


async def test_a_worker_that_lives_keeps_what_it_has(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    await store.renew_claims(LATER)
    assert await other.claim_outgoing(LATER + SECOND, limit=9) == []


async def test_nobody_overtakes_what_another_worker_has_in_hand(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "one")
    assert await other.say(words("two")) is None
    assert await other.claim_outgoing(NOW, limit=9) == []


async def test_a_worker_that_stops_gives_back_what_it_has(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    await store.release()
    [entry] = await other.claim_outgoing(NOW, limit=9)
    assert entry.is_doubtful


async def test_threads_and_pages_can_be_left_out(store: Store) -> None:
    elsewhere = Thread(page="999", user="1")
    for text, thread in (("anna", ANNA), ("ben", BEN), ("elsewhere", elsewhere)):
        await store.say(words(text, thread), in_hand=False)
    claim = store.claim_outgoing
    assert texts(await claim(NOW, limit=9, without_pages=[ANNA.page])) == ["elsewhere"]
    assert texts(await claim(NOW, limit=9, without_threads=[ANNA])) == ["ben"]


async def test_what_is_sent_is_done(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    await store.sent(entry.position, "m_9", NOW)
    assert await standing(store, entry) is Standing.SENT
    assert await other.claim_outgoing(LATER, limit=9) == []
    assert [await store.has_mid("m_9"), await store.has_mid("m_8")] == [True, False]


async def test_what_meta_may_have_without_our_knowing_its_id_is_unconfirmed(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    sent, lost = await say(store, "sent"), await say(store, "lost")
    dropped, waiting = await say(store, "dropped"), await say(store, "waiting")
    await store.say(words("held"), held=True)
    await say(store, "another's", BEN)
    await store.sent(sent.position, "m_9", NOW)
    await store.answer_lost(lost.position)
    for entry in (lost, dropped):
        await store.drop(entry, NOW)

    found = await other.unconfirmed(ANNA)
    assert [entry.position for entry in found] == [lost.position, waiting.position]
    assert texts(found) == ["lost", "waiting"]
    await store.sent(lost.position, "m_8", NOW)
    assert texts(await other.unconfirmed(ANNA)) == ["waiting"]


async def test_what_was_sent_without_an_id_is_unconfirmed_until_an_echo_has_told_it(
    store: Store,
) -> None:
    entry = await say(store, "sent")
    await store.sent(entry.position, "", NOW)
    assert texts(await store.unconfirmed(ANNA)) == ["sent"]
    await store.sent(entry.position, "m_9", NOW)
    await store.sent(entry.position, "", NOW)
    assert await store.unconfirmed(ANNA) == []
    assert await store.has_mid("m_9")


async def test_an_echo_tells_that_a_message_is_sent_whoever_has_it(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    await say(store, "hello")
    assert not await store.has_echo("mark of hello")
    await other.keep_echo("mark of hello", NOW)
    assert await store.has_echo("mark of hello")
    assert await other.claim_outgoing(LATER, limit=9) == []


async def test_an_echo_of_what_nobody_said_changes_nothing(store: Store) -> None:
    entry = await say(store, "hello")
    await store.keep_echo("another mark", NOW)
    assert await standing(store, entry) is Standing.WAITING


async def test_lost_answers_are_counted_for_whoever_sends_next(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    assert [await store.answer_lost(entry.position) for _ in range(2)] == [1, 2]
    [taken] = await other.claim_outgoing(LATER, limit=9)
    assert taken.failures == 2


async def test_the_rest_of_a_turn_is_dropped_with_what_was_refused(store: Store) -> None:
    first = await say(store, "one")
    second = await say(store, "two")
    of_another_turn = await say(store, "three", turn="m_2")
    await store.drop(first, NOW, rest=True)
    assert [await standing(store, each) for each in (first, second, of_another_turn)] == [
        Standing.DROPPED,
        Standing.DROPPED,
        Standing.WAITING,
    ]


async def test_one_message_is_dropped_without_the_rest(store: Store) -> None:
    first, second = await say(store, "one"), await say(store, "two")
    await store.drop(first, NOW)
    assert await standing(store, second) is Standing.WAITING


async def test_a_worker_can_take_again_what_it_has_not_heard_to_be_stored(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    entry = await say(store, "hello")
    assert await store.take_again(entry.position) == entry
    assert await other.take_again(entry.position) is None
    await store.sent(entry.position, "m_9", NOW)
    assert await store.take_again(entry.position) is None


# Attempts at a turn


async def test_what_earlier_attempts_have_said_is_known_in_order(store: Store) -> None:
    first = await say(store, "one", place=0)
    await say(store, "two", place=1)
    await say(store, "of another", turn="m_2")
    await store.sent(first.position, "m_9", NOW)

    known = await store.said(ANNA, "m_1")
    assert [(each.place, each.message["text"], each.is_waiting) for each in known] == [
        (0, "one", False),
        (1, "two", True),
    ]


async def test_nothing_overtakes_what_is_held(store: Store) -> None:
    first, behind = await say(store, "one"), await say(store, "two", place=1)
    other = await say(store, "elsewhere", BEN)
    await store.hold(first.position)
    assert await standing(store, behind) is Standing.HELD
    assert await standing(store, other) is Standing.WAITING

    assert await store.say(words("three", place=2)) is None
    assert await store.claim_outgoing(LATER, limit=9) == []
    assert texts(await store.free_held(ANNA, NOW)) == ["one", "two", "three"]
    await say(store, "four", place=3)


async def test_what_was_dropped_while_meta_was_asked_is_not_held(store: Store) -> None:
    message = await say(store, "one")
    await store.drop(message, NOW)
    await store.hold(message.position)
    assert await standing(store, message) is Standing.DROPPED


async def test_a_look_shows_the_session_and_whether_something_is_held(store: Store) -> None:
    session = new_session("session", BEN)
    await store.add_session(session)
    message = await say(store, "one")
    assert await store.look_up(ANNA) == (None, False)
    await store.hold(message.position)

    assert await store.look_up(ANNA) == (None, True)
    assert await store.look_up(BEN) == (session, False)
    await store.free_held(ANNA, NOW)
    assert await store.look_up(ANNA) == (None, False)


async def test_what_meta_refused_for_good_was_said(store: Store) -> None:
    refused, second = await say(store, "one"), await say(store, "two", place=1)
    await store.give_up(refused.position, NOW, error="GraphRefused")
    await store.drop(second, NOW)

    [known] = await store.said(ANNA, "m_1")
    assert (known.message["text"], known.is_waiting) == ("one", False)


async def test_what_is_withdrawn_is_gone_unless_it_was_sent(store: Store) -> None:
    first, second = await say(store, "one"), await say(store, "two", place=1)
    await store.sent(first.position, "m_9", NOW)
    await store.withdraw([first.position, second.position])
    assert [await standing(store, each) for each in (first, second)] == [Standing.SENT, None]


async def test_what_a_cut_turn_has_said_waits_until_the_turn_is_taken_again(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    event = message("a")
    [entry] = await store.record([event], NOW)
    await say(store, "hello", event_key=event.key)
    await store.release()
    assert await other.claim_outgoing(LATER, limit=9) == []

    await store.done(entry.position, NOW)
    assert texts(await other.claim_outgoing(LATER, limit=9)) == ["hello"]


async def test_what_a_cut_follow_up_has_said_waits_until_its_session_has_ended(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    session = new_session("session")
    await store.add_session(session)
    is_ending = ending(session, EndReason.TIMEOUT, NOW)
    await store.save_session(is_ending)
    await say(store, "welcome back", session_id="session")
    await store.release()
    assert await other.claim_outgoing(LATER, limit=9) == []

    await store.save_session(ended(is_ending))
    assert texts(await other.claim_outgoing(LATER, limit=9)) == ["welcome back"]


# Held for the user


async def test_what_is_held_waits_for_the_user_alone(
    workers: tuple[Store, Store, Store],
) -> None:
    store, other, _ = workers
    assert await store.say(words("welcome back"), held=True) is None
    assert await other.claim_outgoing(LATER, limit=9) == []
    assert not await store.waits_outgoing(ANNA)

    assert texts(await store.free_held(BEN, NOW)) == []
    assert texts(await store.free_held(ANNA, NOW)) == ["welcome back"]
    assert await store.waits_outgoing(ANNA)


async def test_what_meta_refuses_outside_the_window_is_held(store: Store) -> None:
    first = await say(store, "one")
    await store.hold(first.position)
    assert await standing(store, first) is Standing.HELD
    assert texts(await store.free_held(ANNA, NOW)) == ["one"]


async def test_what_is_held_is_dropped_when_somebody_else_talks(store: Store) -> None:
    await store.say(words("welcome back"), held=True)
    await store.say(words("hello ben", BEN), held=True)
    await store.add_session(new_session("session"))
    assert texts(await store.free_held(ANNA, NOW)) == []
    assert texts(await store.free_held(BEN, NOW)) == ["hello ben"]


async def test_what_waits_is_dropped_when_somebody_else_talks_already(store: Store) -> None:
    first = await say(store, "hello")
    of_ben = await say(store, "hello ben", BEN)
    await store.add_session(activated(new_session("session"), NOW))
    assert await standing(store, first) is Standing.DROPPED
    assert await standing(store, of_ben) is Standing.WAITING


async def test_what_waits_is_still_sent_before_control_is_passed(store: Store) -> None:
    entry = await say(store, "I'm connecting you")
    await store.add_session(new_session("session"))
    assert await standing(store, entry) is Standing.WAITING


# Looking and cleaning up


async def test_the_backlog_tells_what_is_still_to_be_sent(store: Store) -> None:
    await say(store, "one", said_at=NOW - HOUR)
    second = await say(store, "two")
    await store.say(words("held", BEN), held=True)
    await store.sent(second.position, "m_9", NOW)

    backlog = await store.outgoing_backlog()
    assert (backlog.waiting, backlog.oldest_at, backlog.held) == (1, NOW - HOUR, 1)


async def test_the_open_session_is_told_before_a_send(store: Store) -> None:
    entry = await say(store, "hello")
    assert await store.before_send(entry) == (Standing.WAITING, None)
    session = new_session("session")
    await store.add_session(session)
    assert await store.before_send(entry) == (Standing.WAITING, session)


@pytest.mark.parametrize(("age", "is_kept"), [(HOUR - SECOND, True), (HOUR + SECOND, False)])
async def test_what_was_sent_goes_with_the_inbox(
    store: Store, age: timedelta, is_kept: bool
) -> None:
    entry = await say(store, "hello")
    await store.sent(entry.position, "m_9", NOW - age)
    await prune(store)
    assert await store.has_mid("m_9") == is_kept


async def test_what_waits_is_never_pruned(store: Store) -> None:
    entry = await say(store, "hello", said_at=NOW - 99 * HOUR)
    await prune(store)
    assert await standing(store, entry) is Standing.WAITING


async def test_what_is_held_for_too_long_goes(store: Store) -> None:
    await store.say(words("old", said_at=NOW - 25 * HOUR), held=True)
    await store.say(words("new", BEN, said_at=NOW - 23 * HOUR), held=True)
    await prune(store)
    assert texts(await store.free_held(ANNA, NOW)) == []
    assert texts(await store.free_held(BEN, NOW)) == ["new"]


async def test_nothing_is_left_of_a_person_who_is_forgotten(store: Store) -> None:
    entry = await say(store, "hello")
    await store.say(words("held"), held=True)
    kept = await say(store, "hello ben", BEN)
    assert await store.forget(ANNA) == 2
    assert await standing(store, entry) is None
    assert await standing(store, kept) is Standing.WAITING


async def prune(store: Store) -> None:
    await store.prune(
        NOW, inbox_retention=HOUR, session_retention=24 * HOUR, transcript_retention=HOUR
    )
