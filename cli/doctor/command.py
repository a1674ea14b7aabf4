"""`doctor`: whether everything that a live Page needs is as it should be, and the remedy if not.

It only looks: at Graph, at the webhook from outside, and at the project's files. What can't be
looked at becomes a finding of its own and stops no other check.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace

from channels.core.errors import SettingsError
from channels.instruments.clock import SystemClock

from ..command import Command, add_credentials_argument, sender_id
from ..terminal import has_colours
from .report import as_json, as_text, exit_status

_COULD_NOT_RUN = 2


def _add_arguments(parser: ArgumentParser) -> None:
    add_credentials_argument(parser)
    parser.add_argument(
        "--endpoints",
        default="endpoints.yml",
        metavar="FILE",
        help="the endpoints file (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        default="models",
        metavar="PATH",
        help="a trained model, or the folder of models (default: %(default)s)",
    )
    parser.add_argument(
        "--domain",
        default="domain.yml",
        metavar="PATH",
        help="the domain, if there is no model (default: %(default)s, or else the folder domain)",
    )
    parser.add_argument(
        "--webhook-url", metavar="URL", help="where Meta should find the bot, for comparison"
    )
    parser.add_argument(
        "--user",
        type=sender_id,
        metavar="USER",
        help="a user whose thread an agent has now (with several Pages: PAGE:USER), to guess "
        "whether the app is the default app",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def _run(options: Namespace) -> int:
    from ..credentials.settings import read_settings
    from .examination import look

    try:
        settings = read_settings(options.credentials)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return _COULD_NOT_RUN
    findings = asyncio.run(look(options, settings, SystemClock()))
    if options.json:
        print(as_json(findings))
    else:
        print(as_text(findings, colours=has_colours(sys.stdout)))
    return exit_status(findings)


COMMAND = Command(
    description="Look at the app, the Page, the webhook and this project, and say what is wrong "
    "and how to fix it. Nothing is changed, except that missing tables of Rasa's tracker store are "
    "created, as `rasa run` does. Exit status: 0 if nothing is wrong, 1 if something is, 2 if the "
    "settings can't be read.",
    add_arguments=_add_arguments,
    run=_run,
)
