"""No log line has what people wrote, whoever logs it, and however it came there."""

from __future__ import annotations

import asyncio
import gc
import html
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
import structlog
from rasa.utils.log_utils import configure_structlog
from sqlalchemy import create_engine, text

from channels.core.errors import GraphRefused, StoreUnavailable
from channels.core.events import Thread
from channels.instruments.log_fields import AboutThread
from channels.instruments.quiet_log import keep_log_quiet
from channels.instruments.said import hiding
from channels.log_format import JsonFormatter

ADA = Thread(page="111", user="222")
SAID = 'Marzipan „für" Zoë'
OURS, RASA = logging.getLogger("channels"), logging.getLogger("rasa.core.processor")
ASYNCIO = logging.getLogger("asyncio")


class Written(logging.Handler):
    """What is written of each record, in plain text and as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        for formatter in (logging.Formatter("%(message)s"), JsonFormatter()):
            record.exc_text = None
            self.text += formatter.format(record) + "\n"


@pytest.fixture
def written() -> Iterator[Written]:
    factory, handler = logging.getLogRecordFactory(), Written()
    keep_log_quiet()
    keep_log_quiet()
    for logger in (OURS, RASA, ASYNCIO):
        logger.addHandler(handler)
    yield handler
    for logger in (OURS, RASA, ASYNCIO):
        logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def fail(error: BaseException) -> None:
    """Raise as a component does whose error is the cause of another one."""
    try:
        try:
            raise KeyError(SAID)
        except KeyError:
            int(SAID)
    except ValueError as cause:
        raise error from cause


@pytest.mark.parametrize("hide", [True, False])
def test_sql_is_logged_without_what_is_stored(written: Written, hide: bool) -> None:
    logger = logging.getLogger("sqlalchemy.engine.Engine")
    before = logger.level
    logger.addHandler(written)
    logger.setLevel(logging.DEBUG)
    try:
        engine = create_engine("sqlite://", hide_parameters=hide)
        with engine.begin() as connection:
            connection.execute(text("SELECT :said, 47"), {"said": SAID}).fetchall()
    finally:
        logger.setLevel(before)
        logger.removeHandler(written)
    assert "SELECT ?, 47" in written.text
    assert "Row " in written.text
    assert "Marzipan" not in written.text


def test_our_own_lines_tell_where_it_failed_and_not_what_was_said(written: Written) -> None:
    try:
        fail(RuntimeError(f"No order of {SAID}"))
    except RuntimeError:
        OURS.exception("Handling an event failed.")
    assert "Marzipan" not in written.text
    assert "Zo" not in written.text
    for told in ("KeyError", "ValueError", "RuntimeError", "in fail", "direct cause"):
        assert told in written.text


def test_so_do_rasa_s_while_a_thread_s_work_is_under_way(written: Written) -> None:
    try:
        fail(RuntimeError(SAID))
    except RuntimeError:
        with AboutThread(ADA):
            RASA.exception("Encountered an exception while running an action.")
    assert "Marzipan" not in written.text
    assert "RuntimeError" in written.text


@pytest.fixture(params=[False, True], ids=["as JSON", "on a terminal"])
def structured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Structured lines as `rasa run` has them set up before it loads a channel."""
    before = structlog.get_config()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: request.param, raising=False)
    configure_structlog(logging.INFO)
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("structured")
def test_so_do_rasa_s_structured_lines_which_have_no_variables_either(written: Written) -> None:
    line = structlog.get_logger(RASA.name)
    slots = {"address": SAID}
    with AboutThread(ADA):
        try:
            fail(KeyError(slots))
        except KeyError as error:
            line.exception("interpolator.interpolate.text")
            line.error("action.failed", exc_info=error)
    assert written.text.count("test_quiet_log.py") >= 2
    assert "KeyError" in written.text
    assert "Marzipan" not in written.text


@pytest.mark.usefixtures("structured")
def test_rasa_s_other_structured_lines_keep_their_words(written: Written) -> None:
    try:
        raise RuntimeError("the model server is away")
    except RuntimeError:
        structlog.get_logger(RASA.name).exception("model.update.failed")
    assert "the model server is away" in written.text


async def test_a_task_that_nobody_waits_for_tells_where_it_failed_and_not_what_was_said(
    written: Written,
) -> None:
    """Asyncio tells of it once the turn that began the task is no longer known."""

    async def look_up() -> None:
        fail(RuntimeError(SAID))

    with AboutThread(ADA), hiding(SAID):
        task = asyncio.create_task(look_up())
    await asyncio.wait([task])
    del task
    gc.collect()
    await asyncio.sleep(0)
    assert "Task exception was never retrieved" in written.text
    assert "look_up" in written.text
    assert "RuntimeError" in written.text
    assert "Marzipan" not in written.text


def test_rasa_s_other_lines_are_left_as_they_are(written: Written) -> None:
    try:
        raise RuntimeError("the model server is away")
    except RuntimeError:
        RASA.exception("Failed to update the model.")
    assert "the model server is away" in written.text


@pytest.mark.parametrize("error", [StoreUnavailable("No disk"), GraphRefused("No", remedy="Yes")])
def test_our_own_errors_keep_their_words(written: Written, error: Exception) -> None:
    try:
        fail(error)
    except Exception:
        OURS.exception("A job failed.")
    assert str(error) in written.text
    assert "Marzipan" not in written.text


@pytest.mark.parametrize(
    "quoted",
    [
        *(SAID, repr(SAID), ascii(SAID), json.dumps(SAID), json.dumps(SAID, ensure_ascii=False)),
        *(SAID.lower(), SAID.upper(), f"<b>{html.escape(SAID)}</b>", str(SAID.encode())),
        *(f"/parse?q=please+{quote(SAID)}", f"text={quote_plus(SAID)}&lang=de"),
        *(repr({"text": f"it's\n{SAID}"}), json.dumps(json.dumps({"text": SAID}))),
    ],
)
def test_a_turn_s_text_is_in_no_line_of_others(written: Written, quoted: str) -> None:
    with hiding(SAID):
        RASA.warning("Failed to parse %s.", quoted)
        RASA.warning(f"Failed to parse {quoted}.")
    assert "marzipan" not in written.text.lower()
    assert "Failed to parse" in written.text


def test_nor_is_it_where_its_small_letters_are_others(written: Written) -> None:
    with hiding("İstanbul"):
        RASA.warning("No such city: %s.", "İstanbul".lower())
    assert "stanbul" not in written.text


def test_nor_is_a_number_or_an_address_of_it(written: Written) -> None:
    with hiding("My number is 0170-4711, and my mail zoe@marzipan.example!"):
        RASA.warning("No such number: 0170-4711. No such domain: Zoe@Marzipan.Example.")
    assert "4711" not in written.text
    assert "marzipan" not in written.text.lower()
    assert "No such number" in written.text


def test_what_others_add_to_a_line_is_written_without_it(written: Written) -> None:
    with hiding(SAID):
        RASA.warning("No match.", extra={"said": SAID, "tokens": [SAID, 1], "took": 47})
    assert "Marzipan" not in written.text
    assert '"took": 47' in written.text


def in_a_thread(work: Callable[[], object]) -> None:
    """As a component of the project's own may work: the thread knows of no turn."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_thread_s_lines_lose_what_is_said_while_it_works(written: Written) -> None:
    def work() -> None:
        RASA.warning("No match for %s.", SAID)
        try:
            fail(RuntimeError(SAID))
        except RuntimeError:
            RASA.exception("No match.")

    with hiding(SAID):
        in_a_thread(work)
    assert "No match for" in written.text
    assert "RuntimeError" in written.text
    assert "Marzipan" not in written.text


def test_they_keep_their_words_once_that_is_over(written: Written) -> None:
    with hiding(SAID):
        pass
    in_a_thread(lambda: RASA.warning("No match for %s.", SAID))
    assert "Marzipan" in written.text


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that Python begins with; the tests' own take them away."""
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    keep_log_quiet()


@pytest.mark.usefixtures("hooks")
def test_an_error_that_ends_a_thread_says_nothing(
    written: Written, capfd: pytest.CaptureFixture[str]
) -> None:
    in_a_thread(lambda: fail(RuntimeError(SAID)))
    assert "A Python thread has failed" in written.text
    assert "in fail" in written.text
    assert "Marzipan" not in written.text + capfd.readouterr().err


@pytest.mark.usefixtures("hooks")
def test_an_error_that_python_ignores_says_nothing(
    written: Written, capfd: pytest.CaptureFixture[str]
) -> None:
    class Component:
        def __del__(self) -> None:
            fail(RuntimeError(SAID))

    Component()
    assert "Python has ignored an error" in written.text
    assert "Marzipan" not in written.text + capfd.readouterr().err


@pytest.mark.parametrize("quoted", [SAID, repr(SAID), ascii(SAID)])
def test_a_turn_s_text_is_in_no_warning(quoted: str) -> None:
    with warnings.catch_warnings(record=True) as shown:
        keep_log_quiet()
        keep_log_quiet()
        with hiding(SAID):
            warnings.warn(f"Failed to parse {quoted}.", UserWarning, stacklevel=1)
        warnings.warn("The model is old.", FutureWarning, stacklevel=1)
    said, other = (str(one.message) for one in shown)
    assert said.startswith("Failed to parse")
    assert "Marzipan" not in said
    assert other == "The model is old."


def test_a_short_text_hides_nothing_but_itself(written: Written) -> None:
    with hiding("a"):
        RASA.warning("Loading a model failed: '%s'", "a")
    assert "Loading a" not in written.text
    assert "model failed" in written.text


def test_an_error_that_is_its_own_cause_is_written_all_the_same(written: Written) -> None:
    error = RuntimeError(SAID)
    error.__cause__ = error
    try:
        raise error
    except RuntimeError:
        OURS.exception("It failed.")
    assert "It failed." in written.text
    assert "Marzipan" not in written.text


def test_a_line_that_can_not_be_formatted_hurts_nobody(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    with hiding(SAID):
        RASA.warning("%d", SAID)
    assert "can't be formatted" in written.text
    assert "Marzipan" not in written.text + capsys.readouterr().err


class Final(Exception):
    """No kind may be derived from it."""

    def __init_subclass__(cls) -> None:
        raise TypeError("no kinds of this")


@pytest.mark.parametrize(
    "error",
    [
        UnicodeDecodeError("utf-8", SAID.encode(), 0, 1, SAID),
        SyntaxError(SAID, ("file.py", 1, 1, SAID)),
        OSError(2, SAID, SAID),
        Final(SAID),
        ImportError(SAID, name=SAID, path=SAID),
        KeyboardInterrupt(SAID),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_kind_of_error_is_named_and_says_nothing(
    written: Written, error: BaseException
) -> None:
    try:
        raise error
    except BaseException:
        OURS.exception("It failed.")
    assert type(error).__name__ in written.text
    assert "in test_every_kind" in written.text
    assert "Marzipan" not in written.text


def test_a_handler_still_knows_an_error_by_its_kind(
    written: Written, caplog: pytest.LogCaptureFixture
) -> None:
    assert written
    try:
        raise KeyError(SAID)
    except KeyError:
        OURS.exception("It failed.")
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)


def test_sanics_access_log_has_addresses_without_the_tokens_in_them(
    written: Written, caplog: pytest.LogCaptureFixture
) -> None:
    """The context of a handover, Meta's handshake and Rasa's own API have tokens there."""
    access = logging.getLogger("sanic.access")
    caplog.set_level(logging.INFO, access.name)
    access.addHandler(written)
    for address in ("http://bot/handovers/1/context?token=abc", "http://bot/"):
        access.info("", extra={"request": f"GET {address}"})
    access.removeHandler(written)
    assert "token" not in written.text
    assert '"request": "GET http://bot/handovers/1/context?...",' in written.text
    assert '"request": "GET http://bot/",' in written.text


def test_a_line_without_an_error_is_what_it_was(written: Written) -> None:
    OURS.info("nothing", exc_info=sys.exc_info())
    OURS.warning("All is %s.", "well")
    assert "All is well." in written.text
