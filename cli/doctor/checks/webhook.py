"""The webhook, called from outside as Meta calls it, and as a stranger would. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from .. import links
from ..findings import Check, Unknown, Verdict, cannot_tell, known, ok, wrong

PATH = "/webhooks/facebook/webhook"

_OK = 200
_REFUSED = 400  # and above
_FORBIDDEN = 403


@dataclass(frozen=True, kw_only=True, slots=True)
class WebAnswer:
    """Status and text; `date` is the header of that name."""

    status: int
    text: str = ""
    date: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookFacts:
    """`callback_url` is what Meta has; `wanted_url` is where the bot should be, if that was given.

    The other fields are the answers to the handshake with our verify token and `challenge`, and to
    deliveries without events.
    """

    callback_url: str | Unknown
    wanted_url: str | None
    challenge: str
    handshake: WebAnswer | Unknown
    unsigned: WebAnswer | Unknown
    wrongly_signed: WebAnswer | Unknown
    signed: WebAnswer | Unknown


def shown(url: str) -> str:
    """A URL without the parts that may be secret: user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        return "an address that can't be read"
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="", fragment="").geturl()


def _address(facts: WebhookFacts) -> Verdict:
    url = known(facts.callback_url)
    if facts.wanted_url is not None and url != facts.wanted_url:
        return wrong(
            f"Meta posts to {shown(url)}, not to {shown(facts.wanted_url)}.",
            "Enter the right callback URL in the app's settings, Messenger > Webhooks.",
        )
    if facts.wanted_url is None and not urlsplit(url).path.endswith(PATH):
        return cannot_tell(
            f"Meta posts to {shown(url)}, and the channel listens at …{PATH}.",
            "This works only if a proxy leads from the first to the second.",
        )
    return ok(f"Meta posts to {shown(url)}.")


def _handshake(facts: WebhookFacts) -> Verdict:
    answer = known(facts.handshake)
    if answer.status == _FORBIDDEN:
        return wrong(
            "The webhook refuses the verify token of this credentials.yml.",
            "Another credentials.yml, or another program, answers there: start `rasa run` with "
            "this one, and compare the callback URL.",
        )
    if answer.status != _OK or answer.text != facts.challenge:
        return wrong(
            f"The webhook answered the handshake with HTTP {answer.status} instead of the "
            "challenge.",
            "Check that the callback URL leads to `rasa run`, without a redirect or a login.",
        )
    return ok("The webhook answers Meta's handshake.")


def _unsigned(facts: WebhookFacts) -> Verdict:
    return _refused(known(facts.unsigned), "without a signature")


def _wrongly_signed(facts: WebhookFacts) -> Verdict:
    return _refused(known(facts.wrongly_signed), "with a wrong signature")


def _refused(answer: WebAnswer, how: str) -> Verdict:
    if answer.status == _FORBIDDEN:
        return ok(f"A delivery {how} is refused.")
    if answer.status >= _REFUSED:
        return cannot_tell(
            f"A delivery {how} is answered with HTTP {answer.status}: it did not get as far as the "
            "channel.",
            "Repair what else is wrong with the webhook, and run this again.",
        )
    return wrong(
        f"A delivery {how} is answered with HTTP {answer.status} instead of 403: anybody may be "
        "able to write as any user.",
        "Make sure that the callback URL leads to this channel, not to Rasa's own 'facebook'.",
    )


def _signed(facts: WebhookFacts) -> Verdict:
    answer = known(facts.signed)
    if answer.status == _OK:
        return ok("A delivery signed with 'secret' is accepted.")
    if answer.status == _FORBIDDEN:
        return wrong(
            "The webhook refuses a delivery that is signed with 'secret'.",
            "The bot there runs with another secret, or a proxy changes the body or drops "
            "X-Hub-Signature-256.",
        )
    return wrong(
        f"The webhook answers a signed delivery with HTTP {answer.status}; Meta repeats deliveries "
        "that get no 200, and unsubscribes the app after an hour.",
        "Look in the log of `rasa run`; 503 means that its store does not answer.",
    )


CHECKS = (
    Check(name="webhook-address", judge=_address, link=links.WEBHOOKS),
    Check(name="webhook-handshake", judge=_handshake, link=links.WEBHOOKS),
    Check(name="webhook-unsigned", judge=_unsigned, link=links.WEBHOOKS),
    Check(name="webhook-wrongly-signed", judge=_wrongly_signed, link=links.WEBHOOKS),
    Check(name="webhook-signed", judge=_signed, link=links.WEBHOOKS),
)
