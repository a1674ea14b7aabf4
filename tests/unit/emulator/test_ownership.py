from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.rules.errors import GraphError
from emulator.rules.ownership import (
    CONTROL_LASTS,
    IDLE,
    Array,
    Control,
    Role,
    Routing,
    RoutingMode,
    after_user_message,
    array_for,
    asked_for_control,
    check_asks_owner,
    check_extend,
    check_lists_receivers,
    check_pass,
    check_release,
    check_request,
    check_send,
    check_take,
    extended,
    owned_by,
    sees_owner,
    settled,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
BOT, AGENT, THIRD = "1", "2", "3"
ON = Routing(mode=RoutingMode.ON, default_app=BOT)
OFF = Routing(mode=RoutingMode.OFF, default_app=BOT)
LEGACY = Routing(mode=RoutingMode.LEGACY, default_app=BOT)
BY_BOT, BY_AGENT = owned_by(BOT, NOW), owned_by(AGENT, NOW)

routings = st.sampled_from([ON, OFF, LEGACY])
controls = st.sampled_from([IDLE, BY_BOT, BY_AGENT])
apps = st.sampled_from([BOT, AGENT, THIRD])


def refusal_of(check: Callable[[], None]) -> GraphError | None:
    """The refusal, None where nothing is refused."""
    try:
        check()
    except GraphError as error:
        return error
    return None


def code_of(check: Callable[[], None]) -> int | None:
    """The error code of a refusal, None where nothing is refused."""
    refusal = refusal_of(check)
    return None if refusal is None else refusal.code


def subcode_of(check: Callable[[], None]) -> int | None:
    """The error subcode of a refusal, None where nothing is refused."""
    refusal = refusal_of(check)
    return None if refusal is None else refusal.subcode


def test_control_lasts_until_it_expires_and_not_longer() -> None:
    assert settled(BY_BOT, NOW + CONTROL_LASTS - timedelta(seconds=1)) is BY_BOT
    assert settled(BY_BOT, NOW + CONTROL_LASTS) is IDLE


@pytest.mark.parametrize(
    ("routing", "control", "owner"),
    [
        (ON, IDLE, BOT),
        (ON, BY_AGENT, AGENT),
        (OFF, IDLE, None),
        (OFF, BY_AGENT, AGENT),
        (LEGACY, IDLE, BOT),
        (LEGACY, BY_AGENT, AGENT),
    ],
)
def test_a_user_message_goes_to_the_owner_or_the_idle_receiver(
    routing: Routing, control: Control, owner: str | None
) -> None:
    assert after_user_message(control, routing, NOW).owner == owner


def test_a_user_message_renews_control_but_never_shortens_it() -> None:
    later = NOW + timedelta(hours=5)
    assert after_user_message(BY_BOT, ON, later).expires_at == later + CONTROL_LASTS
    long = extended(BY_BOT, timedelta(days=7), NOW)
    assert after_user_message(long, ON, later) == long


def test_an_extension_never_shortens_control() -> None:
    assert extended(BY_BOT, timedelta(seconds=1), NOW) == BY_BOT


@given(control=controls, routing=routings)
def test_exactly_one_app_hears_on_messaging_unless_the_thread_is_open_to_all(
    control: Control, routing: Routing
) -> None:
    heard = [array_for(app, control, routing) for app in (BOT, AGENT, THIRD)]
    open_to_all = routing is OFF and control is IDLE
    assert heard.count(Array.MESSAGING) == (3 if open_to_all else 1)


@given(app=apps, control=controls, routing=routings)
def test_an_app_that_hears_on_standby_may_send_only_to_an_idle_legacy_thread(
    app: str, control: Control, routing: Routing
) -> None:
    if array_for(app, control, routing) is Array.STANDBY:
        may_send = code_of(lambda: check_send(app, control, routing)) is None
        assert may_send == (routing is LEGACY and control is IDLE)


@pytest.mark.parametrize("mode", [RoutingMode.ON, RoutingMode.LEGACY])
def test_that_anyone_sends_while_routing_is_off_is_over_once_it_is_on(mode: RoutingMode) -> None:
    routing = Routing(mode=mode, default_app=BOT, anyone_sends_when_off=True)
    assert subcode_of(lambda: check_send(AGENT, BY_BOT, routing)) == 2018300


@pytest.mark.parametrize(
    ("app", "target", "control", "routing", "code"),
    [
        (BOT, AGENT, BY_BOT, ON, None),
        (BOT, BOT, BY_BOT, ON, 100),
        (BOT, AGENT, BY_AGENT, ON, 100),
        (THIRD, AGENT, BY_AGENT, ON, 100),
        (THIRD, THIRD, IDLE, ON, None),
        (THIRD, THIRD, IDLE, OFF, None),
        (BOT, THIRD, BY_AGENT, LEGACY, None),
        (AGENT, BOT, BY_AGENT, LEGACY, None),
        (AGENT, AGENT, IDLE, LEGACY, 100),
    ],
)
def test_who_may_pass(
    app: str, target: str, control: Control, routing: Routing, code: int | None
) -> None:
    assert code_of(lambda: check_pass(app, target, control, routing)) == code


@pytest.mark.parametrize(
    ("app", "control", "routing", "toggle", "code"),
    [
        (BOT, BY_AGENT, ON, True, None),
        (BOT, BY_AGENT, ON, False, 10),
        (BOT, IDLE, ON, True, None),
        (BOT, BY_BOT, ON, True, 100),
        (BOT, BY_AGENT, OFF, True, 27),
        (BOT, BY_AGENT, LEGACY, False, None),
        (AGENT, BY_BOT, LEGACY, True, 10),
        (AGENT, IDLE, LEGACY, True, None),
    ],
)
def test_who_may_take(
    app: str, control: Control, routing: Routing, toggle: bool, code: int | None
) -> None:
    assert code_of(lambda: check_take(app, control, routing, toggle=toggle)) == code


@pytest.mark.parametrize(("app", "control", "code"), [(BOT, BY_BOT, None), (BOT, IDLE, 100)])
def test_who_may_release(app: str, control: Control, code: int | None) -> None:
    assert code_of(lambda: check_release(app, control)) == code


@pytest.mark.parametrize(
    ("app", "control", "routing", "code"),
    [
        (BOT, BY_AGENT, ON, 100),
        (BOT, BY_AGENT, OFF, None),
        (BOT, IDLE, OFF, None),
        (BOT, BY_BOT, OFF, 100),
        (AGENT, BY_BOT, LEGACY, None),
        (AGENT, IDLE, LEGACY, None),
        (BOT, BY_AGENT, LEGACY, 100),
    ],
)
def test_who_may_request(app: str, control: Control, routing: Routing, code: int | None) -> None:
    assert code_of(lambda: check_request(app, control, routing)) == code


@pytest.mark.parametrize(
    ("control", "duration", "code"),
    [
        (BY_BOT, timedelta(days=7), None),
        (BY_BOT, timedelta(days=7, seconds=1), 100),
        (BY_BOT, timedelta(0), 100),
        (BY_AGENT, timedelta(days=1), 100),
        (IDLE, timedelta(days=1), 100),
    ],
)
def test_who_may_extend(control: Control, duration: timedelta, code: int | None) -> None:
    assert code_of(lambda: check_extend(BOT, control, duration)) == code


@pytest.mark.parametrize(
    ("app", "routing", "sees"),
    [(AGENT, ON, True), (BOT, ON, True), (THIRD, ON, False), (BOT, OFF, False)],
)
def test_the_owner_and_the_default_app_see_who_owns(app: str, routing: Routing, sees: bool) -> None:
    assert sees_owner(app, BY_AGENT, routing) is sees


@pytest.mark.parametrize(
    ("app", "routing", "role"),
    [
        (BOT, LEGACY, Role.PRIMARY),
        (AGENT, LEGACY, Role.SECONDARY),
        (BOT, ON, None),
        (AGENT, OFF, None),
    ],
)
def test_apps_have_roles_in_legacy_mode_only(app: str, routing: Routing, role: Role | None) -> None:
    assert routing.role_of(app) is role


@pytest.mark.parametrize(
    ("routing", "primary_is_asked", "asked"),
    [(OFF, False, AGENT), (OFF, True, BOT), (LEGACY, False, BOT), (LEGACY, True, BOT)],
)
def test_a_request_goes_to_the_owner_or_to_the_primary_receiver(
    routing: Routing, primary_is_asked: bool, asked: str
) -> None:
    assert asked_for_control(BY_AGENT, routing, primary_is_asked=primary_is_asked) == asked


@pytest.mark.parametrize(
    ("app", "routing", "code"),
    [(BOT, LEGACY, None), (AGENT, LEGACY, 10), (AGENT, ON, None), (AGENT, OFF, None)],
)
def test_a_secondary_receiver_may_not_ask_who_owns(
    app: str, routing: Routing, code: int | None
) -> None:
    assert code_of(lambda: check_asks_owner(app, routing, hidden=False)) == code


def test_the_owner_may_be_hidden_from_a_secondary_receiver() -> None:
    assert subcode_of(lambda: check_asks_owner(AGENT, LEGACY, hidden=True)) == 2018234
    assert subcode_of(lambda: check_asks_owner(BOT, LEGACY, hidden=True)) is None


@pytest.mark.parametrize(
    ("app", "routing", "subcode"),
    [(BOT, LEGACY, None), (AGENT, LEGACY, 2018234), (BOT, ON, 2018171), (BOT, OFF, 2018171)],
)
def test_the_primary_receiver_alone_may_list_the_others(
    app: str, routing: Routing, subcode: int | None
) -> None:
    assert subcode_of(lambda: check_lists_receivers(app, routing)) == subcode
