"""Which transactions had committed at a moment: pg_snapshot, understood outside the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything below `xmin` had ended, nothing from `xmax` on had begun, and `running` had not.

    See pg_current_snapshot() in PostgreSQL's manual, 9.27.8.
    """

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From PostgreSQL's own spelling, `10:20:10,14,15`."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(map(int, filter(None, running.split(",")))))

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, sorted(self.running)))}"

    def sees(self, xid: int) -> bool:
        """Whether what the transaction wrote is visible, if it was not rolled back."""
        return xid < self.xmin or (xid < self.xmax and xid not in self.running)

    def covers(self, other: Snapshot) -> bool:
        """Whether it sees all that the other sees."""
        return other.xmax <= self.xmax and not any(map(other.sees, self.running))

    def up_to(self, xid: int, since: Snapshot) -> Snapshot:
        """A snapshot of somebody who has read what `since` sees, and of the rest until `xid`.

        `xid` itself is still to come. Reading goes from `since` to this snapshot, lower
        transactions first.
        """
        running = {open_one for open_one in self.running if open_one < xid}
        running |= {open_one for open_one in since.running if open_one >= xid}
        xmax = max(since.xmax, xid)
        if xid < xmax:
            running.add(xid)
        return Snapshot(min(running, default=xmax), xmax, frozenset(running))
