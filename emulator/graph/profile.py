"""The Messenger profile of the Page, and the menu of one person (Meta facts 1.6; Meta:
"Messenger Profile API", "Custom User Settings").
"""

from __future__ import annotations

from ..platform.state.models import App
from ..platform.state.state import State
from ..rules.errors import JsonObject, invalid_parameter
from ..rules.profile_limits import PROFILE_KEYS, check_menu, check_profile
from .request.relaxed_json import from_json
from .request.request import Edges, GraphCall

SUCCESS: JsonObject = {"result": "success"}
MENU = "persistent_menu"


class GraphProfile:
    """A profile for each app and platform; every edge raises GraphError if Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge does."""
        return {
            ("GET", "messenger_profile"): self._profile,
            ("POST", "messenger_profile"): self._set_profile,
            ("DELETE", "messenger_profile"): self._delete_profile,
            ("GET", "custom_user_settings"): self._menus,
            ("POST", "custom_user_settings"): self._set_menu,
            ("DELETE", "custom_user_settings"): self._delete_menu,
        }

    def _profile(self, app: App, call: GraphCall) -> JsonObject:
        profile = self._state.profiles.get((app.id, call.platform()), {})
        wanted = call.names("fields") or PROFILE_KEYS
        shown = {key: profile[key] for key in wanted if key in profile}
        return {"data": [shown] if shown else []}

    def _set_profile(self, app: App, call: GraphCall) -> JsonObject:
        given = {key: from_json(call.params[key]) for key in PROFILE_KEYS if key in call.params}
        if not given:
            raise invalid_parameter(f"Requires one of the params: {', '.join(PROFILE_KEYS)}")
        key = (app.id, call.platform())
        profile = {**self._state.profiles.get(key, {}), **given}
        check_profile(profile)
        self._state.profiles[key] = profile
        return SUCCESS

    def _delete_profile(self, app: App, call: GraphCall) -> JsonObject:
        """Whether `get_started` can go while a menu needs it is not documented; here it can."""
        doomed, key = call.names("fields"), (app.id, call.platform())
        if not doomed or not set(doomed) <= set(PROFILE_KEYS):
            raise invalid_parameter(f"Param fields must be of {{{', '.join(PROFILE_KEYS)}}}")
        profile = self._state.profiles.get(key, {})
        self._state.profiles[key] = {
            name: value for name, value in profile.items() if name not in doomed
        }
        return SUCCESS

    def _menus(self, app: App, call: GraphCall) -> JsonObject:
        person, of_page = self._person(call), self._of_page(app, call)
        own = self._state.menus.get((app.id, person))
        shown = {"user_level_persistent_menu": own, "page_level_persistent_menu": of_page.get(MENU)}
        there = {name: menu for name, menu in shown.items() if menu is not None}
        return {"data": [there] if there else []}

    def _set_menu(self, app: App, call: GraphCall) -> JsonObject:
        person, menu = self._person(call), call.array(MENU)
        check_menu({**self._of_page(app, call), MENU: menu})
        self._state.menus[(app.id, person)] = menu
        return SUCCESS

    def _delete_menu(self, app: App, call: GraphCall) -> JsonObject:
        person = self._person(call)
        if call.names("params") != (MENU,):
            raise invalid_parameter(f"Param params must be of {{{MENU}}}")
        self._state.menus.pop((app.id, person), None)
        return SUCCESS

    def _person(self, call: GraphCall) -> str:
        """GraphError 100/2018001 unless `psid` is a person of the Page."""
        return self._state.thread(call.text("psid") or "").user.id

    def _of_page(self, app: App, call: GraphCall) -> JsonObject:
        return self._state.profiles.get((app.id, call.platform()), {})
