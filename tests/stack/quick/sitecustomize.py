"""Python runs this as it starts, where PYTHONPATH leads here, and Rasa takes half as much CPU.

Each worker imports skops late, which takes six seconds then: see `demo/quick_skops.py`.
"""

import importlib
import logging
import sys

if {"run", "train"} & set(sys.orig_argv) and "actions" not in sys.orig_argv:
    importlib.import_module("skops.io")
    logging.getLogger().__class__ = logging.RootLogger
