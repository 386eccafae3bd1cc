"""The log says what happened and where; never what a person wrote."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import configure_logs, note_lost

NIK = "1409074101800001"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log of a desk, as it is configured when it serves."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    out = io.StringIO()
    configure_logs(out)
    yield out
    structlog.configure(**before)
    root.handlers[:], root.level = handlers, level


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
