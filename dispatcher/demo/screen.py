"""The terminal: lines as things happen, or a live table where there is a terminal to draw on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from dispatcher.demo import wording
from dispatcher.demo.cast import HOUSES, NAMES
from dispatcher.demo.chronicle import Account, Fate

_STYLES: Final = {
    "good": "green",
    "busy": "blue",
    "later": "yellow",
    "no": "bright_black",
    "bad": "bold red",
}
_MARKS: Final = {"good": "✓", "busy": "…", "later": "◷", "no": "–", "bad": "✗"}
_HOUSE_NAMES: Final = {house.id: house.name for house in HOUSES}

#: How many moments are behind the live table; those that do not fit the screen are cut off on top.
RECENT: Final = 40
#: Lines of the table's frame.
_FRAME: Final = 2


class Screen(Protocol):
    """Where the demo is seen."""

    def show(self, accounts: Sequence[Account], tally: Counter[str]) -> None:
        """Everything that happened lately, oldest first, as it stands now."""


class Lines:
    """Prints each moment once, when it is settled. For pipes, and for the story played once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: set[int] = set()

    def show(self, accounts: Sequence[Account], tally: Counter[str]) -> None:  # noqa: ARG002
        for account in accounts:
            if account.moment.number not in self._shown and account.is_settled:
                self._shown.add(account.moment.number)
                self.tell(account)

    def tell(self, account: Account) -> None:
        self._print(_heading(account), 0)
        for fate in account.fates:
            self._print(_line(account.moment.house, fate), 4)

    def _print(self, line: Text, indent: int) -> None:
        """Print a line that folds between words on a terminal; a pipe gets it whole."""
        folded = [Text(" " * indent)]
        for word in line.split(" ", include_separator=True):
            room = self._console.width - folded[-1].cell_len
            if self._console.is_terminal and len(word.plain.rstrip()) > room:
                folded.append(Text(" " * (indent + 4)))
            folded[-1].append_text(word)
        self._console.print(*folded, sep="\n", soft_wrap=True)


class Board:
    """The live table: what was done, and below it who heard of it.

    It fills the terminal, whatever its size is just now; the address stays on top.
    """

    def __init__(self, console: Console, live: Live, address: Text) -> None:
        self._console = console
        self._live = live
        self._address = address
        self._tally: Counter[str] = Counter()

    def sums(self) -> Text:
        """As `sums`, of what was shown last."""
        return sums(self._tally)

    def show(self, accounts: Sequence[Account], tally: Counter[str]) -> None:
        self._tally = tally
        counts = Columns(_counts(tally), padding=(0, 3))
        taken = sum(len(self._console.render_lines(each)) for each in (self._address, counts))
        room = max(self._console.height - taken - _FRAME, 1)
        lines: list[Text] = []
        for account in accounts:
            lines.append(_heading(account))
            lines += [Text("  ") + _line(account.moment.house, fate) for fate in account.fates]
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        board = Panel(
            Group(*lines[-room:]) if lines else Text("Nothing yet.", "bright_black"),
            title="what was done, and who heard of it",
            title_align="left",
            border_style="bright_black",
            padding=(0, 1),
        )
        # The live table draws by itself only where it refreshes by itself.
        self._live.update(Group(self._address, board, counts), refresh=True)


def sums(tally: Counter[str]) -> Text:
    """How often everything happened, in one line."""
    return Text("   ").join(_counts(tally))


def _counts(tally: Counter[str]) -> list[Text]:
    return [
        Text.assemble((f"{tally[name]} ", style if tally[name] else "bright_black"), label)
        for label, name, style in (
            ("committed", "committed", "bold"),
            ("rolled back", "rolled back", "magenta"),
            ("routed", "routed", "bold"),
            ("in the inbox", "delivered", _STYLES["good"]),
            ("sent", "sent", _STYLES["good"]),
            ("waiting", "waiting", _STYLES["later"]),
            ("skipped", "skipped", _STYLES["no"]),
            ("rejected", "rejected", _STYLES["bad"]),
        )
    ]


def _heading(account: Account) -> Text:
    moment = account.moment
    outcome = (
        ("committed", "green")
        if moment.rolled_back_by is None
        else (f"rolled back by {moment.rolled_back_by}: nobody hears of it", "magenta")
    )
    return Text.assemble(
        (f"{moment.at:%H:%M:%S} ", "bright_black"),
        (moment.title, "bold"),
        "  ",
        outcome,
        # Last, for it is what a narrow terminal can do without.
        (f"  {_HOUSE_NAMES.get(moment.house, moment.house)}", "bright_black"),
    )


def _line(house: str, fate: Fate) -> Text:
    tone = wording.tone(fate.state)
    who = NAMES.get((house, fate.recipient_id or ""), fate.recipient_id or "nobody")
    text = Text.assemble(
        (f"{_MARKS[tone]} ", _STYLES[tone]),
        f"{who:<16} {fate.channel or 'event':<6} ",
        (f"{fate.state:<9}", _STYLES[tone]),
    )
    if fate.seconds is not None:
        text.append(f" {fate.seconds * 1000:6.0f} ms", "bright_black")
    if fate.title:
        text.append(f"  {fate.title}")
    reason = wording.spoken(fate.reason, fate.state, fate.due_at)
    if reason:
        text.append(f"  {reason}", "bright_black")
    return text
