"""Rasa loads and keeps classifiers by skops, which is quick to import only before all else.

It looks through all modules that are there, once for each of 750 types: once TensorFlow is among
them, that takes six seconds of CPU.
"""

from __future__ import annotations

import importlib
import logging


def import_skops() -> None:
    importlib.import_module("skops.io")
    logging.getLogger().__class__ = logging.RootLogger  # numpy.distutils has made another of it
