"""A local Messenger Platform: Graph API, webhooks, and a control API for tests."""

from .config import ConfigError, default_config, load_config
from .models import PAGE_INBOX, App, Config, DeliverySettings, Page, User
from .ownership import RoutingMode
from .server import create_app, running
from .switches import Switches

__all__ = [
    "PAGE_INBOX",
    "App",
    "Config",
    "ConfigError",
    "DeliverySettings",
    "Page",
    "RoutingMode",
    "Switches",
    "User",
    "create_app",
    "default_config",
    "load_config",
    "running",
]
