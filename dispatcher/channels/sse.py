"""The pages of the application that are open just now (server-sent events)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatcher.channels.base import CrashPolicy
from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused

if TYPE_CHECKING:
    from dispatcher.rendering.content import SseContent


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """What a page shows, ready to be told. Its repr does not show what it says."""

    delivery_id: int
    tenant_id: str
    recipient_id: str
    content: SseContent = field(repr=False)


class SseChannel:
    """Open pages. No provider: a batch is told by the transaction that records it."""

    name = "sse"

    def __init__(self) -> None:
        self.concurrency = 1
        #: A transaction that fails is repeated as a whole, so no single notice is ever tried again.
        self.max_attempts = 1
        self.backoff = Backoff(first=timedelta(seconds=1), cap=timedelta(seconds=1))
        self.crash_policy = CrashPolicy.NOT_APPLICABLE

    def address(self, delivery: Delivery) -> str | Refused:
        """The recipient: a page is known by whose it is."""
        return delivery.recipient.id

    def message(self, delivery: Delivery, content: SseContent) -> StreamMessage | Refused:
        """The notice. Its link was checked when it was rendered."""
        return StreamMessage(delivery.id, delivery.tenant.id, delivery.recipient.id, content)
