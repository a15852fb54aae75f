"""The interface of channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused

Content_contra = TypeVar("Content_contra", contravariant=True)
Message_co = TypeVar("Message_co", covariant=True)
_Message = TypeVar("_Message")


class CrashPolicy(StrEnum):
    """What becomes of a delivery found `sending` after a crash: nobody knows if it went out.

    A channel's is a column of its row in postbell.channel.
    """

    #: A second copy is recognised and dropped, or does little harm.
    SEND_AGAIN = "send_again"
    #: A second copy costs money or trust: it is unknown until the provider says.
    AWAIT_RECEIPT = "await_receipt"


@dataclass(frozen=True, slots=True)
class ToDevices(Generic[_Message]):
    """The message of a delivery that goes to several targets: one for each device."""

    delivery_id: int
    #: By the id of the device.
    each: Mapping[int, _Message]


class Channel(Protocol[Content_contra, Message_co]):
    """Turns a delivery and its rendered content into the message that a provider sends.

    Pure: no I/O, and no exception for anything that a delivery or its content may hold.
    """

    @property
    def name(self) -> str:
        """As in `delivery.channel`."""
        ...

    @property
    def concurrency(self) -> int:
        """Sends in flight in one process, at most: so many can a crash leave in doubt."""
        ...

    @property
    def max_attempts(self) -> int:
        """Tries before a delivery goes to the dead letters."""
        ...

    @property
    def backoff(self) -> Backoff:
        """The wait between tries."""
        ...

    def address(self, delivery: Delivery) -> str | Refused:
        """The delivery's address, checked and in the form that goes on the wire."""
        ...

    def message(self, delivery: Delivery, content: Content_contra) -> Message_co | Refused:
        """The message to hand to a provider, or `ToDevices`. Checks the address too."""
        ...
