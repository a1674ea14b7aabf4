"""Mistakes that somebody could make in the pure core, the store and the engine.

Each is one line that is right, what it could be by mistake, and the tests that should notice.
"""

from __future__ import annotations

from dataclasses import dataclass

CORE = "tests/unit/channels/core"
KEYWORDS = (f"{CORE}/keywords",)
ROUTING = (
    f"{CORE}/decisions/test_decisions.py",
    f"{CORE}/decisions/test_decision_doubts.py",
    "tests/search/exhaustive",
)
SESSIONS = (
    f"{CORE}/sessions",
    "tests/search/exhaustive",
)
STORE = ("tests/contract/store",)
ENGINE = ("tests/unit/channels/engine", "tests/scenario/handover", "tests/scenario/engine")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """`right` stands once in `file`, below `channels/`; `tests` are those that could notice."""

    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


def _of(file: str, tests: tuple[str, ...], *mistakes: tuple[str, str]) -> list[Mutant]:
    return [Mutant(file=file, right=right, wrong=wrong, tests=tests) for right, wrong in mistakes]


MUTANTS = [
    *_of(
        "core/decisions.py",
        ROUTING,
        (
            "if event.at <= session.cause_at:\n        # It was said",
            "if event.at < session.cause_at:\n        # It was said",
        ),
        ("event.received_at <= passed_at", "event.received_at < passed_at"),
        ("session.state is State.OPENING or session.regained", "session.regained"),
        ("session.regained and (owner is None or owner in ANOTHER)", "session.regained"),
        ("event.payload is None and event.title", "event.title"),
        ("session.owner_app != event.new_owner", "True"),
        ("if is_active and isinstance(event, Edited)", "if isinstance(event, Edited)"),
    ),
    *_of(
        "core/sessions/transitions/endings.py",
        SESSIONS,
        ("ends is not None and now < ends[0]", "ends is not None"),
        ("session.probe_at or probe_at", "probe_at"),
    ),
    *_of(
        "handover/ledger.py",
        ENGINE,
        ("if died >= MOST_DEATHS", "if died > MOST_DEATHS"),
        ("name != self._store.worker for", "True for"),
        ("if died > 1 else", "if died > 2 else"),
    ),
    *_of(
        "core/sessions/transitions/beginnings.py",
        SESSIONS,
        ("session.user_messages == session.operator_messages == 0", "session.user_messages == 0"),
    ),
    *_of(
        "core/sessions/transitions/watching.py",
        SESSIONS,
        ("(now if count == 1 else None)", "now"),
        ("= max(said_at, session.last_user_at)", "= said_at"),
    ),
    *_of(
        "core/meta/backoff.py",
        (f"{CORE}/meta/test_backoff.py", f"{CORE}/sessions/test_transitions_steps.py"),
        ("_MOST_DOUBLINGS = 32", "_MOST_DOUBLINGS = 6"),
    ),
    *_of(
        "core/sessions/session.py",
        SESSIONS,
        ("now < session.last_user_at + MESSAGING", "now <= session.last_user_at + MESSAGING"),
        ("session.last_heard_at or session.active_at", "session.active_at"),
        ("and self.state is not State.OPENING", "and self.state is not State.ACTIVE"),
    ),
    *_of(
        "core/keywords/vocabulary.py",
        KEYWORDS,
        ("_LONGEST_OTHER_ENDING = 2", "_LONGEST_OTHER_ENDING = 3"),
        ("_LONGEST_ENDING = 5", "_LONGEST_ENDING = 6"),
        ("if other == root or len(each) > 1:", "if other == root:"),
    ),
    *_of("core/keywords/words.py", KEYWORDS, ("len(loose) == 1 and ", "")),
    *_of(
        "core/briefing/transcript.py",
        (f"{CORE}/briefing/test_transcript.py",),
        ("size <= MOST_CHARACTERS", "size < MOST_CHARACTERS"),
    ),
    *_of(
        "core/briefing/pass_metadata.py",
        (f"{CORE}/briefing/test_pass_metadata.py",),
        ("<= LONGEST_METADATA", "< LONGEST_METADATA"),
    ),
    *_of(
        "core/meta/splitting.py",
        (f"{CORE}/meta/test_splitting.py",),
        ("bisect_right(ends, furthest)", "bisect_right(ends, furthest - 1)"),
    ),
    *_of(
        "core/briefing/turns.py",
        (f"{CORE}/briefing/test_turns.py",),
        ("match is None or not _names_free_intent(text)", "match is None"),
    ),
    *_of(
        "core/records/outgoing.py",
        (f"{CORE}/records/test_outgoing.py",),
        ("error.others_answered and waited_out", "waited_out"),
    ),
    *_of(
        "engine/delivery.py",
        ("tests/scenario/handover/odd_events/test_bare_echoes.py",),
        ("lost < MOST_LOST_ANSWERS or error.echoes_come", "lost < MOST_LOST_ANSWERS"),
        ("waits + 2 >= MOST_LOST_ANSWERS", "False"),
    ),
    *_of(
        "engine/inbox.py",
        ("tests/scenario/engine/test_back_pressure.py", "tests/unit/channels/engine"),
        ("        if not of_thread:", "        if True:"),
        ("(2 if is_heard else 1)", "1"),
    ),
    *_of(
        "engine/engine.py",
        ("tests/scenario/engine/test_stopping.py",),
        ("        self._dialogue.begin_no_more()\n", ""),
    ),
    *_of(
        "graph/echoes.py",
        ("tests/unit/channels/graph", "tests/contract/graph/http"),
        ("> limit + STANDSTILL", "< timedelta()"),
        ("self._unechoed += 1", "pass"),
    ),
    *_of(
        "graph/calls.py",
        ("tests/contract/graph/limits",),
        ("return max(of_page, of_app,", "return min(of_page, of_app,"),
        ("closed.obstacle is Obstacle.UNREACHABLE:", "True:"),
        (
            "await self._clock.sleep(wait)\n            await self._opened()",
            "await self._clock.sleep(wait)",
        ),
    ),
    *_of(
        "graph/closing.py",
        ("tests/unit/channels/graph/test_closing.py",),
        ("        self._failures = 0\n\n    def check", "\n    def check"),
    ),
    *_of(
        "graph/connection.py",
        ("tests/contract/graph/http/test_requests.py",),
        ("*_texts(request.query), ", ""),
    ),
    *_of(
        "graph/http.py",
        ("tests/contract/graph/limits", "tests/contract/graph/http/test_lost_answers.py"),
        ("        self._look_pace.share_among(workers)\n", ""),
        ("sending.thread.platform is Platform.INSTAGRAM:", "False:"),
    ),
    *_of(
        "handover/opening.py",
        ("tests/scenario/handover/test_several_pages.py",),
        (
            "plans_of(thread.page)[DEFAULT_PLAN].overridden(",
            "plans[DEFAULT_PLAN].overridden(",
        ),
        ("plans_of(thread.page)[DEFAULT_PLAN].spoken_in(", "plans[DEFAULT_PLAN].spoken_in("),
    ),
    *_of(
        "engine/engine.py",
        ("tests/scenario/engine/test_searched_names.py",),
        ("of_users=settings.profiles", "of_users=True"),
    ),
    *_of(
        "engine/operations/operations.py",
        ("tests/scenario/handover/test_forgetting.py",),
        ("        self.names.forget(thread)\n", ""),
    ),
    *_of(
        "webhook/receiver.py",
        ("tests/unit/channels/webhook/test_own_echoes.py",),
        (" and not engine.own_pages.rule_out(event.thread):", ":"),
    ),
    *_of(
        "store/sql.py",
        ("tests/contract/store/inbox/test_inbox.py",),
        ("before=min(handled, ended)", "before=ended"),
    ),
    *_of(
        "store/database/database.py",
        ("tests/contract/store/database/test_opening.py",),
        ("{words.partition(chr(10))[0]}", "{words}"),
    ),
    *_of(
        "engine/retrying.py",
        ("tests/unit/channels/engine/test_retrying.py",),
        (
            "except Exception as error:  # it must not keep",
            "except StoreError as error:  # it must not keep",
        ),
    ),
    *_of(
        "operators/contexts.py",
        ("tests/unit/channels/operators/test_contexts.py",),
        ("for line in lines if tells_words]", "for line in lines]"),
    ),
    *_of(
        "dialogue/assistant.py",
        ("tests/scenario/assistant/test_action_server_away.py",),
        ("        output.has_asked = False  # for a reminder, which gets the same output\n", ""),
    ),
    *_of(
        "engine/delivery.py",
        (
            "tests/scenario/engine/failures/test_graph_failures.py",
            "tests/scenario/engine/failures/test_crash_points.py",
        ),
        ("if entry.is_doubtful else None", "if False else None"),
        ("self._stamp(), rest=True)", "self._stamp())"),
    ),
    *_of(
        "store/claims/claims.py",
        STORE,
        ('            earlier.c.claimed_by != bindparam("worker"),\n', ""),
        (".where(_IS_OURS, not_(_BEHIND_A_LOST_ONE))", ".where(_IS_OURS)"),
        (">= DEAD_AFTER_FAILURES", "> DEAD_AFTER_FAILURES"),
        ("is_repeated=claimed_by != NOBODY", "is_repeated=False"),
        ("[each for each in positions if each not in ours]", "[]"),
    ),
    *_of(
        "store/sessions/sessions.py",
        STORE,
        ("if row[0] != version + 1:", "if False:"),
        ("wake_at = max(wake_at, claim_until)", "wake_at = claim_until"),
    ),
    *_of(
        "store/sessions/claiming.py",
        STORE,
        ('_WAITING_EVENT.where(inbox.c.claimed_by == bindparam("worker"))', "_WAITING_EVENT"),
    ),
    *_of(
        "store/claims/workers.py",
        STORE,
        ("update(turns).where(_are_these, _is_ours)", "update(turns).where(_are_these)"),
    ),
    *_of(
        "store/claims/workers.py",
        STORE,
        ('seen_at_us > bindparam("since_us")', 'seen_at_us >= bindparam("since_us")'),
    ),
    *_of("store/inbox/inbox.py", STORE, ("if not is_claimed:", "if False:")),
    *_of(
        "engine/retrying.py",
        ENGINE,
        ("            repeated = True\n", ""),
        ("error.others_answered and tried_for", "tried_for"),
    ),
    *_of(
        "engine/inbox.py",
        ENGINE,
        ("<= self._room // 2", "< self._room // 2"),
        ("                self._let_go_of_others(threads, entries)", "                pass"),
    ),
    *_of(
        "instruments/leases.py",
        ENGINE,
        ("while not _are_surely_ours():", "while False:"),
    ),
    *_of(
        "instruments/leases.py",
        ("tests/unit/channels/instruments/test_leases.py",),
        ("while not _are_surely_ours():", "if not _are_surely_ours():"),
    ),
    *_of(
        "instruments/shared_time.py",
        ("tests/scenario/engine/test_clocks.py",),
        ("self._clock.set_by(told, after=after, before=before)", "pass"),
    ),
    *_of(
        "dialogue/outbox.py",
        ("tests/unit/channels/dialogue/test_replay.py",),
        ("one.place >= self.place", "one.place > self.place"),
        ("if one.is_waiting and", "if"),
    ),
    *_of(
        "dialogue/output.py",
        ("tests/scenario/engine/test_standing_still.py",),
        ("await self.turn_time.until_stored(still_ours)", "pass"),
    ),
    *_of(
        "store/outgoing/saying.py",
        ("tests/contract/store/claims/test_taken_over.py",),
        ("if not is_ours or (turns", "if (turns"),
    ),
    *_of(
        "store/outgoing/sending.py",
        ("tests/contract/store/claims/test_taken_over.py",),
        ("or_(not_(is_outgoing), STILL_OURS)", "or_(is_outgoing, STILL_OURS)"),
    ),
    *_of(
        "store/outgoing/rows.py",
        ("tests/contract/store/outgoing/test_claiming.py",),
        ("was_in_hand(earlier_outgoing))", "not_(was_in_hand(earlier_outgoing)))"),
    ),
    *_of("engine/queues.py", ENGINE, ("appendleft(watched)", "append(watched)")),
    *_of(
        "engine/handling.py",
        ENGINE,
        ("confidence >= plan.return_intent", "confidence > plan.return_intent"),
        ("self._clock.metas_ahead() + _TOLD_LATE", "self._clock.metas_ahead()"),
        ("self._clock.metas() - event.at > ASK", "self._clock.now() - event.at > ASK"),
        ("Cause(at=event.at - _MOMENT", "Cause(at=event.at"),
    ),
    *_of(
        "handover/availability.py",
        ("tests/scenario/handover/beginning/test_availability.py",),
        ("{id(team): team", "{(id(plans), id(team)): team"),
    ),
    *_of(
        "operators/context_route.py",
        ("tests/contract/operators/test_context.py",),
        ("if settings.transcript else []", "if True else []"),
        ("except Exception:  # whatever a store", "except StoreError:  # whatever a store"),
    ),
    *_of(
        "operators/api.py",
        (
            "tests/contract/operators/test_operator_token.py",
            "tests/contract/operators/test_api.py",
        ),
        ('request.method != "GET" or handler is _export', 'request.method != "GET"'),
        ("engine.operations, request, unquote(name)", "engine.operations, request, name"),
    ),
    *_of(
        "dialogue/rendering/choices.py",
        ("tests/unit/channels/dialogue/rendering/test_quick_replies.py",),
        ("not isinstance(kind, str) or kind not in", "kind not in"),
    ),
    *_of(
        "handover/ending.py",
        ENGINE,
        ("_none if in_silence else self._openings.next_of", "self._openings.next_of"),
        ("if ending.regained and user_at is None:", "if ending.regained:"),
        (
            "            if await self._graph.owner(session.thread) in OURS_OR_NOBODYS:",
            "            if False:",
        ),
    ),
    *_of(
        "handover/passing.py",
        ENGINE,
        (
            "self._activate(session) if owner in TOLD_ANOTHER else self.pass_control(session)",
            "self.pass_control(session)",
        ),
    ),
]
