"""What the pages show can be used as it stands: commands, settings, rules, JSON and Python."""

from __future__ import annotations

import json
import re
import sys
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader

import actions
import channels
import emulator
from channels.core.settings.sections import filled_in
from channels.core.settings.settings import SECTION, is_own_section, parse_settings
from cli.credentials.settings import read_settings
from cli.main import main
from emulator.__main__ import _parser as emulator_parser
from tests.docs.channel_routes import complete
from tests.docs.known_commands import check, commands_of
from tests.support.documents import ROOT, Block, blocks, examples, read_yaml
from tests.support.rasa_project import write_template

LANGUAGES = {"sh", "console", "yaml", "json", "python", "mermaid", "nginx", "ini", "dockerfile"}
WITH_CLIENTS = "With any Messenger client"  # tests/clients runs its blocks, with the libraries
NEXT_TEAM = "On to the next team"  # scenario/test_next_team trains with its slot and its rule
ENDPOINTS = {  # as Rasa's file has them, and as its reader calls them
    "action_endpoint": "action",
    "tracker_store": "tracker_store",
    "lock_store": "lock_store",
}
VARIABLE = re.compile(r"\$\{(\w+)\}")


class EveryVariable(dict[str, str]):
    """Each variable is set, to a number of its own that could be an id, a token or a key."""

    def get(self, name: str, _default: object = None) -> str:
        return str(zlib.crc32(name.encode())).rjust(32, "9")


def own(*languages: str) -> list[Block]:
    """The blocks that are tested here."""
    return [block for block in blocks(*languages) if WITH_CLIENTS not in block.headings]


def shown(*languages: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", own(*languages), ids=str)


def test_each_block_is_in_a_language_that_is_tested() -> None:
    assert [str(block) for block in own() if block.language not in LANGUAGES] == []


@shown("sh", "console")
def test_a_command_can_be_run(block: Block) -> None:
    commands = commands_of(block)
    assert commands
    for words in commands:
        check(words)


@shown("dockerfile")
def test_an_image_is_made_of_what_there_is(block: Block) -> None:
    lines = block.code.splitlines()
    assert lines[0] in {"FROM rasa/rasa:3.6.21", "FROM rasa/rasa-sdk:3.6.2"}
    assert {line.split()[0] for line in lines[1:]} == {"USER", "COPY", "RUN"}
    copied = lines.index("COPY --from=plugin . /plugin")
    assert lines[copied + 1] == "RUN pip install --no-cache-dir /plugin"


@shown("yaml")
def test_yaml_is_what_its_reader_takes(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = read_yaml(block.code)
    if isinstance(content, list):
        content = {"rules": content}
    if any(map(is_own_section, content)):
        _is_settings(content)
    elif NEXT_TEAM in block.headings:
        assert content.keys() <= {"slots", "rules"}
    elif "rules" in content:
        _is_rules(content, is_trained=block.page == "docs/forms.md")
    elif "formatters" in content:
        _is_logging(content)
    elif content.keys() <= ENDPOINTS.keys():
        _is_endpoints(block.code, content, tmp_path, monkeypatch)
    else:
        _is_domain(content)


def _is_settings(content: dict[str, Any]) -> None:
    [(name, section)] = content.items()
    assert name == f"rasa_handover.{SECTION}"
    parse_settings(filled_in(complete(section), EveryVariable()))


def _is_rules(content: dict[str, Any], *, is_trained: bool) -> None:
    """The rules of forms are another test's, which trains with them."""
    if is_trained:
        domain = Domain.load(
            [ROOT / "domain.yml", ROOT / "tests/fixtures/form_assistant/domain.yml"]
        )
        assert YAMLStoryReader(domain).read_from_parsed_yaml(content)
    else:
        own = read_yaml((ROOT / "data" / "handover_rules.yml").read_text())["rules"]
        assert [rule for rule in content["rules"] if rule not in own] == []


def _is_logging(content: dict[str, Any]) -> None:
    own = (ROOT / "logging.yml").read_text()
    assert content == read_yaml(own.replace("channels", "rasa_handover.channels"))


def _is_endpoints(
    text: str, content: dict[str, Any], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in VARIABLE.findall(text):
        monkeypatch.setenv(variable, "12345")
    file = directory / "endpoints.yml"
    file.write_text(text)
    endpoints = AvailableEndpoints.read_endpoints(str(file))
    assert all(getattr(endpoints, ENDPOINTS[name]) is not None for name in content)


def _is_domain(content: dict[str, Any]) -> None:
    own = read_yaml((ROOT / "domain.yml").read_text())
    if "slots" in content:
        assert all(own["slots"][name] == slot for name, slot in content["slots"].items())
    assert Domain.from_dict({"intents": own["intents"], **content})


@shown("json")
def test_json_can_be_read(block: Block) -> None:
    assert json.loads(block.code)


@shown("python")
def test_python_runs(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rasa_handover", ModuleType("rasa_handover"))
    monkeypatch.setitem(sys.modules, "rasa_handover.actions", actions)
    monkeypatch.setitem(sys.modules, "rasa_handover.channels", channels)
    monkeypatch.setitem(sys.modules, "rasa_handover.emulator", emulator)
    exec(compile(block.code, str(block), "exec"), {"__name__": "shown"})  # noqa: S102


def test_after_the_start_page_the_bot_and_the_emulator_know_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = [
        words[1].partition("=")
        for block in blocks("sh")
        if block.page == "docs/start.md"
        for words in commands_of(block)
        if words[0] == "export"
    ]
    for name, _, value in exported:
        monkeypatch.setenv(name, value)
    [section] = examples("docs/start.md", "2. Add what a handover needs", "yaml")
    (tmp_path / "credentials.yml").write_text(section)
    settings = read_settings(str(tmp_path / "credentials.yml"))
    bot = emulator.default_config().apps[0]
    served = emulator_parser().parse_args([])
    assert (settings.app_id, settings.secret) == (bot.id, bot.secret)
    assert (settings.verify, settings.page_access_token) == (
        bot.verify_token,
        bot.page_access_token,
    )
    assert settings.graph_url == f"http://{served.host}:{served.port}/v25.0"
    assert bot.webhook == "http://127.0.0.1:5005/webhooks/facebook/webhook"


def test_the_section_of_the_start_page_is_that_of_init_with_one_line_more(tmp_path: Path) -> None:
    write_template(tmp_path / "project")
    assert main(["init", "--project", str(tmp_path / "project"), "--yes"]) == 0
    written = (tmp_path / "project" / "credentials.yml").read_text().splitlines()
    [section] = examples("docs/start.md", "2. Add what a handover needs", "yaml")
    more = [line for line in section.splitlines() if line not in written]
    assert [line.split(": ")[0].strip() for line in more] == ["graph-url"]
