"""`init` beside training data of the project's own: what its words mean already stays so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.init.init_on_project import Output, init, read, write

WISHES = "    - I want to talk to a human\n    - can I speak with a real person\n    - agent!\n"

WISHES_ELSEWHERE = [
    ["quiero hablar con un asesor", "pásame con una persona", "necesito un agente humano"],
    ["ich möchte mit einem mitarbeiter sprechen", "echter Mensch bitte", "mit jemandem reden"],
    ["tôi muốn gặp nhân viên", "cho mình nói chuyện với người thật", "gặp tư vấn viên"],
    ["toi muon gap nhan vien", "cho minh noi chuyen voi nguoi that", "gap tu van vien"],
    ["أريد التحدث مع موظف", "اريد التحدث الى شخص حقيقي", "حولني الى خدمة العملاء"],
    ["хочу поговорить с оператором", "позовите человека", "оператор"],
    ["转人工", "我要找人工客服", "人工服务"],
    ["je veux parler à un conseiller", "passez-moi un humain", "un conseiller svp"],
    ["quero falar com um atendente", "me passa para uma pessoa", "preciso falar com alguém"],
    ["vorrei parlare con un operatore", "passami una persona", "operatore umano"],
    ["je veux parler à l'opérateur", "je veux l'opérateur", "l’opératrice svp"],
    ["vorrei parlare con l'operatore", "un'operatrice, per favore", "all’operatore"],
    ["müşteri temsilcisi ile görüşmek istiyorum", "canlı destek", "temsilciye bağlan"],
    ["saya mau bicara dengan cs", "minta operator", "sambungkan ke petugas"],
    ["人間と話したい", "オペレーターお願いします", "担当者につないでください"],
    ["ik wil een medewerker spreken", "kan ik iemand spreken", "verbind me met een mens"],
    ["chcę rozmawiać z konsultantem", "połącz mnie z człowiekiem", "poprosze z kimś żywym"],
    ["I'd like to speak with your team", "live chat", "get me the manager"],
]


def nlu(intent: str, examples: str) -> str:
    return f"version: '3.1'\nnlu:\n- intent: {intent}\n  examples: |\n{examples}"


def rule(intent: str) -> str:
    return f"rules:\n- rule: theirs\n  steps:\n  - intent: {intent}\n  - action: utter_phone\n"


def examples(project: Path) -> dict[str, list[str]]:
    """What was added, by intent."""
    path = "data/handover_nlu.yml"
    items = read(project, path)["nlu"] if (project / path).exists() else []
    return {item["intent"]: [line[2:] for line in item["examples"].splitlines()] for item in items}


def waited_for(project: Path) -> set[str]:
    """The intents of the rules that were added."""
    rules = read(project, "data/handover_rules.yml")["rules"]
    return {step["intent"] for one in rules for step in one["steps"] if "intent" in step}


class TestExamples:
    def test_no_word_means_feedback_politeness_or_a_call_for_help(self, project: Path) -> None:
        init(project, "--yes")
        added = examples(project)
        assert set(added) == {"ask_human", "back_to_bot", "ask_to_wait"}
        words = {word for line in added["ask_human"] for word in line.lower().split()}
        assert len(words) > 20
        assert words & {"please", "help", "thanks", "hi", "hello", "yes"} == set()

    @pytest.mark.parametrize(
        "theirs", ["Live agent!", "a live agent", "[live](kind) agent", 'live {"agent"}']
    )
    def test_one_that_is_near_one_of_theirs_is_left_out(self, project: Path, theirs: str) -> None:
        write(project, "data/theirs.yml", nlu("insurance_agent", f"    - {theirs}\n"))
        init(project, "--yes")
        assert "live agent" not in examples(project)["ask_human"]
        assert "get me a human being" in examples(project)["ask_human"]

    def test_a_word_that_is_only_in_theirs_does_not_count_as_near(self, project: Path) -> None:
        write(project, "data/theirs.yml", nlu("jobs", "    - human resources department\n"))
        init(project, "--yes")
        assert "human" in examples(project)["ask_human"]

    def test_examples_with_metadata_are_read_too(self, project: Path) -> None:
        text = "nlu:\n- intent: x\n  examples:\n  - text: |\n      - live agent\n    metadata: y\n"
        write(project, "data/theirs.yml", text)
        init(project, "--yes")
        assert "live agent" not in examples(project)["ask_human"]

    @pytest.mark.parametrize("text", ["nlu: [", "- a", "nlu: 3", "nlu:\n- intent: x\n", "\x00"])
    def test_a_file_that_says_nothing_hinders_nothing(self, project: Path, text: str) -> None:
        write(project, "data/odd.yml", text)
        assert init(project, "--yes") == 0
        assert "ask_human" in examples(project)


class TestKeywords:
    def test_each_keyword_is_an_example_of_the_intent_that_has_its_rule(
        self, project: Path
    ) -> None:
        init(project, "--yes")
        assert {"menu", "back to bot"} <= set(examples(project)["back_to_bot"])
        assert "back_to_bot" in waited_for(project)
        assert "back_to_bot" in read(project, "domain.yml")["intents"]

    def test_the_keywords_of_all_plans_and_pages_are_taken(self, project: Path) -> None:
        write(
            project,
            "credentials.yml",
            "channels.MessengerInput:\n  plans:\n    default:\n      keywords: [Robot, 7]\n"
            "    sales:\n      keywords: {de: [zurück], en: [robot]}\n    none:\n"
            "  pages:\n    '12':\n      plans:\n        own: {keywords: [bota dön]}\n",
        )
        init(project, "--yes")
        added = examples(project)["back_to_bot"]
        assert added[:5] == ["Robot", "7", "zurück", "robot", "bota dön"]

    def test_a_word_that_means_something_else_to_their_users_is_none(self, project: Path) -> None:
        lines = "    - show me the menu\n    - what is on the menu\n    - is there a vegan menu\n"
        write(project, "data/theirs.yml", nlu("see_dishes", lines))
        init(project, "--yes")
        assert "keywords: [back to bot]\n" in (project / "credentials.yml").read_text()
        assert examples(project)["back_to_bot"][0] == "back to bot"
        assert "menu" not in examples(project)["back_to_bot"]

    def test_a_word_that_brings_the_bot_back_already_is_one(self, project: Path) -> None:
        lines = "    - the menu\n    - menu\n    - stop this\n"
        write(project, "data/theirs.yml", nlu("back_to_bot", lines))
        init(project, "--yes")
        assert "keywords: [menu, back to bot]\n" in (project / "credentials.yml").read_text()

    def test_a_word_in_a_few_of_their_examples_is_one(self, project: Path) -> None:
        lines = "    - is the menu vegan\n    - do you have parking\n    - are dogs allowed\n"
        write(project, "data/theirs.yml", nlu("faq", lines))
        init(project, "--yes")
        assert "keywords: [menu, back to bot]\n" in (project / "credentials.yml").read_text()
        assert "menu" in examples(project)["back_to_bot"]


class TestTheirOwnWayToAPerson:
    @pytest.mark.parametrize("intent", ["human_handoff", "request_human", "escalate"])
    def test_it_is_found_by_its_examples_and_handed_over_for(
        self, project: Path, capsys: Output, intent: str
    ) -> None:
        write(project, "data/theirs.yml", nlu(intent, WISHES))
        init(project, "--yes")
        assert "ask_human" not in examples(project)
        assert {intent} == waited_for(project) & {intent, "ask_human"}
        domain = read(project, "domain.yml")
        assert "ask_human" not in str(domain)
        assert f"/{intent}" in str(domain["responses"]["utter_menu"])
        assert f"Note: Your intent {intent} asks for a person" in capsys.readouterr().out

    def test_it_is_found_by_its_name_in_another_language(self, project: Path) -> None:
        write(project, "data/theirs.yml", nlu("talk_to_human", "    - toi muon gap nhan vien\n"))
        init(project, "--yes")
        assert "talk_to_human" in waited_for(project)

    @pytest.mark.parametrize(
        "intent",
        [
            "handoff",
            "request_handover",
            "ask_for_an_agent",
            "connect_me_to_support_agent",
            "needRealPerson",
            "contact_staff",
            "want_to_speak_to_someone",
            "live_chat",
        ],
    )
    def test_many_names_are_known(self, project: Path, intent: str) -> None:
        write(project, "data/theirs.yml", nlu(intent, "    - naomba mhudumu\n"))
        init(project, "--yes")
        assert intent in waited_for(project)

    @pytest.mark.parametrize("lines", WISHES_ELSEWHERE)
    def test_it_is_found_by_its_examples_in_other_languages(
        self, project: Path, lines: list[str]
    ) -> None:
        block = "".join(f"    - {line}\n" for line in lines)
        write(project, "data/theirs.yml", nlu("number_7", block))
        init(project, "--yes")
        assert "number_7" in waited_for(project)

    def test_it_has_no_rival_in_another_language(self, project: Path) -> None:
        write(project, "config.yml", "language: vi\n")
        lines = "".join(f"    - {line}\n" for line in WISHES_ELSEWHERE[2])
        write(project, "data/theirs.yml", nlu("request_human", lines))
        init(project, "--yes")
        assert set(examples(project)) == {"back_to_bot", "ask_to_wait"}

    @pytest.mark.parametrize("intent", ["human_handoff", "ask_human"])
    @pytest.mark.parametrize("kind", ["rules", "stories"])
    def test_its_own_rule_or_story_gets_no_other_beside_it(
        self, project: Path, capsys: Output, intent: str, kind: str
    ) -> None:
        write(project, "data/theirs.yml", nlu(intent, WISHES))
        own = rule(intent).replace("rules:", f"{kind}:").replace("rule:", f"{kind[:-1]}:")
        write(project, "data/answers.yml", own.replace("storie:", "story:"))
        init(project, "--yes")
        assert waited_for(project) & {intent, "ask_human"} == set()
        told = capsys.readouterr().out
        assert f"Your intent {intent} asks for a person, and data/answers.yml answers it" in told
        assert "`- action: action_handover`" in told

    @pytest.mark.parametrize(
        ("intent", "lines"),
        [
            ("bot_challenge", "    - are you a human?\n    - am I talking to a human?\n"),
            ("human_resources", "    - talk to human resources\n    - the personnel office\n"),
            ("book_table", "    - I want a table for 4 people\n    - a table for two people\n"),
            ("find_agent", "    - I need an agent in Denver\n    - find me an agent near me\n"),
            ("request_personal_info", "    - what do you know of me\n"),
            ("ask_agenda", "    - what is on today\n"),
            ("mesa", "    - quiero una mesa para 4 personas\n    - para dos personas\n"),
            ("robot", "    - bist du ein mensch\n    - spreche ich mit einem menschen\n"),
            ("xizhe", "    - 客服电话多少\n    - 你是真人吗\n"),
            ("meja", "    - meja untuk dua orang\n    - kamu orang atau bot\n"),
            ("ninzu", "    - 二人で予約\n    - あなたは人間ですか\n"),
            ("tafel", "    - een tafel voor twee personen\n    - ben je een mens\n"),
            ("stolik", "    - stolik dla dwóch osób\n    - jesteś człowiekiem\n"),
            ("matches", "    - which team plays tonight\n    - team\n"),
            ("loan", "    - I want to talk about a loan\n    - can I talk to you about a loan\n"),
            ("ask_are_you_human", "    - are you human?\n    - am I talking to a bot\n"),
            ("is_a_real_person", "    - are you real\n    - is this a real person\n"),
            ("ask_number_of_people", "    - how many people work there\n    - your headcount\n"),
            ("ask_insurance_agent", "    - what does an insurance agent do\n"),
            ("car_handover", "    - where do I get the car\n    - how does the handover work\n"),
            (
                "contact_person",
                "    - who is the contact person\n    - my contact person for visa\n",
            ),
        ],
    )
    def test_another_wish_is_not_taken_for_it(self, project: Path, intent: str, lines: str) -> None:
        write(project, "data/theirs.yml", nlu(intent, lines))
        init(project, "--yes")
        assert "ask_human" in waited_for(project)

    @pytest.mark.parametrize("chief", ["talk_to_human", "ask_human"])
    def test_those_of_several_languages_are_told(
        self, project: Path, capsys: Output, chief: str
    ) -> None:
        spanish = "    - quiero hablar con una persona\n    - un agente por favor\n"
        write(project, "data/theirs.yml", nlu(chief, WISHES))
        write(project, "data/spanish.yml", nlu("hablar_con_humano", spanish))
        init(project, "--yes")
        assert chief in waited_for(project)
        told = "Your intent hablar_con_humano asks for a person, too. End its rule or story, or"
        assert told in capsys.readouterr().out

    def test_one_of_a_retrieval_intent_is_told_and_gets_no_rule(
        self, project: Path, capsys: Output
    ) -> None:
        write(project, "data/theirs.yml", nlu("faq/person", WISHES))
        init(project, "--yes")
        assert "ask_human" in waited_for(project)
        assert "faq/person" not in (project / "domain.yml").read_text()
        assert "Move its examples to the intent ask_human" in capsys.readouterr().out

    def test_it_is_found_in_training_data_that_is_json(self, project: Path) -> None:
        lines = [{"text": f"{word} please", "intent": "desk"} for word in ("agent", "operator")]
        told = {"rasa_nlu_data": {"common_examples": [*lines, {"text": "Hi", "intent": "greet"}]}}
        write(project, "data/theirs.json", json.dumps(told))
        init(project, "--yes")
        assert "desk" in waited_for(project)

    @pytest.mark.parametrize("told", ["[]", '{"rasa_nlu_data": {"common_examples": [1, {}]}}'])
    def test_other_json_hinders_nothing(self, project: Path, told: str) -> None:
        write(project, "data/theirs.json", told)
        assert init(project, "--yes") == 0
        assert "ask_human" in examples(project)

    def test_an_intent_that_nobody_can_mean_yet_gets_its_examples(self, project: Path) -> None:
        write(project, "domain.yml", "intents: [ask_human]\n")
        init(project, "--yes")
        assert "live agent" in examples(project)["ask_human"]

    def test_a_second_run_has_nothing_to_add(self, project: Path, capsys: Output) -> None:
        write(project, "data/theirs.yml", nlu("human_handoff", WISHES))
        init(project, "--yes")
        capsys.readouterr()
        assert init(project) == 0
        assert capsys.readouterr().out.endswith("Nothing to add.\n")
