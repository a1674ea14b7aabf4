"""A Graph API call: its path, its parameters from wherever they came, and its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...platform.state.models import App
from ...rules.accounts import PlatformName
from ...rules.errors import (
    GraphError,
    JsonObject,
    invalid_parameter,
    nonexisting_field,
    not_for_new_apps,
)
from .relaxed_json import from_json

SECRET_PARAMS = (
    "access_token",
    "appsecret_proof",
    "client_secret",
    "fb_exchange_token",
    "input_token",
)
MASK = "***"
# Several ids, a date format, and JSONP's callback.
_LEGACY_PARAMETERS = {"ids", "date_format", "callback"}
_ALIASED = re.compile(r"(\w+)\.as\((\w+)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file in a multipart body; `size` is in bytes. Its content is not needed, so not kept."""

    name: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphCall:
    """A call; `path` has no version. `malformed` is why it can't be understood."""

    method: str
    path: tuple[str, ...]
    params: JsonObject = field(repr=False)
    token: str = field(default="", repr=False)
    files: Mapping[str, Upload] = field(default_factory=dict)
    malformed: GraphError | None = None

    @property
    def node(self) -> str:
        """The first segment: `me`, the Page's id, a person's id."""
        return self.path[0] if self.path else ""

    @property
    def edge(self) -> str:
        """Everything after the node; empty if the call is about the node itself."""
        return "/".join(self.path[1:])

    @property
    def kind(self) -> str:
        """What faults call it: `messages` for `/me/messages`, unless that is a sender action."""
        if "sender_action" in self.params:
            return "sender_action"
        return self.path[-1] if self.path else ""

    @property
    def user(self) -> str:
        """The person that the call is about, if it says so."""
        recipient = from_json(self.params.get("recipient"))
        if isinstance(recipient, dict):
            recipient = recipient.get("id")
        return "" if recipient is None else str(recipient)

    def text(self, name: str) -> str | None:
        """An optional parameter that is a string; a whole number is taken as its digits."""
        value = self.params.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise invalid_parameter(f"Param {name} must be a string")

    def unsigned(self, name: str) -> int:
        """A required whole number of at most nine digits."""
        digits = self.text(name) or ""
        if not re.fullmatch(r"[0-9]{1,9}", digits):
            raise invalid_parameter(f"Param {name} must be an unsigned integer")
        return int(digits)

    def object(self, name: str) -> JsonObject:
        """A required parameter that is a JSON object, or one written as a string."""
        value = self.params.get(name)
        if value is None:
            raise invalid_parameter(f"The parameter {name} is required")
        value = from_json(value)
        if not isinstance(value, dict):
            raise invalid_parameter(f"Param {name} must be a JSON object")
        return value

    def array(self, name: str) -> list[Any]:
        """A required parameter that is a JSON array, or one written as a string."""
        value = from_json(self.params.get(name))
        if not isinstance(value, list):
            raise invalid_parameter(f"Param {name} must be an array")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names: a JSON array or a string with commas; empty if it is not there."""
        value = from_json(self.params.get(name) or [])
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list):
            raise invalid_parameter(f"Param {name} must be an array")
        return tuple(str(one).strip() for one in value)

    def picked(self, known: JsonObject, default: tuple[str, ...], node_type: str) -> JsonObject:
        """The `fields` that the call asks for, or the `default` ones, always with the id. Raises
        error 100 for a field that such a node does not have.
        """
        shown = {"id": known["id"]}
        for field_name in self.names("fields") or default:
            aliased = _ALIASED.fullmatch(field_name)
            name, alias = aliased.groups() if aliased else (field_name, field_name)
            if name not in known:
                raise nonexisting_field(name, node_type)
            shown[alias] = known[name]
        return shown

    def refuse_legacy(self) -> None:
        """Raise GraphError 100 for what new apps may no longer use (Meta facts 0)."""
        for name in _LEGACY_PARAMETERS & self.params.keys():
            raise not_for_new_apps(f"The parameter {name}")
        if any(map(_ALIASED.fullmatch, self.names("fields"))):
            raise not_for_new_apps("A field alias")

    def platform(self) -> PlatformName:
        """The optional parameter `platform`, in capitals or not; Messenger unless given."""
        try:
            return PlatformName((self.text("platform") or PlatformName.MESSENGER.value).lower())
        except ValueError as error:
            raise invalid_parameter(
                "Param platform must be one of {messenger, instagram}"
            ) from error

    def masked_params(self) -> JsonObject:
        """The parameters with tokens and proofs hidden."""
        return {key: MASK if key in SECRET_PARAMS else value for key, value in self.params.items()}


Edge = Callable[[App, GraphCall], JsonObject]
Edges = Mapping[tuple[str, str], Edge]
