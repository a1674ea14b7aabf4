"""A local Messenger Platform: Graph API, webhooks, and a control API for tests."""

from .platform.state.config import ConfigError, default_config, load_config
from .platform.state.models import App, Config, DeliverySettings, InstagramAccount, Page, User
from .rules.accounts import INSTAGRAM_INBOX, PAGE_INBOX, PlatformName
from .rules.ownership import RoutingMode
from .rules.switches import Switches
from .server import create_app, running

__all__ = [
    "INSTAGRAM_INBOX",
    "PAGE_INBOX",
    "App",
    "Config",
    "ConfigError",
    "DeliverySettings",
    "InstagramAccount",
    "Page",
    "PlatformName",
    "RoutingMode",
    "Switches",
    "User",
    "create_app",
    "default_config",
    "load_config",
    "running",
]
