"""The sse channel: the recipient's open pages, by server-sent events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused

if TYPE_CHECKING:
    from dispatcher.rendering.content import SseContent


@dataclass(slots=True)
class StreamMessage:
    """A message ready for the stream. Its repr leaves the content out.

    Not frozen, as its content is not: one is made for each message.
    """

    delivery_id: int
    tenant_id: str
    recipient_id: str
    content: SseContent = field(repr=False)


class SseChannel:
    """Makes stream messages. No provider: the transaction that records a batch sends it."""

    name = "sse"

    def __init__(self) -> None:
        self.concurrency = 1
        #: A failed transaction is repeated as a whole, so no message is retried on its own.
        self.max_attempts = 1
        self.backoff = Backoff(first=timedelta(seconds=1), cap=timedelta(seconds=1))

    def address(self, delivery: Delivery) -> str | Refused:
        """The recipient id: a stream belongs to the person."""
        return delivery.recipient.id

    def message(self, delivery: Delivery, content: SseContent) -> StreamMessage | Refused:
        """The message. Its link was validated during rendering."""
        return StreamMessage(delivery.id, delivery.tenant.id, delivery.recipient.id, content)
