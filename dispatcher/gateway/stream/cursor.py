"""How far a client has read: the opaque `id:` of a stream event, and the snapshot behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

#: Characters. A snapshot names every running transaction; a server has a few thousand sessions.
LONGEST: Final = 32_768
_LARGEST: Final = 2**63
_NUMBER: Final = "[0-9a-f]{1,16}"
_FORMAT: Final = re.compile(
    rf"(?P<epoch>{_NUMBER})-(?P<xmin>{_NUMBER})-(?P<width>{_NUMBER})"
    rf"-(?P<running>(?:{_NUMBER}(?:\.{_NUMBER})*)?)"
    rf"(?:-(?P<xid>{_NUMBER})-(?P<id>{_NUMBER}))?"
)


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
        """Whether the transaction had ended; what it wrote is visible if it committed."""
        return xid < self.xmin or (xid < self.xmax and xid not in self.running)

    def covers(self, other: Snapshot) -> bool:
        """Whether it sees everything that the other sees."""
        return other.xmax <= self.xmax and not any(map(other.sees, self.running))

    def up_to(self, xid: int, since: Snapshot) -> Snapshot:
        """The snapshot of who has read what `since` sees, and the transactions below `xid`.

        Reading goes from `since` to this snapshot, in the order of transaction ids; `xid` is next.
        """
        running = {open_one for open_one in self.running if open_one < xid}
        running |= {open_one for open_one in since.running if open_one >= xid}
        xmax = max(since.xmax, xid)
        if xid < xmax:
            running.add(xid)
        return Snapshot(min(running, default=xmax), xmax, frozenset(running))


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that the snapshot sees has been read; of transaction `xid`, also the rows up to `id`."""

    snapshot: Snapshot
    xid: int = 0
    id: int = 0

    def has(self, xid: int, row_id: int) -> bool:
        """Whether the row has been read."""
        return self.snapshot.sees(xid) or (xid == self.xid and row_id <= self.id)

    def is_within(self, snapshot: Snapshot) -> bool:
        """Whether nothing has been read that the snapshot does not see."""
        return snapshot.covers(self.snapshot) and (not self.xid or snapshot.sees(self.xid))

    def encode(self, epoch: int) -> str:
        """The value of an `id:`. `epoch` is that of the database's transaction ids."""
        snapshot = self.snapshot
        running = ".".join(f"{xid - snapshot.xmin:x}" for xid in sorted(snapshot.running))
        text = f"{epoch % 2**64:x}-{snapshot.xmin:x}-{snapshot.xmax - snapshot.xmin:x}-{running}"
        return f"{text}-{self.xid:x}-{self.id:x}" if self.xid else text

    @classmethod
    def decode(cls, text: str, epoch: int) -> Self | None:
        """From what a client sends; None if it is malformed, or of another epoch."""
        found = _FORMAT.fullmatch(text) if len(text) <= LONGEST else None
        if found is None or int(found["epoch"], 16) != epoch % 2**64:
            return None
        xmin = int(found["xmin"], 16)
        xmax = xmin + int(found["width"], 16)
        offsets = filter(None, found["running"].split("."))
        running = frozenset(xmin + int(offset, 16) for offset in offsets)
        xid, row_id = int(found["xid"] or "0", 16), int(found["id"] or "0", 16)
        if not xmin or max(xmax, xid, row_id) >= _LARGEST:
            return None
        if any(open_one >= xmax for open_one in running):
            return None
        return cls(Snapshot(xmin, xmax, running), xid, row_id)
