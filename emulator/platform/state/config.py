from __future__ import annotations

from pathlib import Path

import msgspec

from ...rules.accounts import INBOXES, PlatformName
from ...rules.subscriptions import INSTAGRAM_FIELDS, PAGE_FIELDS
from .models import App, Config, InstagramAccount, Page, User


class ConfigError(ValueError):
    """The configuration cannot be used; the message says which key and what is allowed."""


def default_config() -> Config:
    """One Page with an Instagram account, a bot, an agent's app without a webhook, two people on
    Messenger and one on Instagram. The secrets are demo values, for a tool that listens only on
    this machine.
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
                user_access_token="demo-bot-user-access-token",  # noqa: S106
                webhook="http://127.0.0.1:5005/webhooks/facebook/webhook",
                default=True,
            ),
            App(
                id="900200200200200",
                name="Demo Agent Desk",
                secret="demo-agent-app-secret",  # noqa: S106
                verify_token="demo-agent-verify-token",  # noqa: S106
                page_access_token="demo-agent-page-access-token",  # noqa: S106
                user_access_token="demo-agent-user-access-token",  # noqa: S106
            ),
        ),
        instagram=InstagramAccount(id="17841400000000000", name="demo.page"),
        users=(
            User(id="7100000000000001", name="Ada Lovelace"),
            User(id="7100000000000002", name="Alan Turing"),
            User(id="17860000000000001", name="Hedy Lamarr", platform=PlatformName.INSTAGRAM),
        ),
    )


def load_config(path: Path) -> Config:
    """The configuration in a JSON file. Raises ConfigError if it cannot be read or used."""
    try:
        config = msgspec.json.decode(path.read_bytes(), type=Config)
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"The configuration {path} is not right: {error}.") from error
    check_config(config)
    return config


def check_config(config: Config) -> None:
    """Raise ConfigError if ids are not digits or not unique, if not exactly one app is the default,
    or if there are people on Instagram but no account.
    """
    ids = [config.page.id, *INBOXES.values()]
    ids += [config.instagram.id] if config.instagram else []
    ids += [app.id for app in config.apps]
    ids += [user.id for user in config.users]
    wrong = [one for one in ids if not is_id(one)]
    if wrong:
        raise ConfigError(f"Ids must be digits only, like Meta's; {wrong[0]!r} is not.")
    if len(set(ids)) < len(ids):
        raise ConfigError(
            "Ids must differ from each other and from the Inboxes', "
            f"{' and '.join(INBOXES.values())}; one appears twice."
        )
    on_instagram = [one for one in config.users if one.platform is PlatformName.INSTAGRAM]
    if on_instagram and config.instagram is None:
        raise ConfigError(
            f"User {on_instagram[0].id} is on Instagram, but the Page has no account there; "
            'add "instagram": {"id": …, "name": …}.'
        )
    for app in config.apps:
        check_app(app)
    if sum(app.default for app in config.apps) != 1:
        raise ConfigError('Exactly one app must have "default": true: the default app of the Page.')


def check_app(app: App) -> None:
    """Raise ConfigError if an app's webhook isn't a URL or if it subscribes to unknown fields."""
    if app.webhook is not None and not app.webhook.startswith(("http://", "https://")):
        raise ConfigError(f"A webhook must be an http or https URL; that of app {app.id} is not.")
    _check_fields(app.subscribed_fields, PAGE_FIELDS, "webhook field")
    _check_fields(app.app_fields, PAGE_FIELDS, "webhook field")
    _check_fields(app.instagram_fields, INSTAGRAM_FIELDS, "webhook field of Instagram")


def _check_fields(fields: tuple[str, ...], known: frozenset[str], called: str) -> None:
    unknown = set(fields) - known
    if unknown:
        allowed = ", ".join(sorted(known))
        raise ConfigError(f"No {called} is called {unknown.pop()!r}; known are {allowed}.")


def is_id(text: str) -> bool:
    """Whether `text` looks like an id of Meta's: ASCII digits only."""
    return text.isascii() and text.isdigit()
