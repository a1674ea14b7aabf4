"""Parts of Rasa's responses, the messages that Meta takes, and `render` as its tests call it."""

from __future__ import annotations

from typing import Any

from channels.dialogue.rendering.response import render


def messages(response: dict[str, Any]) -> list[dict[str, Any]]:
    return list(render(response).messages)


def notes(response: dict[str, Any]) -> str:
    return "\n".join(render(response).notes)


def postbacks(count: int) -> list[dict[str, Any]]:
    return [
        {"type": "postback", "title": f"Option {i}", "payload": f"/option{i}"} for i in range(count)
    ]


def quick_replies(count: int) -> list[dict[str, Any]]:
    return [
        {"content_type": "text", "title": f"Option {i}", "payload": f"/option{i}"}
        for i in range(count)
    ]


def button_template(text: str, buttons: list[dict[str, Any]]) -> dict[str, Any]:
    payload = {"template_type": "button", "text": text, "buttons": buttons}
    return {"attachment": {"type": "template", "payload": payload}}


def generic_template(*elements: dict[str, Any]) -> dict[str, Any]:
    payload = {"template_type": "generic", "elements": list(elements)}
    return {"attachment": {"type": "template", "payload": payload}}


def media(media_type: str, url: str) -> dict[str, Any]:
    return {"attachment": {"type": media_type, "payload": {"url": url}}}
