"""Options that several commands share, and parsers of their values."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from os.path import isfile
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.suggestions import nearest

Embedded = Annotated[
    bool,
    typer.Option(
        "--embedded",
        help="Use a PostgreSQL of Postbell's own, whatever POSTBELL_DATABASE_URL says. It runs"
        " while a command uses it, and says where its data stays.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, also if it fails.")]
Tenant = Annotated[str, typer.Option("--tenant", help="The website.", metavar="ID")]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", help="A channel; may be repeated.", metavar="CHANNEL"),
]

#: As the constraint of postbell.event_choice has it.
_PATTERN = re.compile(r"[a-z0-9_.*]{1,100}")
_AGO = re.compile(r"(\d+)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class TextInput:
    """A text on the command line, and the name of the file that it came from, if any."""

    text: str
    file: str | None = None


def read_text(file: Path | str) -> str:
    """The text of a file. Raises CommandError if it cannot be read as UTF-8."""
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        why = error.strerror or str(error)
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    raise CommandError(f"{file} cannot be read: {why}.")


def read_input(given: str) -> TextInput:
    """The text of `FILE` or `@FILE`, of standard input for `-`, else the argument itself."""
    if given == "-":
        return TextInput(sys.stdin.read(), "standard input")
    name = given.removeprefix("@")
    # Path.is_file() raises OSError for a name that is too long.
    if name == given and not isfile(given):  # noqa: PTH113
        return TextInput(given)
    try:
        return TextInput(read_text(name), name)
    except CommandError as failure:
        raise typer.BadParameter(str(failure)) from None


def require_events(patterns: Iterable[str], keys: Collection[str]) -> None:
    """Raise CommandError for a pattern, such as `order.*`, that none of the events' keys has."""
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise CommandError(
                f"{pattern} is no pattern of events: letters, digits, _ and . stand for themselves,"
                " and * for any number of characters.",
                ExitCode.USAGE,
            )
        if not any(fnmatchcase(key, pattern) for key in keys):
            raise CommandError(
                f"No event is called {pattern}.", ExitCode.USAGE, hint=nearest(pattern, keys)
            )


def parse_payload(given: str) -> str:
    """The JSON text of one object, given as in read_input(). Raises typer.BadParameter."""
    text = read_input(given).text
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(
            f"this is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise typer.BadParameter("this is nested too deeply.") from None
    if not isinstance(value, dict):
        raise typer.BadParameter("a payload is one object, such as '{\"order_id\": 42}'.")
    # The text rather than the value: PostgreSQL keeps numbers exactly.
    return text


def parse_time(given: str) -> datetime:
    """A time in ISO 8601, or a time ago: `90s`, `30m`, `2h`, `1d`, `1w`."""
    if ago := _AGO.fullmatch(given.strip()):
        try:
            return datetime.now().astimezone() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError:
            raise typer.BadParameter("that is too long ago.") from None
    try:
        # A time without a zone is local time.
        return datetime.fromisoformat(given).astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter("write 2h, 1d or 2026-01-31T10:00.") from None


Payload = Annotated[
    str,
    typer.Option(
        "--payload",
        help="One JSON object, or a FILE with it, or - for standard input.",
        metavar="JSON",
        parser=parse_payload,
    ),
]
