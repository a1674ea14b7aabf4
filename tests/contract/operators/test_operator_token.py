"""The operator-token: it lets people see handovers and give them back, and nothing more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.core.errors import SettingsError
from channels.core.settings.settings import parse_settings
from tests.contract.operators.operator_stage import (
    ADMIN_TOKEN,
    OPERATOR,
    OPERATOR_TOKEN,
    OperatorStage,
    credentials_of,
    operator_stage,
)

ANNA = "24870165432500001"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OperatorStage]:
    async with operator_stage(tmp_path, **{"operator-token": OPERATOR_TOKEN}) as running:
        yield running


async def test_an_operator_sees_and_gives_back(
    stage: OperatorStage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    session = (await stage.is_with_operator(ANNA))["session_id"]
    story = f"/handovers/sessions/{session}"
    reads = ("/handovers", f"/handovers/{ANNA}", "/handovers/statistics", "/handovers/ended", story)
    for path in reads:
        assert (await stage.calls("GET", path, headers=OPERATOR))[0] == 200
    path = f"/handovers/{ANNA}/return"
    assert (await stage.calls("POST", path, headers=OPERATOR))[0] == 202
    assert "return is asked for with the operator-token, from 127.0.0.1" in caplog.text
    assert OPERATOR_TOKEN not in caplog.text
    noted = [one for one in caplog.records if "is asked for with the" in one.getMessage()]
    assert [one.getMessage().split()[0] for one in noted] == ["story", "return"]
    assert {getattr(one, "session_id", None) for one in noted} == {session}


OF_ADMINS = [
    ("DELETE", f"/handovers/{ANNA}"),
    ("GET", f"/handovers/{ANNA}/export"),
    ("POST", "/dead/retry"),
    ("POST", "/dead/event-1/retry"),
]


@pytest.mark.parametrize(("method", "path"), OF_ADMINS)
async def test_what_an_admin_does_is_noted(
    stage: OperatorStage, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    caplog.set_level("INFO")
    await stage.calls(method, path)
    assert "is asked for with the admin-token, from 127.0.0.1" in caplog.text
    assert ADMIN_TOKEN not in caplog.text


@pytest.mark.parametrize(("method", "path"), OF_ADMINS)
async def test_what_an_admin_does_is_refused_to_an_operator(
    stage: OperatorStage, method: str, path: str
) -> None:
    await stage.is_with_operator(ANNA)
    await stage.returns(ANNA)
    status, answer = await stage.calls(method, path, headers=OPERATOR)
    assert status == 403
    assert "admin-token" in answer["error"]
    assert (await stage.calls("GET", "/handovers/ended"))[1]["handovers"], "nothing was erased"


async def test_without_the_setting_no_other_token_opens_anything(tmp_path: Path) -> None:
    async with operator_stage(tmp_path) as stage:
        for token in ("Bearer None", "Bearer ", "Bearer the-operators-own-token"):
            headers = {"Authorization": token}
            assert (await stage.calls("GET", "/handovers", headers=headers))[0] == 401


def test_an_operator_token_alone_is_a_mistake(stage: OperatorStage) -> None:
    section = {**credentials_of(stage), "operator-token": OPERATOR_TOKEN}
    del section["admin-token"]
    with pytest.raises(SettingsError, match="operator-token without admin-token"):
        parse_settings(section)


def test_one_token_for_both_is_a_mistake(stage: OperatorStage) -> None:
    section = credentials_of(stage)
    section["operator-token"] = section["admin-token"]
    with pytest.raises(SettingsError, match="operator-token and admin-token are the same"):
        parse_settings(section)
