"""The script of a chaos run: as long as asked for, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from tests.stack.chaos.play.scripted_courses import PLANS, POISON, Course, Do, courses
from tests.stack.chaos.play.storm import Counts, What, storm

MINUTE = timedelta(minutes=1)
COUNTS = Counts(kills=20, worker_kills=4, outages=3, faults=5, throttles=2, dead_tokens=1, pauses=2)


def script(seed: int) -> list[Course]:
    pause = timedelta(seconds=1)
    return courses(Random(seed), users=100, messages=2_050, lasting=MINUTE, pause=pause)


def test_the_courses_have_as_many_users_and_messages_as_asked_for() -> None:
    written = [course.messages for course in script(1)]
    assert len(written) == 100
    assert sum(written) == 2_050
    assert max(written) - min(written) <= 1


def test_courses_begin_within_the_load() -> None:
    assert all(timedelta() <= course.begins <= MINUTE for course in script(1))


def test_everything_that_people_can_do_is_done() -> None:
    assert {step.do for course in script(1) for step in course.steps} == set(Do)


def test_each_plan_is_asked_for() -> None:
    assert len({step.text for course in script(1) for step in course.steps} & _asks()) == len(PLANS)


def test_a_seed_gives_the_same_courses_and_another_seed_others() -> None:
    assert script(1) == script(1)
    assert script(1) != script(2)


def test_as_many_messages_as_asked_for_kill_their_reader_and_each_is_another() -> None:
    pause = timedelta(seconds=1)
    poisoned = courses(Random(1), users=20, messages=200, lasting=MINUTE, pause=pause, poisons=3)
    texts = [step.text for course in poisoned for step in course.steps]
    assert len({text for text in texts if text.startswith(POISON)}) == 3
    assert sum(course.messages for course in poisoned) == 200


def test_the_storm_has_as_many_blows_as_asked_for() -> None:
    counted = Counter(blow.what for blow in storm(Random(1), COUNTS, lasting=MINUTE))
    assert counted == {
        What.REPLICA: 20,
        What.WORKER: 4,
        What.PAUSE: 2,
        What.POSTGRESQL: 3,
        What.REDIS: 3,
        What.ACTIONS: 3,
        What.TEAM: 3,
        What.GRAPH: 7,
        What.WEBHOOKS: 5,
        What.TOKEN: 1,
    }


def test_blows_fall_in_order_all_over_the_load() -> None:
    times = [blow.at for blow in storm(Random(1), COUNTS, lasting=MINUTE)]
    assert times == sorted(times)
    assert times[0] < MINUTE / 10
    assert MINUTE * 9 / 10 < times[-1] <= MINUTE


def test_a_seed_gives_the_same_storm_and_another_seed_another() -> None:
    first, again, other = (storm(Random(seed), COUNTS, lasting=MINUTE) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def _asks() -> set[str]:
    return {
        "talk to a person",
        "talk to sales",
        "talk to the short team",
        "talk to the quiet team",
        "talk to the answering team",
        "talk to nowhere",
        "talk to the evening team",
        "talk to the night team",
    }
