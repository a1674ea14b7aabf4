"""The operators' page as it is served."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import channels
from tests.contract.operators.operator_stage import OperatorStage, operator_stage

FILES = Path(channels.__file__).parent / "operators" / "static"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OperatorStage]:
    async with operator_stage(tmp_path) as running:
        yield running


async def fetched(stage: OperatorStage, path: str) -> tuple[int, dict[str, str], str]:
    url = f"{stage.url}/handovers/{path}"
    async with stage.http.get(url, allow_redirects=False) as answer:
        return answer.status, dict(answer.headers), await answer.text()


async def test_the_page_and_the_list_differ_by_a_slash(stage: OperatorStage) -> None:
    status, headers, _ = await fetched(stage, "")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (await stage.calls("GET", "/handovers"))[1]["handovers"] == []
    assert (await stage.calls("GET", "/handovers", headers={}))[0] == 401


async def test_all_that_the_page_names_is_there_and_nothing_is_from_elsewhere(
    stage: OperatorStage,
) -> None:
    _, _, page = await fetched(stage, "")
    named = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    imported = {
        (path.parent / name).resolve()
        for path in FILES.rglob("*.js")
        for name in re.findall(r'from "(.+)"', path.read_text())
    }
    named |= {f"page/{path.relative_to(FILES).as_posix()}" for path in imported}
    files = {path.relative_to(FILES).as_posix() for path in FILES.rglob("*.*")}
    assert named == {f"page/{file}" for file in files - {"index.html"}}
    for path in sorted(named):
        status, headers, text = await fetched(stage, path)
        assert (path, status) == (path, 200)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert text == (FILES / path.removeprefix("page/")).read_text()


async def test_the_page_may_run_its_own_scripts_alone_and_be_framed_by_nobody(
    stage: OperatorStage,
) -> None:
    _, headers, page = await fetched(stage, "")
    policy = dict(
        rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"<input(?=[^>]* name=)", page)  # what has no name is in no URL


async def test_without_an_admin_token_there_is_no_page(tmp_path: Path) -> None:
    async with operator_stage(tmp_path, **{"admin-token": None}) as stage:
        for path in ("handovers/", "handovers", "handovers/page/main.js", "openapi.json"):
            async with stage.http.get(f"{stage.url}/{path}") as answer:
                assert answer.status == 404
