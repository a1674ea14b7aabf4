"""The command line: `rasa-handover`, and in the repository `python -m cli`."""

import importlib
import sys

try:
    import channels.core.errors  # noqa: F401 (it is only looked for)
except (
    ModuleNotFoundError
):  # `pip install --editable` rewrites no import, as setup.py does elsewhere
    sys.modules["channels"] = importlib.import_module("rasa_handover.channels")
