"""The table of Graph's error numbers: what each means for us, and what fixes it. Pure data.

Source: Messenger Platform, Error Codes; Graph API, Handle Errors and Rate Limits; reports from
production where Meta documents no number (Meta facts 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ...core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NoSuchUser,
    NotThreadOwner,
    PageRestricted,
    RoutingIsOff,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """The class of an error and its remedy.

    `retry_after` is for GraphThrottled, if Meta gives no estimate of its own.
    """

    kind: type[GraphError]
    remedy: str
    retry_after: timedelta = timedelta()


def _refused(remedy: str) -> Meaning:
    return Meaning(kind=GraphRefused, remedy=remedy)


TRANSIENT = Meaning(
    kind=GraphUnavailable, remedy="A failure on Meta's side; if it persists, see metastatus.com."
)
UNKNOWN = _refused("Look the number up in Messenger Platform, Error Codes.")

_CARRIED_OUT = Meaning(
    kind=GraphTimeout, remedy="Meta says that the message was sent anyway; wait for its echo."
)
_NOT_OWNER = Meaning(
    kind=NotThreadOwner,
    remedy="The bot may write again once control has been passed back or taken back.",
)
_LEAD_FORM = Meaning(
    kind=NotThreadOwner,
    remedy="A lead ad's form has the conversation; the bot may write once the form is done.",
)
_WINDOW_CLOSED = Meaning(
    kind=WindowClosed, remedy="The bot may write again once the user has written or tapped."
)
_UNREACHABLE = Meaning(
    kind=UserUnreachable,
    remedy="Nothing to fix: the person blocked the page, left, or can't get messages now.",
)
_NO_SUCH_USER = Meaning(
    kind=NoSuchUser,
    remedy=(
        "A user's id is valid for one page only: check that 'page-access-token' belongs to the "
        "page that the user wrote to."
    ),
)
_ROUTING_OFF = Meaning(
    kind=RoutingIsOff,
    remedy=(
        "Set a default app in the Page's settings under Conversation Routing, and switch on "
        "'Take control of conversations' for this app under Advanced messaging."
    ),
)
_TOKEN = Meaning(
    kind=TokenRefused,
    remedy=(
        "Make a new page access token for this page with this app, and put it under "
        "'page-access-token' in credentials.yml."
    ),
)
_SOON = Meaning(
    kind=GraphThrottled,
    remedy="Too many calls in a short time; this passes by itself.",
    retry_after=timedelta(seconds=3),
)
LATER = Meaning(
    kind=GraphThrottled,
    remedy="The app has used up its calls; more calls lengthen the wait.",
    retry_after=timedelta(minutes=1),
)
PERMISSION = _refused(
    "Check that the app is live, that the token has pages_messaging, and, for taking control, "
    "that 'Take control of conversations' is on for this app in the Page's settings under "
    "Advanced messaging."
)
_ATTACHMENT = _refused(
    "Check that Meta can fetch the attachment's URL in 10 seconds (a video: 75), that it is at "
    "most 25 MB (an image by URL: 8 MB), and that its type is right."
)
_PAGE_RESTRICTED = Meaning(
    kind=PageRestricted,
    remedy=(
        "Meta has restricted the page for a breach of policy: stop sending, and see the page's "
        "Support Inbox."
    ),
)
_OPT_IN = _refused("Meta limits how often a person is asked to opt in; drop the message.")
_PROFILE = _refused("This person has no profile that the app may read; go on without it.")
_LEGACY_ROLES = _refused(
    "The page still has Handover Protocol roles: set a default app in the Page's settings under "
    "Conversation Routing instead."
)
_PRIVATE_REPLY = _refused("A comment gets one private reply, and only if the page allows messages.")
_APP_SECRET = _refused(
    "'secret' in credentials.yml is not the secret of the app that 'page-access-token' was made "
    "for: set both from the same app."
)

PAIRS: dict[tuple[int | None, int | None], Meaning] = {
    (1, 99): Meaning(
        kind=GraphUnavailable,
        remedy="If it persists, the token often lacks a permission: check pages_messaging.",
    ),
    (100, 33): _refused(
        "The page does not exist or the token may not see it: check 'graph-url' and "
        "'page-access-token'."
    ),
}

# Numbers that mean the same whether Meta writes them as the code or as the subcode.
NUMBERS: dict[int | None, Meaning] = {
    2018300: _NOT_OWNER,
    2534037: _NOT_OWNER,
    2018321: _LEAD_FORM,
    2018278: _WINDOW_CLOSED,
    2534022: _WINDOW_CLOSED,
    2018065: _WINDOW_CLOSED,
    1545041: _UNREACHABLE,
    2018108: _UNREACHABLE,
    2018001: _NO_SUCH_USER,
    2534014: _NO_SUCH_USER,
    1357046: _CARRIED_OUT,
    2534040: _SOON,
    2018022: _SOON,
    2018338: _refused("Meta says that message tags are abused: stop sending with a tag."),
    2018352: _OPT_IN,
    2018354: _OPT_IN,
    2018344: _refused("Somebody must accept Meta's terms for labels on the page."),
    2018164: _refused(
        "'target-app' is not the id of an app that is connected to the page: see Business "
        "Suite, Settings, Business apps, and correct the plan in credentials.yml."
    ),
    2018109: _ATTACHMENT,
    2018008: _ATTACHMENT,
    2018047: _ATTACHMENT,
    2018074: _ATTACHMENT,
    2018294: _ATTACHMENT,
    2018014: _refused("One call carried a message and a sender action; that is a bug, report it."),
    2018028: _refused("The app is not live: publish it, or give the user a role on the app."),
    2018027: _refused("The app is not live: publish it, or give the user a role on the app."),
    2534041: _refused("The Instagram account must allow access to messages under Connected tools."),
    1893063: _PAGE_RESTRICTED,
    2018171: _LEGACY_ROLES,
    2018234: _LEGACY_ROLES,
    2018218: _PROFILE,
    2018247: _PROFILE,
}

CODES: dict[int | None, Meaning] = {
    -1: TRANSIENT,
    1: TRANSIENT,
    2: TRANSIENT,
    1200: TRANSIENT,
    4: LATER,
    17: LATER,
    32: LATER,
    341: LATER,
    613: _SOON,
    80001: LATER,
    80002: LATER,
    80006: LATER,
    27: _ROUTING_OFF,
    102: _TOKEN,
    190: _TOKEN,
    551: _UNREACHABLE,
    504: _NO_SUCH_USER,
    368: _PAGE_RESTRICTED,
    2022: _refused("Commerce messaging is disabled for the page; switch it on at Meta."),
    10900: _PRIVATE_REPLY,
    10903: _PRIVATE_REPLY,
    10904: _PRIVATE_REPLY,
}

# A secondary receiver may not ask about others (Handover Protocol).
HIDDEN_FROM_SECONDARY = 2018234

# These limits count the calls for all of the app's pages (Graph API, Rate Limits).
APP_LIMITS = frozenset({4, 341})

# If Meta gives no subcode, its words decide. It words them in more than one way, so these are
# patterns for what `plain_words` makes of them.
PHRASES: dict[str, Meaning] = {
    r"\banother app\w* (is controlling|(is in|has) control of)( this)? thread\b": _NOT_OWNER,
    r"\b(not|only current) (thread owner|owner of( this)? thread)\b": _NOT_OWNER,
    r"\brouting is not enabled\b": _ROUTING_OFF,
    r"\boutside( of)?( \w+){0,4} (window|24 ?h(ours?)?)\b": _WINDOW_CLOSED,
    r"\bwindow (is|has) (closed|passed|expired)\b": _WINDOW_CLOSED,
    r"\bnot( currently)? receiving( your)? messages\b": _UNREACHABLE,
    r"\b(person|user|recipient) is not available\b": _UNREACHABLE,
    r"\bcan not( currently)? receive( your)? messages\b": _UNREACHABLE,
    r"\bno matching( instagram)? user\b": _NO_SUCH_USER,
    r"\bnot have capability\b": PERMISSION,
    r"\binvalid appsecret_proof\b": _APP_SECRET,
}

# All of these mean a missing permission (Graph API, Handle Errors).
PERMISSION_CODES = range(200, 300)

# Codes that say little: a transient failure may have them, too.
BROAD_CODES: dict[int | None, Meaning] = {
    3: PERMISSION,
    10: PERMISSION,
    200: PERMISSION,
    210: PERMISSION,
    230: PERMISSION,
    100: _refused("A parameter is not allowed; if the bot's own response looks right, report it."),
}
