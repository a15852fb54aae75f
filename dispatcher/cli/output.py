"""Output of commands: results on standard output, everything else on standard error.

Lines are folded to the width of the terminal, or of COLUMNS, and never within a word: an id or a
link can be copied as it is. What goes into a pipe is not folded, unless COLUMNS says so.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TextIO

import typer

from dispatcher.masking import printable

#: Width of a table that is not written to a terminal, so that its lines do not fold.
_WIDE = 200
#: Characters to which a table may fold a sentence. With fewer, rows are shown as lines instead.
_NARROWEST = 24


def echo_stderr(sentence: str) -> None:
    """Write sentences to standard error."""
    typer.echo(_folded(printable(sentence), _width(sys.stderr)), err=True)


def echo(line: str, *, indent: int = 0, bold: bool = False, dim: bool = False) -> None:
    """Write lines to standard output. Where one folds, `indent` spaces begin the next."""
    folded = _folded(printable(line), _width(sys.stdout), indent)
    typer.echo(typer.style(folded, bold=bold, dim=dim) if bold or dim else folded)


def echo_verbatim(text: str) -> None:
    """Write a text to standard output as it is, such as the content of a file."""
    typer.echo(printable(text))


def echo_json(value: object) -> None:
    """Write a value to standard output as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_json))


def echo_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
) -> None:
    """Write a table to standard output; a line for each value where it is too wide for that."""
    cells = [[printable(format_value(value)) for value in row] for row in rows]
    least = [_least(texts) for texts in zip(columns, *cells, strict=True)]
    width = _width(sys.stdout) or _WIDE
    if title:
        echo(title, bold=True)
    # Three spaces between two columns, and one at each edge.
    if sum(least) + 3 * len(least) - 1 <= width:
        _echo_as_table(columns, cells, least, width)
    else:
        _echo_as_lines(columns, cells)


def _echo_as_table(
    columns: Sequence[str], cells: list[list[str]], least: list[int], width: int
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, narrowest in zip(columns, least, strict=True):
        table.add_column(column, overflow="fold", min_width=narrowest)
    for row in cells:
        # Text and not str, which rich would read as markup.
        table.add_row(*map(Text, row))
    Console(file=sys.stdout, width=width, highlight=False).print(table)


def _echo_as_lines(columns: Sequence[str], cells: list[list[str]]) -> None:
    for first, *others in cells:
        echo(f"{columns[0]}: {first or '—'}", indent=2)
        for column, value in zip(columns[1:], others, strict=True):
            if value:
                echo(f"  {column}: {value}", indent=4)
    typer.echo()


def _least(texts: Sequence[str]) -> int:
    """The width that a column needs: of its longest text, or of a word in it."""
    longest_word = max(len(word) for text in texts for word in text.split(" "))
    return min(max(map(len, texts)), max(longest_word, _NARROWEST))


def _width(stream: TextIO) -> int | None:
    """The width to which lines are folded; None if they are not."""
    named = os.environ.get("COLUMNS", "")
    if named.isdigit() and int(named):
        return int(named)
    return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None


def _folded(text: str, width: int | None, indent: int = 0) -> str:
    if width is None:
        return text
    return "\n".join(
        textwrap.fill(
            line,
            width,
            subsequent_indent=" " * indent,
            replace_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )


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
