"""The Page, its people, its subscriptions and its profile (the facts sheet 1.3, 1.4 and 1.6)."""

from __future__ import annotations

import msgspec

from .accounts import PlatformName
from .errors import JsonObject, invalid_parameter, nonexisting_field
from .graph_request import Edges, GraphCall
from .models import App, User
from .state import State
from .subscriptions import PAGE_FIELDS

PROFILE_KEYS = (
    "get_started",
    "greeting",
    "ice_breakers",
    "persistent_menu",
    "commands",
    "whitelisted_domains",
    "account_linking_url",
)


class GraphPage:
    """What can be read and set at the Page; every edge raises GraphError where Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge does; no edge is the Page itself."""
        return {
            ("GET", ""): self._page,
            ("GET", "subscribed_apps"): self._subscribed_apps,
            ("POST", "subscribed_apps"): self._subscribe,
            ("GET", "messenger_profile"): self._profile,
            ("POST", "messenger_profile"): self._set_profile,
            ("DELETE", "messenger_profile"): self._delete_profile,
        }

    def _page(self, app: App, call: GraphCall) -> JsonObject:
        """`msgr_multi_app` and `ig_multi_app` say whether Conversation Routing is on for Messenger
        and for Instagram; what `hop_v2` means is not documented, so it stays false.
        """
        features = {
            "hop_v2": False,
            "msgr_multi_app": self._state.routing_on(PlatformName.MESSENGER),
            "ig_multi_app": self._state.routing_on(PlatformName.INSTAGRAM),
        }
        page = self._state.page
        known = {"id": page.id, "name": page.name, "messaging_feature_status": features}
        fields = call.names("fields") or ("id", "name")
        if "instagram_business_account" in fields and not self._shows_instagram(app):
            fields = tuple(field for field in fields if field != "instagram_business_account")
        if self._state.instagram is not None:
            known["instagram_business_account"] = {"id": self._state.instagram.id}
        return _pick(known, fields, "Page")

    def _shows_instagram(self, app: App) -> bool:
        """Whether Meta tells the app the linked account; if not, it leaves the field out (Meta:
        "Instagram Platform", Page).
        """
        may_see = "instagram_basic" not in app.page_token.without_scopes
        return may_see and self._state.instagram is not None

    def _subscribed_apps(self, _app: App, _call: GraphCall) -> JsonObject:
        return {
            "data": [
                {
                    "id": app.id,
                    "name": app.name,
                    "category": "Messenger bots",
                    "link": f"https://www.facebook.com/games/?app_id={app.id}",
                    "subscribed_fields": list(app.subscribed_fields),
                }
                for app in self._state.connected_apps()
                if app.installed
            ]
        }

    def _subscribe(self, app: App, call: GraphCall) -> JsonObject:
        fields = call.names("subscribed_fields")
        if not fields or not PAGE_FIELDS.issuperset(fields):
            allowed = ", ".join(sorted(PAGE_FIELDS))
            raise invalid_parameter(f"Param subscribed_fields must be of {{{allowed}}}")
        self._state.replace_app(msgspec.structs.replace(app, subscribed_fields=fields))
        return {"success": True}

    def _profile(self, app: App, call: GraphCall) -> JsonObject:
        profile = self._state.profiles.get((app.id, call.platform()), {})
        wanted = call.names("fields") or PROFILE_KEYS
        shown = {key: profile[key] for key in wanted if key in profile}
        return {"data": [shown] if shown else []}

    def _set_profile(self, app: App, call: GraphCall) -> JsonObject:
        given = {key: value for key, value in call.params.items() if key in PROFILE_KEYS}
        if not given:
            raise invalid_parameter(f"Requires one of the params: {', '.join(PROFILE_KEYS)}")
        key = (app.id, call.platform())
        profile = {**self._state.profiles.get(key, {}), **given}
        if "persistent_menu" in profile and "get_started" not in profile:
            raise invalid_parameter("You must set a Get Started button to use a persistent menu")
        self._state.profiles[key] = profile
        return {"result": "success"}

    def _delete_profile(self, app: App, call: GraphCall) -> JsonObject:
        doomed, key = call.names("fields"), (app.id, call.platform())
        profile = self._state.profiles.get(key, {})
        self._state.profiles[key] = {
            name: value for name, value in profile.items() if name not in doomed
        }
        return {"result": "success"}


def profile_of(user: User, call: GraphCall) -> JsonObject:
    """The profile of a person (Meta: "User Profile"); GraphError 100 for an unknown field."""
    first, _, last = user.name.partition(" ")
    known = {
        "id": user.id,
        "name": user.name,
        "first_name": first,
        "last_name": last,
        "profile_pic": f"https://platform-lookaside.fbsbx.com/profilepic/?psid={user.id}",
    }
    wanted = call.names("fields") or ("first_name", "last_name", "profile_pic")
    return _pick(known, wanted, "User")


def _pick(known: JsonObject, fields: tuple[str, ...], node_type: str) -> JsonObject:
    for field in fields:
        if field not in known:
            raise nonexisting_field(field, node_type)
    return {field: known[field] for field in ("id", *fields)}
