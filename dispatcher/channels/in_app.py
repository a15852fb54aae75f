"""The in_app channel: the inbox inside the application."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused

if TYPE_CHECKING:
    from dispatcher.rendering.content import InAppContent


@dataclass(slots=True)
class InAppItem:
    """An inbox item ready to be written. Its repr leaves the content out.

    Not frozen, as its content is not: one is made for each message.
    """

    delivery_id: int
    tenant_id: str
    recipient_id: str
    content: InAppContent = field(repr=False)


class InAppChannel:
    """Makes inbox items. There is no provider: the transaction that records a batch writes it."""

    name = "in_app"

    def __init__(self) -> None:
        self.concurrency = 1
        #: A failed transaction is repeated as a whole, so no item is retried on its own.
        self.max_attempts = 1
        self.backoff = Backoff(first=timedelta(seconds=1), cap=timedelta(seconds=1))

    def address(self, delivery: Delivery) -> str | Refused:
        """The recipient id: an inbox belongs to the person."""
        return delivery.recipient.id

    def message(self, delivery: Delivery, content: InAppContent) -> InAppItem | Refused:
        """The item. Its links were validated during rendering."""
        return InAppItem(delivery.id, delivery.tenant.id, delivery.recipient.id, content)
