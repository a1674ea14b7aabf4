"""`init` on assistants that do not speak English, whatever their configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.assistant.languages import languages, words_in
from cli.init.files import read_own_part
from cli.init.proposals.language import language_in
from tests.unit.cli.init.init_on_project import Output, init, read, write

TRANSLATED = [language for language in languages() if language != "en"]
WRITTEN = {
    "vi": ["đơn hàng của tôi đâu", "giá bao nhiêu", "có giao hàng không", "cảm ơn shop", "đặt bàn"],
    "ar": ["أين طلبي", "كم السعر", "شكرا لكم", "متى تفتحون", "أريد حجز طاولة"],
    "de": ["wo ist mein paket", "was kostet das", "ich möchte einen tisch", "wie ist die adresse"],
    "es": [
        "dónde está mi pedido",
        "qué precio tiene la mesa",
        "quiero una mesa para dos",
        "es todo",
    ],
    "pt": ["onde está meu pedido", "qual é o preço", "quero uma mesa", "você não abre hoje"],
    "ru": ["где мой заказ", "сколько стоит", "спасибо", "когда вы открыты", "хочу столик"],
    "th": ["สวัสดี", "ราคาเท่าไหร่", "ขอบคุณ", "เปิดกี่โมง", "จองโต๊ะ"],
    "en": [
        "where is my parcel",
        "what is the price of it",
        "I want to book a table",
        "can you do it",
    ],
}


def nlu(language: str) -> str:
    lines = "".join(f"    - {line}\n" for line in WRITTEN[language])
    return f"nlu:\n- intent: anything\n  examples: |\n{lines}"


@pytest.fixture
def spoken(project: Path, request: pytest.FixtureRequest) -> Path:
    """A project whose users write another language, and whose configuration says `en`."""
    write(project, "data/nlu.yml", nlu(request.param))
    for name in ("data/rules.yml", "data/stories.yml"):
        (project / name).unlink()
    return project


@pytest.mark.parametrize("language", WRITTEN)
def test_the_language_is_read_off_what_users_write(language: str) -> None:
    assert language_in(WRITTEN[language]) == language


@pytest.mark.parametrize("lines", [[], ["ok"], ["pizza", "margherita", "calzone"]])
def test_a_few_words_do_not_tell(lines: list[str]) -> None:
    assert language_in(lines) is None


@pytest.mark.parametrize("language", TRANSLATED)
def test_an_assistant_gets_responses_examples_and_keywords_in_its_language(
    project: Path, capsys: Output, language: str
) -> None:
    words = words_in(language)
    assert words is not None
    write(project, "config.yml", f"recipe: default.v1\nlanguage: {language}\n")
    init(project, "--yes")
    said = read(project, "domain.yml")["responses"]
    assert said["utter_connecting"][0]["text"] == words.responses["utter_connecting"]
    assert said["utter_ask_feedback"][0]["buttons"][0]["title"] == words.titles["Good"]
    keywords = f"keywords: [{', '.join(words.keywords)}]\n"
    assert keywords in (project / "credentials.yml").read_text(encoding="utf-8")
    added = {
        one["intent"]: one["examples"] for one in read(project, "data/handover_nlu.yml")["nlu"]
    }
    assert f"- {words.ask_human[0]}\n" in added["ask_human"]
    assert f"- {words.keywords[-1]}\n" in added["back_to_bot"]
    assert f"- {words.ask_to_wait[0]}\n" in added["ask_to_wait"]
    assert "person" not in added["ask_human"].split()
    assert f"The assistant speaks '{language}', but the new" in capsys.readouterr().out


@pytest.mark.parametrize("spoken", ["vi", "ar", "de"], indirect=True)
def test_english_over_another_language_is_told(spoken: Path, capsys: Output) -> None:
    init(spoken, "--yes")
    told = capsys.readouterr().out
    assert "config.yml says that the assistant speaks 'en', but its users seem to write" in told
    assert "I'm connecting you" not in str(read(spoken, "domain.yml")["responses"])


@pytest.mark.parametrize(("spoken", "country"), [("vi", "vn"), ("pt", "br")], indirect=["spoken"])
def test_a_country_in_place_of_a_language_is_told(
    spoken: Path, capsys: Output, country: str
) -> None:
    write(spoken, "config.yml", f"recipe: default.v1\nlanguage: {country}\n")
    init(spoken, "--yes")
    assert f"says that the assistant speaks '{country}', but its users" in capsys.readouterr().out
    assert "I'm connecting you" not in str(read(spoken, "domain.yml")["responses"])


@pytest.mark.parametrize("spoken", ["th"], indirect=True)
def test_a_language_without_words_is_told_to_be_translated(spoken: Path, capsys: Output) -> None:
    init(spoken, "--yes")
    told = (
        "The assistant speaks 'th', but data/handover_nlu.yml, the new responses in the domain and "
        "the keywords in credentials.yml are in English: translate them."
    )
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("spoken", ["en"], indirect=True)
def test_of_english_nothing_is_told(spoken: Path, capsys: Output) -> None:
    init(spoken, "--yes")
    assert "The assistant speaks" not in capsys.readouterr().out


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_second_run_has_nothing_to_add(project: Path, capsys: Output, language: str) -> None:
    write(project, "config.yml", f"recipe: default.v1\nlanguage: {language}\n")
    init(project, "--yes")
    capsys.readouterr()
    assert init(project) == 0
    assert capsys.readouterr().out.endswith("Nothing to add.\n")


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_that_is_not_there(language: str) -> None:
    words, ours = words_in(language), read_own_part().domain.data["responses"]
    assert words is not None
    assert set(words.responses) <= set(ours)
    buttons = [one for variants in ours.values() for one in variants[0].get("buttons", ())]
    assert set(words.titles) == {button["title"] for button in buttons}


OWN_WISH = """\
version: "3.1"
nlu:
- intent: talk_to_human
  examples: |
    - Mitarbeiter bitte
"""


def test_an_intent_of_their_own_changes_neither_the_language_nor_brings_the_second_plan(
    project: Path,
) -> None:
    write(project, "config.yml", "recipe: default.v1\nlanguage: de\n")
    write(project, "data/wish.yml", OWN_WISH)
    init(project, "--yes")
    domain, words = read(project, "domain.yml"), words_in("de")
    assert words is not None
    connecting = domain["responses"]["utter_connecting"][0]["text"]
    assert connecting == words.responses["utter_connecting"]
    assert "sales" not in str(domain)
