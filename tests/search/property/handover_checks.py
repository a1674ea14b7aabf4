"""What must hold of every handover, whatever happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from channels.core.errors import GraphError, TurnTimedOut
from channels.core.events import Array, Event, Postback, UserMessage
from channels.core.meta.app_secret import mark_in
from channels.core.sessions.session import LATE, Session, State, deadline, is_loop
from channels.core.sessions.transitions import ASK_DEADLINE
from channels.engine.engine import INBOX_RETENTION
from channels.handover.opening import FAILURE_PAUSE
from tests.search.property.bot.processes import NEVER
from tests.search.property.bot.tracking_assistant import RasaFails
from tests.search.property.emulated_platform import BOT, BOT_APP, USERS, Json
from tests.search.property.handover_world import World
from tests.search.property.operators_told import check_told

NOT_THE_OWNER = (10, 2018300)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message of the bot's that Meta has shown."""

    mark: str
    mid: str
    at: datetime


class Conduct:
    """Reads the emulator's log: whose thread it was whenever the bot spoke.

    `said` has what has arrived from the bot, by users, `taken` the threads that it has taken.
    """

    def __init__(self) -> None:
        self.owners: dict[str, str | None] = dict.fromkeys(USERS)
        self.changed_at: dict[str, datetime] = {}
        self.refused: list[tuple[str, datetime]] = []
        self.last_words: dict[str, str] = {}
        self.said: defaultdict[str, list[Arrival]] = defaultdict(list)
        self.taken: list[tuple[str, datetime]] = []

    def read(self, log: list[Json]) -> None:
        for entry in log:
            user, at = entry["user"], datetime.fromisoformat(entry["at"])
            if entry["kind"] == "owner":
                assert user in USERS or entry["owner"] != BOT, (
                    f"The bot has taken a reader, {user}."
                )
                self.owners[user] = entry["owner"]
                self.changed_at[user] = at
            elif entry["kind"] == "message":
                self._check_message(user, entry["from"])
                if entry["from"] == BOT:
                    mark = mark_in(entry.get("metadata"), BOT_APP.secret) or ""
                    self.said[user].append(Arrival(mark=mark, mid=entry["mid"], at=at))
            elif _is_taking(entry):
                self.taken.append((user, at))
            elif _is_refused_send(entry):
                self.refused.append((user, at))

    def _check_message(self, user: str, sender: str) -> None:
        self.last_words[user] = sender
        if sender == BOT:
            assert user in USERS, f"The bot has written to a reader of a newsletter, {user}."
            owner = self.owners[user]
            assert owner in (BOT, None), f"The bot spoke while {owner} had the thread of {user}."


def check_step(world: World, conduct: Conduct) -> None:
    """What holds at any time."""
    sent, overheard = world.observed.against_better_knowledge, world.observed.overheard
    assert not sent, f"The bot sent {sent} although it knew that it may not."
    assert not overheard, f"Rasa has heard {overheard}, which was said to a person."
    for user, known_at in world.observed.refused:
        _check_race(conduct, user, known_at)
    wrong = [*world.history.out_of_hours, *world.observed.misinformed]
    assert not wrong, f"Nobody is there, or somebody is: {wrong}"
    for versions in world.history.versions.values():
        _check_versions(world, versions)
    for user in USERS:
        _check_order(world, conduct, user)
    check_told(world)
    _check_one_at_a_time(world)
    _check_tracker(world)
    _check_actions(world)
    for record in world.problems.records:
        error = record.exc_info[1] if record.exc_info else None
        expected = error is None or isinstance(error, (GraphError, RasaFails, TurnTimedOut))
        assert expected, f"{record.getMessage()}: {error!r}"


def _check_order(world: World, conduct: Conduct, user: str) -> None:
    """What the bot says arrives in the order of saying, and once each."""
    said = world.history.said_in_order[user]
    numbers = {one.mark: number for number, one in enumerate(said)}
    first: dict[str, Arrival] = {}
    for arrival in conduct.said[user]:
        before = first.setdefault(arrival.mark, arrival)
        known_at = world.echoed.get(before.mid, arrival.at)
        assert known_at >= arrival.at, f"The bot has said something to {user} twice."
    places = [numbers[mark] for mark in first]
    assert places == sorted(places), f"The bot's messages to {user} arrive as {places}."
    told: dict[tuple[str, int, str], datetime] = {}
    for mark, arrival in first.items():
        one = said[numbers[mark]]
        told_at = told.setdefault((one.turn, one.place, str(one.message)), arrival.at)
        is_known = told_at < arrival.at < told_at + INBOX_RETENTION
        assert not is_known, f"A turn has said something to {user} twice."


def _check_lesson(world: World, user: str, at: datetime) -> None:
    if world.stopped_at >= at:
        return  # a session begins between two events, and the bot may have stopped before
    sessions = [one for one in world.history.sessions() if one.thread.user == user]
    at_least = at - world.furthest_apart
    learnt = any(one.is_open or (one.ended_at and one.ended_at >= at_least) for one in sessions)
    is_known = learnt or is_loop(sessions, at)
    assert is_known, f"A send to {user} was refused, and no session came of it."


def _check_race(conduct: Conduct, user: str, known_at: datetime) -> None:
    knew = known_at >= conduct.changed_at[user]
    assert not knew, f"The bot wrote to {user}, whose thread it knew to be somebody else's."


def _check_versions(world: World, versions: list[Session]) -> None:
    session = versions[-1]
    ends = sum(not one.is_open and one.feedback is None for one in versions)
    assert ends == (not session.is_open), f"Session {session.id} has ended {ends} times."
    reasons = {one.reason for one in versions[_last_active(versions) :] if one.reason}
    assert len(reasons) <= 1, f"Session {session.id} ends for {reasons}."
    told = world.rasa.ends_of(session.id)
    if session.is_open:
        assert told <= 1, f"Session {session.id} is still open, and its end was told {told} times."
    elif _was_replaced(versions):
        assert told == 0, f"Session {session.id} was replaced, and its end was told."
    else:
        is_told = told == 1 or session.is_untold
        assert is_told, f"Session {session.id} has ended, and its end was told {told} times."
    starts = world.rasa.starts_of(session.id)
    is_news = session.is_adopted or session.has_bot_failed or session.waiting_since is not None
    assert starts <= is_news, f"Session {session.id} was announced {starts} times."
    score, rated = session.feedback and session.feedback.score, world.observed.rated[session.id]
    is_right = score in rated if rated else score is None
    assert is_right, f"Session {session.id} has the score {score}, and users gave {rated}."


def _was_replaced(versions: list[Session]) -> bool:
    """Whether another handover was asked for while it waited: nobody hears of its end."""
    last_open = [one for one in versions if one.is_open][-1:]
    return bool(last_open) and last_open[0].is_waiting


def _last_active(versions: list[Session]) -> int:
    """Where the session last was active; what can't be taken back is active once more."""
    return max((at for at, one in enumerate(versions) if one.state is State.ACTIVE), default=0)


def _check_one_at_a_time(world: World) -> None:
    open_ones = [session for session in world.history.sessions() if session.is_open]
    threads = {session.thread for session in open_ones}
    assert len(open_ones) == len(threads), "A thread has two open sessions."
    failed_at: dict[str, datetime] = {}
    if not world.furthest_apart:
        for session in world.history.sessions():
            _check_no_ping_pong(session, failed_at)


def _check_no_ping_pong(session: Session, failed_at: dict[str, datetime]) -> None:
    """A bot that stays broken hands a thread over once an hour at most."""
    if session.has_bot_failed:
        user, at = session.thread.user, session.opened_at
        has_paused = at - failed_at.get(user, NEVER) >= FAILURE_PAUSE
        assert has_paused, f"The bot hands {user} over again, because it has failed."
        failed_at[user] = at


def _check_tracker(world: World) -> None:
    heard = Counter(turn.message_id for turn in world.rasa.tracker)
    twice = {id_ for id_, times in heard.items() if times > 1} - world.rasa.saved_late
    assert not twice, "Rasa has heard something twice."


def _check_actions(world: World) -> None:
    """Each action runs once, unless a turn failed or was cut, or its worker was late in it."""
    for attempts in world.rasa.attempts.values():
        whole = [attempt.turn.text for attempt in attempts if not attempt.may_be_repeated]
        assert len(whole) <= 1, f"An action has run twice: {whole}."
    late = world.rasa.acted_late
    assert not late, f"A worker that stood still goes on to the actions of {late}."


def check_rest(world: World, conduct: Conduct, user: str) -> None:
    """What holds of a thread once all is quiet and the user has written once more."""
    for refused, at in conduct.refused:
        if refused == user:
            _check_lesson(world, user, at)
    for taken, at in conduct.taken:
        if taken == user:
            _check_told_of_taking(world, user, at)
    owner = conduct.owners[user]
    session = world.history.open_session_of(user)
    if session is not None and _has_just_ended(world, session):
        return
    if session is None or session.is_waiting:
        assert owner in (BOT, None), f"{owner} has the thread of {user}, and no session knows it."
        answered_by = conduct.last_words[user]
        assert answered_by == BOT, f"The bot has the thread of {user} and does not answer."
        assert session is None or not world.history.is_anybody_there(), f"{user} still waits."
    else:
        assert session.state is State.ACTIVE, f"Session {session.id} stays {session.state}."
        assert owner not in (BOT, None), f"Nobody has the thread of {user}, and the bot is silent."
    if session is not None:
        _check_deadline(world, session)


def _has_just_ended(world: World, session: Session) -> bool:
    """Whether its owner may still pass the thread: the hours may have begun it at any time."""
    is_ending = session.state is State.ENDING and session.ended_at is not None
    return is_ending and (session.ended_at or NEVER) + ASK_DEADLINE * 2 > world.history.shared.now()


def _check_deadline(world: World, session: Session) -> None:
    ends = deadline(session)
    if ends is None:
        assert world.problems.tells_of(session), f"Nobody is told that {session.id} can't end."
    else:
        assert ends[0] > world.history.shared.now(), f"Session {session.id} outlives its deadline."


def _check_told_of_taking(world: World, user: str, at: datetime) -> None:
    """A thread is taken back at the end of a session, of which somebody hears."""
    ends = [one for one in world.history.sessions() if one.reason and one.thread.user == user]
    latest = at + world.furthest_apart
    is_known = any(one.ended_at is not None and one.ended_at <= latest for one in ends)
    assert is_known, f"The bot has taken the thread of {user}, and no session has ended."


async def check_nothing_is_lost(world: World) -> None:
    """Rasa has heard what users said to the bot, unless a session did, or it is set aside."""
    inbox, outbox = await world.stored.backlog(), await world.stored.outgoing_backlog()
    assert not inbox.waiting, f"{inbox.waiting} events still wait."
    assert not outbox.waiting, f"{outbox.waiting} messages still wait."
    heard = {turn.message_id for turn in world.rasa.tracker}
    for event in world.taken:
        is_dead = world.problems.tells_of_thread(event.thread, "set aside")
        handled_at = world.history.handled_at.get(event.key)
        assert handled_at or is_dead, f"Nobody has handled {event}."
        if not isinstance(event, (UserMessage, Postback)) or event.array is Array.STANDBY:
            continue
        if (event.mid or event.key) not in heard:
            is_known = is_dead or _has_session_heard(world, event, handled_at or NEVER)
            assert is_known, f"What {event.thread.user} said at {event.at} is lost: {event}"


def _has_session_heard(world: World, event: Event, handled_at: datetime) -> bool:
    """Whether a session went on between the writing of a message and its handling."""
    margin = world.furthest_apart + LATE
    return any(
        one.opened_at <= handled_at + margin
        and world.history.closed_at.get(one.id, event.at) >= event.at - margin
        for one in world.history.sessions()
        if one.thread == event.thread
    )


def _is_taking(entry: Json) -> bool:
    if entry["kind"] != "call" or entry["app_id"] != BOT or not entry["response"]:
        return False
    return entry["path"].endswith("take_thread_control") and "error" not in entry["response"]


def _is_refused_send(entry: Json) -> bool:
    if entry["kind"] != "call" or entry["app_id"] != BOT or "message" not in entry["params"]:
        return False
    if entry["response"] is None:  # the answer was lost
        return False
    error = entry["response"].get("error", {})
    return (error.get("code"), error.get("error_subcode")) == NOT_THE_OWNER
