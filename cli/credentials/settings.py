"""The channel's settings, read from a project's credentials file."""

from __future__ import annotations

import os
import re
from typing import Any

from rasa.shared.exceptions import RasaException, YamlSyntaxException

from channels.core.errors import SettingsError
from channels.core.events import Platform
from channels.core.settings.sections import filled_in
from channels.core.settings.settings import CLASS_NAME, Settings, is_own_section, parse_settings

from .raw import load, missing, mistake_in, unset_variables

try:
    from rasa.shared.utils.yaml import read_config_file  # Rasa Pro
except ImportError:
    from rasa.shared.utils.io import read_config_file

_VARIABLE = re.compile(r"\$\{\w+\}")


def read_settings(path: str) -> Settings:
    """The channel's settings in a credentials file. Raises SettingsError if they can't be read."""
    channels = _read_channels(path)
    own = [name for name in channels if is_own_section(name)]
    if not own:
        raise SettingsError(f"{path} has no section whose name ends in .{CLASS_NAME}.")
    rival = Platform.MESSENGER.value
    if others := [*own[1:], *(name for name in channels if name == rival)]:
        raise SettingsError(
            f"{path} has the sections {own[0]} and {others[0]}, and both answer under "
            f"/webhooks/{rival}, so `rasa run` can't start: keep one of the two."
        )
    filled = filled_in(channels[own[0]], os.environ)
    if unset := unset_variables(_but_plans(filled)):
        raise SettingsError(f"{path} can't be read: {_set_first(unset)}")
    return parse_settings(filled)


def read_config(path: str) -> dict[str, Any]:
    """A project file as Rasa reads it. Raises what Rasa raises, which may quote secrets."""
    config: dict[str, Any] = read_config_file(path)
    return config


def _but_plans(value: object) -> object:
    """The value without its plans, whose texts are for people and apps: what looks like a variable
    there may not be one.
    """
    if not isinstance(value, dict):
        return value
    return {key: _but_plans(one) for key, one in value.items() if key != "plans"}


def _read_channels(path: str) -> dict[str, Any]:
    try:
        return read_config(path)
    except FileNotFoundError:
        raise missing(
            path, "Go to the folder of your Rasa project, or name the file with --credentials."
        ) from None
    except (RasaException, OSError) as error:
        raise SettingsError(f"{path} can't be read: {_cause_in(path, error)}") from None


def _cause_in(path: str, error: RasaException | OSError) -> str:
    """Like `cause_of`, but names all variables that are not set; Rasa names only the first."""
    if isinstance(error, OSError | YamlSyntaxException):
        return cause_of(error)
    unset = unset_variables(load(path))
    return _set_first(unset) if unset else cause_of(error)


def _set_first(variables: list[str]) -> str:
    named = ", ".join(f"${{{name}}}" for name in variables)
    return f"set the environment variables {named} first."


def cause_of(error: RasaException | OSError) -> str:
    """What is wrong with the file. Rasa's own message quotes its lines, which may hold secrets."""
    if isinstance(error, OSError):
        return f"{error.strerror}."
    if isinstance(error, YamlSyntaxException):
        return mistake_in(error.underlying_yaml_exception)
    if variables := sorted(set(_VARIABLE.findall(str(error)))):
        return f"set the environment variables {', '.join(variables)} first."
    return "it has to be YAML, in UTF-8, with a mapping from names to settings."
