"""The log says what happened and where; never what a person wrote."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from bot.logs import configure_logs, note_lost

NIK = "1409074101800001"


@contextmanager
def configured(form: str) -> Iterator[io.StringIO]:
    """The log of a desk, as it is configured when it serves; afterwards all is as it was."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    hooks = sys.excepthook, threading.excepthook
    out = io.StringIO()
    configure_logs(out, form=form)
    try:
        yield out
    finally:
        structlog.configure(**before)
        root.handlers[:], root.level = handlers, level
        sys.excepthook, threading.excepthook = hooks
        logging.captureWarnings(capture=False)


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    with configured(request.param) as out:
        yield out


def _fail(nik: str) -> None:
    raise ValueError(f"no citizen has {nik}")


def test_an_exception_is_written_without_its_words_and_variables(written: io.StringIO) -> None:
    try:
        try:
            _fail(NIK)
        except ValueError as error:
            raise LookupError(NIK) from error
    except LookupError:
        structlog.get_logger().exception("it failed", number=7)
    text = written.getvalue()
    assert "it failed" in text
    assert "LookupError at test_logs.py" in text
    assert "_fail" in text
    assert NIK not in text


def test_what_a_library_logs_of_an_exception_has_no_words_either(written: io.StringIO) -> None:
    try:
        _fail(NIK)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    assert "ValueError at test_logs.py" in written.getvalue()
    assert NIK not in written.getvalue()


@pytest.mark.parametrize("name", ["httpx", "PIL.TiffImagePlugin", "twilio.http_client"])
def test_libraries_that_log_what_they_carry_are_quiet(name: str, written: io.StringIO) -> None:
    logging.getLogger(name).info("POST https://api.telegram.org/bot%s/getMe", "123:SECRET")
    assert written.getvalue() == ""


async def test_a_task_that_nobody_waited_for_leaves_no_words(written: io.StringIO) -> None:
    async def lost() -> None:
        _fail(NIK)

    asyncio.get_running_loop().set_exception_handler(note_lost)
    task = asyncio.create_task(lost())
    await asyncio.sleep(0)
    del task
    await asyncio.sleep(0)
    gc.collect()
    assert "ValueError at" in written.getvalue()
    assert NIK not in written.getvalue()


def test_what_ends_the_desk_or_a_thread_leaves_no_words(written: io.StringIO) -> None:
    thread = threading.Thread(target=_fail, args=(NIK,))
    thread.start()
    thread.join()
    try:
        _fail(NIK)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert written.getvalue().count("ValueError at ") == 2
    assert NIK not in written.getvalue()


def test_each_line_of_json_says_when_how_grave_and_what() -> None:
    with configured("json") as out, warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        structlog.get_logger().warning("kept\nfor later", job=7, files=b"\xff")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP %s", "request")
        warnings.warn("old\nways", DeprecationWarning, stacklevel=1)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [list(line)[:3] for line in lines] == [["time", "level", "event"]] * 3
    assert lines[0]["job"] == 7
    assert lines[0]["event"] == "kept\nfor later"
    assert (lines[1]["logger"], lines[1]["event"]) == ("uvicorn.error", "Invalid HTTP request")
    assert lines[2]["logger"] == "py.warnings"
