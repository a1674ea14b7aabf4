"""What the channel does to the process that it is put into, and what its docstring promises."""

from __future__ import annotations

import gc
import logging
import re
import textwrap
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from rasa.core.channels.channel import UserMessage, register
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.exceptions import InvalidConfigException

from channels import MessengerInput
from channels.core.settings.sections import filled_in
from channels.core.settings.settings import is_own_section, parse_settings
from channels.dialogue.assistant import RasaAssistant
from channels.instruments import host
from tests.support.sanic_server import new_app

PROJECT = Path(__file__).parents[3]

SECTION = {"verify": "v", "secret": "s", "page-access-token": "t", "app-id": "1"}


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    threshold = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


class AnotherName(MessengerInput):
    """The channel by another name, as `channels` is that of `rasa_handover.channels`."""


async def on_new_message(_: UserMessage) -> None: ...


def test_collections_of_garbage_leave_out_what_is_loaded_before_the_channel() -> None:
    channel = MessengerInput.from_credentials(SECTION)
    loaded: list[object] = [channel]
    assert is_collected(loaded)
    channel.blueprint(on_new_message)
    assert not is_collected(loaded)
    assert is_collected([channel])


@pytest.mark.parametrize(("before", "after"), [(700, 10_000), (50_000, 50_000), (0, 0)])
def test_garbage_is_looked_for_less_often_unless_somebody_else_has_seen_to_that(
    before: int, after: int
) -> None:
    gc.set_threshold(before, 11, 12)
    MessengerInput.from_credentials(SECTION).blueprint(on_new_message)
    assert gc.get_threshold() == (after, 11, 12)


def is_collected(thing: object) -> bool:
    """Whether a collection of garbage walks it."""
    return any(one is thing for one in gc.get_objects())


def test_a_second_section_for_messenger_is_refused_in_a_sentence() -> None:
    sections = [one.from_credentials(SECTION) for one in (AnotherName, MessengerInput)]
    with pytest.raises(InvalidConfigException, match=r"another section .* keep one of the two"):
        register(sections, new_app(), "/webhooks/")


def test_an_older_rasa_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"rasa": "3.5.17"}
    monkeypatch.setattr(host, "_version", found.get)
    with pytest.raises(InvalidConfigException, match=r"can't work in rasa 3\.5\.17: it needs"):
        MessengerInput.from_credentials(SECTION)


class App:
    """Stands in for Sanic's: Rasa has put its agent there, and it can be stopped."""

    def __init__(self, engine_version: str) -> None:
        processor = SimpleNamespace(engine_version=engine_version)
        agent = SimpleNamespace(processor=processor, is_ready=lambda: True)
        self.ctx = SimpleNamespace(agent=agent)
        self.has_stopped = False

    def stop(self) -> None:
        self.has_stopped = True


async def test_an_assistant_of_mantle_stops_the_start(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    section = SECTION | {"store": f"sqlite:///{tmp_path / 'handover.db'}"}
    channel = MessengerInput.from_credentials(section)
    app = App("mantle")
    await channel._start(app, on_new_message)
    assert app.has_stopped
    assert "The Messenger channel can't start: The assistant is made for Rasa's engine Mantle" in (
        caplog.text
    )
    with pytest.raises(SystemExit, match="1"):
        await channel._leave(app, None)


def test_a_model_of_mantle_that_is_loaded_later_gets_no_message_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App("calm")
    assistant = RasaAssistant(agent=lambda: app.ctx.agent, on_new_message=on_new_message)
    assert assistant.is_ready()
    app.ctx.agent = App("mantle").ctx.agent
    assert [assistant.is_ready() for _ in range(3)] == [False] * 3
    (line,) = caplog.messages
    assert line.startswith("What users write waits")


def test_a_target_that_apprise_does_not_know_stops_the_start() -> None:
    section = {**SECTION, "notify": [{"apprise": "nonsense://token"}]}
    with pytest.raises(InvalidConfigException, match="does not understand"):
        MessengerInput.from_credentials(section)


def blocks_of_the_docstring() -> list[Any]:
    """The YAML that is set apart by its indentation."""
    text = textwrap.dedent((MessengerInput.__doc__ or "").partition("\n")[2])
    found = re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE)
    return [yaml.safe_load(block) for block in found if block.strip()]


def test_the_docstring_shows_a_section_that_the_channel_takes() -> None:
    section = blocks_of_the_docstring()[0]
    [(name, keys)] = section.items()
    assert is_own_section(name)
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", str(keys)), "1234567890123456")
    settings = parse_settings(filled_in(keys, variables))
    assert settings.plans["default"].timeout == timedelta(minutes=30)
    assert settings.admin_token is not None


def test_the_docstring_shows_rules_that_go_with_the_domain_of_the_assistant() -> None:
    rules = blocks_of_the_docstring()[1]
    domain = Domain.load(PROJECT / "domain.yml")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        read = YAMLStoryReader(domain).read_from_parsed_yaml({"version": "3.1", **rules})
    assert len(read) == 2
    steps = [step for rule in rules["rules"] for step in rule["steps"]]
    assert {"action": "action_handover"} in steps
    for step in steps:
        assert step.get("intent") in (None, *domain.intents)
        assert step.get("action") in (None, *domain.action_names_or_texts)


@pytest.fixture
def loggers() -> Iterator[list[logging.Logger]]:
    """The channel's, Rasa's and the root logger; their levels are put back."""
    found = [logging.getLogger(name) for name in ("channels", "rasa", None)]
    levels = [one.level for one in found]
    yield found
    for one, level in zip(found, levels, strict=True):
        one.setLevel(level)


def test_a_library_that_raises_the_root_loggers_level_hides_no_line_of_the_channel(
    loggers: list[logging.Logger],
) -> None:
    ours, rasas, root = loggers
    ours.setLevel(logging.NOTSET)
    rasas.setLevel(logging.INFO)
    MessengerInput.from_credentials(SECTION).blueprint(on_new_message)
    root.setLevel(logging.WARNING)
    assert logging.getLogger("channels.messenger").isEnabledFor(logging.INFO)


def test_a_level_that_somebody_has_given_the_channels_lines_stays(
    loggers: list[logging.Logger],
) -> None:
    ours, rasas, _ = loggers
    ours.setLevel(logging.ERROR)
    rasas.setLevel(logging.INFO)
    MessengerInput.from_credentials(SECTION).blueprint(on_new_message)
    assert ours.level == logging.ERROR
