"""Meta's error envelopes (Meta facts 4; Meta: "Error Codes", "Handle Errors").

Where Meta documents a refusal but not its code, the function says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

JsonObject = dict[str, Any]


class GraphError(Exception):
    """A call that Meta refuses. `status` is the HTTP status of the answer, nearly always 400."""

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        error_type: str = "OAuthException",
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.error_type = error_type
        self.status = status

    def envelope(self) -> JsonObject:
        """The body of the answer, with a new `fbtrace_id`."""
        error: JsonObject = {"message": self.message, "type": self.error_type, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return envelope(error)


def envelope(error: Mapping[str, Any]) -> JsonObject:
    """`{"error": …}` with a new `fbtrace_id` unless there is one."""
    return {"error": {"fbtrace_id": "A" + secrets.token_urlsafe(16), **error}}


def invalid_parameter(problem: str, *, subcode: int | None = None) -> GraphError:
    """Error 100, invalid parameter."""
    return GraphError(f"(#100) {problem}", code=100, subcode=subcode)


def invalid_token() -> GraphError:
    """Error 190: there is no access token, or it belongs to no app here."""
    return GraphError("Invalid OAuth access token - Cannot parse access token", code=190)


def expired_token() -> GraphError:
    """Error 190/463: the token's time is over (Meta: "Handle Errors")."""
    message = "Error validating access token: Session has expired."
    return GraphError(message, code=190, subcode=463)


def other_app() -> GraphError:
    """`debug_token` looks only at the asking app's own tokens. Meta documents no code; this one
    is from the field.
    """
    return invalid_parameter("The App_id in the input_token did not match the Viewing App")


def app_token_needed() -> GraphError:
    """Error 15: the call takes `APP_ID|APP_SECRET` (Meta: "Subscriptions" of an app)."""
    return GraphError("(#15) This method must be called with an app access_token.", code=15)


def page_token_needed() -> GraphError:
    """Error 210: a call to the Page with a user's token. The message is from the field."""
    return GraphError("(#210) A page access token is required to request this resource.", code=210)


def wrong_app(client_id: str) -> GraphError:
    """Error 101: no app has this `client_id`. The code is from the field."""
    return GraphError(
        f"Error validating application. Cannot get application info for {client_id!r}.", code=101
    )


def wrong_client_secret() -> GraphError:
    """Error 1: the `client_secret` is not the app's. The code is from the field."""
    return GraphError("Error validating client secret.", code=1)


def callback_not_verified(problem: str) -> GraphError:
    """Error 2200: the callback URL did not return the challenge. The code is from the field."""
    return GraphError(
        f"(#2200) Callback verification failed with the following errors: {problem}", code=2200
    )


def invalid_proof() -> GraphError:
    """`appsecret_proof` does not belong to the token (Meta: "Secure Graph API Calls")."""
    return GraphError("Invalid appsecret_proof provided in the API argument", code=100)


def proof_needed() -> GraphError:
    """*Require App Secret* is on, and the call has no proof. The words are from the field."""
    return GraphError("API calls from the server require an appsecret_proof argument", code=100)


def another_app_controls() -> GraphError:
    """A send by an app that does not own the thread (Meta facts 3).

    This is also the answer if an app that is not the default one sends in an idle thread, which
    Meta forbids without giving a code.
    """
    return GraphError(
        "(#10) Message failed to send because another app is controlling this thread now.",
        code=10,
        subcode=2018300,
    )


def outside_window() -> GraphError:
    """A send later than 24 h after the user's last message (Meta: "Send Messages")."""
    return GraphError(
        "(#10) This message is sent outside of allowed window.", code=10, subcode=2018278
    )


def outside_instagram_window() -> GraphError:
    """Like `outside_window`, on Instagram."""
    return GraphError(
        "(#10) This message is sent outside of allowed window.", code=10, subcode=2534022
    )


def unknown_user() -> GraphError:
    """A recipient who is not a user of this Page."""
    return invalid_parameter("No matching user found", subcode=2018001)


def unknown_instagram_user() -> GraphError:
    """A recipient who is not a user of this Page's Instagram account."""
    return invalid_parameter("No matching Instagram user", subcode=2534014)


def not_linked() -> GraphError:
    """Something about Instagram on a Page without an account there (Meta: "Error Codes")."""
    return invalid_parameter("The page is not linked to an Instagram account", subcode=2534013)


def attachment_too_large() -> GraphError:
    """A file of more than 25 MB (Meta: "Error Codes")."""
    return invalid_parameter("Attachment size exceeds allowable limit", subcode=2018109)


def invalid_attachment_id() -> GraphError:
    """An `attachment_id` that is not, or no longer, one of the Page's (Meta: "Error Codes")."""
    return invalid_parameter("Invalid attachment ID", subcode=2018074)


def incorrect_app_id() -> GraphError:
    """A `target_app_id` that is not an app of this Page, or is the other platform's Inbox."""
    return invalid_parameter("Incorrect App ID", subcode=2018164)


PERMISSION_WORDS = {
    10: "(#10) Application does not have permission for this action",
    200: "(#200) Permissions error",
    210: "(#210) User not visible",
    230: "(#230) Requires pages_messaging permission to manage the object",
}


def lacks_permission(code: int) -> GraphError:
    """A call with a token that lacks the permission for it, under one of the codes that Meta has
    for that, none of them with a subcode. The words are from Meta's tables and from reports.
    """
    return GraphError(PERMISSION_WORDS[code], code=code)


def not_for_new_apps(what: str) -> GraphError:
    """An old kind of request, which Graph refuses to new apps since v27.0; the error is a guess."""
    return invalid_parameter(f"{what} is not available to this app")


def permission_denied(problem: str) -> GraphError:
    """Error 10 without a subcode, permission denied."""
    return GraphError(f"(#10) {problem}", code=10)


def take_needs_routing() -> GraphError:
    """A take while Conversation Routing is off (Meta facts 3, reports from production)."""
    return GraphError(
        "(#27) Take thread control is not supported when Conversation Routing is not enabled.",
        code=27,
    )


def take_not_allowed() -> GraphError:
    """A take by an app without *Take control of conversations*; Meta documents no code for it."""
    return permission_denied(
        "Application does not have permission to take control of conversations on this Page."
    )


def no_receivers() -> GraphError:
    """A call for legacy roles on a Page that has none. Meta's table prints only the number, as it
    does with 2018300, which comes as a subcode of 10; here this one does, too.
    """
    return GraphError(
        "(#10) Only available to Primary and Secondary Receivers.", code=10, subcode=2018171
    )


def receivers_hidden() -> GraphError:
    """A secondary receiver asks for the others; the code is as in `no_receivers`."""
    return GraphError(
        "(#10) Denying visibility of any secondary receiver to another secondary receiver other "
        "than itself.",
        code=10,
        subcode=2018234,
    )


def hidden_from_secondary() -> GraphError:
    """A secondary receiver asks who owns a thread: 100/2018234, as has been reported. Meta's table
    prints the number without its code, and with other words about other calls.
    """
    return invalid_parameter(
        "Denying visibility of the thread owner to a secondary receiver.", subcode=2018234
    )


def no_such_object(method: str, node: str) -> GraphError:
    """Error 100/33: the object is missing, or the token may not see it."""
    return GraphError(
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation",
        code=100,
        subcode=33,
        error_type="GraphMethodException",
    )


def nonexisting_field(field: str, node_type: str = "Page") -> GraphError:
    """Meta's answer for an edge or field that does not exist, for example a removed one."""
    return invalid_parameter(
        f"Tried accessing nonexisting field ({field}) on node type ({node_type})"
    )
