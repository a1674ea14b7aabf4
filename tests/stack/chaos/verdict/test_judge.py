"""The judge finds each fault in a record that has it and no other, and none in a good record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from channels.core.sessions.session import ended_message_id, session_id_for
from channels.core.settings.settings import UNANSWERED_NOTICE
from channels.handover.opening import MOST_IN_A_ROW
from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.verdict.evidence import (
    Death,
    Delivered,
    Dropped,
    Evidence,
    Said,
    Stored,
    Undone,
)
from tests.stack.chaos.verdict.forged_records import (
    BACK,
    END,
    FEEDBACK,
    GOOD,
    INBOX,
    SESSION,
    USER_ID,
    at,
    end_of,
    ended,
    more,
    owned,
    ran,
    sent,
    told,
    turn,
    without,
    written,
)
from tests.stack.chaos.verdict.judge import judge

ANSWER = "You said: message 2"
CUT_FOR_GOOD = "bot messages of turns that were cut down, and taken by nobody again"
CONNECTING = "I'm connecting you."
SORRY = "I'm sorry, I could not reach our team."


def found(evidence: Evidence) -> dict[str, int]:
    """All figures but those that are zero."""
    return {one.name: len(one.offenders) for one in judge(evidence) if one.offenders}


def failed(evidence: Evidence) -> set[str]:
    return {figure.name for figure in judge(evidence) if figure.failed}


def undone(state: str) -> Evidence:
    return more(GOOD, undone=(Undone(user=USER_ID, key="message m_9", state=state),))


def delivered_in_another_order() -> Evidence:
    first, second, *others = GOOD.delivered
    return replace(GOOD, delivered=(second, first, *others))


def sent_the_wrong_way_round() -> Evidence:
    rest = without(without(GOOD, BACK), FEEDBACK)
    return more(rest, sent(21, FEEDBACK, turn=END), sent(21.5, BACK, turn=END))


def answered_the_wrong_way_round() -> Evidence:
    """Both arrays and tracker agree on an order that is not that of the user."""
    return more(
        GOOD,
        *(written(40, "m_5", "message 3"), written(40.1, "m_6", "message 4")),
        *(sent(41, "You said: message 4", turn="m_6"), sent(43, "You said: message 3", turn="m_5")),
        delivered=(
            Delivered(mid="m_6", array="messaging"),
            Delivered(mid="m_5", array="messaging"),
        ),
        tracked=(
            *turn(40.5, "m_6", "You said: message 4"),
            *turn(42.5, "m_5", "You said: message 3"),
        ),
    )


def waited(**known: datetime) -> Evidence:
    """The record with a handover that was asked for in a minute in which nobody was there."""
    waiting = ended("s_2", began_at=at(70), waiting_since=at(70), ended_at=at(140), **known)
    kinds = ("waiting", *(["opened"] if "active_at" in known else []), "ended")
    return more(
        GOOD,
        sent(141, BACK, turn="end_of_s_2"),
        sessions=(waiting,),
        told=tuple(told(130, kind, "s_2") for kind in kinds),
        tracked=end_of("s_2", 140.5, BACK),
    )


def rated(*, has_feedback: bool) -> Evidence:
    """The record with a tap on a button below the question."""
    [session] = GOOD.sessions
    thanks = "Glad to hear it."
    tapped = more(
        GOOD,
        *(written(40, "m_9", "Good"), sent(41, thanks, turn="m_9")),
        delivered=(Delivered(mid="m_9", array="messaging"),),
        tracked=turn(40.5, "m_9", thanks, intent="rate_good"),
    )
    return replace(tapped, sessions=(replace(session, has_feedback=has_feedback),))


def poisoned(deaths: int, *, opened_by: str) -> Evidence:
    """The record with a message that was set aside, and had killed so many processes."""
    set_aside = Undone(
        user=USER_ID, key="message m_9", state="dead", error="ProcessDied", mid="m_9"
    )
    times = [at(41 + number) for number in range(deaths)]
    return more(
        GOOD,
        *(written(40, "m_9", "poison"), sent(61, BACK, turn="end_of_s_2")),
        delivered=(Delivered(mid="m_9", array="messaging"),),
        undone=(set_aside,),
        kills=tuple(times),
        deaths=tuple(Death(text="poison", at=time) for time in times),
        sessions=(ended("s_2", opened_by=opened_by, began_at=at(50)),),
        told=(told(60, "ended", "s_2"),),
        tracked=end_of("s_2", 60, BACK),
    )


FAULTS = {
    "user messages never delivered to the bot": more(GOOD, written(40, "m_9", "hello")),
    "user messages lost": more(
        GOOD, written(40, "m_9", "hello"), delivered=(Delivered(mid="m_9", array="messaging"),)
    ),
    "events handled twice": more(GOOD, sent(33, ANSWER), tracked=turn(32.5, "m_4", ANSWER)),
    "events dead": undone("dead"),
    "events left waiting": undone("waiting"),
    "sessions stuck": more(
        GOOD, sessions=(Stored(session="s_2", user=USER_ID, state="ending", reason="timeout"),)
    ),
    "threads left with people": more(GOOD, owned=(owned(40, INBOX),)),
    "sessions ended twice": more(
        GOOD,
        sent(41, BACK, turn="another_end"),
        tracked=end_of(SESSION, 40.5, BACK, message_id="another_end"),
    ),
    "sessions whose end Rasa never heard": more(
        GOOD, sessions=(ended("s_2"),), told=(told(41, "ended", "s_2"),)
    ),
    "follow-ups missing": without(GOOD, FEEDBACK),
    "next handovers missing": more(
        GOOD,
        sent(41, SORRY, turn="end_of_s_2"),
        sessions=(ended("s_2", reason="failed"),),
        tracked=end_of("s_2", 40.5, SORRY),
        told=(told(41, "failed", "s_2"),),
    ),
    "answers missing": without(GOOD, ANSWER),
    "bot messages doubled": more(GOOD, sent(31.2, ANSWER)),
    "bot messages that belong to no turn": more(GOOD, sent(50, "Who asked?", turn="m_9")),
    "actions run twice": more(GOOD, runs=(ran(30.9, "m_4"),)),
    "messages handled out of order": delivered_in_another_order(),
    "bot messages out of order within a thread": sent_the_wrong_way_round(),
    "waiting handovers passed while nobody was there": waited(active_at=at(110)),
    "processes killed a fourth time by one message": poisoned(4, opened_by="bot_failed"),
    "threads of set-aside messages that nobody got": poisoned(3, opened_by="bot"),
    "what the channel says for a broken bot doubled": more(
        poisoned(3, opened_by="bot_failed"),
        *(sent(45 + number, CONNECTING, turn="failed m_9") for number in range(2)),
    ),
    "notices to operators lost": replace(GOOD, told=(GOOD.told[0], GOOD.told[2])),
    "notices to operators of what has not come about": more(GOOD, told=(told(40, "failed"),)),
    "notices to operators out of order within a session": replace(
        GOOD, told=(GOOD.told[1], GOOD.told[0], GOOD.told[2])
    ),
    "feedback lost": rated(has_feedback=False),
}


def test_a_good_record_has_no_fault_and_nothing_to_count_apart() -> None:
    assert found(GOOD) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_alone(name: str) -> None:
    assert {one: count for one, count in found(FAULTS[name]).items() if one in FAULTS} == {name: 1}
    assert failed(FAULTS[name]) == {name}


def test_each_figure_that_must_be_zero_has_a_forged_record() -> None:
    assert [one.name for one in judge(GOOD) if one.must_be_zero] == list(FAULTS)


def test_who_waited_until_somebody_was_there_has_waited_long_enough() -> None:
    assert failed(waited(active_at=at(121))) == set()


def test_somebody_may_take_the_thread_of_who_waits_at_any_time() -> None:
    taken = Said(user=USER_ID, mid="o_2", at=at(108), sender=INBOX, text="I am here.")
    assert failed(more(waited(active_at=at(110)), taken)) == set()


def test_rasa_hears_no_end_of_a_handover_in_whose_place_another_one_came() -> None:
    waiting = ended("s_2", reason="cancelled", began_at=at(70), ended_at=at(80))
    other = ended("s_3", began_at=at(80.1), ended_at=at(90))
    replaced = more(
        GOOD,
        sent(96, BACK, turn="end_of_s_3"),
        sessions=(waiting, other),
        told=(told(80, "ended", "s_2"), told(90, "ended", "s_3")),
        tracked=end_of("s_3", 95, BACK),
    )
    assert failed(replaced) == set()
    assert failed(replace(replaced, sessions=(*GOOD.sessions, waiting))) >= {
        "sessions whose end Rasa never heard"
    }


def test_a_message_that_three_processes_died_of_is_set_aside_and_its_thread_handed_over() -> None:
    assert failed(poisoned(3, opened_by="bot_failed")) == set()


def test_the_channel_speaks_for_a_bot_that_has_failed_and_for_no_other() -> None:
    of_its_own = sent(45, CONNECTING, turn="failed m_9")
    assert failed(more(poisoned(3, opened_by="bot_failed"), of_its_own)) == set()
    assert failed(more(GOOD, of_its_own)) == {"bot messages that belong to no turn"}


def test_whose_thread_somebody_has_already_waits_for_no_opening() -> None:
    had_it = more(waited(active_at=at(72)), owned=(owned(65, INBOX), owned(75, BOT)))
    assert failed(had_it) == set()


def test_feedback_that_is_stored_is_not_lost() -> None:
    assert found(rated(has_feedback=True)) == {}


def test_a_notice_that_the_receiver_got_twice_is_counted_apart() -> None:
    again = more(GOOD, told=(told(21, "ended"),))
    assert found(again) == {"notices to operators told again": 1}


@pytest.mark.parametrize(
    ("waited", "figures"),
    [
        (UNANSWERED_NOTICE, set()),
        (
            UNANSWERED_NOTICE - timedelta(seconds=1),
            {"notices to operators of what has not come about"},
        ),
    ],
)
def test_operators_are_told_of_who_has_no_answer_once_the_time_for_that_is_over(
    waited: timedelta, figures: set[str]
) -> None:
    [session] = GOOD.sessions
    assert session.ended_at is not None
    unanswered = replace(session, active_at=session.ended_at - waited, first_answer_at=None)
    opened, ended_ = (one for one in GOOD.told if one.kind in {"opened", "ended"})
    record = replace(GOOD, sessions=(unanswered,), told=(opened, told(19, "unanswered"), ended_))
    assert failed(record) == figures


def test_answers_in_another_order_than_the_messages_are_found() -> None:
    assert failed(answered_the_wrong_way_round()) == {"bot messages out of order within a thread"}


def test_a_doubled_follow_up_is_found() -> None:
    assert failed(more(GOOD, sent(21.2, BACK, turn=END))) == {"bot messages doubled"}


def test_a_turn_that_a_kill_cut_down_after_its_answer_is_counted_apart() -> None:
    repeated = more(GOOD, sent(30.2, ANSWER), kills=(at(30.3),))
    assert found(repeated) == {
        "turns repeated because a kill cut them down, messages sent again": 1
    }
    assert failed(repeated) == set()


@pytest.mark.parametrize("cut", ["kills", "pauses", "stops"])
def test_an_action_that_runs_again_in_a_turn_that_was_cut_is_counted_apart(cut: str) -> None:
    again = more(GOOD, runs=(ran(35, "m_4"),), **{cut: (at(31),)})
    assert found(again) == {"actions run again because their turn was cut down": 1}


@pytest.mark.parametrize("cut", ["kills", "pauses", "stops"])
@pytest.mark.parametrize("when", [29, 36])
def test_a_cut_at_another_time_excuses_no_run(cut: str, when: float) -> None:
    again = more(GOOD, runs=(ran(35, "m_4"),), **{cut: (at(when),)})
    assert failed(again) == {"actions run twice"}


@pytest.mark.parametrize("kill", [29, 32])
def test_a_kill_at_another_time_excuses_no_repetition(kill: float) -> None:
    assert failed(more(GOOD, sent(30.2, ANSWER), kills=(at(kill),))) == {"bot messages doubled"}


def test_a_kill_excuses_no_repetition_by_the_turn_that_was_saved() -> None:
    doubled = more(GOOD, sent(31.2, ANSWER), kills=(at(31.1),))
    assert failed(doubled) == {"bot messages doubled"}


def test_a_message_whose_answer_was_lost_may_be_sent_again_and_is_counted_apart() -> None:
    again = more(GOOD, sent(31.2, ANSWER))
    again = replace(again, unanswered=frozenset({"mark_31"}))
    assert found(again) == {"bot messages sent again after a lost answer": 1}


def test_what_was_not_sent_because_people_had_the_thread_is_counted_apart() -> None:
    taken = more(without(GOOD, ANSWER), owned=(owned(30.6, INBOX), owned(35, None)))
    assert found(taken) == {"responses not sent because people had the thread": 1}


def test_what_three_kills_have_hit_is_counted_apart() -> None:
    killed = Undone(user=USER_ID, key="message m_9", state="dead", error="ProcessDied", mid="m_9")
    evidence = more(
        GOOD,
        written(40, "m_9", "hello"),
        delivered=(Delivered(mid="m_9", array="messaging"),),
        undone=(killed,),
    )
    assert found(evidence) == {"events set aside because they were under way at three kills": 1}


def test_what_a_try_of_it_has_said_before_is_counted_apart() -> None:
    said = more(poisoned(3, opened_by="bot_failed"), sent(42, "I'm connecting you.", turn="m_9"))
    assert found(said)[CUT_FOR_GOOD] == 1
    assert failed(said) == set()


@pytest.mark.parametrize("kill", [28, 41])
def test_a_cut_turn_is_taken_again_by_nobody_where_people_have_heard_the_message(
    kill: float,
) -> None:
    said = more(
        GOOD,
        *(written(39, "m_9", "talk to a person"), sent(40, CONNECTING, turn="m_9")),
        delivered=(Delivered(mid="m_9", array="messaging"),),
        kills=(at(kill),),
    )
    said = replace(said, transcribed=said.transcribed | {"m_9"})
    assert (CUT_FOR_GOOD in found(said)) == (kill == 41)
    assert failed(said) == (set() if kill == 41 else {"bot messages that belong to no turn"})


def test_a_session_that_ends_in_silence_takes_no_message_of_the_next_ones_end() -> None:
    [session] = GOOD.sessions
    silent = ended("s_0", is_left=True)
    both = replace(
        GOOD,
        sessions=(silent, session),
        tracked=(*end_of("s_0", 15, BACK, FEEDBACK), *GOOD.tracked),
        told=(told(15, "ended", "s_0"), *GOOD.told),
    )
    assert found(both) == {}


def test_what_waited_for_long_may_be_dropped_when_somebody_takes_the_thread() -> None:
    taken = more(without(GOOD, ANSWER), owned=(owned(80, INBOX), owned(85, None)))
    late = Dropped(user=USER_ID, turn="m_4", at=at(80.1))
    assert failed(taken) == {"answers missing"}
    assert failed(more(taken, dropped=(late,))) == set()
    early = replace(late, at=at(70))
    assert failed(more(taken, dropped=(early,))) == {"answers missing"}


def test_a_thread_is_left_to_whom_took_it_where_the_user_said_nothing() -> None:
    session = Stored(session="s_2", user=USER_ID, state="ended", reason="timeout", is_left=True)
    left = more(
        GOOD,
        owned=(owned(40, INBOX),),
        sessions=(session,),
        tracked=end_of("s_2", 50),
        told=(told(50, "ended", "s_2"),),
    )
    assert failed(left) == set()


def test_what_waited_for_a_replica_that_stood_still_may_find_the_thread_taken() -> None:
    taken = more(without(GOOD, ANSWER), owned=(owned(80, INBOX), owned(85, None)))
    assert failed(taken) == {"answers missing"}
    assert failed(more(taken, pauses=(at(31),))) == set()


def test_what_was_said_to_the_agents_alone_is_counted_apart() -> None:
    alone = replace(GOOD, transcribed=frozenset())
    assert found(alone) == {"user messages that only the agents got": 1}


@pytest.mark.parametrize("failures", [MOST_IN_A_ROW - 1, MOST_IN_A_ROW])
def test_the_last_of_the_handovers_that_may_follow_one_another_asks_for_no_next(
    failures: int,
) -> None:
    record, session = GOOD, ""
    for number in range(failures):
        session = session_id_for(ended_message_id(session)) if number else "s_2"
        at_second = 41.0 + number
        record = more(
            record,
            sent(at_second, SORRY, turn=f"end_of_{session}"),
            sessions=(ended(session, reason="failed"),),
            tracked=end_of(session, at_second - 0.5, SORRY),
            told=(told(at_second, "failed", session),),
        )
    missing = {"next handovers missing"} if failures < MOST_IN_A_ROW else set()
    assert failed(record) == missing
