"""fbmessenger, by which Rasa's own channel speaks to Messenger: JSON bodies, tokens in the query.

It raises nothing: what Meta refuses is an answer like any other.
"""

from __future__ import annotations

from typing import Any

from driver import Json, serve
from fbmessenger import MessengerClient
from fbmessenger.attachments import Image
from fbmessenger.elements import Text
from fbmessenger.quick_replies import QuickReplies, QuickReply
from fbmessenger.sender_actions import SenderAction


class RefusedError(Exception):
    """The library's answer is an error of Meta's."""


def client_for(access: Json) -> MessengerClient:
    secret = access["secret"] if access["proof"] else None
    client = MessengerClient(access["token"], app_secret=secret)
    client.graph_url = f"{access['url']}/v{client.api_version}"
    return client


def codes_of(error: Exception) -> Json:
    if not isinstance(error, RefusedError):
        return {}
    told = error.args[0]
    return {"code": told["code"], "subcode": told.get("error_subcode")}


def done(answer: Json) -> Json:
    if "error" in answer:
        raise RefusedError(answer["error"])
    return answer


def send(client: MessengerClient, args: Json, message: Json, **more: str) -> Json:
    return done(client.send(message, args["user"], **more))


def act(client: MessengerClient, args: Json, action: str) -> Json:
    return done(client.send_action(SenderAction(action).to_dict(), args["user"]))


def quick_replies(client: MessengerClient, args: Json, _: Json) -> Json:
    replies = QuickReplies([QuickReply(one["title"], one["payload"]) for one in args["replies"]])
    return send(client, args, Text(args["text"], quick_replies=replies).to_dict())


def buttons(client: MessengerClient, args: Json, _: Json) -> Json:
    """As Rasa writes them; the library's own templates fail since Python 3.10."""
    payload = {"template_type": "button", "text": args["text"], "buttons": args["buttons"]}
    return send(client, args, {"attachment": {"type": "template", "payload": payload}})


CALLS: dict[str, Any] = {
    "text": lambda client, args, _: send(client, args, Text(args["text"]).to_dict()),
    "quick_replies": quick_replies,
    "buttons": buttons,
    "image_url": lambda client, args, _: send(client, args, Image(url=args["image"]).to_dict()),
    "upload_url": lambda client, args, _: done(
        client.upload_attachment(Image(url=args["image"], is_reusable=True))
    ),
    "image_again": lambda client, args, _: send(
        client, args, Image(attachment_id=args["id"]).to_dict()
    ),
    "typing": lambda client, args, _: act(client, args, "typing_on"),
    "seen": lambda client, args, _: act(client, args, "mark_seen"),
    "human": lambda client, args, _: send(
        client,
        args,
        Text(args["text"]).to_dict(),
        messaging_type="MESSAGE_TAG",
        tag="HUMAN_AGENT",
    ),
    "person": lambda client, args, _: done(client.get_user_data(args["user"])),
    "set_profile": lambda client, args, _: done(client.set_messenger_profile(args["profile"])),
    "subscribe_without_fields": lambda client, *_: done(client.subscribe_app_to_page()),
}

if __name__ == "__main__":
    serve(client_for, CALLS, codes_of)
