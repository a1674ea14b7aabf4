"""Users, agents, an admin, a clock and an unreliable network drive the channel at random.

It runs against the emulator over real HTTP. A failure prints the shortest list of steps that
leads to it, and the `@reproduce_failure` that takes them again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from emulated_platform import (
    BOT,
    DESK,
    INBOXES,
    SHOP,
    USERS,
    EmulatedPlatform,
    emulated_platform,
    inbox_of,
)
from handover_checks import Conduct, check_rest, check_step
from handover_world import SECOND, World
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tracking_assistant import PLANS_ASKED_FOR, READ_AS_BACK

from channels.store import Store
from channels.store_memory import MemoryStore
from channels.store_sql import SqlStore

T = TypeVar("T")

EXAMPLES, STEPS = 82, 50  # of each mode: with three modes 10,000 steps and some

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAUSES = (SECOND, 5 * SECOND, MINUTE, 6 * MINUTE, 11 * MINUTE, 31 * MINUTE, 2 * HOUR, 25 * HOUR)
NEXT_TRIES = (2 * SECOND,) * 6 + (MINUTE,) * 4
PAST_ALL_DEADLINES = NEXT_TRIES + (10 * MINUTE,) * 9
TEXTS = ("hello", "menu", READ_AS_BACK, *PLANS_ASKED_FOR)
TRANSIENT = {"status": 500}
LOST_ANSWER = {"reset": True, "perform": True}
THROTTLED = {"error": {"code": 613}}
SWITCHES = {
    "handover_events_to": ("new_owner", "all"),
    "null_owner": ("null", "string", "missing"),
    "app_ids": ("documented", "strings", "numbers"),
    "timestamps": ("numbers", "strings"),
    "requests_to": ("owner", "primary_receiver"),
    "inbox_echo_id": ("routing_page", "echo_page"),
}

OWNER, INBOX = "whoever has the thread", "the inbox"

users = st.sampled_from((USERS[0], USERS[0], *USERS))
people = st.sampled_from((OWNER, OWNER, OWNER, DESK, SHOP, INBOX))
anybody = st.sampled_from((BOT, BOT, DESK, SHOP, INBOX))
indexes = st.integers(0, 9)


class Stage:
    """The emulator and the event loop that all worlds of a run share."""

    def __init__(self, database: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._database = database
        self.platform: EmulatedPlatform = self.run(
            self._stack.enter_async_context(emulated_platform())
        )
        self.steps = self.worlds = self.refused = self.sessions = 0

    def run(self, action: Awaitable[T]) -> T:
        return self._loop.run_until_complete(action)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.close()

    def store(self, kind: str) -> Store:
        if kind == "memory":
            return MemoryStore(worker="worker")
        for file in self._database.parent.glob(f"{self._database.name}*"):
            file.unlink()
        return SqlStore(f"sqlite:///{self._database}", worker="worker")


class HandoverMachine(RuleBasedStateMachine):
    """Each rule is one step of somebody's; afterwards all that it leads to has happened."""

    def __init__(self, stage: Stage, mode: str) -> None:
        super().__init__()
        self._stage = stage
        self._platform = stage.platform
        self._mode = mode
        self._conduct = Conduct()
        self._is_sound = True

    # The beginning

    @initialize(
        switches=st.fixed_dictionaries({k: st.sampled_from(v) for k, v in SWITCHES.items()}),
        store=st.sampled_from(("memory", "memory", "memory", "sqlite")),
        knows_of_starts=st.booleans(),
    )
    def begin(self, switches: dict[str, str], store: str, knows_of_starts: bool) -> None:
        self._world = World(
            self._platform, self._stage.store(store), knows_of_starts=knows_of_starts
        )
        logging.getLogger("channels").addHandler(self._world.problems)
        self._stage.worlds += 1
        self._stage.run(self._world.start())
        self._stage.run(self._platform.control("PUT", "switches", switches))
        self._stage.run(self._platform.control("PUT", "routing", {"mode": self._mode}))

    # What users do

    @rule(user=users, text=st.sampled_from(TEXTS))
    def user_writes(self, user: str, text: str) -> None:
        self._step(self._user_says(text, user))

    @rule(user=users)
    def user_asks_for_a_person(self, user: str) -> None:
        self._step(self._user_says("human", user))

    @rule(user=users, payload=st.sampled_from(("/back", "/other")), button_of=anybody)
    def user_taps(self, user: str, payload: str, button_of: str) -> None:
        app_id = inbox_of(user) if button_of == INBOX else button_of
        tap = {"title": "A button", "payload": payload, "app_id": app_id}
        self._step(self._platform.control("POST", f"users/{user}/taps", tap))

    # What agents do

    @rule(user=users, who=people)
    def agent_takes(self, user: str, who: str) -> None:
        self._step(self._agent_does("take", user, who))

    @rule(user=users, verb=st.sampled_from(("release", "request")), who=people)
    def agent_moves_on(self, user: str, verb: str, who: str) -> None:
        self._step(self._agent_does(verb, user, who))

    @rule(user=users, who=people, to=anybody)
    def agent_passes(self, user: str, who: str, to: str) -> None:
        target = inbox_of(user) if to == INBOX else to
        self._step(self._agent_does("pass", user, who, target_app_id=target))

    @rule(user=users, who=people)
    def agent_writes(self, user: str, who: str) -> None:
        self._step(self._agent_says("May I help you?", user, who))

    @rule(user=users)
    def operator_returns_thread(self, user: str) -> None:
        self._step(self._return_thread(user))

    # What the page's admin does

    @rule(mode=st.sampled_from(("on", "off", "legacy")))
    def admin_sets_routing(self, mode: str) -> None:
        self._step(self._platform.control("PUT", "routing", {"mode": mode}))

    @rule(allowed=st.sampled_from((True, True, False)))
    def admin_lets_the_bot_take(self, allowed: bool) -> None:
        self._step(self._platform.control("PUT", f"apps/{BOT}", {"take_control": allowed}))

    # What time, the network, Rasa and Graph do

    @rule(pause=st.sampled_from(PAUSES))
    def time_passes(self, pause: timedelta) -> None:
        self._step(self._world.wait(pause))

    @rule()
    def network_stalls_or_recovers(self) -> None:
        network = self._world.network
        if network.is_stalled:
            self._step(network.recover())
        else:
            network.is_stalled = True

    @precondition(lambda self: self._world.network.waiting)
    @rule(index=indexes, times=st.sampled_from((1, 1, 1, 2, 0)))
    def network_lets_one_through(self, index: int, times: int) -> None:
        self._step(self._world.network.deliver(index, times=times))

    @rule(index=indexes)
    def network_repeats(self, index: int) -> None:
        self._step(self._world.network.repeat(index))

    @rule()
    def rasa_hangs_or_goes_on(self) -> None:
        goes_on = self._world.rasa.goes_on
        if goes_on.is_set():
            goes_on.clear()
        else:
            goes_on.set()
            self._step(self._world.settle())

    @rule()
    def bot_restarts(self) -> None:
        self._step(self._world.restart())

    @rule(times=st.sampled_from((1, 1, 1, 3)))
    def rasa_fails(self, times: int) -> None:
        self._world.rasa.failures_to_come = times

    @rule(
        path=st.sampled_from(
            ("", "messages", "pass_thread_control", "take_thread_control", "thread_owner")
        ),
        fault=st.sampled_from((TRANSIENT, LOST_ANSWER, THROTTLED)),
        times=st.sampled_from((1, 1, 3, 9)),
    )
    def graph_fails(self, path: str, fault: dict[str, object], times: int) -> None:
        calls = {"path": path, "app_id": BOT, "times": times, **fault}
        self._step(self._platform.control("POST", "faults", {"calls": calls}))

    # What must hold

    @invariant()
    def the_bot_has_behaved(self) -> None:
        self._is_sound = False
        self._stage.steps += 1
        self._check()
        self._is_sound = True

    def teardown(self) -> None:
        if not hasattr(self, "_world"):
            return
        try:
            if self._is_sound:
                self._stage.run(self._come_to_rest())
        finally:
            self._stage.run(self._world.stop())
            logging.getLogger("channels").removeHandler(self._world.problems)
            self._stage.refused += len(self._conduct.refused)
            self._stage.sessions += len(self._world.store.versions)

    async def _come_to_rest(self) -> None:
        """Nothing goes wrong any more; every deadline passes; the users write twice more."""
        await self._platform.control("DELETE", "faults")
        self._world.rasa.failures_to_come = 0
        self._world.rasa.goes_on.set()
        await self._world.network.recover()
        await self._let_pass(PAST_ALL_DEADLINES)
        await self._users_write()
        await self._let_pass(PAST_ALL_DEADLINES)
        await self._users_write()
        await self._let_pass(NEXT_TRIES)
        self._read(await self._platform.log())
        for user in USERS:
            check_rest(self._world, self._conduct, user)

    async def _let_pass(self, pauses: tuple[timedelta, ...]) -> None:
        for pause in pauses:
            await self._world.wait(pause)
        self._read(await self._platform.log())

    async def _users_write(self) -> None:
        for user in USERS:
            await self._world.wait(SECOND)
            await self._user_says("Is anybody there?", user)

    # How

    def _step(self, action: Awaitable[object]) -> None:
        self._is_sound = False
        self._stage.run(self._carry_out(action))

    async def _carry_out(self, action: Awaitable[object]) -> None:
        await self._world.wait(SECOND)
        await action
        await self._world.settle()

    def _check(self) -> None:
        self._read(self._stage.run(self._platform.log()))

    def _read(self, log: list[dict[str, object]]) -> None:
        self._conduct.read(log)
        check_step(self._world, self._conduct)

    async def _user_says(self, text: str, user: str) -> None:
        await self._platform.control("POST", f"users/{user}/messages", {"text": text})

    async def _agent_does(self, verb: str, user: str, who: str, **fields: str) -> None:
        who = self._present(user, who)
        if who in INBOXES:
            await self._platform.control("POST", f"inbox/{user}/{verb}", fields or None)
        else:
            await self._platform.graph(who, f"{verb}_thread_control", user, **fields)

    async def _agent_says(self, text: str, user: str, who: str) -> None:
        who = self._present(user, who)
        if who in INBOXES:
            await self._platform.control("POST", f"inbox/{user}/messages", {"text": text})
        else:
            message = {"messaging_type": "RESPONSE", "message": {"text": text}}
            await self._platform.graph(who, "messages", user, **message)

    def _present(self, user: str, who: str) -> str:
        """The app that acts: of those who have the thread, whoever they are, it is them."""
        owner = self._conduct.owners[user]
        if who == OWNER and owner not in (None, BOT):
            return owner
        return inbox_of(user) if who in (OWNER, INBOX) else who

    async def _return_thread(self, user: str) -> None:
        session = self._world.store.open_session_of(user)
        if session is not None:
            await self._world.engine.return_thread(session)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "handover.db")
    with _quiet_channels():
        yield stage
    stage.close()


@contextmanager
def _quiet_channels() -> Iterator[None]:
    """What goes wrong here is meant to: the machine's own log keeps it, pytest's need not."""
    logger = logging.getLogger("channels")
    logger.propagate = False
    logger.setLevel(logging.ERROR)
    yield
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


@pytest.mark.timeout(900)  # shrinking a failure takes a while
@pytest.mark.parametrize("mode", ["on", "off", "legacy"])
def test_every_user_is_answered_and_nobody_is_talked_over(
    mode: str, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    run_state_machine_as_test(
        lambda: HandoverMachine(stage, mode),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )
    with capsys.disabled():
        print(
            f"\nrouting {mode}: {stage.steps} steps in {stage.worlds} worlds, {stage.sessions} "
            f"sessions, {stage.refused} sends refused"
        )
