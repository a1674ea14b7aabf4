"""What the token of the Page's administrator can read (Meta: "User", "User Accounts",
"Page Access Tokens").
"""

from __future__ import annotations

from ..platform.models import ADMINISTRATOR, App
from ..platform.state import State
from ..rules.errors import JsonObject, no_such_object, page_token_needed
from .request import GraphCall

TASKS = ["MESSAGING", "MODERATE", "MANAGE"]
_USER_FIELDS = ("id", "name")
_ACCOUNT_FIELDS = ("access_token", "category", "name", "tasks")


class GraphUser:
    """The administrator, their Pages, and the Page's own fields."""

    def __init__(self, state: State) -> None:
        self._state = state

    def answer(self, app: App, call: GraphCall) -> JsonObject:
        """A call with a user token; GraphError 210 for what needs a Page token."""
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
