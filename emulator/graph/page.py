"""The Page, its people, its subscriptions, and what its administrator can read.

Meta facts 1.3, 1.4 and 1.6; Meta: "User", "User Accounts", "Page Access Tokens".
"""

from __future__ import annotations

import msgspec

from ..platform.state.models import ADMINISTRATOR, App, User
from ..platform.state.state import State
from ..rules.accounts import PlatformName
from ..rules.errors import JsonObject, invalid_parameter, no_such_object, page_token_needed
from ..rules.subscriptions import PAGE_FIELDS
from .request.request import Edges, GraphCall

UNTOLD = ("locale", "timezone", "gender")
TASKS = ["MESSAGING", "MODERATE", "MANAGE"]
_USER_FIELDS = ("id", "name")
_ACCOUNT_FIELDS = ("access_token", "category", "name", "tasks")


class GraphPage:
    """What can be read and set on the Page; every edge raises GraphError if Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge does; no edge is the Page itself."""
        return {
            ("GET", ""): self._page,
            ("GET", "subscribed_apps"): self._subscribed_apps,
            ("POST", "subscribed_apps"): self._subscribe,
            ("DELETE", "subscribed_apps"): self._unsubscribe,
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
        known = {
            "id": page.id,
            "name": page.name,
            "category": "Messenger bots",
            "access_token": app.page_access_token,
            "messaging_feature_status": features,
            "instagram_business_account": self._instagram(app),
        }
        shown = call.picked(known, ("id", "name"), "Page")
        return {name: value for name, value in shown.items() if value is not None}

    def _instagram(self, app: App) -> JsonObject | None:
        """The linked account, if Meta shows it to the app; otherwise Meta leaves out the field
        (Meta: "Instagram Platform", Page).
        """
        if self._state.instagram is None or "instagram_basic" in app.page_token.without_scopes:
            return None
        return {"id": self._state.instagram.id}

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
        self._state.replace_app(
            msgspec.structs.replace(app, subscribed_fields=fields, installed=True)
        )
        return {"success": True}

    def _unsubscribe(self, app: App, _call: GraphCall) -> JsonObject:
        """The app is off the Page: it is no longer listed and gets nothing (Meta:
        "subscribed_apps").
        """
        self._state.replace_app(msgspec.structs.replace(app, subscribed_fields=(), installed=False))
        return {"success": True}


class GraphUser:
    """What the token of the Page's administrator can read."""

    def __init__(self, state: State) -> None:
        self._state = state

    def answer(self, app: App, call: GraphCall) -> JsonObject:
        """A call with a user token. Raises GraphError 210 if it needs a Page token."""
        is_me = call.node in ("me", ADMINISTRATOR.id)
        if call.method == "GET" and is_me and call.edge == "":
            known = {"id": ADMINISTRATOR.id, "name": ADMINISTRATOR.name}
            return call.picked(known, _USER_FIELDS, "User")
        if call.method == "GET" and is_me and call.edge == "accounts":
            return {"data": [self._page(app, call)]}
        if call.node != self._state.page.id:
            raise no_such_object(call.method, "/".join(call.path))
        if call.method == "GET" and call.edge == "":
            return self._page(app, call)
        raise page_token_needed()

    def _page(self, app: App, call: GraphCall) -> JsonObject:
        """The Page with the app's token for it, which is how apps get one."""
        page = self._state.page
        known = {
            "id": page.id,
            "name": page.name,
            "category": "Messenger bots",
            "tasks": TASKS,
            "access_token": app.page_access_token,
        }
        default = _ACCOUNT_FIELDS if call.edge else _USER_FIELDS
        return call.picked(known, default, "Page")


def profile_of(user: User, call: GraphCall, *, platform: PlatformName) -> JsonObject:
    """The profile of a person (Meta: "User Profile"; of Instagram: "User Profile API"). Raises
    GraphError 100 for an unknown field.

    Locale, timezone and gender need permissions of their own; nobody has them here, so they are
    left out.
    """
    known = {
        "id": user.id,
        "name": user.name,
        "profile_pic": f"https://platform-lookaside.fbsbx.com/profilepic/?psid={user.id}",
    }
    if platform is PlatformName.INSTAGRAM:
        handle = "_".join(user.name.lower().split())
        return call.picked({**known, "username": handle}, ("name", "profile_pic"), "User")
    known["first_name"], _, known["last_name"] = user.name.partition(" ")
    default = ("first_name", "last_name", "profile_pic")
    shown = call.picked({**known, **dict.fromkeys(UNTOLD)}, default, "User")
    return {name: value for name, value in shown.items() if value is not None}
