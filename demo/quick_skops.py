"""Rasa loads and keeps classifiers by skops, which imports slowly: the more so, the later.

It looks for where each of 316 types of numpy and scipy is from, in one module after the other. Once
TensorFlow is among them, that takes eight seconds of CPU; where these two stand first, half a one.
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
