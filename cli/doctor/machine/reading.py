"""What the doctor reads on this machine: the project's files, its model, and the session store.

Nothing is written, and nothing is locked: a bot may be running.
"""

from __future__ import annotations

import json
import sqlite3
import tarfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rasa.exceptions import ModelNotFound
from rasa.model import get_local_model
from rasa.shared.core.domain import Domain
from rasa.shared.exceptions import RasaException
from sqlalchemy import inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from channels.core.briefing.turns import END_REASON_ENTITY
from channels.core.errors import StoreError
from channels.instruments.host import MANTLE, MANTLE_REFUSED
from channels.store.database.database import Database
from channels.store.database.schema import versions

from ...credentials.settings import cause_of, read_config
from ..checks.assistant import AssistantFacts, DomainFacts, RuleFacts
from ..checks.store import StoreState
from ..findings import Unknown, wrong
from .model import answered_reasons, domain_facts, handing_over, handing_over_in, policies
from .quiet import quiet

_METADATA = "metadata.json"
_RULES = "rule_policy.json"
_VERSION = str(select(versions.c.version))
_SQLITE_PATIENCE = 1.0  # seconds to wait for a lock


def read_endpoints(path: str) -> Mapping[str, Any] | Unknown:
    """What endpoints.yml has."""
    try:
        return read_config(path)
    except FileNotFoundError:
        problem = f"There is no {path}: Rasa keeps conversations in memory and runs no actions."
    except (RasaException, OSError) as error:  # whose own words may hold passwords
        problem = f"{path} can't be read: {cause_of(error)}"
    remedy = "Fix it, or name another file with --endpoints."
    return Unknown(told_by="endpoints-file", verdict=wrong(problem, remedy))


def read_assistant(model: str, domain: str, return_intents: Collection[str]) -> AssistantFacts:
    """The newest model in a folder, or the model in a file; the domain's files if there is none.

    `return_intents` are the ones that the plans name.
    """
    rules: RuleFacts | Unknown
    try:
        archive = get_local_model(model)
        found, rules, language = _read_archive(archive)
    except _Mantle:
        problem = MANTLE_REFUSED
    except ModelNotFound:
        problem = f"There is no trained model at {model}."
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, KeyError):
        problem = f"{archive} is not a model of Rasa 3."
    else:
        return AssistantFacts(
            model=archive,
            domain=found,
            rules=rules,
            return_intents=return_intents,
            language=language,
        )
    remedy = "Run `rasa train`, or name the model with --model."
    missing = Unknown(told_by="trained-model", verdict=wrong(problem, remedy))
    return AssistantFacts(
        model=missing,
        domain=_read_domain(domain) or missing,
        rules=missing,
        return_intents=return_intents,
    )


class _Mantle(Exception):
    """The model is one of Rasa Pro's engine Mantle."""


def _read_archive(path: str) -> tuple[DomainFacts, RuleFacts, str]:
    metadata, rules = _files_in(path, _METADATA, _RULES)
    if metadata.get("engine_version") == MANTLE:
        raise _Mantle
    domain = domain_facts(metadata["domain"])
    slot = domain.slots.get(END_REASON_ENTITY)
    table = rules.get("lookup", {}).get("rules", {})
    found = RuleFacts(
        answered=answered_reasons(table, slot.values if slot else ()),
        handing_over=handing_over(table),
        handing_over_in=handing_over_in(table),
        policies=policies(metadata["predict_schema"]),
    )
    return domain, found, str(metadata.get("language") or "en")


def _files_in(path: str, *names: str) -> Iterator[dict[str, Any]]:
    """The JSON files with these names in the archive; an empty object for a missing one."""
    found: dict[str, dict[str, Any]] = {}
    with tarfile.open(path, mode="r:gz") as archive:
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if name in names else None
            if content is not None:
                found[name] = json.load(content)
    return (found.get(name, {}) for name in names)


def _read_domain(path: str) -> DomainFacts | None:
    """The domain in a file or a folder; as in `init`, the folder if there is no file."""
    if path == "domain.yml" and not Path(path).exists():
        path = "domain"
    try:
        with quiet():  # advice on the domain is a matter for `rasa data validate`
            return domain_facts(Domain.load(path).as_dict())
    except (RasaException, OSError):
        return None


def read_store_version(url: str) -> int | StoreState | Unknown:
    """The version of the session store's tables."""
    try:
        database = Database(url)
        if database.is_sqlite:
            return _sqlite_version(Path(make_url(url).database))
        return _postgresql_version(database)
    except StoreError as error:
        problem = wrong(str(error), "Correct 'store' in credentials.yml, or fix the database.")
        return Unknown(told_by="store", verdict=problem)


def _sqlite_version(file: Path) -> int | StoreState | Unknown:
    if not file.exists():
        return _sqlite_to_be(file)
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=ro", uri=True, timeout=_SQLITE_PATIENCE
        )
        try:
            return int(connection.execute(_VERSION).fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        return _sqlite_said(str(error), file)


def _sqlite_to_be(file: Path) -> StoreState | Unknown:
    if file.parent.is_dir():
        return StoreState.EMPTY
    problem = wrong(
        f"There is no directory '{file.parent.absolute()}' for the session store.",
        "Create it, or correct 'store'.",
    )
    return Unknown(told_by="store", verdict=problem)


def _sqlite_said(problem: str, file: Path) -> StoreState | Unknown:
    if problem.startswith("no such table"):
        return StoreState.EMPTY
    if "locked" in problem:
        return StoreState.BUSY
    verdict = wrong(f"{file} can't be read: {problem}.", "Check the file and its permissions.")
    return Unknown(told_by="store", verdict=verdict)


def _postgresql_version(database: Database) -> int | StoreState:
    engine = database.engine()
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(versions.name):
                return StoreState.EMPTY
            found: int | None = connection.execute(select(versions.c.version)).scalar()
            return StoreState.EMPTY if found is None else found
    except SQLAlchemyError as error:
        raise database.explain(error) from None
    finally:
        engine.dispose()
