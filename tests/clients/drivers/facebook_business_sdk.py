"""Meta's own facebook-business: form bodies whose values are JSON, batches, files."""

from __future__ import annotations

import io
from typing import Any

from driver import Json, serve
from facebook_business.adobjects.application import Application
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.persona import Persona
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi, FacebookSession
from facebook_business.exceptions import FacebookRequestError


def client_for(access: Json) -> FacebookAdsApi:
    FacebookSession.GRAPH = access["url"]
    secret = access["secret"] if access["proof"] else None
    session = FacebookSession(access["app"], secret, access["token"])
    return FacebookAdsApi(session, api_version="v25.0")


def codes_of(error: Exception) -> Json:
    if not isinstance(error, FacebookRequestError):
        return {}
    return {"code": error.api_error_code(), "subcode": error.api_error_subcode()}


def to(args: Json) -> Json:
    return {"recipient": {"id": args["user"]}}


def page(api: FacebookAdsApi) -> Page:
    return Page("me", api=api)


def done(answer: Any) -> Json:
    return answer.export_all_data()


def listed(cursor: Any) -> list[Json]:
    return [one.export_all_data() for one in cursor]


def control(verb: str, *names: str) -> Any:
    def call(api: FacebookAdsApi, args: Json, _: Json) -> Json:
        more = {name: args[name] for name in names}
        create = getattr(page(api), f"create_{verb}_thread_control")
        return done(create(params={**to(args), **more}))

    return call


def passed(api: FacebookAdsApi, args: Json, _: Json) -> Json:
    more = {"target_app_id": args["target"], "metadata": args["metadata"]}
    return done(page(api).create_pass_thread_control(params={**to(args), **more}))


def extended(api: FacebookAdsApi, args: Json, _: Json) -> Json:
    params = {**to(args), "duration": args["seconds"]}
    return done(page(api).create_extend_thread_control(params=params))


def owner(api: FacebookAdsApi, args: Json, _: Json) -> Json:
    [found] = listed(page(api).get_thread_owner(params={"recipient": args["user"]}))
    return found["thread_owner"]


def response(args: Json, message: Json) -> Json:
    return {**to(args), "messaging_type": "RESPONSE", "message": message}


def send(api: FacebookAdsApi, args: Json, message: Json, **more: Any) -> Json:
    return done(page(api).create_message(params={**response(args, message), **more}))


def act(api: FacebookAdsApi, args: Json, action: str, **more: Any) -> Json:
    return done(page(api).create_message(params={**to(args), "sender_action": action, **more}))


def picture(**payload: Any) -> Json:
    return {"attachment": {"type": "image", "payload": payload}}


def template(kind: str, **payload: Any) -> Json:
    return {"attachment": {"type": "template", "payload": {"template_type": kind, **payload}}}


def upload_url(api: FacebookAdsApi, args: Json, _: Json) -> Json:
    message = picture(url=args["image"], is_reusable=True)
    return done(page(api).create_message_attachment(params={"message": message}))


def with_file(edge: str, api: FacebookAdsApi, args: Json, params: Json) -> Json:
    file = ("picture.png", io.BytesIO(args["content"].encode()), "image/png")
    return api.call("POST", ("me", edge), params=params, files={"filedata": file}).json()


def human(api: FacebookAdsApi, args: Json, _: Json) -> Json:
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return send(api, args, {"text": args["text"]}, **tagged)


def batch(api: FacebookAdsApi, args: Json, _: Json) -> list[Any]:
    answers: list[Any] = []

    def note(answer: Any) -> None:
        answers.append([answer.status(), answer.json()])

    together = api.new_batch()
    for user in args["users"]:
        params = response({"user": user}, {"text": args["text"]})
        page(api).create_message(params=params, batch=together, success=note, failure=note)
    together.execute()
    return answers


def subscribe_app(api: FacebookAdsApi, args: Json, access: Json) -> Json:
    params = {
        "object": "page",
        "callback_url": args["webhook"],
        "fields": args["fields"],
        "verify_token": args["verify"],
    }
    return done(Application(access["app"], api=api).create_subscription(params=params))


def unsubscribe_app(api: FacebookAdsApi, _: Json, access: Json) -> Json:
    params = {"object": "page"}
    return done(Application(access["app"], api=api).delete_subscriptions(params=params))


def create_persona(api: FacebookAdsApi, args: Json, _: Json) -> Json:
    params = {"name": args["name"], "profile_picture_url": args["picture"]}
    return done(page(api).create_persona(params=params))


PERSONA = ["name", "profile_picture_url"]
CALLS: dict[str, Any] = {
    "pass": passed,
    "take": control("take", "metadata"),
    "release": control("release"),
    "request": control("request", "metadata"),
    "extend": extended,
    "owner": owner,
    "text": lambda api, args, _: send(api, args, {"text": args["text"]}),
    "quick_replies": lambda api, args, _: send(
        api, args, {"text": args["text"], "quick_replies": args["replies"]}
    ),
    "buttons": lambda api, args, _: send(
        api, args, template("button", text=args["text"], buttons=args["buttons"])
    ),
    "generic": lambda api, args, _: send(api, args, template("generic", elements=args["elements"])),
    "image_url": lambda api, args, _: send(api, args, picture(url=args["image"])),
    "image_file": lambda api, args, _: with_file(
        "messages", api, args, response(args, picture(is_reusable=True))
    ),
    "upload_url": upload_url,
    "upload_file": lambda api, args, _: with_file(
        "message_attachments", api, args, {"message": picture(is_reusable=True)}
    ),
    "image_again": lambda api, args, _: send(api, args, picture(attachment_id=args["id"])),
    "typing": lambda api, args, _: act(api, args, Page.SenderAction.typing_on),
    "seen": lambda api, args, _: act(api, args, Page.SenderAction.mark_seen),
    "react": lambda api, args, _: act(
        api,
        args,
        Page.SenderAction.react,
        payload={"message_id": args["message"], "reaction": args["reaction"]},
    ),
    "human": human,
    "as_persona": lambda api, args, _: send(
        api, args, {"text": args["text"]}, persona_id=args["persona"]
    ),
    "batch": batch,
    "create_persona": create_persona,
    "persona": lambda api, args, _: done(Persona(args["id"], api=api).api_get(fields=PERSONA)),
    "personas": lambda api, *_: listed(page(api).get_personas(fields=PERSONA)),
    "delete_persona": lambda api, args, _: done(Persona(args["id"], api=api).api_delete()),
    "set_profile": lambda api, args, _: done(
        page(api).create_messenger_profile(params=args["profile"])
    ),
    "profile": lambda api, args, _: listed(page(api).get_messenger_profile(fields=args["fields"])),
    "delete_profile": lambda api, args, _: done(
        page(api).delete_messenger_profile(params={"fields": args["fields"]})
    ),
    "page": lambda api, *_: done(page(api).api_get(fields=["id", "name"])),
    "subscribe": lambda api, args, _: done(
        page(api).create_subscribed_app(params={"subscribed_fields": args["fields"]})
    ),
    "subscribed": lambda api, *_: listed(page(api).get_subscribed_apps()),
    "unsubscribe": lambda api, *_: done(page(api).delete_subscribed_apps()),
    "subscribe_app": subscribe_app,
    "app_subscriptions": lambda api, _, access: listed(
        Application(access["app"], api=api).get_subscriptions()
    ),
    "unsubscribe_app": unsubscribe_app,
    "accounts": lambda api, *_: listed(
        User("me", api=api).get_accounts(fields=["id", "name", "access_token"])
    ),
}

if __name__ == "__main__":
    serve(client_for, CALLS, codes_of)
