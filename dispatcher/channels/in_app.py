"""The inbox inside the application."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatcher.channels.base import CrashPolicy
from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused

if TYPE_CHECKING:
    from dispatcher.rendering.content import InAppContent


@dataclass(frozen=True, slots=True)
class InAppItem:
    """An inbox item, ready to be written. Its repr does not show what it says."""

    delivery_id: int
    tenant_id: str
    recipient_id: str
    content: InAppContent = field(repr=False)


class InAppChannel:
    """The inbox. No provider: a batch is written by the transaction that records it."""

    name = "in_app"

    def __init__(self) -> None:
        self.concurrency = 1
        #: A transaction that fails is repeated as a whole, so no single item is ever tried again.
        self.max_attempts = 1
        self.backoff = Backoff(first=timedelta(seconds=1), cap=timedelta(seconds=1))
        self.crash_policy = CrashPolicy.NOT_APPLICABLE

    def address(self, delivery: Delivery) -> str | Refused:
        """The recipient: an inbox belongs to the person, not to an address."""
        return delivery.recipient.id

    def message(self, delivery: Delivery, content: InAppContent) -> InAppItem | Refused:
        """The item. Its links were checked when it was rendered."""
        return InAppItem(delivery.id, delivery.tenant.id, delivery.recipient.id, content)
