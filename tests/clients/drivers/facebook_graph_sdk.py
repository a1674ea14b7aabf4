"""facebook-sdk, a client of the Graph API as such: form bodies, queries, files, `ids=`."""

from __future__ import annotations

import io
import json
from typing import Any

import facebook
from driver import Json, serve


def client_for(access: Json) -> facebook.GraphAPI:
    facebook.FACEBOOK_GRAPH_URL = access["url"] + "/"
    return facebook.GraphAPI(access["token"], version="3.1")


def codes_of(error: Exception) -> Json:
    if not isinstance(error, facebook.GraphAPIError):
        return {}
    return {"code": error.code, "subcode": error.result["error"].get("error_subcode")}


def as_form(data: Json) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in data.items()
    }


def put(graph: facebook.GraphAPI, edge: str, **data: Any) -> Json:
    return graph.put_object("me", edge, **as_form(data))


def to(args: Json) -> Json:
    return {"id": args["user"]}


def control(verb: str, **renamed: str) -> Any:
    def call(graph: facebook.GraphAPI, args: Json, _: Json) -> Json:
        more = {name: args[told] for name, told in renamed.items()}
        return put(graph, f"{verb}_thread_control", recipient=to(args), **more)

    return call


def send(graph: facebook.GraphAPI, args: Json, message: Json, **more: Any) -> Json:
    recipient = to(args)
    return put(
        graph,
        "messages",
        **{"recipient": recipient, "messaging_type": "RESPONSE", "message": message, **more},
    )


def act(graph: facebook.GraphAPI, args: Json, action: str, **more: Any) -> Json:
    return put(graph, "messages", recipient=to(args), sender_action=action, **more)


def picture(**payload: Any) -> Json:
    return {"attachment": {"type": "image", "payload": payload}}


def template(kind: str, **payload: Any) -> Json:
    return {"attachment": {"type": "template", "payload": {"template_type": kind, **payload}}}


def with_file(graph: facebook.GraphAPI, edge: str, args: Json, **data: Any) -> Json:
    file = ("picture.png", io.BytesIO(args["content"].encode()), "image/png")
    path = f"{graph.version}/me/{edge}"
    return graph.request(path, post_args=as_form(data), files={"filedata": file})


def batch(graph: facebook.GraphAPI, args: Json, _: Json) -> list[Any]:
    body = "messaging_type=RESPONSE&message=" + json.dumps({"text": args["text"]})
    operations = [
        {
            "method": "POST",
            "relative_url": "me/messages",
            "body": f"{body}&recipient={json.dumps({'id': user})}",
        }
        for user in args["users"]
    ]
    answers = graph.request(graph.version + "/", post_args={"batch": json.dumps(operations)})
    return [[answer["code"], json.loads(answer["body"])] for answer in answers]


def delete(graph: facebook.GraphAPI, edge: str, **query: str) -> Json:
    return graph.request(f"{graph.version}/me/{edge}", args=query, method="DELETE")


def subscribe_app(graph: facebook.GraphAPI, args: Json, access: Json) -> Json:
    return graph.put_object(
        access["app"],
        "subscriptions",
        object="page",
        callback_url=args["webhook"],
        fields=",".join(args["fields"]),
        verify_token=args["verify"],
    )


def human(graph: facebook.GraphAPI, args: Json, _: Json) -> Json:
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return send(graph, args, {"text": args["text"]}, **tagged)


def listed(graph: facebook.GraphAPI, edge: str, **query: str) -> list[Json]:
    return list(graph.get_all_connections("me", edge, **query))


PERSONA = "name,profile_picture_url"
CALLS: dict[str, Any] = {
    "pass": control("pass", target_app_id="target", metadata="metadata"),
    "take": control("take", metadata="metadata"),
    "release": control("release"),
    "request": control("request", metadata="metadata"),
    "extend": control("extend", duration="seconds"),
    "owner": lambda graph, args, _: listed(graph, "thread_owner", recipient=args["user"])[0][
        "thread_owner"
    ],
    "secondary_receivers": lambda graph, *_: listed(graph, "secondary_receivers", fields="id,name"),
    "text": lambda graph, args, _: send(graph, args, {"text": args["text"]}),
    "quick_replies": lambda graph, args, _: send(
        graph, args, {"text": args["text"], "quick_replies": args["replies"]}
    ),
    "buttons": lambda graph, args, _: send(
        graph, args, template("button", text=args["text"], buttons=args["buttons"])
    ),
    "generic": lambda graph, args, _: send(
        graph, args, template("generic", elements=args["elements"])
    ),
    "image_url": lambda graph, args, _: send(graph, args, picture(url=args["image"])),
    "image_file": lambda graph, args, _: with_file(
        graph, "messages", args, recipient=to(args), message=picture(), messaging_type="RESPONSE"
    ),
    "upload_url": lambda graph, args, _: put(
        graph, "message_attachments", message=picture(url=args["image"], is_reusable=True)
    ),
    "upload_file": lambda graph, args, _: with_file(
        graph, "message_attachments", args, message=picture(is_reusable=True)
    ),
    "image_again": lambda graph, args, _: send(graph, args, picture(attachment_id=args["id"])),
    "typing": lambda graph, args, _: act(graph, args, "typing_on"),
    "seen": lambda graph, args, _: act(graph, args, "mark_seen"),
    "react": lambda graph, args, _: act(
        graph,
        args,
        "react",
        payload={"message_id": args["message"], "reaction": args["reaction"]},
    ),
    "media": lambda graph, args, _: send(graph, args, template("media", elements=args["elements"])),
    "human": human,
    "as_persona": lambda graph, args, _: send(
        graph, args, {"text": args["text"]}, persona_id=args["persona"]
    ),
    "batch": batch,
    "create_persona": lambda graph, args, _: put(
        graph, "personas", name=args["name"], profile_picture_url=args["picture"]
    ),
    "persona": lambda graph, args, _: graph.get_object(args["id"], fields=PERSONA),
    "personas": lambda graph, *_: listed(graph, "personas"),
    "delete_persona": lambda graph, args, _: graph.delete_object(args["id"]),
    "set_profile": lambda graph, args, _: put(graph, "messenger_profile", **args["profile"]),
    "profile": lambda graph, args, _: listed(
        graph, "messenger_profile", fields=",".join(args["fields"])
    ),
    "delete_profile": lambda graph, args, _: delete(
        graph, "messenger_profile", fields=json.dumps(args["fields"])
    ),
    "person": lambda graph, args, _: graph.get_object(
        args["user"], fields="id,name,first_name,last_name,profile_pic"
    ),
    "people": lambda graph, args, _: graph.get_objects(args["users"], fields="name"),
    "page": lambda graph, *_: graph.get_object("me"),
    "subscribe": lambda graph, args, _: put(
        graph, "subscribed_apps", subscribed_fields=",".join(args["fields"])
    ),
    "subscribed": lambda graph, *_: listed(graph, "subscribed_apps"),
    "unsubscribe": lambda graph, *_: delete(graph, "subscribed_apps"),
    "subscribe_app": subscribe_app,
    "app_subscriptions": lambda graph, _, access: list(
        graph.get_all_connections(access["app"], "subscriptions")
    ),
    "unsubscribe_app": lambda graph, _, access: graph.request(
        f"{graph.version}/{access['app']}/subscriptions", {"object": "page"}, method="DELETE"
    ),
    "debug_token": lambda graph, _, access: graph.debug_access_token(
        access["token"], access["app"], access["secret"]
    )["data"],
    "app_token": lambda graph, _, access: graph.get_app_access_token(
        access["app"], access["secret"]
    ),
    "longer_token": lambda graph, _, access: graph.extend_access_token(
        access["app"], access["secret"]
    ),
    "accounts": lambda graph, *_: listed(graph, "accounts"),
    "version": lambda graph, *_: graph.get_version(),
}

if __name__ == "__main__":
    serve(client_for, CALLS, codes_of)
