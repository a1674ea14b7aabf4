"""How the trained model reads what people write: keywords, everyday words, and in forms. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .. import links
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong
from .assistant import AssistantFacts

_USUAL_WISH = "ask_human"  # if a story hands over, and no rule shows for which intent
_LEADS = "docs/forms.md says how, and `rasa-handover init` offers it; then run `rasa train`."


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The intent that the model reads in a text."""

    intent: str | None
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderstandingFacts:
    """What the model reads in all plans' keywords, and in phrases that don't ask for a person."""

    assistant: AssistantFacts
    readings: Mapping[str, Reading] | Unknown
    keywords: Collection[str]
    everyday: Collection[str]


def _keywords(facts: UnderstandingFacts) -> Verdict:
    if not facts.keywords:
        return ok("No plan has 'keywords'.")
    if wishes := _taken_for_wishes(facts, facts.keywords):
        return wrong(
            f"The model reads keywords as a request for a person: {wishes}. Written while the bot "
            "has the thread, they hand the user over.",
            "Make them examples of an intent of their own with a rule, as `rasa-handover init` "
            "does with back_to_bot, and run `rasa train`.",
        )
    return ok(f"What the model reads in the keywords: {_told(facts, facts.keywords)}.")


def _everyday(facts: UnderstandingFacts) -> Verdict:
    if not facts.everyday:
        return cannot_tell(
            "The doctor knows no everyday words in the assistant's language.",
            "Write to the bot what your users write, and see when it hands over.",
        )
    if wishes := _taken_for_wishes(facts, facts.everyday):
        return wrong(
            f"The model reads everyday words as a request for a person: {wishes}.",
            "Give the intents that they belong to more examples (answers in forms: an intent such "
            "as inform), and run `rasa train`.",
        )
    return ok(f"What the model reads in everyday words: {_told(facts, facts.everyday)}.")


def _forms(facts: UnderstandingFacts) -> Verdict:
    forms, rules = known(facts.assistant.domain).forms, known(facts.assistant.rules)
    if not forms:
        return ok("The domain has no forms.")
    wishes = set(_wishes(facts))
    deaf = [name for name, one in forms.items() if one.takes_words and wishes - set(one.ignored)]
    if deaf:
        return wrong(
            f"A form takes a request for a person as its answer: {', '.join(deaf)}.",
            f"Add {', '.join(sorted(wishes))} to its ignored_intents: {_LEADS}",
        )
    loud = [name for name in forms if name not in rules.handing_over_in]
    remedy = f"Give it a rule of its own for a request for a person: {_LEADS}"
    if loud and rules.other_policies:
        return cannot_tell(
            f"No rule hands over in the middle of {', '.join(loud)}, but a story or a flow may. If "
            "none does, the form asks its question right after the handover, when it can't be "
            "delivered.",
            remedy,
        )
    if loud:
        return wrong(
            "A form asks its question right after the handover, when it can't be delivered: "
            f"{', '.join(loud)}.",
            remedy,
        )
    return ok(f"The forms leave a request for a person to the rules: {', '.join(forms)}.")


def _taken_for_wishes(facts: UnderstandingFacts, texts: Collection[str]) -> str:
    wishes = _wishes(facts)
    return _told(facts, [one for one in texts if known(facts.readings)[one].intent in wishes])


def _wishes(facts: UnderstandingFacts) -> Collection[str]:
    """The intents for which the bot hands over."""
    return known(facts.assistant.rules).handing_over or (_USUAL_WISH,)


def _told(facts: UnderstandingFacts, texts: Collection[str]) -> str:
    readings = known(facts.readings)
    return ", ".join(
        f"'{text}' is {readings[text].intent} ({readings[text].confidence:.2f})" for text in texts
    )


CHECKS = (
    Check(name="forms", judge=_forms, link=links.RASA_FORMS),
    Check(name="nlu-keywords", judge=_keywords, link=links.RASA_NLU),
    Check(name="nlu-everyday-words", judge=_everyday, link=links.RASA_NLU),
)
