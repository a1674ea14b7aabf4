"""Users, agents, an admin, a clock and an unreliable network drive the channel at random.

It runs against the emulator over real HTTP. A failure prints the shortest list of steps that
leads to it, and the `@reproduce_failure` that takes them again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from channels.store.protocol import CLAIM_LEASE
from emulator.rules.odd_answers import ODD_ANSWERS
from tests.scenario.desk import Desk
from tests.search.property.bot.processes import Cut
from tests.search.property.bot.tracking_assistant import NEVER_MIND, PLANS_ASKED_FOR, READ_AS_BACK
from tests.search.property.emulated_platform import BOT, DESK, PRESS, SHOP, USERS
from tests.search.property.handover_checks import (
    Conduct,
    check_nothing_is_lost,
    check_rest,
    check_step,
)
from tests.search.property.handover_world import SECOND, Circumstances, World
from tests.search.property.office_hours import BEGINNINGS, ZONES
from tests.search.property.operators_told import check_all_told
from tests.search.property.people_of_page import INBOX, OWNER, PeopleOfPage
from tests.search.property.stage import Stage

MODES = ("on", "off", "legacy")

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAUSES = (
    *(
        SECOND,
        5 * SECOND,
        MINUTE,
        75 * SECOND,
        6 * MINUTE,
        11 * MINUTE,
        31 * MINUTE,
        2 * HOUR,
        7 * HOUR,
    ),
    *(25 * HOUR, timedelta(days=8)),
)
NEXT_TRIES = (2 * SECOND,) * 6 + (MINUTE,) * 4
PAST_ALL_DEADLINES = NEXT_TRIES + (10 * MINUTE,) * 9
TEXTS = ("hello", "menu", READ_AS_BACK, NEVER_MIND, "great", "poor", *PLANS_ASKED_FOR)
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
    "instagram_echoes": ("bare", "marked"),
    "sender_actions_need_control": (True, False),
    "no_permission": (230, 200, 210, 10),
    "standby_brings": ("documented", "all"),
    "instagram_text_in": ("bytes", "characters"),
    "limit_pass_metadata": (True, False),
    "secondary_asks_owner": ("permission", "hidden"),
}

ODD_OWNERS = sorted(name for name in ODD_ANSWERS if name.startswith("owner_"))
LACKING = sorted(name for name in ODD_ANSWERS if name.startswith("permission_"))
UNHEARD = ("capability_3", "not_receiving", "window_in_words", "no_user_in_words")
THROTTLED_EDGES = sorted(name for name in ODD_ANSWERS if name.startswith("throttled_"))
REFUSALS = {
    "messages": (*LACKING, *UNHEARD, *THROTTLED_EDGES),
    "pass_thread_control": (*LACKING, *THROTTLED_EDGES),
    "take_thread_control": (*LACKING, *THROTTLED_EDGES),
    "request_thread_control": (*LACKING, *THROTTLED_EDGES),
}

LONG_ENOUGH = CLAIM_LEASE + 30 * SECOND  # for another worker to take over, and to have done
JUMPS = (timedelta(), 90 * SECOND, -90 * SECOND, HOUR, -HOUR)
MOODS = ("takes", "takes", "is away", "refuses", "loses answers", "hangs")

# Where a worker may come to a halt: at any call, or at one by which work changes hands.
CALLS = (
    *("", "", "", "record", "claim_inbox", "recorded", "take_turn", "action", "action", "said"),
    *("say", "say", "send", "send", "sent", "before_send", "claim_outgoing", "done", "failed"),
    *("save_session", "save_session", "add_session", "follow_session", "open_session", "grip"),
    *("claim_due", "holds", "renew_claims", "reserve_turn", "free_turn", "time"),
    *("pass_control", "take_control", "owner", "tell"),
)

workers = st.integers(0, 1)
cuts = st.builds(
    Cut,
    name=st.sampled_from(CALLS),
    earlier=st.sampled_from((0, 0, 0, 1, 2, 5)),
    after=st.booleans(),
    dies=st.sampled_from((False, False, True)),
)
users = st.sampled_from((USERS[0], USERS[0], *USERS))
people = st.sampled_from((OWNER, OWNER, OWNER, DESK, SHOP, INBOX))
anybody = st.sampled_from((BOT, BOT, DESK, SHOP, INBOX))
indexes = st.integers(-3, 9)


class HandoverMachine(RuleBasedStateMachine):
    """Each rule is one step of somebody's; afterwards all that it leads to has happened."""

    def __init__(self, stage: Stage, mode: str) -> None:
        super().__init__()
        self._stage = stage
        self._platform = stage.platform
        self._mode = mode
        self._conduct = Conduct()
        self._people = PeopleOfPage(stage.platform, self._conduct)
        self._is_sound = True

    # The beginning

    @initialize(
        switches=st.fixed_dictionaries({k: st.sampled_from(v) for k, v in SWITCHES.items()}),
        circumstances=st.builds(
            Circumstances,
            begins_at=st.sampled_from(BEGINNINGS),
            zone=st.sampled_from(ZONES),
            on_failure=st.sampled_from(("off", "default", "evening")),
            knows_of_starts=st.booleans(),
            workers=st.sampled_from((2, 2, 1)),
        ),
    )
    def begin(self, switches: dict[str, object], circumstances: Circumstances) -> None:
        self._world = World(self._platform, circumstances)
        logging.getLogger("channels").addHandler(self._world.problems)
        self._stage.worlds += 1
        self._stage.run(self._world.start())
        self._stage.run(self._platform.control("PUT", "switches", switches))
        self._stage.run(self._platform.control("PUT", "routing", {"mode": self._mode}))

    # What users do

    @rule(user=users, text=st.sampled_from(TEXTS))
    def user_writes(self, user: str, text: str) -> None:
        self._step(self._people.user_says(text, user))

    @rule(user=users)
    def user_asks_for_a_person(self, user: str) -> None:
        self._step(self._people.user_says("human", user))

    @rule(user=users, plan=st.sampled_from(("evening", "evening", "office")))
    def user_asks_for_the_team(self, user: str, plan: str) -> None:
        self._step(self._people.user_says(plan, user))

    @rule(user=users, payload=st.sampled_from(("/back", "/other", "/good")), button_of=anybody)
    def user_taps(self, user: str, payload: str, button_of: str) -> None:
        self._step(self._people.user_taps(payload, user, button_of))

    # What agents do

    @rule(user=users, who=people)
    def agent_takes(self, user: str, who: str) -> None:
        self._step(self._people.agent_does("take", user, who))

    @rule(user=users, verb=st.sampled_from(("release", "request")), who=people)
    def agent_moves_on(self, user: str, verb: str, who: str) -> None:
        self._step(self._people.agent_does(verb, user, who))

    @rule(user=users, who=people, to=anybody)
    def agent_passes(self, user: str, who: str, to: str) -> None:
        self._step(self._people.agent_passes(user, who, to))

    @rule(user=users, who=people)
    def agent_writes(self, user: str, who: str) -> None:
        self._step(self._people.agent_says("May I help you?", user, who))

    @rule(user=users)
    def operator_returns_thread(self, user: str) -> None:
        self._step(self._return_thread(user))

    @rule(app=st.sampled_from((SHOP, PRESS)), people=st.sampled_from((3, 12)))
    def somebody_sends_a_newsletter(self, app: str, people: int) -> None:
        letter = {"text": "Autumn is here", "people": people, "app_id": app}
        self._step(self._platform.control("POST", "newsletter", letter))

    @rule(number=st.integers(0, 1), mood=st.sampled_from(MOODS))
    def team_listens(self, number: int, mood: str) -> None:
        desk = list(self._world.desks.values())[number]
        self._world.may_tell_twice |= mood == "loses answers"
        listen(desk, mood)

    # What the page's admin does

    @rule(mode=st.sampled_from(MODES))
    def admin_sets_routing(self, mode: str) -> None:
        self._step(self._platform.control("PUT", "routing", {"mode": mode}))

    @rule(allowed=st.sampled_from((True, True, False)))
    def admin_lets_the_bot_take(self, allowed: bool) -> None:
        self._step(self._platform.control("PUT", f"apps/{BOT}", {"take_control": allowed}))

    # What time, the network, Rasa and Graph do

    @rule(pause=st.sampled_from(PAUSES))
    def time_passes(self, pause: timedelta) -> None:
        self._step(self._world.wait(pause))

    @rule(number=workers, ahead=st.sampled_from(JUMPS))
    def somebody_sets_a_machine(self, number: int, ahead: timedelta) -> None:
        self._world.set_machine(number, ahead)

    @rule()
    def network_stalls_or_recovers(self) -> None:
        network = self._world.network
        if network.is_stalled:
            self._step(network.recover())
        else:
            network.is_stalled = True

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

    @rule(number=workers)
    def bot_restarts(self, number: int) -> None:
        self._step(self._world.restart(number))

    @rule(number=workers, cut=cuts, user=users, text=st.sampled_from(("human", *TEXTS)))
    def worker_comes_to_a_halt(self, number: int, cut: Cut, user: str, text: str) -> None:
        if self._world.cut(number, dataclasses.replace(cut)):
            self._step(self._people.user_says(text, user))
        else:
            self._step(self._go_on(number, LONG_ENOUGH))

    @rule(number=workers, later=st.sampled_from((timedelta(), LONG_ENOUGH, LONG_ENOUGH)))
    def worker_goes_on(self, number: int, later: timedelta) -> None:
        self._step(self._go_on(number, later))

    @rule(number=workers, user=users, text=st.sampled_from(("human", *TEXTS)))
    def worker_stands_still_in_a_turn(self, number: int, user: str, text: str) -> None:
        """Between what it has stored and the turn's action; meanwhile another one takes over."""
        self._world.cut(number, Cut(name="say", earlier=0, after=True, dies=False))
        self._step(self._people.user_says(text, user))
        self._step(self._go_on(number, LONG_ENOUGH))

    @rule()
    def standby_is_late_or_comes(self) -> None:
        network = self._world.network
        if network.is_late_on_standby:
            self._step(network.let_standby_come())
        else:
            network.is_late_on_standby = True

    @rule()
    def action_server_stops_or_starts(self) -> None:
        self._world.rasa.has_actions = not self._world.rasa.has_actions

    @rule(times=st.sampled_from((1, 1, 1, 3)))
    def rasa_fails(self, times: int) -> None:
        self._world.rasa.failures_to_come = times

    @rule(
        path=st.sampled_from(
            ("", "messages", "pass_thread_control", "take_thread_control", "thread_owner")
        ),
        fault=st.sampled_from((TRANSIENT, LOST_ANSWER, THROTTLED)),
        times=st.sampled_from((1, 1, 3, 9, 40)),
    )
    def graph_fails(self, path: str, fault: dict[str, object], times: int) -> None:
        calls = {"path": path, "app_id": BOT, "times": times, **fault}
        self._step(self._platform.control("POST", "faults", {"calls": calls}))

    @rule(answer=st.sampled_from(ODD_OWNERS), times=st.sampled_from((1, 3, 9)))
    def graph_tells_no_owner(self, answer: str, times: int) -> None:
        calls = {"answer": answer, "app_id": BOT, "times": times}
        self._step(self._platform.control("POST", "faults", {"calls": calls}))

    @rule(
        refused=st.sampled_from([(edge, one) for edge, all_ in REFUSALS.items() for one in all_]),
        times=st.sampled_from((1, 1, 3)),
    )
    def graph_refuses_at_an_edge(self, refused: tuple[str, str], times: int) -> None:
        path, answer = refused
        calls = {"answer": answer, "path": path, "app_id": BOT, "times": times}
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
            self._stage.refused_sends += len(self._conduct.refused)
            self._stage.sessions += len(self._world.history.versions)

    async def _come_to_rest(self) -> None:
        """Nothing goes wrong any more; every deadline passes; the users write twice more."""
        await self._platform.control("DELETE", "faults")
        self._world.rasa.failures_to_come = 0
        self._world.rasa.goes_on.set()
        self._world.rasa.has_actions = True
        for desk in self._world.desks.values():
            listen(desk, "takes")
        await self._world.recover()
        await self._world.network.recover()
        await self._let_pass(PAST_ALL_DEADLINES)
        await self._users_write()
        await self._let_pass(PAST_ALL_DEADLINES)
        await self._users_write()
        await self._let_pass(NEXT_TRIES)
        for user in USERS:
            check_rest(self._world, self._conduct, user)
        check_all_told(self._world)
        await check_nothing_is_lost(self._world)

    async def _let_pass(self, pauses: tuple[timedelta, ...]) -> None:
        for pause in pauses:
            await self._world.wait(pause)
        self._read(await self._platform.log())

    async def _users_write(self) -> None:
        for user in USERS:
            await self._world.wait(SECOND)
            await self._people.user_says("Is anybody there?", user)

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

    async def _return_thread(self, user: str) -> None:
        session = self._world.history.open_session_of(user)
        if session is not None:
            await self._world.return_thread(session)

    async def _go_on(self, number: int, later: timedelta) -> None:
        if later:
            await self._world.wait(later)
        await self._world.go_on(number)


def listen(desk: Desk, mood: str) -> None:
    """From now on a target takes what it is told, or does not, or nobody can tell."""
    desk.is_away, desk.loses_answers = mood == "is away", mood == "loses answers"
    desk.refuses = {"opened", "ended"} if mood == "refuses" else set()
    if desk.hangs is not None:
        desk.hangs.set()
    desk.hangs = asyncio.Event() if mood == "hangs" else None
