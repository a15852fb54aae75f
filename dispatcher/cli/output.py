"""Output of commands: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dispatcher.masking import printable

#: Width of a table that is not written to a terminal, so that its lines do not fold.
_WIDE = 200


def echo_stderr(sentence: str) -> None:
    """Write a sentence to standard error."""
    typer.echo(printable(sentence), err=True)


def echo(line: str) -> None:
    """Write a line to standard output."""
    typer.echo(printable(line))


def echo_json(value: object) -> None:
    """Write a value to standard output as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_json))


def echo_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
) -> None:
    """Write a table to standard output; cells fold to the terminal's width."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text and not str, which rich would read as markup.
        table.add_row(*(Text(printable(format_value(value))) for value in row))
    stdout_console().print(table)


def stdout_console() -> Console:
    """A rich console on standard output."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE
    return Console(file=sys.stdout, width=width, highlight=False)


def pluralize(count: int, what: str) -> str:
    """`1 error`, `2 errors`, `no errors`"""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def format_value(value: object) -> str:
    """A value as a table shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        case _:
            return str(value)


def _json(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case _:
            return str(value)
