"""Keeps Rasa's log lines and deprecation warnings from appearing between findings."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, nothing is logged and no warning is shown.

    What Rasa imports inside, such as a component of the project's own, is found in this folder,
    too, as the command `rasa` does.
    """
    before, configured = logging.root.manager.disable, structlog.get_config()
    path = list(sys.path)
    sys.path.insert(1, str(Path.cwd()))
    logging.disable(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path[:] = path
        structlog.configure(**configured)
        logging.disable(before)
