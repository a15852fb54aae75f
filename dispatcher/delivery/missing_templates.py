"""Records templates that this process lacks, or has in another version than was deployed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import structlog

from dispatcher.explanations import explain_reason

log = structlog.get_logger()

#: Bounds on the seconds until a delivery without a template is tried again. The pause is half as
#: long as the template has been missing, so a restart with the right templates helps soon.
SHORTEST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0

#: Seconds without a delivery after which an entry is dropped: what waited was cancelled, has
#: expired, or is delivered by another process.
FORGOTTEN_AFTER: Final = 2 * LONGEST_PAUSE

#: Entries that are kept; beyond that the one asked for longest ago is dropped.
MOST_ENTRIES: Final = 10_000

#: Names that `dispatcher.explanations` explains.
MissingReason = Literal["template_missing", "template_outdated"]


@dataclass(frozen=True, slots=True)
class AwaitedTemplate:
    """A template that deliveries wait for."""

    event: str
    channel: str
    tenant_id: str
    reason: MissingReason
    since: datetime

    @property
    def sentence(self) -> str:
        return explain_reason(self.reason).sentence


@dataclass(slots=True)
class _Entry:
    reason: MissingReason
    since: datetime
    first_asked: float
    last_asked: float


class MissingTemplates:
    """The templates that deliveries wait for, by tenant, event and channel.

    The tenant counts, because it may have overrides of its own. `clock` returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        #: In the order in which they were asked for, the oldest first.
        self._entries: Final[dict[tuple[str, str, str], _Entry]] = {}

    def __call__(self) -> list[AwaitedTemplate]:
        """The templates that are missing now."""
        self._prune(self._clock(), MOST_ENTRIES)
        return [
            AwaitedTemplate(event, channel, tenant_id, entry.reason, entry.since)
            for (tenant_id, event, channel), entry in sorted(self._entries.items())
        ]

    def record(self, tenant_id: str, event: str, channel: str, reason: MissingReason) -> float:
        """Record a missing template. Returns the seconds that its deliveries are to wait."""
        now = self._clock()
        key = (tenant_id, event, channel)
        self._prune(now, MOST_ENTRIES if key in self._entries else MOST_ENTRIES - 1)
        entry = self._entries.pop(key, None)
        if entry is None:
            entry = _Entry(reason, datetime.now(UTC), now, now)
            explanation = explain_reason(reason)
            log.warning(
                "template missing: deliveries wait for it",
                tenant_id=tenant_id,
                event_key=event,
                channel=channel,
                reason=explanation.sentence,
                remedy=explanation.remedy,
            )
        entry.reason, entry.last_asked = reason, now
        self._entries[key] = entry
        return min(max((now - entry.first_asked) / 2, SHORTEST_PAUSE), LONGEST_PAUSE)

    def resolve(self, tenant_id: str, events: Collection[str], channel: str) -> None:
        """Drop the entries of events that were rendered.

        An outdated template stays, because it often fails for some payloads only.
        """
        for event in events if self._entries else ():
            key = (tenant_id, event, channel)
            entry = self._entries.get(key)
            if entry is not None and entry.reason == "template_missing":
                del self._entries[key]
                log.info("template found", tenant_id=tenant_id, event_key=event, channel=channel)

    def _prune(self, now: float, most: int) -> None:
        """Drop entries that nobody asks for any more, and the oldest beyond `most`."""
        while self._entries:
            key, oldest = next(iter(self._entries.items()))
            if len(self._entries) <= most and now - oldest.last_asked <= FORGOTTEN_AFTER:
                return
            del self._entries[key]
