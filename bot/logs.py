"""What the desk writes into its log: what happened and where, never what a person wrote.

The words of an exception, and the variables beside it, may hold anything that was being worked on:
only its kind and its place are written. Libraries that log requests (a bot's token is in their
addresses), messages or the metadata of pictures are kept quiet.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

_QUIET = (
    *("httpx", "httpcore", "telegram", "twilio", "aiohttp", "urllib3", "requests"),
    *("PIL", "pypdf", "asyncio", "apscheduler", "uvicorn", "sqlalchemy", "alembic"),
)
_FRAMES = 12
VARIABLE = "LOKET_LOGS"
log = structlog.get_logger()


def configure_logs(
    out: TextIO | None = None, level: str = "info", *, form: str | None = None
) -> None:
    """Write the desk's log, and what libraries warn of, to ``out`` (standard error).

    ``form`` is ``text`` for people or ``json``, an object a line, for programs; unless it is given,
    ``LOKET_LOGS`` says it: there is something to log before any configuration is read.
    """
    stream = out or sys.stderr
    if (form or os.environ.get(VARIABLE)) == "json":
        render: list[Processor] = [_in_order, structlog.processors.JSONRenderer()]
    else:
        render = [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_words,
    ]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _note_end
    threading.excepthook = _note_thread


def _in_order(logger: Any, method: str, event: EventDict) -> EventDict:
    """Let each line begin with when, how grave and what, as a reader looks for it."""
    first = {"time": event.pop("timestamp"), "level": event.pop("level")}
    return {**first, "event": event.pop("event"), **event}


def _note_end(kind: type[BaseException], error: BaseException, frame: TracebackType | None) -> None:
    log.critical("ended by something unforeseen", exc_info=(kind, error, frame))


def _note_thread(args: threading.ExceptHookArgs) -> None:
    log.critical("a thread ended by something unforeseen", exc_info=args.exc_value)


def note_lost(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no task waited for (a loop's exception handler); asyncio's shows words."""
    error = context.get("exception")
    log.error("something failed unseen", what=describe(error) if error else context["message"])


def without_words(logger: Any, method: str, event: EventDict) -> EventDict:
    """Replace an exception by its kind and its place (a processor of structlog)."""
    wanted = event.pop("exc_info", None)
    if isinstance(wanted, BaseException):
        event["exception"] = describe(wanted)
    elif isinstance(wanted, tuple):
        event["exception"] = describe(wanted[1])
    elif wanted:
        event["exception"] = describe(sys.exception())
    return event


def describe(error: BaseException | None) -> str:
    """Name an exception, what it followed from, and the way to it; none of its words."""
    return " from ".join(_described(error))


def _described(error: BaseException | None) -> Iterator[str]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        places = list(_places(error.__traceback__))[-_FRAMES:]
        yield f"{type(error).__name__} at {' > '.join(places)}" if places else type(error).__name__
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _places(frame: TracebackType | None) -> Iterator[str]:
    while frame is not None:
        code = frame.tb_frame.f_code
        yield f"{code.co_filename.rpartition('/')[2]}:{frame.tb_lineno} {code.co_name}"
        frame = frame.tb_next
