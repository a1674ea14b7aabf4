"""Who controls a thread, who hears of it and who may do what: pure rules, a set for each mode.

Meta facts 0, 1.1 and 3; Meta: "Conversation Routing" (Messenger and Instagram), "Handover
Protocol" for the legacy roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .errors import (
    another_app_controls,
    hidden_from_secondary,
    invalid_parameter,
    no_receivers,
    permission_denied,
    receivers_hidden,
    take_needs_routing,
    take_not_allowed,
)

CONTROL_LASTS = timedelta(hours=24)
LONGEST_EXTENSION = timedelta(days=7)


class RoutingMode(str, Enum):
    """How the Page routes: Conversation Routing on, off, or the legacy Handover Protocol roles."""

    ON = "on"
    OFF = "off"
    LEGACY = "legacy"


class Role(str, Enum):
    """What an app is to a Page with legacy roles (Meta facts 2.4; Meta: "app_roles")."""

    PRIMARY = "primary_receiver"
    SECONDARY = "secondary_receiver"


class Array(str, Enum):
    """The array, in a webhook entry, in which an event comes."""

    MESSAGING = "messaging"
    STANDBY = "standby"
    CHANGES = "changes"


class How(str, Enum):
    """What moved a thread from one owner to the next."""

    PASS = "pass"  # noqa: S105
    TAKE = "take"
    REQUEST = "request"
    RELEASE = "release"
    EXPIRY = "expiry"
    USER_MESSAGE = "user_message"
    INBOX_REPLY = "inbox_reply"
    AI = "ai"


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """The owner of a thread, and when control ends; a thread without an owner is idle."""

    owner: str | None = None
    expires_at: datetime | None = None


IDLE = Control()


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """The Page's routing. `default_app` is the primary receiver in legacy mode and means nothing
    while routing is off.
    """

    mode: RoutingMode
    default_app: str
    anyone_sends_when_off: bool = False

    @property
    def idle_receiver(self) -> str | None:
        """The app that an idle thread's messages go to; None while routing is off."""
        return None if self.mode is RoutingMode.OFF else self.default_app

    def role_of(self, app_id: str) -> Role | None:
        """The legacy role of an app; None outside legacy mode."""
        if self.mode is not RoutingMode.LEGACY:
            return None
        return Role.PRIMARY if app_id == self.default_app else Role.SECONDARY


def owned_by(app_id: str, now: datetime) -> Control:
    """Control that begins, or begins again, now: every change of control resets it to 24 h."""
    return Control(owner=app_id, expires_at=now + CONTROL_LASTS)


def settled(control: Control, now: datetime) -> Control:
    """Control as it is now: idle once it has expired (Meta facts 3)."""
    if control.expires_at is not None and control.expires_at <= now:
        return IDLE
    return control


def after_user_message(control: Control, routing: Routing, now: datetime) -> Control:
    """Control after the user wrote or tapped: an idle thread goes to the default app, an owned one
    gets 24 h more, and an extension is never cut short.
    """
    owner = control.owner or routing.idle_receiver
    if owner is None:
        return IDLE
    renewed = now + CONTROL_LASTS
    return Control(owner=owner, expires_at=max(control.expires_at or renewed, renewed))


def extended(control: Control, duration: timedelta, now: datetime) -> Control:
    """Control that lasts at least until `duration` from now."""
    until = now + duration
    return Control(owner=control.owner, expires_at=max(control.expires_at or until, until))


def array_for(app_id: str, control: Control, routing: Routing) -> Array:
    """Where an app hears of the thread: the owner on `messaging`, the others on `standby`. While
    routing is off, an idle thread is on `messaging` for every app.
    """
    receiver = control.owner or routing.idle_receiver
    return Array.MESSAGING if receiver in (None, app_id) else Array.STANDBY


def check_send(app_id: str, control: Control, routing: Routing) -> None:
    """Raise GraphError 10/2018300 unless the app may send now.

    The owner may. In an idle thread the default app may, and every app while routing is off or
    under legacy roles.
    """
    if control.owner is None:
        allowed = routing.mode is not RoutingMode.ON or app_id == routing.default_app
    else:
        allowed = control.owner == app_id or (
            routing.mode is RoutingMode.OFF and routing.anyone_sends_when_off
        )
    if not allowed:
        raise another_app_controls()


def check_pass(app_id: str, target: str, control: Control, routing: Routing) -> None:
    """Raise GraphError 100 unless the app may pass: as owner, in an idle thread, or as the primary
    receiver of legacy roles. An owner may not pass to itself to prolong its control.
    """
    if control.owner == app_id:
        if target == app_id:
            raise invalid_parameter("Cannot pass thread control to the app that already owns it")
        return
    role = routing.role_of(app_id)
    idle = control.owner is None and role is None
    if not (idle or role is Role.PRIMARY):
        raise invalid_parameter("Pass thread control failed: calling app is not the thread owner")


def check_take(app_id: str, control: Control, routing: Routing, *, toggle: bool) -> None:
    """Raise GraphError unless the app may take. `toggle` is the Page's setting *Take control of
    conversations* for this app. Under legacy roles the primary receiver may always take, and others
    only an idle thread (the code of that refusal is undocumented).
    """
    if routing.mode is RoutingMode.OFF:
        raise take_needs_routing()
    if control.owner == app_id:
        raise invalid_parameter("Take thread control failed: calling app already owns the thread")
    if routing.mode is RoutingMode.ON and not toggle:
        raise take_not_allowed()
    if routing.role_of(app_id) is Role.SECONDARY and control.owner is not None:
        raise permission_denied("Only the primary receiver may take control of this thread.")


def check_release(app_id: str, control: Control) -> None:
    """Raise GraphError 100 unless the app owns the thread."""
    if control.owner != app_id:
        raise invalid_parameter("Only the current thread owner can release thread control.")


def check_request(app_id: str, control: Control, routing: Routing) -> None:
    """Raise GraphError 100 while routing is on, for the owner, and for the primary receiver of
    legacy roles, which takes control and has nobody to ask. Meta documents no codes for these.
    """
    if routing.mode is RoutingMode.ON:
        raise invalid_parameter(
            "Request thread control is not supported when Conversation Routing is enabled."
        )
    if control.owner == app_id:
        raise invalid_parameter("Request thread control failed: calling app owns the thread")
    if routing.role_of(app_id) is Role.PRIMARY:
        raise invalid_parameter("Request thread control is for secondary receivers only.")


def asked_for_control(control: Control, routing: Routing, *, primary_is_asked: bool) -> str | None:
    """The app that a request goes to: the owner, or the default app if `primary_is_asked` or roles
    are legacy (Meta facts 0: secondary → primary).
    """
    if primary_is_asked or routing.mode is RoutingMode.LEGACY:
        return routing.default_app
    return control.owner


def check_extend(app_id: str, control: Control, duration: timedelta) -> None:
    """Raise GraphError 100 unless the owner asks for more than zero and at most 7 days."""
    if control.owner != app_id:
        raise invalid_parameter("Only the current thread owner can extend thread control.")
    if not timedelta(0) < duration <= LONGEST_EXTENSION:
        raise invalid_parameter("Param duration must be between 1 and 604800 seconds")


def sees_owner(app_id: str, control: Control, routing: Routing) -> bool:
    """Whether `thread_owner` names the owner to this app: only to the owner and the default app."""
    return app_id in (control.owner, routing.idle_receiver)


def check_asks_owner(app_id: str, routing: Routing, *, hidden: bool) -> None:
    """Raise GraphError for a secondary receiver: with legacy roles, only the primary receiver may
    ask for the owner (Meta facts 1.1). It is 100/2018234 if `hidden`, else 10 without a subcode.
    """
    if routing.role_of(app_id) is Role.SECONDARY:
        if hidden:
            raise hidden_from_secondary()
        raise permission_denied("Only the primary receiver may ask for the thread owner.")


def check_lists_receivers(app_id: str, routing: Routing) -> None:
    """Raise GraphError 10/2018234 for a secondary receiver, and 10/2018171 if there are no roles:
    only the primary receiver may list the others (Meta facts 1.1 and 4; Meta: "Error Codes").
    """
    role = routing.role_of(app_id)
    if role is None:
        raise no_receivers()
    if role is Role.SECONDARY:
        raise receivers_hidden()
