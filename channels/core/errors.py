"""Everything that this package raises on purpose.

HandoverError
├── SettingsError             a key of credentials.yml is missing or wrong
├── DeliveryError             a webhook delivery that can't be accepted
│   ├── SignatureRefused      it was not signed with the app secret (HTTP 403)
│   └── MalformedDelivery     it was signed, but is not JSON (HTTP 400)
├── StoreError                a store, the session store or one of Rasa's, can't do its work
│   ├── StoreUnavailable      the database does not answer, or refuses us
│   └── StoreVersionError     its tables were made by a newer release
├── RasaUnavailable           Rasa can't take a turn now: no model, or a passing failure
├── ProcessDied               handling it has ended the process again and again
├── TurnNotSaved              Rasa's tracker store can't hold the result of a turn
├── TurnTimedOut              a turn of Rasa took longer than `turn-timeout`
├── BotSilenced               a live agent has the thread, so the bot says nothing there
├── ClaimLost                 another worker has taken over what this one was doing
├── OperatorError             a running bot's operator API does not answer, or refuses
└── GraphError                Meta refused, or did not answer, a Graph call
    ├── GraphUnavailable      no usable answer: may be tried again
    │   └── GraphTimeout      no answer in time: it may have been carried out nonetheless
    ├── GraphThrottled        a rate limit: may be tried again after `retry_after`
    ├── NotThreadOwner        another app controls the thread
    ├── WindowClosed          more than 24 hours since the user's last message
    ├── UserUnreachable       the person blocked the page, or is gone
    │   └── NoSuchUser        the page has no user with this id
    ├── RoutingIsOff          the call needs Conversation Routing
    ├── TokenRefused          the page access token is invalid or expired
    └── GraphRefused          every other refusal: a setting, a permission or a bug
        └── PageRestricted    Meta has restricted the page for a while
"""

from __future__ import annotations

from datetime import timedelta

LONGEST_LIMIT = timedelta(minutes=10)  # for which a rate limit is believed before Meta is asked


class HandoverError(Exception):
    """The root of the tree; catch it to catch everything that this package raises on purpose."""


class SettingsError(HandoverError):
    """A key of the channel's section in credentials.yml is missing or wrong.

    The message names the key, what was found (never a secret) and what is allowed.
    """


class DeliveryError(HandoverError):
    """A webhook delivery that can't be accepted; nothing in it has been handled."""


class SignatureRefused(DeliveryError):
    """The delivery was not signed with this app's secret, so it may not be Meta's."""


class MalformedDelivery(DeliveryError):
    """The delivery was signed properly, but its body is not JSON."""


class StoreError(HandoverError):
    """A store can't do its work: the session store, or Rasa's tracker store or lock store."""


class StoreUnavailable(StoreError):
    """The store does not answer, or refuses the connection or the operation."""


class StoreVersionError(StoreError):
    """The tables in the database were made by a newer release of this plugin."""


class RasaUnavailable(HandoverError):
    """Rasa can't take a turn now: no model is loaded, or it has just failed at a start or an end.

    What is waiting for Rasa is tried again; this does not count as its failure.
    """


class ProcessDied(HandoverError):
    """Handling an event, sending a message, or passing or taking a thread has ended the process
    again and again.
    """


class TurnTimedOut(HandoverError):
    """One of Rasa's turns took longer than `turn-timeout` and was abandoned; it is not saved."""


class TurnBroken(HandoverError):
    """One of Rasa's turns ended in a bare BaseException, such as a CancelledError of its own."""


class TurnNotSaved(HandoverError):
    """Rasa's tracker store can't hold the result of a turn, although it saves other turns."""


class BotSilenced(HandoverError):
    """A live agent has the thread, or is about to get it, so the bot says nothing new there."""


class ClaimLost(HandoverError):
    """This worker stood still for so long that another one has taken over what it was doing.

    On this error, let go: what is left to do is the other worker's.
    """


class OperatorError(HandoverError):
    """A running bot's operator API does not answer, or refuses; the message has the remedy."""


class GraphError(HandoverError):
    """Meta refused a Graph call, or did not answer it.

    `code`, `subcode` and `trace` are Graph's own (`fbtrace_id`), if there was an answer;
    `remedy` says in prose what the operator of the bot can do, and `retry_after` how long to wait
    before another try, if Meta says so.
    Source: Messenger Platform, Error Codes.
    """

    retry_after = timedelta()

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        subcode: int | None = None,
        trace: str | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.trace = trace
        self.remedy = remedy

    def __str__(self) -> str:
        trace = f", fbtrace_id {self.trace}" if self.trace else ""
        number = "" if self.code is None else f" (error {self.code}/{self.subcode or '-'}{trace})"
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.message}{number}.{remedy}"


class GraphUnavailable(GraphError):
    """Graph gave no usable answer (connection lost, HTTP 5xx, a transient error).

    `others_answered`: the page's other calls of this kind were answered meanwhile, so Graph can't
    deal with this one call, and there is no outage. `never_sent`: there was no connection, so the
    call was not carried out.
    """

    def __init__(
        self,
        message: str,
        *,
        others_answered: bool = False,
        never_sent: bool = False,
        retry_after: timedelta = timedelta(),
        **details: object,
    ) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.others_answered = others_answered
        self.never_sent = never_sent
        self.retry_after = min(retry_after, LONGEST_LIMIT)


class GraphTimeout(GraphUnavailable):
    """Graph did not answer in time; the call may have been carried out nonetheless.

    `echoes_come`: the page's other messages were followed by their echoes, so one without an echo
    has probably not arrived. `is_unreadable`: the answer was a success that can't be read.
    """

    echoes_come = False
    is_unreadable = False


class GraphThrottled(GraphError):
    """A rate limit was reached; calls before `retry_after` has passed lengthen it.

    `lasts` is how long Meta says that the whole limit lasts, though it may be over much earlier.
    """

    def __init__(self, message: str, *, retry_after: timedelta, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.lasts = retry_after
        self.retry_after = min(retry_after, LONGEST_LIMIT)


class NotThreadOwner(GraphError):
    """Another app controls the thread (10/2018300, 100/2534037)."""


class WindowClosed(GraphError):
    """The user has not written for 24 hours, so Meta refuses bot messages (10/2018278)."""


class UserUnreachable(GraphError):
    """The person has blocked the page, has left, or gets no messages now (551)."""


class NoSuchUser(UserUnreachable):
    """The person is unknown, or belongs to another page or app (100/2018001)."""


class RoutingIsOff(GraphError):
    """Taking control needs Conversation Routing, and the page has no default app (27)."""


class TokenRefused(GraphError):
    """The page access token is invalid, expired, or was made for another app (190, 102)."""


class GraphRefused(GraphError):
    """Meta refuses the call for good: a setting, a permission, or a parameter is wrong."""


class PageRestricted(GraphRefused):
    """Meta has restricted the page for a while, for a breach of policy (368, 10/1893063)."""


TRY_LATER = (GraphUnavailable, GraphThrottled, TokenRefused)
"""What may have passed by the next try: Graph is back, the limit is over, the token is renewed."""
