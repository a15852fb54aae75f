"""Compares the files of this process with the deployed ones, and knows whether others have those.

A deploy stores the version of each event's files. From then on the texts of a process that was not
restarted are old ones. What it would say with them is left to a process that has the deployed ones,
if there is any; nothing waits for long, because that one may lack a provider or a channel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from dispatcher.rendering.event_type import EventType

log = structlog.get_logger()

#: Seconds for which deliveries are left to others. It begins anew when more events differ, and when
#: the first process with the deployed files starts.
LONGEST_WAIT: Final = 60.0

#: Seconds between two times that a leading router offers the lead.
OFFER_INTERVAL: Final = 30.0


def differing(files: Mapping[str, EventType], deployed: Mapping[str, str]) -> dict[str, str]:
    """The deployed version of each event whose files have another one.

    An event without a version was registered by hand, and is nobody's to compare.
    """
    return {
        event: version
        for event, version in deployed.items()
        if event in files and version not in ("", files[event].version)
    }


class DeployedTemplates:
    """The events whose `files` differ from the deployed ones. `clock` returns monotonic seconds."""

    def __init__(
        self, files: Mapping[str, EventType], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._files: Final = files
        self._clock: Final = clock
        #: The deployed version of each event whose files here have another one.
        self._outdated: dict[str, str] = {}
        self._others_have_them = False
        self._waits_until = 0.0
        self._next_offer = 0.0

    @property
    def outdated(self) -> list[str]:
        """The events whose files here differ from the deployed ones."""
        return sorted(self._outdated)

    def is_outdated(self, event: str) -> bool:
        """Whether the event's files here differ from the deployed ones."""
        return event in self._outdated

    def are_left_to_others(self, event: str) -> bool:
        """Whether deliveries of the event wait for a process that has the deployed files."""
        return (
            event in self._outdated and self._others_have_them and self._clock() < self._waits_until
        )

    def compare(self, deployed: Mapping[str, str]) -> None:
        """Compare the files with the version of each registered event."""
        outdated = differing(self._files, deployed)
        if news := sorted(outdated.items() - self._outdated.items()):
            self._waits_until = self._clock() + LONGEST_WAIT
            self._next_offer = 0.0
        for event, _ in news:
            log.warning(
                "templates are not the deployed ones",
                event_key=event,
                remedy="Restart this process, or deploy its templates.",
            )
        for event in sorted(self._outdated.keys() - outdated.keys()):
            log.info("templates are the deployed ones", event_key=event)
        self._outdated = outdated

    def note_others(self, have_them: bool) -> None:
        """Note whether another process has the deployed files."""
        if have_them and not self._others_have_them:
            self._waits_until = self._clock() + LONGEST_WAIT
            self._next_offer = 0.0
            if self._outdated:
                log.info("another process has the deployed templates", events=self.outdated)
        self._others_have_them = have_them

    def offer_lead(self) -> bool:
        """Whether a leading router should let others lead now; again after OFFER_INTERVAL."""
        now = self._clock()
        if not (self._outdated and self._others_have_them) or now < self._next_offer:
            return False
        self._next_offer = now + OFFER_INTERVAL
        return True
