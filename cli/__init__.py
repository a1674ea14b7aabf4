"""The command line: `rasa-handover`, and in the repository `python -m cli`."""

import importlib
import sys

if sys.version_info < (3, 10):  # noqa: UP036 (pip has not checked it when this runs from a checkout)
    sys.exit("rasa-handover needs Python 3.10 or later, not " + sys.version.split()[0] + ".")

try:
    import channels.core.errors  # noqa: F401 (only to see whether it is there)
except ModuleNotFoundError:  # `pip install --editable` rewrites no imports; elsewhere setup.py does
    sys.modules["channels"] = importlib.import_module("rasa_handover.channels")
