"""A small assistant to begin with, which trains in seconds and calls the emulator."""

from __future__ import annotations

from pathlib import Path

from channels.core.errors import SettingsError

_FILES = {
    "config.yml": """\
recipe: default.v1
assistant_id: my-assistant
language: en

# Few parts, so that it trains in seconds.
pipeline:
  - name: WhitespaceTokenizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: LogisticRegressionClassifier
  - name: FallbackClassifier
    threshold: 0.4

policies:
  - name: RulePolicy
""",
    "domain.yml": """\
version: "3.1"

intents:
  - greet
  - goodbye

responses:
  utter_greet:
    - text: "Hello! I am a bot. Ask me for a person if you want one."
  utter_goodbye:
    - text: "Goodbye!"
""",
    "data/nlu.yml": """\
version: "3.1"

nlu:
  - intent: greet
    examples: |
      - hello
      - hi
      - hey there
      - good morning
      - good evening
  - intent: goodbye
    examples: |
      - bye
      - goodbye
      - see you
      - good night
      - that is all
""",
    "data/rules.yml": """\
version: "3.1"

rules:
  - rule: the user greets
    steps:
      - intent: greet
      - action: utter_greet

  - rule: the user says goodbye
    steps:
      - intent: goodbye
      - action: utter_goodbye
""",
    "credentials.yml": """\
# Values in ${…} are environment variables.
rasa_handover.channels.MessengerInput:
  verify: ${MESSENGER_VERIFY_TOKEN}
  secret: ${MESSENGER_APP_SECRET}
  page-access-token: ${MESSENGER_PAGE_ACCESS_TOKEN}
  app-id: ${MESSENGER_APP_ID}
  graph-url: http://127.0.0.1:8600/v25.0 # the emulator; take this line out to go live
  plans:
    default:
      target-app: page-inbox
      timeout: 30m
      keywords: [menu, back to bot]
""",
    "endpoints.yml": """\
action_endpoint:
  url: http://localhost:5055/webhook

# Without it Rasa forgets its conversations, and the handovers in them, at each restart.
tracker_store:
  type: SQL
  dialect: sqlite
  db: tracker.db
""",
    "actions/__init__.py": "",
}


def starter_files(directory: Path) -> list[str]:
    """The files that the starter would write; SettingsError where one is there already."""
    there = [name for name in _FILES if (directory / name).exists()]
    if there:
        raise SettingsError(
            f"There is a project in this folder already ({there[0]}). --starter makes a new one: "
            "run it in an empty folder, or run `rasa-handover init` to add to this one."
        )
    return list(_FILES)


def write_starter(directory: Path) -> None:
    """Write the small assistant, without what a handover needs."""
    for name, text in _FILES.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
