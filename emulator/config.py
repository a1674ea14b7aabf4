from __future__ import annotations

from pathlib import Path

import msgspec

from .models import PAGE_INBOX, WEBHOOK_FIELDS, App, Config, Page, User


class ConfigError(ValueError):
    """The configuration cannot be used; the message says which key and what is allowed."""


def default_config() -> Config:
    """One Page, a bot, an agent's app without a webhook, and two people. The secrets are demo
    values of a tool that listens on this machine alone.
    """
    return Config(
        page=Page(id="111000111000111", name="Demo Page"),
        apps=(
            App(
                id="900100100100100",
                name="Demo Bot",
                secret="demo-bot-app-secret",  # noqa: S106
                verify_token="demo-bot-verify-token",  # noqa: S106
                page_access_token="demo-bot-page-access-token",  # noqa: S106
                webhook="http://127.0.0.1:5005/webhooks/facebook/webhook",
                default=True,
            ),
            App(
                id="900200200200200",
                name="Demo Agent Desk",
                secret="demo-agent-app-secret",  # noqa: S106
                verify_token="demo-agent-verify-token",  # noqa: S106
                page_access_token="demo-agent-page-access-token",  # noqa: S106
            ),
        ),
        users=(
            User(id="7100000000000001", name="Ada Lovelace"),
            User(id="7100000000000002", name="Alan Turing"),
        ),
    )


def load_config(path: Path) -> Config:
    """The configuration in a JSON file; ConfigError if it cannot be read or used."""
    try:
        config = msgspec.json.decode(path.read_bytes(), type=Config)
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"The configuration {path} is not right: {error}.") from error
    check_config(config)
    return config


def check_config(config: Config) -> None:
    """ConfigError if ids are not digits or not unique, or if not exactly one app is the default."""
    ids = [config.page.id, PAGE_INBOX]
    ids += [app.id for app in config.apps]
    ids += [user.id for user in config.users]
    wrong = [one for one in ids if not is_id(one)]
    if wrong:
        raise ConfigError(f"Ids are digits only, as Meta's are; {wrong[0]!r} is not.")
    if len(set(ids)) < len(ids):
        raise ConfigError(
            f"Ids must differ from each other and from the Page Inbox's, {PAGE_INBOX}; "
            "one is there twice."
        )
    for app in config.apps:
        check_app(app)
    if sum(app.default for app in config.apps) != 1:
        raise ConfigError('Exactly one app must have "default": true: the default app of the Page.')


def check_app(app: App) -> None:
    """ConfigError if an app's webhook is no URL or if it subscribes to unknown fields."""
    if app.webhook is not None and not app.webhook.startswith(("http://", "https://")):
        raise ConfigError(f"A webhook is an http or https URL; that of app {app.id} is not.")
    unknown = set(app.subscribed_fields) - WEBHOOK_FIELDS
    if unknown:
        allowed = ", ".join(sorted(WEBHOOK_FIELDS))
        raise ConfigError(f"No webhook field is called {unknown.pop()!r}; there are {allowed}.")


def is_id(text: str) -> bool:
    """Whether `text` looks like an id of Meta's: ASCII digits only."""
    return text.isascii() and text.isdigit()
