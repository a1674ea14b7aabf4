"""The doctor's checks of the session store, Rasa's stores, the action server and the assistant."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from rasa.shared.core.domain import Domain

from channels.store.database.schema import VERSION, versions
from channels.store.sql import SqlStore
from cli.doctor.findings import Outcome
from cli.doctor.machine import tracker_store
from tests.contract.live_page import MODEL, NOWHERE, LivePage, live_page
from tests.support.rasa_project import InMemoryTrackerStore, SQLTrackerStore

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
async def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LivePage]:
    monkeypatch.delenv("SANIC_WORKERS", raising=False)
    async with live_page(tmp_path) as live:
        yield live


def database(page: LivePage) -> Path:
    return page.directory / "handover.db"


async def create_store(url: str) -> None:
    store = SqlStore(url, worker="worker")
    await store.open()
    await store.close()


def set_version(url: str, version: int) -> None:
    engine = sqlalchemy.create_engine(url, future=True)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.update(versions).values(version=version))
    engine.dispose()


# The session store


async def test_a_store_that_is_not_there_yet_is_right_and_stays_away(page: LivePage) -> None:
    assert "is empty" in await page.ok("store")
    assert not database(page).exists()


async def test_a_file_without_tables_is_an_empty_store(page: LivePage) -> None:
    database(page).touch()
    assert "is empty" in await page.ok("store")


async def test_a_store_in_use_is_read_and_not_disturbed(page: LivePage) -> None:
    store = SqlStore(page.section["store"], worker="worker")
    await store.open()
    detail = await page.ok("store")
    assert f"version {VERSION}, as they should be" in detail
    assert await store.open_sessions(limit=1) == []
    await store.close()


async def test_a_store_that_another_process_has_locked_is_in_use(page: LivePage) -> None:
    await create_store(page.section["store"])
    with sqlite3.connect(database(page)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert await page.ok("store") == "It is in use."
    other.close()


async def test_a_store_of_a_newer_release_is_wrong(page: LivePage) -> None:
    await create_store(page.section["store"])
    set_version(page.section["store"], VERSION + 1)
    assert f"version {VERSION + 1}" in await page.wrong("store")


async def test_a_store_of_an_older_release_is_upgraded_at_the_next_start(page: LivePage) -> None:
    await create_store(page.section["store"])
    set_version(page.section["store"], VERSION - 1)
    assert "upgrades them" in await page.ok("store")


async def test_a_file_that_is_no_database_is_wrong(page: LivePage) -> None:
    database(page).write_text("no database at all, but long enough to be taken for one" * 20)
    assert "not a database" in await page.wrong("store")


async def test_a_store_in_no_directory_is_wrong(page: LivePage) -> None:
    page.section["store"] = f"sqlite:///{page.directory}/nowhere/handover.db"
    assert "no directory" in await page.wrong("store")


async def test_a_postgresql_that_is_not_there_is_wrong_without_its_password(page: LivePage) -> None:
    page.section["store"] = "postgresql://user:S3CRET@127.0.0.1:9/handover"
    redis(page)
    detail = await page.wrong("store")
    assert "failed" in detail
    assert "S3CRET" not in detail


async def test_a_postgresql_store_is_read_whatever_its_state(
    page: LivePage, postgresql_url: str
) -> None:
    page.section["store"] = postgresql_url
    redis(page)
    assert "is empty" in await page.ok("store")
    await create_store(postgresql_url)
    assert f"version {VERSION}, as they should be" in await page.ok("store")
    set_version(postgresql_url, VERSION + 1)
    assert "newer release" in await page.wrong("store")


async def test_several_workers_can_not_share_a_file(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("SANIC_WORKERS", "2")
    redis(page)
    postgresql_tracker_store(page, postgresql_url)
    assert "SANIC_WORKERS is 2" in await page.wrong("store-workers")


# What Rasa keeps


async def test_a_project_without_endpoints_is_reported_once(page: LivePage) -> None:
    page.endpoints = None
    assert "There is no" in await page.wrong("endpoints-file")
    told = {one.check: one.detail for one in await page.examined()}
    depending = {"tracker-store", "tracker-store-answers", "lock-store", "action-server"}
    for check in (*depending, "action-handover"):
        assert told[check] == "This depends on 'endpoints-file'."


async def test_endpoints_that_can_not_be_read_are_wrong_without_their_lines(page: LivePage) -> None:
    page.endpoints = None
    (page.directory / "endpoints.yml").write_text("tracker_store: 'S3CRET\n")
    detail = await page.wrong("endpoints-file")
    assert "can't be read" in detail
    assert "S3CRET" not in detail


async def test_a_variable_of_endpoints_that_is_not_set_is_named(page: LivePage) -> None:
    page.endpoints = None
    text = "tracker_store:\n  type: SQL\n  password: S3CRET\n  url: ${DB_HOST_OF_NOBODY}\n"
    (page.directory / "endpoints.yml").write_text(text)
    detail = await page.wrong("endpoints-file")
    assert "set the environment variables ${DB_HOST_OF_NOBODY} first" in detail
    assert "S3CRET" not in detail


async def test_conversations_in_memory_are_wrong(page: LivePage) -> None:
    del endpoints(page)["tracker_store"]
    assert "in memory" in await page.wrong("tracker-store")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("InMemoryTrackerStore", "finds no tracker store InMemoryTrackerStore"),
        ("no.such.module.Store", "finds no tracker store no.such.module.Store"),
        ("rasa.core.tracker_store.NoSuchStore", "finds no tracker store rasa.core"),
        ("rasa.core.tracker_store.InMemoryTrackerStore", "in memory"),
        ("their_stores.Forgetful", "in memory"),
        ("their_stores.WithoutPackage", "can't build the tracker store their_stores.Without"),
        ("their_stores.Misspelt", "can't build the tracker store their_stores.Misspelt"),
        ("their_stores.Picky", "can't start with the tracker store their_stores.Picky"),
        ("their_broken_store.Store", "can't start with the tracker store"),
        ("their_stores.a_function", "can't start with the tracker store"),
    ],
)
async def test_a_tracker_store_that_rasa_replaces_by_memory_is_wrong(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
) -> None:
    """Rasa finds it in the folder that it is started in, and warns in its log alone."""
    write_stores(page.directory)
    monkeypatch.chdir(page.directory)
    endpoints(page)["tracker_store"] = {"type": kind}
    path = list(sys.path)
    assert told in await page.wrong("tracker-store")
    assert sys.path == path


async def test_a_tracker_store_of_their_own_is_built_as_rasa_builds_it(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stores(page.directory)
    monkeypatch.chdir(page.directory)
    endpoints(page)["tracker_store"] = {"type": "their_stores.Kept", "bucket": "talks"}
    assert "type their_stores.Kept" in await page.ok("tracker-store")
    assert "built with talks" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "told"), [("Gone", "ConnectionError"), ("Exiting", "SystemExit"), ("Slow", "in time")]
)
async def test_a_tracker_store_that_does_not_answer_is_a_finding_of_its_own(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
) -> None:
    write_stores(page.directory)
    monkeypatch.chdir(page.directory)
    monkeypatch.setattr(tracker_store, "PATIENCE", 0.5)
    endpoints(page)["tracker_store"] = {"type": f"their_stores.{kind}"}
    assert told in await page.wrong("tracker-store-answers")


async def test_a_database_that_is_away_is_a_finding_without_its_password(page: LivePage) -> None:
    """With `login_db` Rasa itself would try again for ever."""
    away = "postgresql://rasa:S3CRET@127.0.0.1:9/rasa"
    endpoints(page)["tracker_store"] = {"type": "SQL", "url": away, "login_db": "postgres"}
    detail = await page.wrong("tracker-store-answers")
    assert "OperationalError" in detail
    assert "S3CRET" not in detail


async def test_a_file_in_no_directory_is_a_finding(page: LivePage) -> None:
    file = page.directory / "nowhere" / "rasa.db"
    endpoints(page)["tracker_store"] = {"type": "SQL", "db": str(file)}
    assert "OperationalError" in await page.wrong("tracker-store-answers")


@pytest.mark.parametrize("key", ["db", "url"])
async def test_no_file_is_made_for_a_bot_that_has_not_run_yet(page: LivePage, key: str) -> None:
    file = page.directory / "rasa.db"
    value = str(file) if key == "db" else f"sqlite:///{file}"
    endpoints(page)["tracker_store"] = {"type": "SQL", key: value}
    assert "answers" in await page.ok("tracker-store-answers")
    assert not file.exists()


async def test_the_tracker_store_of_a_bot_that_has_run_is_asked(page: LivePage) -> None:
    file = page.directory / "rasa.db"
    SQLTrackerStore(Domain.empty(), db=str(file))
    endpoints(page)["tracker_store"] = {"type": "sql", "db": str(file)}
    assert "answers" in await page.ok("tracker-store-answers")


async def test_a_file_that_is_no_database_keeps_rasa_from_starting(page: LivePage) -> None:
    file = page.directory / "rasa.db"
    file.write_text("no database, but long enough to be taken for one" * 100)
    endpoints(page)["tracker_store"] = {"type": "sql", "db": str(file)}
    assert "can't start" in await page.wrong("tracker-store")


@pytest.mark.parametrize(
    "section",
    [
        {"type": "SQL", "dialect": "oracular"},
        {"type": "SQL", "dialect": "mysql+nodriver"},
        {"type": "SQL", "port": "five"},
    ],
)
async def test_a_tracker_store_that_keeps_rasa_from_starting_is_wrong(
    page: LivePage, section: dict[str, Any]
) -> None:
    endpoints(page)["tracker_store"] = section
    assert "can't start" in await page.wrong("tracker-store")


def write_stores(directory: Path) -> None:
    """Tracker stores of the project's own."""
    (directory / "their_stores.py").write_text(
        f"""\
import time
from {InMemoryTrackerStore.__module__} import InMemoryTrackerStore, TrackerStore
class Forgetful(InMemoryTrackerStore): ...
class Kept(TrackerStore):
    def __init__(self, domain, host=None, event_broker=None, bucket="", **kwargs):
        print("built with", bucket)
        super().__init__(domain, event_broker)
    def retrieve(self, sender_id): return None
    def save(self, tracker): ...
    def keys(self): return []
class Gone(Kept):
    def retrieve(self, sender_id): raise ConnectionError("S3CRET")
class Exiting(Kept):
    def retrieve(self, sender_id): raise SystemExit(1)
class Slow(Kept):
    def retrieve(self, sender_id): time.sleep(2)
class WithoutPackage(Kept):
    def __init__(self, *args, **kwargs): import no_such_driver
class Misspelt(Kept):
    def __init__(self, *args, **kwargs): self.clinet.connect()
class Picky(Kept):
    def __init__(self, *args, bucket_name, **kwargs): ...
def a_function(): ...
"""
    )
    (directory / "their_broken_store.py").write_text("1 / 0\n")


async def test_a_tracker_store_in_a_file_is_not_for_several_workers(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("SANIC_WORKERS", "2")
    page.section["store"] = postgresql_url
    redis(page)
    assert "SQLite" in await page.wrong("tracker-store")


async def test_locks_in_memory_are_not_for_several_workers(
    page: LivePage, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("SANIC_WORKERS", "2")
    page.section["store"] = postgresql_url
    postgresql_tracker_store(page, postgresql_url)
    assert "in memory" in await page.wrong("lock-store")


async def test_locks_in_memory_beside_a_shared_store_can_not_be_judged(
    page: LivePage, postgresql_url: str
) -> None:
    page.section["store"] = postgresql_url
    assert "PostgreSQL" in await page.untold("lock-store")


async def test_a_lock_store_of_ones_own_can_not_be_judged(page: LivePage) -> None:
    endpoints(page)["lock_store"] = {"type": "my_package.MyLockStore"}
    assert "my_package" in await page.untold("lock-store")


# The action server


async def test_an_action_server_that_is_down_is_reported_once(page: LivePage) -> None:
    endpoints(page)["action_endpoint"] = {"url": f"{NOWHERE}/webhook"}
    assert "does not answer" in await page.wrong("action-server")


async def test_a_project_without_an_action_server_is_wrong(page: LivePage) -> None:
    del endpoints(page)["action_endpoint"]
    assert "no 'action_endpoint'" in await page.wrong("action-server")


async def test_an_action_server_that_is_ill_is_wrong(page: LivePage) -> None:
    page.action_server.health = 500
    assert "HTTP 500" in await page.wrong("action-server")


async def test_an_action_server_without_the_action_is_wrong(page: LivePage) -> None:
    page.action_server.actions = [{"name": "action_of_mine"}]
    assert "does not have action_handover" in await page.wrong("action-handover")


async def test_an_action_server_that_lists_nothing_can_not_be_judged(page: LivePage) -> None:
    page.action_server.actions = {"error": "not here"}
    assert "does not list" in await page.untold("action-handover")


# The assistant


async def test_without_a_model_the_domain_is_judged(page: LivePage) -> None:
    page.write_domain(page.without_model())
    assert "no trained model" in await page.wrong("trained-model")
    told = {one.check: one.outcome for one in await page.examined()}
    assert told["slot-handover-end-reason"] is Outcome.OK
    assert told["rules-handover-ended"] is Outcome.CANNOT_TELL


async def test_without_model_and_domain_it_is_reported_once(page: LivePage) -> None:
    page.without_model()
    assert "no trained model" in await page.wrong("trained-model")


async def test_a_domain_without_the_intent_is_found_without_a_model_too(page: LivePage) -> None:
    domain = page.without_model()
    domain["intents"].remove("handover_started")
    page.write_domain(domain)
    told = {one.check: one.outcome for one in await page.examined()}
    assert told["intent-handover-started"] is Outcome.WRONG


@pytest.mark.parametrize("size", [0, 100, 1000])
async def test_a_model_that_was_cut_off_is_wrong(page: LivePage, size: int) -> None:
    page.model = page.directory / "half.tar.gz"
    page.model.write_bytes(MODEL.read_bytes()[:size])
    assert "no model of Rasa" in await page.wrong("trained-model")


async def test_a_model_of_mantle_is_refused(page: LivePage) -> None:
    def of_mantle(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            content["engine_version"] = "mantle"

    page.train_anew(of_mantle)
    assert "engine Mantle" in await page.wrong("trained-model")


async def test_a_file_that_is_no_model_is_wrong(page: LivePage) -> None:
    page.model = page.directory / "broken.tar.gz"
    page.model.write_bytes(b"no archive")
    assert "no model of Rasa" in await page.wrong("trained-model")


@pytest.mark.parametrize(
    ("check", "change", "told"),
    [
        (
            "intent-handover-ended",
            lambda domain: domain["intents"].remove("handover_ended"),
            "can't hear that a handover has ended",
        ),
        (
            "intent-handover-started",
            lambda domain: domain["intents"].remove("handover_started"),
            "is not told",
        ),
        (
            "slot-handover-end-reason",
            lambda domain: domain["slots"].pop("handover_end_reason"),
            "no slot",
        ),
        (
            "slot-handover-end-reason",
            lambda domain: domain["entities"].remove("handover_end_reason"),
            "no entity",
        ),
        (
            "slot-handover-end-reason",
            lambda domain: domain["slots"]["handover_end_reason"]["values"].remove("idle"),
            "lacks the values idle",
        ),
        (
            "slot-handover-end-reason",
            lambda domain: domain["slots"]["handover_end_reason"].update(mappings=[]),
            "Nothing fills",
        ),
        (
            "slot-handover-active",
            lambda domain: domain["slots"].pop("handover_active"),
            "handover_active",
        ),
        (
            "domain-action-handover",
            lambda domain: domain["actions"].remove("action_handover"),
            "no rule can hand over",
        ),
        (
            "return-intents",
            lambda domain: domain["intents"].remove("show_menu"),
            "no show_menu",
        ),
    ],
)
async def test_a_trained_domain_that_lacks_something_is_wrong(
    page: LivePage, check: str, change: Change, told: str
) -> None:
    def change_domain(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            change(content["domain"])

    page.train_anew(change_domain)
    findings = {one.check: one for one in await page.examined()}
    assert findings[check].outcome is Outcome.WRONG
    assert told in findings[check].detail


async def test_a_slot_that_is_not_categorical_can_not_be_judged(page: LivePage) -> None:
    def make_it_text(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            content["domain"]["slots"]["handover_end_reason"]["type"] = "text"

    page.train_anew(make_it_text)
    assert "of type text" in await page.untold("slot-handover-end-reason")


async def test_a_reason_that_no_rule_answers_is_wrong(page: LivePage) -> None:
    page.train_anew(without_rule("utter_handover_idle"))
    assert "for the reasons idle:" in await page.wrong("rules-handover-ended")


async def test_a_reason_that_a_story_may_answer_can_not_be_judged(page: LivePage) -> None:
    forget_idle = without_rule("utter_handover_idle")

    def add_a_policy(name: str, content: dict[str, Any]) -> None:
        forget_idle(name, content)
        if name == "metadata.json":
            nodes = content["predict_schema"]["nodes"]
            memory = {"uses": "rasa.core.policies.memoization.MemoizationPolicy"}
            nodes["run_MemoizationPolicy1"] = {**nodes["run_RulePolicy0"], **memory}

    page.train_anew(add_a_policy)
    assert "for the reasons idle;" in await page.untold("rules-handover-ended")


async def test_a_model_in_which_no_rule_hands_over_is_wrong(page: LivePage) -> None:
    page.train_anew(without_rule("action_handover"))
    assert "No rule runs action_handover" in await page.wrong("rules-action-handover")


async def test_the_intents_that_rules_hand_over_for_are_told(page: LivePage) -> None:
    assert "for ask_human, ask_sales." in await page.ok("rules-action-handover")


async def test_a_model_that_can_not_be_asked_is_told_where_no_plan_has_keywords(
    page: LivePage,
) -> None:
    def forget_the_class(name: str, content: dict[str, Any]) -> None:
        if name == "metadata.json":
            for node in content["predict_schema"]["nodes"].values():
                node["uses"] = "of.another.Rasa"

    page.train_anew(forget_the_class)
    assert "The model can't be asked what it reads" in await page.untold("nlu-everyday-words")


def without_rule(response: str) -> Callable[[str, dict[str, Any]], None]:
    """Let the trained rules be without the one that begins with this response."""

    def change(name: str, content: dict[str, Any]) -> None:
        if name == "rule_policy.json":
            rules = content["lookup"]["rules"]
            content["lookup"]["rules"] = {
                states: action for states, action in rules.items() if action != response
            }

    return change


def endpoints(page: LivePage) -> dict[str, Any]:
    assert page.endpoints is not None
    return page.endpoints


def redis(page: LivePage) -> None:
    endpoints(page)["lock_store"] = {"type": "redis", "url": "localhost"}


def postgresql_tracker_store(page: LivePage, url: str) -> None:
    section = {"type": "SQL", "dialect": "postgresql", "url": url}
    endpoints(page)["tracker_store"] = section
