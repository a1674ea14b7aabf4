"""The operator API as an OpenAPI 3.1 document, with schemas made from the answers' types. Pure.

Source: OpenAPI Specification 3.1.0; JSON Schema 2020-12, as msgspec writes it.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from ..core.sessions.search import MOST_SEARCHED
from ..core.sessions.statistics import Statistics
from .answers import (
    ANSWERS,
    DeadOnes,
    Exported,
    Forgotten,
    Handover,
    OpenHandovers,
    PastHandovers,
    Problem,
    Retried,
    Returning,
)
from .queries import (
    LONGEST_PERIOD,
    LONGEST_WORDS,
    MOST_COUNTED,
    MOST_LISTED,
    ORDERS,
    USUAL_PERIOD,
)
from .stories import Story

_SCHEMAS = "#/components/schemas/"
_UNAUTHORISED = "The token is missing or wrong."
_NOT_FOR_OPERATORS = "The token is the operator-token, and this needs the admin-token."
_Answers = dict[int, tuple[str, type[Any]]]  # by status: what it says, and its type
_ADMINS_ALONE: _Answers = {403: (_NOT_FOR_OPERATORS, Problem)}
_NO_HANDOVER = "The user has no open handover."
_TOKENS = {
    "admin-token": "Does everything.",
    "operator-token": "Lists handovers, and returns threads.",
}
_USER = {
    "name": "user",
    "in": "path",
    "required": True,
    "description": "The user as Rasa's sender id: the page-scoped id, or PAGE:USER.",
    "schema": {"type": "string", "pattern": r"^([0-9]{1,32}:)?[0-9]{1,32}$"},
}
_SESSION = {
    "name": "session",
    "in": "path",
    "required": True,
    "description": "The handover's `session_id`.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
_DEAD_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id, as in `GET /dead`.",
    "schema": {"type": "string", "pattern": r"^(event|message)-[0-9]{1,18}$"},
}


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_DAYS = _parameter(
    "days",
    "How many days back.",
    type="integer",
    minimum=1,
    maximum=LONGEST_PERIOD,
    default=USUAL_PERIOD,
)
_PART = (
    _parameter(
        "skip",
        "How many at the beginning of the list to leave out.",
        type="integer",
        minimum=0,
        maximum=MOST_SEARCHED,
        default=0,
    ),
    _parameter(
        "limit",
        "How many to list at most.",
        type="integer",
        minimum=1,
        maximum=MOST_LISTED,
        default=MOST_LISTED,
    ),
)
_SEARCH = (
    _parameter(
        "search",
        "Words of the user's name or id, of the plan's name, or of the name of the app that has "
        "the thread.",
        type="string",
        maxLength=LONGEST_WORDS,
    ),
    _parameter("plan", "Only those of this plan.", type="string"),
    _parameter("page", "Only those of this page or Instagram account, by its id.", type="string"),
    _parameter(
        "unanswered",
        "Only those whose users are waiting, if true.",
        type="boolean",
        default=False,
    ),
    _parameter(
        "order",
        "The oldest first; or, by need, first those whose users are waiting for an answer, then "
        "those waiting for the plan's hours.",
        type="string",
        enum=list(ORDERS),
        default=ORDERS[0],
    ),
)


def document() -> dict[str, Any]:
    """The document; its version is that of the API, which grows with each change to it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rasa-handover operator API",
            "version": "1.1.0",
            "description": "Shows who has the open threads, and brings them back to the bot.",
        },
        "servers": [{"url": "/webhooks/facebook"}],
        "security": [{"admin-token": []}, {"operator-token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                token: {"type": "http", "scheme": "bearer", "description": description}
                for token, description in _TOKENS.items()
            },
            "schemas": _schemas(),
        },
    }


def _paths() -> dict[str, Any]:
    return {
        "/handovers": {
            "get": _operation(
                "listHandovers",
                f"The open handovers that match; of more than {MOST_SEARCHED}, the oldest count.",
                {
                    200: ("The open handovers.", OpenHandovers),
                    400: ("A part of the query is wrong.", Problem),
                },
                *_SEARCH,
                *_PART,
            )
        },
        "/handovers/statistics": {
            "get": _operation(
                "countHandovers",
                "How handovers ended, and how long users waited for the first answer. The last "
                f"{MOST_COUNTED} are counted: `since` is later where there were more.",
                {
                    200: ("The statistics.", Statistics),
                    400: ("`days` is not a number in its range.", Problem),
                },
                _DAYS,
            )
        },
        "/handovers/ended": {
            "get": _operation(
                "listEndedHandovers",
                "The handovers that have ended, the latest first, with what users thought of them.",
                {
                    200: ("The handovers.", PastHandovers),
                    400: ("A part of the query is not a number in its range.", Problem),
                },
                _DAYS,
                *_PART,
            )
        },
        "/handovers/sessions/{session}": {
            "get": _operation(
                "tellStory",
                "What has happened in a handover, open or ended, step by step, and what was said.",
                {
                    200: ("The story.", Story),
                    404: ("There is no such handover, or it is no longer kept.", Problem),
                },
                _SESSION,
            )
        },
        "/handovers/sessions.csv": {
            "get": _operation(
                "sheetOfHandovers",
                f"The open handovers, up to {MOST_LISTED}, and those that have ended, up to "
                f"{MOST_COUNTED}, as CSV with a header.",
                {
                    200: ("The sheet.", str),
                    400: ("`days` is not a number in its range.", Problem),
                },
                _DAYS,
            )
        },
        "/handovers/{user}": {
            "get": _operation(
                "showHandover",
                "A user's open handover.",
                {200: ("The handover.", Handover), 404: (_NO_HANDOVER, Problem)},
                _USER,
            ),
            "delete": _operation(
                "forgetUser",
                "Erase everything that the plugin keeps about a user. Rasa's tracker store and "
                "Meta keep their own data.",
                {
                    200: ("It is erased.", Forgotten),
                    404: ("Nothing is kept about this user.", Problem),
                    409: ("A handover is open, or something is being handled.", Problem),
                    **_ADMINS_ALONE,
                },
                _USER,
            ),
        },
        "/handovers/{user}/export": {
            "get": _operation(
                "exportUser",
                "Everything that the plugin keeps about a user, including what was said. Rasa's "
                "tracker store and Meta keep their own data.",
                {
                    200: ("Everything that is kept.", Exported),
                    404: ("Nothing is kept about this user.", Problem),
                    **_ADMINS_ALONE,
                },
                _USER,
            )
        },
        "/dead": {
            "get": _operation(
                "listDead",
                f"Events and messages that were set aside for good, up to {MOST_LISTED}, the "
                "latest first.",
                {200: ("What was set aside.", DeadOnes)},
            )
        },
        "/dead/retry": {
            "post": _operation(
                "retryAllDead",
                "Retry everything that was set aside.",
                {202: ("They are retried.", Retried), **_ADMINS_ALONE},
            )
        },
        "/dead/{id}/retry": {
            "post": _operation(
                "retryDead",
                "Retry one event or message that was set aside.",
                {
                    202: ("It is retried.", Retried),
                    404: ("Nothing with that id is set aside.", Problem),
                    **_ADMINS_ALONE,
                },
                _DEAD_ID,
            )
        },
        "/handovers/{user}/return": {
            "post": _operation(
                "returnThread",
                "Have the bot take a thread back, with the end reason operator_request.",
                {
                    202: ("The bot takes the thread back.", Returning),
                    404: (_NO_HANDOVER, Problem),
                    409: ("The handover is still opening, or already ending.", Problem),
                },
                _USER,
            )
        },
    }


def _operation(
    name: str,
    description: str,
    answers: _Answers,
    *parameters: dict[str, Any],
) -> dict[str, Any]:
    always: _Answers = {
        401: (_UNAUTHORISED, Problem),
        503: ("The channel is starting, or its store or Meta does not answer.", Problem),
    }
    every = sorted({**answers, **always}.items())
    return {
        "operationId": name,
        "description": description,
        "parameters": list(parameters),
        "responses": {str(status): _response(*answer) for status, answer in every},
    }


def _response(description: str, answer: type[Any]) -> dict[str, Any]:
    if answer is str:
        content: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
    else:
        content = {"application/json": {"schema": {"$ref": _SCHEMAS + answer.__name__}}}
    return {"description": description, "content": content}


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(ANSWERS, ref_template=_SCHEMAS + "{name}")
    for schema in schemas.values():
        schema["description"] = cleandoc(schema["description"])
    return schemas
