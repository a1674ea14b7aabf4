"""The operator API: it lists open threads, returns them, forgets users, and retries what is dead.

It exists only with an `admin-token`. Every call has to carry this token, or, if it neither erases
nor exports nor retries, the `operator-token`. The OpenAPI document and the page that uses this API
hold no data, so they need no token.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import msgspec
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json, raw

from ..core.errors import GraphError, StoreError
from ..core.records.dead import Dead, dead_id
from ..core.sessions.session import Session
from ..engine.engine import Engine
from ..engine.operations.operations import Operations
from ..instruments.clock import Clock
from ..instruments.log_fields import session_fields
from . import queries
from .answers import (
    Called,
    DeadOne,
    DeadOnes,
    Exported,
    Forgotten,
    Handover,
    OpenHandovers,
    PastHandover,
    PastHandovers,
    Problem,
    Retried,
    Returning,
    handover,
    past_handover,
)
from .guesses import Guesses
from .openapi import document
from .page import add_page
from .sheet import sheet
from .stories import story

logger = logging.getLogger(__name__)

MOST_NAMED = 100  # sessions of a history whose users' names are asked for

_Handler = Callable[[Operations, Request, str], Awaitable[HTTPResponse]]


class OperatorApi:
    """The routes of the operator API; `engine` gives the engine once it has started."""

    def __init__(
        self,
        *,
        admin_token: str,
        operator_token: str | None = None,
        clock: Clock,
        engine: Callable[[], Engine | None],
    ) -> None:
        self._admin_token = admin_token
        self._operator_token = operator_token
        self._engine = engine
        self._guesses = Guesses(clock)

    def add_to(self, routes: Blueprint) -> None:
        """Add the routes to the channel's own."""
        for method, path, handler in (
            ("GET", "/handovers", _list),
            ("GET", "/handovers/statistics", _count),
            ("GET", "/handovers/ended", _list_ended),
            ("GET", "/handovers/sessions.csv", _list_as_csv),
            ("GET", "/handovers/sessions/<session:str>", _tell_story),
            ("GET", "/handovers/<user:str>", _show),
            ("DELETE", "/handovers/<user:str>", _forget),
            ("GET", "/handovers/<user:str>/export", _export),
            ("POST", "/handovers/<user:str>/return", _return),
            ("GET", "/dead", _list_dead),
            ("POST", "/dead/retry", _retry_all_dead),
            ("POST", "/dead/<id:str>/retry", _retry_dead),
        ):
            self._add(routes, method, path, handler)
        routes.add_route(_describe, "/openapi.json", methods=["GET"], name="openapi")
        add_page(routes)

    def _add(self, routes: Blueprint, method: str, path: str, handler: _Handler) -> None:
        async def guarded(request: Request, **named: str) -> HTTPResponse:
            return await self._answer(request, handler, "".join(named.values()))

        # `/handovers/` is the page, so a slash at the end makes a difference.
        routes.add_route(
            guarded, path, methods=[method], name=handler.__name__, strict_slashes=True
        )

    async def _answer(self, request: Request, handler: _Handler, name: str) -> HTTPResponse:
        engine = self._engine()
        is_admin = self._is_authorised(request, self._admin_token)
        if not is_admin and not self._is_authorised(request, self._operator_token):
            if engine is not None:
                engine.metrics.wrong_tokens.inc()
            return await self._unauthorised(request)
        if engine is None:
            return _problem("The channel is starting; try again.", status=503)
        if handler in _FOR_ADMINS and not is_admin:
            return _problem("This needs the admin-token; yours is the operator-token.", status=403)
        request.ctx.whose = "admin-token" if is_admin else "operator-token"
        if (request.method != "GET" or handler is _export) and handler is not _return:
            _note(request, handler.__name__.strip("_"))
        # Sanic does not unquote what it finds in a path.
        return await _handled(handler, engine.operations, request, unquote(name))

    async def _unauthorised(self, request: Request) -> HTTPResponse:
        if request.headers.get("Authorization"):  # otherwise nothing was guessed
            await self._guesses.refuse(request.ip)
        answer = _problem(
            "Send Authorization: Bearer <admin-token>, or the operator-token.", status=401
        )
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @staticmethod
    def _is_authorised(request: Request, token: str | None) -> bool:
        """Whether the call carries this token; if there is no such token, no call does."""
        if token is None:
            return False
        scheme, _, given = (request.headers.get("Authorization") or "").partition(" ")
        is_it = hmac.compare_digest(given.encode(errors="surrogatepass"), token.encode())
        return is_it and scheme.lower() == "bearer"  # in any case (RFC 9110, section 11.1)


def _note(request: Request, asked: str, session: Session | None = None) -> None:
    """Log what was asked for, with which token, from where, and about which thread, if any."""
    fields = None if session is None else session_fields(session)
    whose, caller = request.ctx.whose, request.ip
    logger.info("%s is asked for with the %s, from %s.", asked, whose, caller, extra=fields)


async def _handled(
    handler: _Handler, operations: Operations, request: Request, name: str
) -> HTTPResponse:
    if not name.isprintable():
        return _no_session()
    try:
        return await handler(operations, request, name)
    except queries.WrongQuery as error:
        return _problem(str(error), status=400)
    except (StoreError, GraphError) as error:
        return _problem(str(error), status=503)


async def _describe(_: Request) -> HTTPResponse:
    return json(document())


async def _list(operations: Operations, request: Request, _: str) -> HTTPResponse:
    query = _query(request)
    search, part = queries.search(query), queries.part(query)
    found = await operations.find_open(search, skip=part.skip, limit=part.limit)
    names = operations.names
    return _answered(
        OpenHandovers(
            now=operations.now(),
            total=found.total,
            unanswered=found.unanswered,
            found=found.found,
            plans=found.plans,
            pages={page: names.of_page(page) for page in found.pages},
            handovers=[_handover_of(operations, session) for session in found.sessions],
        )
    )


async def _count(operations: Operations, request: Request, _: str) -> HTTPResponse:
    period = queries.period(_query(request))
    return _answered(await operations.statistics(period, limit=queries.MOST_COUNTED))


async def _list_ended(operations: Operations, request: Request, _: str) -> HTTPResponse:
    query = _query(request)
    period, part = queries.period(query), queries.part(query)
    until = operations.now()
    last = part.skip + part.limit
    ended = await operations.ended_sessions(since=until - period, limit=last + 1)
    shown = ended[part.skip : last]
    operations.names.want(session.thread for session in shown[:MOST_NAMED])
    return _answered(
        PastHandovers(
            since=until - period,
            until=until,
            is_more=len(ended) > last,
            handovers=[_past_handover_of(operations, session) for session in shown],
        )
    )


async def _list_as_csv(operations: Operations, request: Request, _: str) -> HTTPResponse:
    since = operations.now() - queries.period(_query(request))
    open_ones = await operations.open_sessions(limit=queries.MOST_COUNTED)
    ended = await operations.ended_sessions(since=since, limit=queries.MOST_COUNTED)
    body = await asyncio.to_thread(  # a quarter of a second for the most that is listed
        sheet,
        [_handover_of(operations, session) for session in open_ones],
        [_past_handover_of(operations, session) for session in ended],
    )
    headers = {"Content-Disposition": 'attachment; filename="handovers.csv"'}
    return raw(body.encode(), headers=headers, content_type="text/csv; charset=utf-8")


async def _tell_story(operations: Operations, request: Request, session_id: str) -> HTTPResponse:
    session = await operations.session(session_id)
    if session is None:
        return _problem("There is no such handover, or it is no longer kept.", status=404)
    _note(request, "story", session)
    lines = await operations.transcript(session) if operations.keeps_transcripts else None
    return _answered(story(session, operations.sender_id_of(session.thread), lines))


def _query(request: Request) -> dict[str, str]:
    """The first value of each name."""
    given = request.get_args(keep_blank_values=True)
    return {name: given.get(name) for name in given}


async def _show(operations: Operations, _: Request, user: str) -> HTTPResponse:
    session = await operations.open_session(user)
    return _no_session() if session is None else _answered(_handover_of(operations, session))


async def _return(operations: Operations, request: Request, user: str) -> HTTPResponse:
    session = await operations.open_session(user)
    if session is None:
        return _no_session()
    _note(request, "return", session)
    if not await operations.return_thread(session):
        return _problem("This handover is still opening, or already ending.", status=409)
    return _answered(Returning(returning=_handover_of(operations, session)), status=202)


async def _forget(operations: Operations, _: Request, user: str) -> HTTPResponse:
    erased = await operations.forget(user)
    if erased is None and await operations.open_session(user) is not None:
        return _problem(
            "A handover of this user is open. Return the thread, and try again once the handover "
            "has ended.",
            status=409,
        )
    if erased is None:
        return _problem(
            "Something that this user wrote or got is being handled. Try again in a moment.",
            status=409,
        )
    if not erased:
        return _problem("Nothing is kept about this user.", status=404)
    return _answered(Forgotten(sender_id=user, erased=erased))


async def _export(operations: Operations, _: Request, user: str) -> HTTPResponse:
    kept = await operations.export(user)
    if not (kept.events or kept.sessions or kept.lines or kept.messages):
        return _problem("Nothing is kept about this user.", status=404)
    told = msgspec.to_builtins(kept)
    for message in told["messages"]:
        del message["mark"]  # only for the channel, to recognise its own echoes
    return _answered(
        Exported(
            sender_id=user,
            now=operations.now(),
            events=told["events"],
            handovers=told["sessions"],
            transcript=told["lines"],
            messages=told["messages"],
        )
    )


async def _list_dead(operations: Operations, _: Request, __: str) -> HTTPResponse:
    dead = await operations.dead(limit=queries.MOST_LISTED)
    return _answered(DeadOnes(dead=[_dead_of(operations, each) for each in dead]))


async def _retry_all_dead(operations: Operations, _: Request, __: str) -> HTTPResponse:
    return _answered(Retried(retried=await operations.retry_dead()), status=202)


async def _retry_dead(operations: Operations, _: Request, name: str) -> HTTPResponse:
    id_ = dead_id(name)
    retried = 0 if id_ is None else await operations.retry_dead([id_])
    if not retried:
        return _problem("Nothing with that id is set aside.", status=404)
    return _answered(Retried(retried=retried), status=202)


def _dead_of(operations: Operations, dead: Dead) -> DeadOne:
    return DeadOne(
        id=str(dead.id),
        kind=dead.kind,
        sender_id=operations.sender_id_of(dead.thread),
        since=dead.since,
        died_at=dead.died_at,
        error=dead.error,
    )


def _handover_of(operations: Operations, session: Session) -> Handover:
    return handover(session, operations.sender_id_of(session.thread), _called(operations, session))


def _past_handover_of(operations: Operations, session: Session) -> PastHandover:
    sender_id = operations.sender_id_of(session.thread)
    return past_handover(session, sender_id, _called(operations, session))


def _called(operations: Operations, session: Session) -> Called:
    page, names = session.thread.page, operations.names
    return Called(
        name=names.of_user(session.thread),
        page_name=names.of_page(page),
        target_app_name=names.of_app(session.owner_app or session.target_app_id, page),
    )


def _no_session() -> HTTPResponse:
    return _problem("This user has no open handover.", status=404)


def _problem(error: str, *, status: int) -> HTTPResponse:
    return _answered(Problem(error=error), status=status)


def _answered(answer: msgspec.Struct, *, status: int = 200) -> HTTPResponse:
    return raw(msgspec.json.encode(answer), status=status, content_type="application/json")


# What an operator-token does not allow: erasing, exporting, and retrying what failed.
_FOR_ADMINS = (_forget, _export, _retry_all_dead, _retry_dead)
