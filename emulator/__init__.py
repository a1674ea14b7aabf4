"""A local Messenger Platform: Graph API, webhooks, and a control API for tests."""

from .accounts import INSTAGRAM_INBOX, PAGE_INBOX, PlatformName
from .config import ConfigError, default_config, load_config
from .models import App, Config, DeliverySettings, InstagramAccount, Page, User
from .ownership import RoutingMode
from .server import create_app, running
from .switches import Switches

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
