"""The assistant: whether its domain and its rules have what a handover needs. Pure.

The trained model is judged, because it is what runs; if there is none, the domain's files are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from channels.core.briefing.turns import END_REASON_ENTITY, HANDOVER_ENDED, HANDOVER_STARTED
from channels.core.sessions.session import EndReason

from .. import links
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong
from .endpoints import ACTION

_ADD = "`rasa-handover init` adds it to the domain; then run `rasa train`."
_MEND = "Define the slot as in the plugin's own domain.yml, and run `rasa train`."
_REASON = END_REASON_ENTITY  # the slot's name, too
_REASONS = tuple(reason.value for reason in EndReason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A slot of the domain; `values` are those of a categorical one, `filled_from` the entities
    that it is mapped from.
    """

    type: str
    values: tuple[str, ...] = ()
    filled_from: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class FormFacts:
    """What a form ignores, and whether it takes anything that users write as an answer."""

    ignored: Collection[str]
    takes_words: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainFacts:
    """What the domain has, by name."""

    intents: Collection[str]
    entities: Collection[str]
    actions: Collection[str]
    slots: Mapping[str, Slot]
    forms: Mapping[str, FormFacts] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleFacts:
    """What the rules do, and the names of the policies, which may do the same without rules.

    `answered` are the end reasons that rules answer, `handing_over` the intents for which a rule
    runs `action_handover` or one like it, and `handing_over_in` the forms in the middle of which a
    rule does so.
    """

    answered: Collection[str]
    handing_over: Collection[str]
    handing_over_in: Collection[str] = ()
    policies: Collection[str] = ()

    @property
    def other_policies(self) -> bool:
        return any(not policy.endswith("RulePolicy") for policy in self.policies)

    @property
    def has_flows(self) -> bool:
        return "FlowPolicy" in self.policies


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistantFacts:
    """`model` is the trained model's file; `domain` is the model's, or else the files'. `language`
    is the one that the model was trained for.
    """

    model: str | Unknown
    domain: DomainFacts | Unknown
    rules: RuleFacts | Unknown
    return_intents: Collection[str]
    language: str = "en"

    @property
    def intents(self) -> Collection[str] | Unknown:
        return self.domain if isinstance(self.domain, Unknown) else self.domain.intents

    @property
    def actions(self) -> Collection[str] | Unknown:
        return self.domain if isinstance(self.domain, Unknown) else self.domain.actions


def _model(facts: AssistantFacts) -> Verdict:
    return ok(f"{known(facts.model)} can be read.")


def _ended_intent(facts: AssistantFacts) -> Verdict:
    return _has_intent(facts, HANDOVER_ENDED, "Rasa can't hear that a handover has ended")


def _started_intent(facts: AssistantFacts) -> Verdict:
    has_flows = isinstance(facts.rules, RuleFacts) and facts.rules.has_flows
    if has_flows and HANDOVER_STARTED not in known(facts.domain).intents:
        return ok(
            f"The domain has no intent {HANDOVER_STARTED}: an assistant of flows would go on "
            "talking after it. It hears of a handover that somebody else began when it ends."
        )
    without = "unless flows do the talking, Rasa must be told when somebody else begins a handover"
    return _has_intent(facts, HANDOVER_STARTED, without)


def _has_intent(facts: AssistantFacts, intent: str, without: str) -> Verdict:
    if intent in known(facts.domain).intents:
        return ok(f"The domain has the intent {intent}.")
    return wrong(f"The domain has no intent {intent}: {without}.", _ADD)


def _reason_slot(facts: AssistantFacts) -> Verdict:
    domain = known(facts.domain)
    slot = domain.slots.get(_REASON)
    if slot is None or _REASON not in domain.entities:
        missing = "slot" if slot is None else "entity"
        return wrong(f"The domain has no {missing} {_REASON}: rules can't see the reason.", _ADD)
    if _REASON not in slot.filled_from:
        return wrong(f"Nothing fills the slot {_REASON} from the entity {_REASON}.", _MEND)
    if slot.type != "categorical":
        return cannot_tell(
            f"The slot {_REASON} is of type {slot.type}; rules need a categorical one to "
            "distinguish the reasons.",
            _MEND,
        )
    lacking = [reason for reason in _REASONS if reason not in slot.values]
    if lacking:
        return wrong(f"The slot {_REASON} lacks the values {', '.join(lacking)}.", _MEND)
    return ok(f"The slot {_REASON} has every reason.")


def _active_slot(facts: AssistantFacts) -> Verdict:
    if "handover_active" in known(facts.domain).slots:
        return ok("The domain has the slot handover_active.")
    return wrong("The domain has no slot handover_active, which action_handover sets.", _ADD)


def _action(facts: AssistantFacts) -> Verdict:
    if ACTION in known(facts.domain).actions:
        return ok(f"The domain has {ACTION}.")
    return wrong(f"The domain does not have {ACTION}, so no rule can hand over.", _ADD)


def _return_intents(facts: AssistantFacts) -> Verdict:
    if not facts.return_intents:
        return ok("No plan has 'return-intents'.")
    intents = known(facts.domain).intents
    missing = [intent for intent in facts.return_intents if intent not in intents]
    if not missing:
        return ok(f"The domain has the 'return-intents' {', '.join(facts.return_intents)}.")
    return wrong(
        f"The domain has no {', '.join(missing)}, which 'return-intents' names: it brings nobody "
        "back.",
        "Correct 'return-intents' in credentials.yml, or add the intent.",
    )


def _rules(facts: AssistantFacts) -> Verdict:
    rules = known(facts.rules)
    unanswered = [reason for reason in _REASONS if reason not in rules.answered]
    if not unanswered:
        return ok(f"Rules answer {HANDOVER_ENDED} for every reason.")
    detail = f"No rule answers {HANDOVER_ENDED} for the reasons {', '.join(unanswered)}"
    if rules.other_policies:
        return cannot_tell(f"{detail}; a story or a flow may.", "Try each, or add the rules.")
    return wrong(
        f"{detail}: the bot comes back without a word.",
        "`rasa-handover init` adds data/handover_rules.yml if it is missing. Then run `rasa "
        "train`.",
    )


def _handing_over(facts: AssistantFacts) -> Verdict:
    rules = known(facts.rules)
    if rules.handing_over:
        return ok(f"Rules hand over for {', '.join(sorted(rules.handing_over))}.")
    if rules.other_policies:
        return cannot_tell(
            f"No rule runs {ACTION}; a story or a flow may.", "Ask the bot for a person."
        )
    return wrong(
        f"No rule runs {ACTION}: nobody who asks for a person gets one.",
        f"End the rule for the intent that asks for a person with `- action: {ACTION}`, and run "
        "`rasa train`.",
    )


CHECKS = (
    Check(name="trained-model", judge=_model, link=links.RASA_TRAIN),
    Check(name="intent-handover-ended", judge=_ended_intent, link=links.RASA_DOMAIN),
    Check(name="intent-handover-started", judge=_started_intent, link=links.RASA_DOMAIN),
    Check(name="slot-handover-end-reason", judge=_reason_slot, link=links.RASA_DOMAIN),
    Check(name="slot-handover-active", judge=_active_slot, link=links.RASA_DOMAIN),
    Check(name="domain-action-handover", judge=_action, link=links.RASA_DOMAIN),
    Check(name="return-intents", judge=_return_intents, link=links.RASA_DOMAIN),
    Check(name="rules-action-handover", judge=_handing_over, link=links.RASA_RULES),
    Check(name="rules-handover-ended", judge=_rules, link=links.RASA_RULES),
)
