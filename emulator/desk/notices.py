"""Receives what the bot tells its operators: signed webhooks (Standard Webhooks 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from ..platform.state.log import ProtocolLog
from ..platform.state.state import State


class NotGenuineError(ValueError):
    """The sender does not know the secret; the message says what is wrong."""


class NoticeReceiver:
    """Keeps each notice in the protocol log, and refused ones without their content."""

    def __init__(self, state: State, log: ProtocolLog) -> None:
        self._state = state
        self._log = log
        self._known: set[str] = set()

    def take(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Verify a notice with the present secret, and keep it. Raises NotGenuineError.

        One whose `webhook-id` has come before is marked as `repeated`.
        """
        try:
            notice = Webhook(self._state.desk.notify_secret).verify(body, dict(headers))
        # The library parses the header, and raises whatever that raises.
        except (WebhookVerificationError, ValueError) as error:
            self._log.add("notice", user="", verified=False, error=str(error))
            raise NotGenuineError(f"This notice is not signed with the secret: {error}.") from error
        its_id = headers["webhook-id"]
        repeated = its_id in self._known
        self._known.add(its_id)
        self._log.add(
            "notice",
            user=_user_of(notice),
            verified=True,
            id=its_id,
            repeated=repeated,
            notice=notice,
        )


def _user_of(notice: Any) -> str:
    data = notice.get("data") if isinstance(notice, dict) else None
    return str(data.get("user") or "") if isinstance(data, dict) else ""
