"""All that can happen next to what the bot says, and what must hold of it.

The first outcome of a step is the one where nothing breaks. A worker's steps follow `Retrying`,
`Sayings` and `Delivery`: it looks whether its claim still holds before each effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from channels.core.errors import ClaimLost
from channels.core.records.inbox import InboxEntry
from channels.core.records.outgoing import OutgoingEntry, Standing
from channels.dialogue.outbox import Replay
from tests.search.exhaustive.model import ADA, Violation
from tests.search.exhaustive.queues.outbox_world import (
    STANDSTILL,
    WORDS,
    InHand,
    Turn,
    Worker,
    World,
    done,
    outgoing,
    words_of,
)

MOST_LIVES = 2  # of a worker

Step = tuple[str, World]


def steps(world: World) -> Iterator[Step]:
    """What the workers can do next."""
    for which, worker in enumerate(world.workers):
        if not worker.stands_still:
            if worker.messages:
                yield from _sends(world, which)
            if worker.turns:
                yield from _takes_turn(world, which)
            yield from _claims(world, which)


def all_said(world: World) -> World:
    """The first worker has let Rasa answer all events, and nothing is sent yet."""
    while True:
        taking = _takes_turn(world, 0) if world.workers[0].turns else _claims(world, 0)
        step = next(taking, None)
        if step is None:
            return world
        world = step[1]


def happenings(world: World) -> Iterator[Step]:
    """What can happen from outside: echoes come, workers die or stand still, time passes."""
    yield from _mendings(world)
    for which, worker in enumerate(world.workers):
        if not worker.stands_still and (worker.turns or worker.messages):
            halted = replace(worker, stands_still=True)
            yield "a worker stands still", world.with_worker(which, halted)
            if worker.lives + 1 < MOST_LIVES:
                reborn = Worker(letter=worker.letter, lives=worker.lives + 1)
                yield "a worker dies", _cut(world, worker).with_worker(which, reborn)
    if world.is_window_open:
        yield "the window closes", world.copied(is_window_open=False)
    else:
        yield from _user_writes(world)
    if not world.on_their_way:
        yield "a lease passes", _later(world)


def _mendings(world: World) -> Iterator[Step]:
    for mark in sorted(world.on_their_way):
        yield f"the echo of {mark} comes", _echoed(world, mark)
    for which, worker in enumerate(world.workers):
        if worker.stands_still:
            yield "a worker goes on", world.with_worker(which, replace(worker, stands_still=False))


def what_comes(world: World) -> Step | None:
    """What happens next if nothing breaks any more; None if nothing is left to do."""
    found = next(_mendings(world), None) or next(steps(world), None)
    if found is not None:
        return found
    if not world.is_window_open:
        return next(_user_writes(world), None)
    is_left = world.rows.messages or any(
        entry.handled_at is None for entry in world.rows.entries.values()
    )
    return ("a lease passes", _later(world)) if is_left else None


def check_end(world: World) -> None:
    """What must hold once nothing is left to do."""
    if any(entry.handled_at is None for entry in world.rows.entries.values()):
        raise Violation("an event is never handled")
    if world.rows.messages:
        raise Violation("a message is never sent")
    if world.heard != tuple(WORDS):
        raise Violation("the tracker has not each turn, in order and once")
    given_up = [
        each.said.mark for each in world.rows.handled_messages.values() if each.state == "dead"
    ]
    for event in WORDS:
        arrived, refused = _words(event, world.arrived), _words(event, given_up)
        most = max(world.cut.count(event), 1)  # one who is cut twice may say the first thing twice
        if not any(
            all(1 <= arrived.count(word) <= most or word in refused for word in words)
            for words in (words_of(event, 0), words_of(event, 1))
        ):
            raise Violation(f"what was said to {event} did not arrive whole and once: {arrived}")


def _words(event: str, marks: Iterable[str]) -> list[str]:
    return [mark.split(" ")[2] for mark in marks if mark.startswith(event)]


# Rasa's turns


def _takes_turn(world: World, which: int) -> Iterator[Step]:
    turn, event = _turn_of(world, which)
    if turn.is_over:
        yield "a worker notes that a turn is over", _note_turn(world, which)
    elif turn.is_checked:
        yield "a worker stores what Rasa says", _say(world, which)
    elif not _is_ours(world, which, turn.entry):
        yield "a worker lets go of a turn", _let_go_of_turn(world, which)
    elif turn.said is None:
        yield from _begin(world, which)
    elif turn.place < len(words_of(event, turn.wording)):
        yield "Rasa says something", _with_turn(world, which, replace(turn, is_checked=True))
    elif not turn.is_saved:
        saved = _with_turn(world, which, replace(turn, is_saved=True))
        yield "Rasa saves its tracker", saved.copied(heard=(*world.heard, event))
        if event not in world.cut:
            again = replace(turn.entry, is_repeated=True)
            failed = world.copied(cut=(*world.cut, event))
            yield "Rasa fails", _with_turn(failed, which, Turn(entry=again))
    else:
        yield "a worker withdraws what is not said again", _withdraw_rest(world, which)


def _begin(world: World, which: int) -> Iterator[Step]:
    turn, event = _turn_of(world, which)
    if turn.entry.is_repeated and event in world.heard:
        yield "Rasa has heard it", _with_turn(world, which, replace(turn, is_over=True))
        return
    said = done(world.store(which).said(ADA, event)) if turn.entry.is_repeated else []
    for wording in (0, 1) if event in world.cut else (0,):
        begun = replace(turn, said=tuple(said), wording=wording)
        yield f"Rasa begins to answer {event}", _with_turn(world, which, begun)


def _say(world: World, which: int) -> World:
    world = world.copied()
    turn, event = _turn_of(world, which)
    text, store = words_of(event, turn.wording)[turn.place], world.store(which)
    world = _with_turn(world, which, replace(turn, place=turn.place + 1, is_checked=False))
    replay = _replayed(turn, event)
    if (said := replay.repeated({"text": text})) is not None:
        in_hand = {one.entry.position for one in world.workers[which].messages}
        if said.is_waiting and said.position not in in_hand:
            return _queued(world, which, done(store.take_again(said.position, world.now)))
        return world
    done(store.withdraw(replay.withdrawn()))
    new = outgoing(world, event, turn.place, text)
    try:
        entry = done(store.say(new))
    except ClaimLost:
        return _let_go_of_turn(world, which)
    if any(
        each.said.turn == event and each.said.place >= turn.place and each.said.mark != new.mark
        for each in world.rows.messages.values()
    ):
        raise Violation("what a turn does not say again is still to be sent")
    return _queued(world, which, entry)


def _withdraw_rest(world: World, which: int) -> World:
    world = world.copied()
    turn, event = _turn_of(world, which)
    done(world.store(which).withdraw(_replayed(turn, event).withdrawn()))
    return _with_turn(world, which, replace(turn, is_over=True))


def _replayed(turn: Turn, event: str) -> Replay:
    """The attempt as far as it is."""
    replay = Replay(turn.said or ())
    for text in words_of(event, turn.wording)[: turn.place]:
        if replay.repeated({"text": text}) is None:
            replay.withdrawn()
            replay.place += 1
    return replay


def _note_turn(world: World, which: int) -> World:
    world = world.copied()
    turn, _ = _turn_of(world, which)
    done(world.store(which).done(turn.entry.position, world.now))
    return _let_go_of_turn(world, which)


def _turn_of(world: World, which: int) -> tuple[Turn, str]:
    turn = world.workers[which].turns[0]
    return turn, turn.entry.event.key


def _with_turn(world: World, which: int, turn: Turn) -> World:
    worker = world.workers[which]
    return world.with_worker(which, replace(worker, turns=(turn, *worker.turns[1:])))


def _let_go_of_turn(world: World, which: int) -> World:
    worker = world.workers[which]
    return world.with_worker(which, replace(worker, turns=worker.turns[1:]))


# Sending


def _sends(world: World, which: int) -> Iterator[Step]:
    one = world.workers[which].messages[0]
    mark = one.entry.outgoing.mark
    if one.is_sent:
        noted = world.copied()
        done(noted.store(which).sent(one.entry.position, mark, world.now))
        yield "a worker notes that a message is sent", _let_go(noted, which)
    elif not one.is_looked_at:
        standing, _ = done(world.store(which).before_send(one.entry))
        if standing is Standing.WAITING:
            yield "a worker looks", _with_message(world, which, replace(one, is_looked_at=True))
        else:
            yield "a worker lets go of a message", _let_go(world, which)
    elif mark not in world.on_their_way:  # or its echo is waited for
        yield from _sent(world, which, one)


def _sent(world: World, which: int, one: InHand) -> Iterator[Step]:
    if not _is_ours(world, which, one.entry):
        yield "a worker lets go of a message", _let_go(world, which)
        return
    again = _with_message(world, which, replace(one, is_looked_at=False))
    if not world.is_window_open:
        held = world.copied()
        done(held.store(which).hold(one.entry.position))
        worker = replace(world.workers[which], messages=())  # those behind it are held with it
        yield "Meta says that the window is closed", held.with_worker(which, worker)
        return
    mark = one.entry.outgoing.mark
    _check_arrival(world, mark)
    arrived = {
        "arrived": (*world.arrived, mark),
        "on_their_way": world.on_their_way | {mark},
    }
    yield "Meta takes it", _with_message(world, which, replace(one, is_sent=True)).copied(**arrived)
    yield "Meta takes it, and the answer is lost", again.copied(**arrived)
    given_up = world.copied()
    store = given_up.store(which)
    done(store.give_up(one.entry.position, world.now, error="GraphRefused"))
    yield "Meta refuses it for good", _let_go(given_up, which)


def _check_arrival(world: World, mark: str) -> None:
    if mark in world.arrived:
        raise Violation(f"{mark} is sent twice")
    event, place = world.event_of(mark), int(mark.split(" ")[1])
    for earlier in world.arrived:
        before = world.event_of(earlier)
        if before > event:
            raise Violation(f"{mark} is sent after {earlier}")
        if before == event and event not in world.cut and int(earlier.split(" ")[1]) >= place:
            raise Violation(f"{mark} is sent after {earlier}, and nothing has cut the turn")


def _queued(world: World, which: int, *entries: object) -> World:
    worker = world.workers[which]
    new = tuple(InHand(entry=entry) for entry in entries if isinstance(entry, OutgoingEntry))
    return world.with_worker(which, replace(worker, messages=(*worker.messages, *new)))


def _with_message(world: World, which: int, one: InHand) -> World:
    worker = world.workers[which]
    return world.with_worker(which, replace(worker, messages=(one, *worker.messages[1:])))


def _let_go(world: World, which: int) -> World:
    worker = world.workers[which]
    return world.with_worker(which, replace(worker, messages=worker.messages[1:]))


# Claims


def _claims(world: World, which: int) -> Iterator[Step]:
    claimed = world.copied()
    entries = done(claimed.store(which).claim_inbox(world.now, limit=1))
    if entries:
        worker = claimed.workers[which]
        turns = (*worker.turns, *(Turn(entry=entry) for entry in entries))
        yield "a worker claims an event", claimed.with_worker(which, replace(worker, turns=turns))
    claimed = world.copied()
    messages = done(claimed.store(which).claim_outgoing(world.now, limit=1))
    if any(world.rows.entries[one.outgoing.turn].handled_at is None for one in messages):
        raise Violation("the words of a turn that is to be taken again are to be sent")
    if messages:
        yield "a worker claims messages", _queued(claimed, which, *messages)


def _is_ours(world: World, which: int, held: InboxEntry | OutgoingEntry) -> bool:
    """Whether the worker's claim holds; it renews it then, which makes no difference here."""
    return done(world.copied().store(which).holds(held, world.now))


def _cut(world: World, worker: Worker) -> World:
    keys = [turn.entry.event.key for turn in worker.turns if turn.said is not None]
    return world.copied(cut=(*world.cut, *keys))


def _later(world: World) -> World:
    """Who is well has renewed its claims; those of the others are over."""
    later = world.copied(now=world.now + STANDSTILL)
    for which, worker in enumerate(later.workers):
        if not worker.stands_still:
            done(later.store(which).renew_claims(later.now))
        else:
            later = _cut(later, worker)
    return later


def _echoed(world: World, mark: str) -> World:
    echoed = world.copied(on_their_way=world.on_their_way - {mark})
    done(echoed.store(0).keep_echo(mark, world.now))
    return echoed


def _user_writes(world: World) -> Iterator[Step]:
    for which, worker in enumerate(world.workers):
        if not worker.stands_still:
            written = world.copied(is_window_open=True)
            freed = done(written.store(which).free_held(ADA, world.now))
            yield "the user writes", _queued(written, which, *freed)
