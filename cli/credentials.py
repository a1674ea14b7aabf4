"""The channel's settings, read from a project's credentials file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from rasa.shared.exceptions import RasaException, YamlSyntaxException

from channels.core.errors import SettingsError
from channels.core.sections import filled_in
from channels.core.settings import CLASS_NAME, Settings, is_own_section, parse_settings
from channels.instruments.host import MANTLE_REFUSED, is_mantle_project

try:
    from rasa.shared.utils.yaml import read_config_file  # Rasa Pro
except ImportError:
    from rasa.shared.utils.io import read_config_file

_VARIABLE = re.compile(r"\$\{\w+\}")


def read_settings(path: str) -> Settings:
    """The channel's settings in a credentials file; SettingsError if they can't be read."""
    for name, section in _read_channels(path).items():
        if is_own_section(name):
            return parse_settings(filled_in(section, os.environ))
    raise SettingsError(f"{path} has no section whose name ends in .{CLASS_NAME}.")


def read_config(path: str) -> dict[str, Any]:
    """A file of the project as Rasa reads it; raises what Rasa raises, which may quote secrets."""
    config: dict[str, Any] = read_config_file(path)
    return config


def _read_channels(path: str) -> dict[str, Any]:
    try:
        return read_config(path)
    except FileNotFoundError:
        if is_mantle_project(Path()):
            raise SettingsError(MANTLE_REFUSED) from None
        raise SettingsError(
            f"There is no {path} here. Go to the folder of your Rasa project, or name the file "
            "with --credentials."
        ) from None
    except (RasaException, OSError) as error:
        raise SettingsError(f"{path} can't be read: {cause_of(error)}") from None


def cause_of(error: RasaException | OSError) -> str:
    """What is wrong with the file. Rasa's own words quote its lines, which may hold secrets."""
    if isinstance(error, OSError):
        return f"{error.strerror}."
    if isinstance(error, YamlSyntaxException):
        mark = getattr(error.underlying_yaml_exception, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        return f"there is a mistake in its YAML{place}."
    if variables := sorted(set(_VARIABLE.findall(str(error)))):
        return f"set the environment variables {', '.join(variables)} first."
    return "it has to be YAML, in UTF-8, with a mapping from names to settings."
