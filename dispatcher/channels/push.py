"""Web Push: the devices of a person, and a notification for each of them (RFC 8030)."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dispatcher.channels.base import CrashPolicy
from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Device, Refused
from dispatcher.rendering import plain_text

if TYPE_CHECKING:
    from dispatcher.rendering.content import PushContent

#: Bytes of a payload. A push service takes 4096 of ciphertext (RFC 8030, 7.2), some only if it is
#: not quite that much.
LARGEST: Final = 3072
#: Bytes for the second try at a service that finds even that too large.
BRIEF: Final = 1024

#: What the services keep at most; also where nothing says when a message expires.
LONGEST_TTL: Final = timedelta(weeks=4)

#: RFC 8030, 5.3. The lower ones may wait until the device is in use, or on power.
_URGENCY: Final[Mapping[str, str]] = MappingProxyType(
    {"critical": "high", "high": "high", "normal": "normal", "low": "low"}
)


@dataclass(frozen=True, slots=True)
class Push:
    """A notification for one device. Its repr shows neither what it says nor where it goes."""

    delivery_id: int
    device: Device
    #: JSON, not yet encrypted, of at most LARGEST bytes.
    payload: bytes = field(repr=False)
    #: The same in at most BRIEF bytes; equal to the payload where that is short.
    brief: bytes = field(repr=False)
    #: How long the service is to keep it for a device that is out of reach: whole seconds.
    ttl: timedelta
    #: high, normal or low.
    urgency: str
    #: The delivery's identity, which is of the form of a topic: 32 characters of base64url. Of two
    #: with one topic a service keeps the second (RFC 8030, 5.4).
    topic: str


@dataclass(frozen=True, slots=True)
class Pushes:
    """What one delivery hands over: a push to each device that is still to be reached."""

    delivery_id: int
    each: tuple[Push, ...]


class PushChannel:
    """Notifications of browsers, shown also while no page is open.

    The payload is a declarative push message (Push API): browsers that know the form show it by
    themselves, and a service worker finds in `notification` what `showNotification()` takes.
    """

    name = "push"

    def __init__(
        self,
        *,
        concurrency: int = 8,
        max_attempts: int = 6,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self.concurrency = concurrency
        self.max_attempts = max_attempts
        #: What pops up hours later only puzzles: six tries take half an hour on the average.
        self.backoff = Backoff(first=timedelta(minutes=1), cap=timedelta(minutes=30))
        #: A second copy takes the first one's place: by its topic at the service, by its tag on the
        #: screen.
        self.crash_policy = CrashPolicy.SEND_AGAIN

    def address(self, delivery: Delivery) -> str | Refused:
        """The recipient: which of their devices are meant stands in `delivery.devices`."""
        if not delivery.devices:
            return Refused("no device of the recipient's is left to be reached")
        return delivery.recipient.id

    def message(self, delivery: Delivery, content: PushContent) -> Pushes | Refused:
        """A push for each device, all saying the same.

        What is too long loses the end of its body, then the image, then the buttons.
        """
        address = self.address(delivery)
        if isinstance(address, Refused):
            return address
        topic = delivery.identity
        payload = _written(delivery, content, topic, LARGEST)
        if payload is None:
            return Refused(f"the notification takes more than {LARGEST} bytes even without a body")
        brief = _written(delivery, content, topic, BRIEF) or payload
        ttl = self._ttl(delivery)
        urgency = _URGENCY[delivery.priority]
        return Pushes(
            delivery.id,
            tuple(
                Push(delivery.id, device, payload, brief, ttl, urgency, topic)
                for device in delivery.devices
            ),
        )

    def _ttl(self, delivery: Delivery) -> timedelta:
        if delivery.expires_at is None:
            return LONGEST_TTL
        left = timedelta(seconds=int((delivery.expires_at - self._now()).total_seconds()))
        return min(max(left, timedelta(0)), LONGEST_TTL)


def _written(delivery: Delivery, content: PushContent, topic: str, limit: int) -> bytes | None:
    """The payload, cut to `limit` bytes; None if nothing that may be cut is left."""
    whole = {
        "title": content.title,
        "body": content.body,
        # A click has to lead somewhere.
        "navigate": content.link or delivery.tenant.base_url,
        "tag": topic,
        "image": content.image,
        "actions": [
            {"action": str(number), "title": action.label, "navigate": action.link}
            for number, action in enumerate(content.actions)
        ],
        "data": {"delivery": delivery.id, "event": delivery.event},
    }
    for left_out in ((), ("image",), ("image", "actions")):
        said = {name: part for name, part in whole.items() if part and name not in left_out}
        payload = _json(said)
        if len(payload) <= limit:
            return payload
        room = limit - len(_json({**said, "body": ""}))
        if room >= 0:
            return _json({**said, "body": _cut(content.body, room)})
    return None


def _json(notification: Mapping[str, Any]) -> bytes:
    return _bytes({"web_push": 8030, "notification": notification})


def _bytes(said: Any) -> bytes:
    # Half a character cannot be written: it becomes a question mark.
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _cut(body: str, room: int) -> str:
    """As much of the beginning as fits into `room` bytes of a JSON text, with its ellipsis."""

    def size(length: int) -> int:
        return len(_bytes(body[:length] + "…")) - len('""')

    most = bisect_right(range(len(body) + 1), room, key=size) - 1
    return plain_text.cut(body, most).rstrip() + "…" if most > 0 else ""
