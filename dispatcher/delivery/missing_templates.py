"""What this process was asked to deliver and has no templates for, or none that fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import structlog

from dispatcher.explanations import explain_reason

log = structlog.get_logger()

#: Seconds until a delivery is tried again whose template is missing: half as long as it has been
#: missing, so that a restart with the right templates makes up for it soon; within these bounds.
SHORTEST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0

#: Seconds after which nobody asks for it any more: what waited has been cancelled or has expired,
#: or another process delivers it.
FORGOTTEN_AFTER: Final = 2 * LONGEST_PAUSE

#: Templates that are remembered; of more, those that were asked for longest ago are forgotten.
MOST_NOTED: Final = 10_000

#: Names that `dispatcher.explanations` explains.
MissingReason = Literal["template_missing", "template_outdated"]


@dataclass(frozen=True, slots=True)
class MissingTemplate:
    """A template that deliveries wait for."""

    event: str
    channel: str
    tenant_id: str
    why: MissingReason
    since: datetime

    @property
    def sentence(self) -> str:
        return explain_reason(self.why).sentence


@dataclass(slots=True)
class _Noted:
    why: MissingReason
    since: datetime
    began: float
    asked: float


class MissingTemplates:
    """By tenant, event and channel: a tenant may have texts that others have not.

    `clock` returns seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        #: Those that were asked for longest ago come first.
        self._noted: Final[dict[tuple[str, str, str], _Noted]] = {}

    def __call__(self) -> list[MissingTemplate]:
        """Those that are missing now."""
        self._prune(self._clock(), MOST_NOTED)
        return [
            MissingTemplate(event, channel, tenant_id, noted.why, noted.since)
            for (tenant_id, event, channel), noted in sorted(self._noted.items())
        ]

    def note(self, tenant_id: str, event: str, channel: str, why: MissingReason) -> float:
        """It is missing. Returns for how many seconds what needs it is to wait."""
        now = self._clock()
        key = (tenant_id, event, channel)
        self._prune(now, MOST_NOTED if key in self._noted else MOST_NOTED - 1)
        noted = self._noted.pop(key, None)
        if noted is None:
            noted = _Noted(why, datetime.now(UTC), now, now)
            reason = explain_reason(why)
            log.warning(
                "template missing: deliveries wait for it",
                tenant_id=tenant_id,
                event_key=event,
                channel=channel,
                reason=reason.sentence,
                way_out=reason.remedy,
            )
        noted.why, noted.asked = why, now
        self._noted[key] = noted
        return min(max((now - noted.began) / 2, SHORTEST_PAUSE), LONGEST_PAUSE)

    def found(self, tenant_id: str, events: Collection[str], channel: str) -> None:
        """Deliveries of these events were rendered, so there is a template.

        It may be outdated all the same: such a one often fails for some payloads only.
        """
        for event in events if self._noted else ():
            key = (tenant_id, event, channel)
            noted = self._noted.get(key)
            if noted is not None and noted.why == "template_missing":
                del self._noted[key]
                log.info("template found", tenant_id=tenant_id, event_key=event, channel=channel)

    def _prune(self, now: float, most: int) -> None:
        """Forgets what nobody asks for any more, and the oldest of more than `most`."""
        while self._noted:
            key, oldest = next(iter(self._noted.items()))
            if len(self._noted) <= most and now - oldest.asked <= FORGOTTEN_AFTER:
                return
            del self._noted[key]
