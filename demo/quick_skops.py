"""Rasa loads and saves classifiers with skops, which imports more slowly the later it is imported.

It searches all loaded modules for the origin of each of 316 numpy and scipy types. Once TensorFlow
is among the modules, that takes eight seconds of CPU; if numpy and scipy come first, half a second.
"""

from __future__ import annotations

import importlib
import logging
import sys

_THEIR_TYPES = ("numpy", "scipy")


def import_skops() -> None:
    importlib.import_module("scipy.special")
    for name in [name for name in list(sys.modules) if name.partition(".")[0] not in _THEIR_TYPES]:
        sys.modules[name] = sys.modules.pop(name)
    importlib.import_module("skops.io")
    logging.getLogger().__class__ = logging.RootLogger  # numpy.distutils has made another of it
