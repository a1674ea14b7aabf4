"""What `Store` promises about the inbox to the one worker that has it open."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from channels.core.events import Array, Attachment, Event, Thread
from channels.core.records.inbox import InboxEntry
from channels.store.protocol import CLAIM_LEASE, DEAD_AFTER_FAILURES, RECENT_EVENTS, Store
from tests.contract.store.store_samples import ANNA, BEN, HOUR, NOW, SECOND, echo, message, postback

LEASE_OVER = NOW + CLAIM_LEASE
INBOX_RETENTION = timedelta(hours=48)
SESSION_RETENTION = timedelta(days=30)


async def record_one(store: Store, event: Event) -> InboxEntry:
    [entry] = await store.record([event], NOW)
    return entry


async def die(store: Store, entry: InboxEntry) -> None:
    for _ in range(DEAD_AFTER_FAILURES):
        await store.failed(entry.position, NOW)


async def is_known(store: Store, event: Event) -> bool:
    return await store.record([event], NOW) == []


async def prune(store: Store, after: timedelta) -> None:
    await store.prune(
        NOW + after,
        inbox_retention=INBOX_RETENTION,
        session_retention=SESSION_RETENTION,
        transcript_retention=SESSION_RETENTION,
    )


async def test_new_events_come_back_in_their_order(store: Store) -> None:
    events: list[Event] = [message("a"), message("b", BEN), echo("c")]

    entries = await store.record(events, NOW)

    assert [entry.event for entry in entries] == events
    assert [entry.failures for entry in entries] == [0, 0, 0]


async def test_positions_grow_from_call_to_call(store: Store) -> None:
    first = await store.record([message("a"), message("b")], NOW)
    second = await store.record([message("c")], NOW)

    positions = [entry.position for entry in first + second]
    assert positions == sorted(set(positions))


async def test_nothing_to_record_gives_nothing(store: Store) -> None:
    assert await store.record([], NOW) == []


async def test_an_event_that_was_recorded_before_is_left_out(store: Store) -> None:
    await record_one(store, message("a"))

    entries = await store.record([message("a"), message("b")], NOW)

    assert [entry.event.key for entry in entries] == ["b"]


async def test_an_event_that_is_twice_in_one_call_is_recorded_once(store: Store) -> None:
    entries = await store.record([message("a"), message("b"), message("a")], NOW)

    assert [entry.event.key for entry in entries] == ["a", "b"]


async def test_positions_are_those_of_the_events_however_many_of_them_were_known(
    store: Store,
) -> None:
    events: list[Event] = [message(f"event {number}") for number in range(300)]
    await store.record([events[7], events[150]], NOW)

    entries = await store.record([*events, events[9]], NOW)

    assert [entry.event for entry in entries] == [*events[:7], *events[8:150], *events[151:]]
    for entry in entries:
        assert await store.recorded(entry.position) == entry.event


async def test_of_many_callers_with_one_event_one_gets_it(store: Store) -> None:
    answers = await asyncio.gather(*[store.record([message("a")], NOW) for _ in range(20)])

    assert sum(len(entries) for entries in answers) == 1


async def test_many_callers_get_their_own_events(store: Store) -> None:
    events = [message(f"event {number}") for number in range(300)]

    answers = await asyncio.gather(*[store.record([event], NOW) for event in events])

    assert [entry.event for [entry] in answers] == events


async def test_what_is_held_is_not_given_again(store: Store) -> None:
    await record_one(store, message("a"))

    assert await store.claim_inbox(NOW, limit=9) == []
    assert await store.claim_inbox(LEASE_OVER, limit=9) == []


async def test_an_event_that_is_done_is_known_all_the_same(store: Store) -> None:
    entry = await record_one(store, message("a"))
    await store.done(entry.position, NOW)

    assert await is_known(store, message("a"))


async def test_many_callers_are_done_at_once(store: Store) -> None:
    entries = await store.record([message(f"event {number}") for number in range(300)], NOW)

    await asyncio.gather(*[store.done(entry.position, NOW) for entry in entries])

    await prune(store, INBOX_RETENTION + SECOND)
    assert len(await store.record([entry.event for entry in entries], NOW)) == 300


async def test_the_third_failure_makes_an_entry_dead(store: Store) -> None:
    entry = await record_one(store, message("a"))

    answers = [await store.failed(entry.position, NOW) for _ in range(3)]

    assert answers == [False, False, True]


async def test_a_dead_event_is_known_all_the_same(store: Store) -> None:
    await die(store, await record_one(store, message("a")))

    assert await is_known(store, message("a"))


async def test_a_dead_entry_stays_dead(store: Store) -> None:
    entry = await record_one(store, message("a"))
    await die(store, entry)
    await store.done(entry.position, NOW)

    assert await store.failed(entry.position, NOW) is True


async def test_an_entry_that_is_done_can_fail_no_more(store: Store) -> None:
    entry = await record_one(store, message("a"))
    await store.done(entry.position, NOW)

    answers = [await store.failed(entry.position, NOW) for _ in range(3)]

    assert answers == [False, False, False]


async def test_an_entry_that_was_pruned_is_not_dead(store: Store) -> None:
    assert await store.failed(12345, NOW) is False


async def test_user_texts_are_what_the_user_wrote_and_tapped(store: Store) -> None:
    image = (Attachment(type="image", url="https://example.org/a.png"),)
    await store.record(
        [
            message("a", text="I need help"),
            message("b", text="Yes", payload="/affirm"),
            message("c", text=None, attachments=image),
            echo("d", text="the operator's words"),
            message("e", text="on standby", array=Array.STANDBY),
            postback("f", title="Talk to a person", payload="/handover"),
            postback("g", payload="/no_title"),
        ],
        NOW,
    )

    texts = await store.last_user_texts(ANNA, limit=9)

    assert texts == ["I need help", "Yes", "on standby", "Talk to a person"]


async def test_of_many_user_texts_the_oldest_are_left_out(store: Store) -> None:
    await store.record([message("a"), message("b"), echo("d", text="so?"), message("c")], NOW)

    assert await store.last_user_texts(ANNA, limit=2) == ["text of b", "text of c"]


async def test_user_texts_are_those_of_the_thread_alone(store: Store) -> None:
    same_user_elsewhere = Thread(page="1002", user=ANNA.user)
    await store.record([message("a", BEN), message("b", same_user_elsewhere)], NOW)

    assert await store.last_user_texts(ANNA, limit=9) == []


async def test_a_user_was_last_heard_by_a_message_or_a_tap_in_any_array(
    store: Store,
) -> None:
    at = [NOW - HOUR * hours for hours in (5, 4, 3, 2, 1)]
    await store.record([message("a", at=at[0])], NOW)
    assert await store.last_user_at(ANNA) == at[0]

    await store.record([postback("b", payload="/no_title", at=at[1])], NOW)
    assert await store.last_user_at(ANNA) == at[1]

    await store.record([message("c", array=Array.STANDBY, at=at[2])], NOW)
    await store.record([echo("d", text="the operator's words", at=at[3])], NOW)
    await store.record([message("e", BEN, at=at[4])], NOW)
    assert await store.last_user_at(ANNA) == at[2]


async def test_a_late_event_of_the_user_does_not_move_the_last_time_back(store: Store) -> None:
    await store.record([message("a"), message("b", at=NOW - HOUR)], NOW)

    assert await store.last_user_at(ANNA) == message("a").at


async def test_a_user_who_was_never_heard_has_no_last_time(store: Store) -> None:
    await store.record([echo("a", text="the operator's words")], NOW)

    assert await store.last_user_at(ANNA) is None


async def test_the_user_is_looked_for_among_recent_events_alone(store: Store) -> None:
    await store.record([message("a")], NOW)
    echoes = [echo(str(number), text="so?") for number in range(RECENT_EVENTS)]
    await store.record(echoes[1:], NOW)
    assert await store.last_user_at(ANNA) == message("a").at

    await store.record(echoes[:1], NOW)
    assert await store.last_user_at(ANNA) is None


async def test_a_user_text_stays_after_its_event_was_handled(store: Store) -> None:
    entry = await record_one(store, message("a"))
    await store.done(entry.position, NOW)

    assert await store.last_user_texts(ANNA, limit=9) == ["text of a"]


async def test_an_event_is_forgotten_some_time_after_it_was_done(store: Store) -> None:
    entry = await record_one(store, message("a"))
    await store.done(entry.position, NOW)

    await prune(store, INBOX_RETENTION)
    assert await is_known(store, message("a"))
    await prune(store, INBOX_RETENTION + SECOND)
    assert not await is_known(store, message("a"))


async def test_an_event_is_known_while_meta_may_repeat_it_even_if_handovers_are_kept_for_less(
    store: Store,
) -> None:
    entry = await record_one(store, message("a"))
    await store.done(entry.position, NOW)

    await store.prune(
        NOW + INBOX_RETENTION,
        inbox_retention=INBOX_RETENTION,
        session_retention=HOUR,
        transcript_retention=HOUR,
    )
    assert await is_known(store, message("a"))


async def test_positions_grow_on_after_everything_was_pruned(store: Store) -> None:
    entry = await record_one(store, message("a"))
    await store.done(entry.position, NOW)
    await prune(store, INBOX_RETENTION + SECOND)

    assert (await record_one(store, message("b"))).position > entry.position


async def test_an_event_that_waits_is_never_forgotten(store: Store) -> None:
    await record_one(store, message("a"))

    await prune(store, 100 * INBOX_RETENTION)

    assert await is_known(store, message("a"))


async def test_a_dead_event_is_kept_as_long_as_a_session(store: Store) -> None:
    await die(store, await record_one(store, message("a")))

    await prune(store, SESSION_RETENTION)
    assert await is_known(store, message("a"))
    await prune(store, SESSION_RETENTION + SECOND)
    assert not await is_known(store, message("a"))


async def test_more_than_one_step_deletes_is_deleted(store: Store) -> None:
    entries = await store.record([message(f"event {number}") for number in range(1_100)], NOW)
    await asyncio.gather(*[store.done(entry.position, NOW) for entry in entries])

    await prune(store, INBOX_RETENTION + SECOND)

    assert len(await store.record([entry.event for entry in entries], NOW)) == 1_100
