from __future__ import annotations

import pytest

from emulator.platform.faults import CallFault, FaultPlan, WebhookFault


def test_a_fault_happens_as_often_as_it_says() -> None:
    plan = FaultPlan()
    plan.add_call(CallFault(path="messages", times=2))
    taken = [plan.take_call("messages", "1", "7") is not None for _ in range(3)]
    assert taken == [True, True, False]


def test_a_call_that_is_not_meant_spends_nothing() -> None:
    plan = FaultPlan()
    plan.add_call(CallFault(path="messages", app_id="1", user="7"))
    assert plan.take_call("take_thread_control", "1", "7") is None
    assert plan.take_call("messages", "2", "7") is None
    assert plan.take_call("messages", "1", "8") is None
    assert plan.take_call("messages", "1", "7") is not None


def test_faults_happen_in_the_order_they_were_added() -> None:
    plan = FaultPlan()
    plan.add_call(CallFault(status=500))
    plan.add_call(CallFault(status=503))
    statuses = [fault.status for _ in range(2) if (fault := plan.take_call("me", "", ""))]
    assert statuses == [500, 503]


@pytest.mark.parametrize(
    ("fault", "takes_effect", "merely_slow"),
    [
        (CallFault(), False, False),
        (CallFault(latency_ms=5), True, True),
        (CallFault(latency_ms=5, perform=True), True, True),
        (CallFault(latency_ms=5, perform=False), False, False),
        (CallFault(status=500), False, False),
        (CallFault(status=500, perform=True), True, False),
        (CallFault(reset=True, latency_ms=5), False, False),
        (CallFault(reset=True, perform=True), True, False),
    ],
)
def test_a_call_takes_effect_if_it_is_merely_slow_or_told_to(
    fault: CallFault, takes_effect: bool, merely_slow: bool
) -> None:
    assert (fault.takes_effect, fault.merely_slow) == (takes_effect, merely_slow)


def test_a_failure_is_500_and_an_error_400_unless_the_status_is_given() -> None:
    assert CallFault().failure()[0] == 500
    assert CallFault(error={"code": 613}).failure()[0] == 400
    assert CallFault(error={"code": 613}, status=429).failure()[0] == 429
    _, body = CallFault(error={"code": 10, "error_subcode": 2018300}).failure()
    assert (body["error"]["code"], body["error"]["error_subcode"]) == (10, 2018300)


def test_webhook_faults_are_counted_for_each_app() -> None:
    plan = FaultPlan()
    for app_id in ("1", "2"):
        plan.set_webhooks(app_id, WebhookFault(drop=2))
    plan.spend("1", "drop", 1)
    assert (plan.webhooks("1").drop, plan.webhooks("2").drop) == (1, 2)
    plan.clear()
    assert plan.webhooks("2") == WebhookFault()
