"""The push channel: a notification for each of the recipient's devices (RFC 8030)."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dispatcher.channels.base import ToDevices
from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Device, Refused
from dispatcher.rendering import plain_text

if TYPE_CHECKING:
    from dispatcher.rendering.content import PushContent

#: Bytes of a payload. Push services take 4096 bytes of ciphertext (RFC 8030, 7.2), some a few less.
LARGEST: Final = 3072
#: Bytes for the second try at a service that rejects LARGEST as too large.
BRIEF: Final = 1024

#: The longest that push services keep a message; used where a message does not expire.
LONGEST_TTL: Final = timedelta(weeks=4)

#: RFC 8030, 5.3. Lower ones may wait until the device is in use, or charging.
_URGENCY: Final[Mapping[str, str]] = MappingProxyType(
    {"critical": "high", "high": "high", "normal": "normal", "low": "low"}
)


@dataclass(frozen=True, slots=True)
class Push:
    """A notification for one device. Its repr leaves content and endpoint out."""

    delivery_id: int
    device: Device
    #: JSON, not yet encrypted, of at most LARGEST bytes.
    payload: bytes = field(repr=False)
    #: The same in at most BRIEF bytes; the payload itself if that is short enough.
    brief: bytes = field(repr=False)
    #: How long the push service keeps it for a device out of reach, in whole seconds.
    ttl: timedelta
    #: high, normal or low.
    urgency: str
    #: The delivery's identity, which is a valid topic. A service replaces an undelivered message by
    #: a later one with the same topic (RFC 8030, 5.4).
    topic: str


class PushChannel:
    """Makes browser notifications, which are shown also while no page is open.

    The payload is a declarative push message (Push API). Browsers that support it show it
    themselves; a service worker passes `notification` to `showNotification()`.
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
        #: Late notifications are of no use: six attempts take half an hour on average.
        self.backoff = Backoff(first=timedelta(minutes=1), cap=timedelta(minutes=30))

    def address(self, delivery: Delivery) -> str | Refused:
        """The recipient id; their devices are in `delivery.devices`."""
        if not delivery.devices:
            return Refused("no device of the recipient's is left to be reached")
        return delivery.recipient.id

    def message(self, delivery: Delivery, content: PushContent) -> ToDevices[Push] | Refused:
        """The same push for each device.

        A push that is too long loses the end of its body, then the image, then the buttons.
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
        return ToDevices(
            delivery.id,
            {
                device.id: Push(delivery.id, device, payload, brief, ttl, urgency, topic)
                for device in delivery.devices
            },
        )

    def _ttl(self, delivery: Delivery) -> timedelta:
        if delivery.expires_at is None:
            return LONGEST_TTL
        left = timedelta(seconds=int((delivery.expires_at - self._now()).total_seconds()))
        return min(max(left, timedelta(0)), LONGEST_TTL)


def _written(delivery: Delivery, content: PushContent, topic: str, limit: int) -> bytes | None:
    """The payload, cut to `limit` bytes; None if it cannot be cut that short."""
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
    # A lone surrogate cannot be encoded, and becomes a question mark.
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _cut(body: str, room: int) -> str:
    """The beginning of `body`, with an ellipsis, in at most `room` bytes of JSON."""

    def size(length: int) -> int:
        return len(_bytes(body[:length] + "…")) - len('""')

    most = bisect_right(range(len(body) + 1), room, key=size) - 1
    return plain_text.cut(body, most).rstrip() + "…" if most > 0 else ""
