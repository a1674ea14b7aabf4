"""What Meta sends to the webhook: the handshake, and deliveries of events."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, text

from ..core.errors import MalformedDelivery, SignatureRefused, StoreError
from ..core.events import Act, Echo, Event
from ..core.meta.app_secret import check_signature, mark_in
from ..core.settings.settings import Settings
from ..engine.engine import INBOX_RETENTION, STORE_LINE_INTERVAL, Engine
from ..instruments.clock import Clock
from ..instruments.rare_lines import RareLine
from .bodies import LARGEST_DELIVERY, MOST_IN_FLIGHT, Bodies, NoRoom
from .decoding import decode_delivery
from .own_metadata import MetadataOf, each_alone, with_own_metadata

logger = logging.getLogger(__name__)

_LARGE = 32 * 1024  # bytes; checking and decoding more takes long enough for others to notice
_LOG_INTERVAL = timedelta(minutes=1)
_NO_ROOM = (
    f"Long deliveries were refused, because {MOST_IN_FLIGHT >> 20} MiB of bodies were being read "
    "already. Meta repeats its own; if they are not Meta's, let a proxy limit how much a caller "
    "may send."
)
ACCEPT_LIMIT = timedelta(seconds=4.5)  # Meta's page on webhooks asks for an answer within five


class WebhookReceiver:
    """Answers the webhook's requests.

    `engine` returns the engine once it has started; `metadata_of` is a subclass's `get_metadata`.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        engine: Callable[[], Engine | None],
        metadata_of: MetadataOf | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._engine = engine
        self._metadata_of = metadata_of
        self._bodies = Bodies()
        self._rare_lines = defaultdict[str, RareLine](lambda: RareLine(_LOG_INTERVAL))
        self._store_line = RareLine(STORE_LINE_INTERVAL)
        self._other_ids: set[str | None] = set()  # under which Meta knows this app

    async def handshake(self, request: Request) -> HTTPResponse:
        """Repeat the challenge to a caller who knows the verify token; 403 for others."""
        token = request.args.get("hub.verify_token") or ""
        if not hmac.compare_digest(token.encode(), self._settings.verify.encode()):
            self._warn(
                "A webhook handshake came with another verify token than the one under 'verify' "
                "in credentials.yml; Meta's dialog and that key have to agree."
            )
            return text("wrong verify token", status=403)
        return text(request.args.get("hub.challenge") or "")

    async def receive(self, request: Request) -> HTTPResponse:
        """Acknowledge a delivery once its events are stored. The route is a stream."""
        began = self._clock.now()
        answer = await self._answer(request)
        engine = self._engine()
        if engine is not None:
            engine.metrics.acknowledged(answer.status, self._clock.now() - began)
        return answer

    async def _answer(self, request: Request) -> HTTPResponse:
        try:
            await self._take_in(await self._read(request))
        except NoRoom:
            self._warn(_NO_ROOM)
            return text("try again", status=503)
        except PayloadTooLarge:
            self._warn(f"A delivery of more than {LARGEST_DELIVERY} bytes was refused.")
            return text("too large", status=413)
        except SignatureRefused as error:
            self._warn(str(error))  # without a traceback, whose frames hold the body
            return text("not signed by the app", status=403)
        except MalformedDelivery as error:
            logger.warning("%s", str(error))  # without a traceback, whose frames hold the body
            return text("not JSON", status=400)
        except StoreError as error:
            self._tell_of_the_store(error)
            return text("try again", status=503)
        except SanicException:  # Sanic's own answer to what is not HTTP
            raise
        except Exception:
            logger.exception("A delivery could not be taken in, so Meta will repeat it.")
            return text("failed", status=500)
        return text("EVENT_RECEIVED")

    async def _read(self, request: Request) -> list[Event]:
        signature = request.headers.get("X-Hub-Signature-256")
        body = await self._bodies.read(request)
        try:
            if len(body) <= _LARGE:
                events, alone = self._check_and_decode(body, signature)
            else:  # In a thread, so that others get their turn in the meantime.
                check = self._check_and_decode
                events, alone = await asyncio.to_thread(check, body, signature)
            if alone and self._metadata_of is not None:
                return with_own_metadata(events, alone, request, self._metadata_of)
            return events
        finally:
            self._bodies.let_go(body)

    def _check_and_decode(
        self, body: bytes, signature: str | None
    ) -> tuple[list[Event], list[bytes]]:
        """The events, and for a subclass's `get_metadata` a delivery with each event alone."""
        check_signature(body, signature, self._settings.secret)
        engine = self._engine()
        clock = self._clock if engine is None else engine.clock
        events = decode_delivery(body, clock.now(), metas=clock.metas())
        return events, [] if self._metadata_of is None else each_alone(events, body)

    def _warn(self, line: str) -> None:
        """Log, rarely, what anybody can cause as often as they like."""
        times = self._rare_lines[line].times(self._clock.now())
        if times:
            logger.warning("%s (%d times since the last such line)", line, times)

    def _tell_of_the_store(self, error: StoreError) -> None:
        """Log it rarely: Meta repeats each delivery, and the log may be on the full disk."""
        times = self._store_line.times(self._clock.now())
        if times:
            logger.error(
                "A delivery was refused, so Meta will repeat it (%d times since the last such "
                "line): %s",
                times,
                error,
            )

    async def _take_in(self, events: list[Event]) -> None:
        """Have the events recorded, or raise StoreError in time for Meta to be told to repeat them:
        what was recorded nonetheless counts only once.
        """
        engine = self._engine()
        if engine is None:
            raise StoreError("the channel has not started yet.")
        marks: list[str] = []
        news: list[Event] = []
        old = 0
        known_since = engine.clock.metas() - INBOX_RETENTION
        for event in events:
            if isinstance(event, Echo) and self._is_own(event):
                # Our own echoes say only one thing: that a send was carried out.
                mark = self._mark_in(event)
                marks += [] if mark is None else [mark]
            elif event.at < known_since:  # the inbox may have forgotten that it had it before
                old += 1
            elif self._is_asked_for(event) and not engine.own_pages.rule_out(event.thread):
                news.append(event)
        if old:
            _tell_of_old(old)
        if marks or news:
            await engine.intake.accept(news, own_echoes=marks, within=ACCEPT_LIMIT)

    def _is_asked_for(self, event: Event) -> bool:
        """Acts other than messages are recorded only if settings name them."""
        return not isinstance(event, Act) or event.name in self._settings.events

    def _is_own(self, event: Echo) -> bool:
        if event.app_id == self._settings.app_id:
            return True
        is_ours = self._mark_in(event) is not None
        if is_ours and event.app_id not in (None, *self._other_ids):
            self._other_ids.add(event.app_id)
            logger.error(
                "Meta says that app %s has sent what this bot sent, so 'app-id' in "
                "credentials.yml is not this app's: put that app's id there. Until then no "
                "handover works.",
                event.app_id,
            )
        return is_ours

    def _mark_in(self, echo: Echo) -> str | None:
        """The mark of a message that this channel has sent; the app's other messages have none."""
        return mark_in(echo.metadata, self._settings.secret)


def _tell_of_old(count: int) -> None:
    logger.warning(
        "%d events were left out, because Meta repeats nothing that old. Somebody "
        "repeats an old delivery, or this machine's clock is wrong.",
        count,
    )
