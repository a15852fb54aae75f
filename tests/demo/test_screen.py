"""The demo's live table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from dispatcher.demo.chronicle import Account, Fate
from dispatcher.demo.market.ledger import Moment
from dispatcher.demo.screen import Board, Lines

ADDRESS = Text("page http://127.0.0.1:8000\nexport POSTBELL_DATABASE_URL='postgresql://…'")


def accounts(count: int) -> list[Account]:
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return [
        Account(
            Moment(number, "fernhill", f"somebody places order {number}", at),
            [Fate(number, "u1", "email", "sent", "wanted", title="We have received your order")],
        )
        for number in range(count)
    ]


def drawn(console: Console, shown: list[Account]) -> list[str]:
    """The lines of the last picture."""
    assert isinstance(console.file, StringIO)
    with Live(console=console, auto_refresh=False, screen=True) as live:
        board = Board(console, live, ADDRESS)
        board.show([], Counter())
        before = len(console.file.getvalue())
        board.show(shown, Counter(committed=len(shown), sent=len(shown)))
        return console.file.getvalue()[before:].splitlines()


@pytest.mark.parametrize(("columns", "rows"), [(60, 15), (80, 24), (200, 50)])
def test_the_board_fills_the_terminal_and_keeps_the_address(columns: int, rows: int) -> None:
    console = Console(
        file=StringIO(), force_terminal=True, color_system=None, width=columns, height=rows
    )
    lines = drawn(console, accounts(40))
    assert len(lines) == rows
    assert max(map(len, lines)) <= columns + len("\x1b[H")
    assert any("page http://127.0.0.1:8000" in line for line in lines)
    assert any("somebody places order 39" in line for line in lines)
    assert any("40 committed" in line for line in lines)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_line_folds_between_words_on_a_terminal_alone(is_terminal: bool) -> None:
    console = Console(
        file=StringIO(), force_terminal=is_terminal, color_system=None, width=60, height=24
    )
    Lines(console).tell(accounts(1)[0])

    assert isinstance(console.file, StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    if is_terminal:
        assert all(len(line) <= 60 for line in lines)
        assert lines[1:] == [
            "    ✓ u1               email  sent       We have received",
            "        your order",
        ]
    else:
        assert lines[1:] == ["    ✓ u1               email  sent       We have received your order"]
