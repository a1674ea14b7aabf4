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
  - thank
  - ask_what_it_is
  - small_talk

responses:
  utter_greet:
    - text: "Hello! I am a bot. Ask me for a person if you want one."
  utter_goodbye:
    - text: "Goodbye!"
  utter_welcome:
    - text: "You are welcome."
  utter_what_it_is:
    - text: "I am a bot, and can connect you to a person."
  utter_small_talk:
    - text: "I am a small bot, and can't answer that. Ask me for a person if you want one."
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
      - have a nice day
      - see you later
  - intent: thank
    examples: |
      - thanks
      - thank you
      - thank you very much
      - no thank you
  - intent: ask_what_it_is
    examples: |
      - are you a bot
      - are you a human
      - am I talking to a bot
      - am I talking to a human
      - who are you
      - what is your name
      - what can you do
      - can you help me
  # What this assistant can't answer: replace it with your own topics.
  - intent: small_talk
    examples: |
      - yes please
      - no
      - ok
      - I don't think so
      - I am fine
      - I don't know
      - I don't understand
      - I have a question
      - I need help with my order
      - I want to order a pizza
      - can I pay by card
      - what are your opening hours
      - how much does it cost
      - where is my parcel
      - tell me a joke
      - my name is Anna
      - never mind
      - what do you mean
      - very good
      - bad
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

  - rule: the user says thank you
    steps:
      - intent: thank
      - action: utter_welcome

  - rule: the user asks what the bot is
    steps:
      - intent: ask_what_it_is
      - action: utter_what_it_is

  - rule: the user writes about something else
    steps:
      - intent: small_talk
      - action: utter_small_talk
""",
    "credentials.yml": """\
# Values in ${…} are environment variables.
rasa_handover.channels.MessengerInput:
  verify: ${MESSENGER_VERIFY_TOKEN}
  secret: ${MESSENGER_APP_SECRET}
  page-access-token: ${MESSENGER_PAGE_ACCESS_TOKEN}
  app-id: ${MESSENGER_APP_ID}
  graph-url: http://127.0.0.1:8600/v25.0 # the emulator; remove this line to go live
  plans:
    default:
      target-app: page-inbox
      timeout: 30m
      keywords: [menu, back to bot]
""",
    "endpoints.yml": """\
action_endpoint:
  url: http://localhost:5055/webhook

# Without it, Rasa forgets its conversations, and the handovers in them, at each restart.
tracker_store:
  type: SQL
  dialect: sqlite
  db: tracker.db
""",
    "actions/__init__.py": "",
}


def starter_files(directory: Path) -> list[str]:
    """The files that the starter would write. Raises SettingsError if one exists already."""
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
