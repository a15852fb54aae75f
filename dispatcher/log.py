"""Structured logging without private data: addresses, secrets and contents are masked.

A module uses `structlog.get_logger()`; the records of libraries get the same processing.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

import psycopg
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from dispatcher.masking import HIDDEN, mask

#: Fields whose values are hidden: they may hold contents, addresses or secrets.
PRIVATE: Final = frozenset(
    {
        "address", "attributes", "authorization", "body", "content", "data", "detail", "email",
        "from_address", "headers", "html", "item", "items", "locals", "mail", "message", "password",
        "payload", "phone", "secret", "subject", "text", "title", "to", "token",
    }
)  # fmt: skip

#: Libraries that log every connection or job at info: they log warnings only.
LIBRARIES: Final = (
    "aiosmtplib", "alembic", "asyncio", "concurrent", "pgqueuer", "psycopg", "sqlalchemy",
    "uvicorn",
)  # fmt: skip

_DEEPEST: Final = 8
#: Class of SQLSTATEs whose message quotes a value: invalid input syntax for type integer: "…".
_DATA_EXCEPTION: Final = "22"


def configure(level: str = "info", *, console: bool, stream: IO[str] | None = None) -> None:
    """Log to `stream`, by default standard error: for a console, or as one JSON object a line.

    `level` is debug, info, warning or error. It may be called again.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        render_exception,
        keep_private,
    ]
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=(stream or sys.stderr).isatty())
        if console
        else structlog.processors.JSONRenderer(default=_shown)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )

    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(threshold if threshold <= logging.DEBUG else _least(name))
    logging.captureWarnings(capture=True)


def _least(library: str) -> int:
    # While the database is unavailable pgqueuer logs a traceback ten times a second; our queue logs
    # the failure once.
    return logging.CRITICAL if library == "pgqueuer" else logging.WARNING


def keep_private(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Processor: hide private fields at any depth, mask addresses and passwords in text."""
    return {
        name: value if name.startswith("_") else _private(name, value, 0)
        for name, value in event.items()
    }


def render_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:  # noqa: ARG001
    """Processor: `exc_info` as text, without local variables and without the content of rows.

    PostgreSQL's DETAIL quotes the row ("Failing row contains (…)"), CONTEXT the statement.
    """
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = mask(explained(error))
    return event


def explained(error: BaseException) -> str:
    """The traceback, causes first; the messages quote no rows."""
    parts = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{_headline(current)}")
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\nwhich led to:\n".join(reversed(parts))


def _headline(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        said = error.diag.message_primary or ""
        if error.sqlstate.startswith(_DATA_EXCEPTION):
            said = re.sub('"[^"]*"', f'"{HIDDEN}"', said)
        return f"{name} ({error.sqlstate}): {said}"
    if isinstance(error, BaseExceptionGroup):
        inner = "\n".join(explained(each) for each in error.exceptions)
        return f"{name}: {error.message}\n" + "\n".join(f"  {line}" for line in inner.splitlines())
    return f"{name}: {error}".removesuffix(": ")


def _private(name: str, value: object, depth: int) -> Any:
    if name.lower() in PRIVATE:
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return HIDDEN
        return {str(key): _private(str(key), each, depth + 1) for key, each in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return HIDDEN if depth >= _DEEPEST else [_private("", each, depth + 1) for each in value]
    return mask(_shown(value))


def _shown(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return HIDDEN
    if isinstance(value, psycopg.Error) and value.sqlstate is not None:
        return _headline(value)
    return str(value)
