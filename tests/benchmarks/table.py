"""What a benchmark ends with: one table, and the arithmetic that fills it."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table as Drawing


@dataclass(slots=True)
class Table:
    """Rows of text under a title; `head` says what the machine was, `notes` what to know."""

    title: str
    columns: Sequence[str]
    head: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        assert len(cells) == len(self.columns)
        self.rows.append(cells)

    def print(self) -> None:
        # A pipe has no width; a table that is wrapped in a log cannot be read.
        console = Console(width=None if sys.stdout.isatty() else 170, highlight=False)
        drawing = Drawing(*self.columns, title=self.title, box=box.SIMPLE, title_justify="left")
        for column in drawing.columns[1:]:
            column.justify = "right"
        for row in self.rows:
            drawing.add_row(*row)
        for line in self.head:
            console.print(line, markup=False, soft_wrap=True)
        console.print(drawing)
        for note in self.notes:
            console.print(f"· {note}", markup=False, soft_wrap=True)


def median(values: Sequence[float]) -> float:
    """The middle one; nan of none, so that a hole shows as a hole."""
    return statistics.median(values) if values else math.nan


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed; nan of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def number(value: float) -> str:
    """12345.6 → 12,346."""
    return "-" if math.isnan(value) else f"{value:,.0f}"


def decimal(value: float) -> str:
    """Two digits after the point."""
    return "-" if math.isnan(value) else f"{value:,.2f}"
