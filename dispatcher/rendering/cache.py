"""Content already rendered, for everybody it is the same for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from dispatcher.delivery.model import Delivery, Tenant
from dispatcher.rendering.content import Content
from dispatcher.rendering.context import ObservedRecipient

_Key = tuple[int, str, str, str | None, bool, str | None]


#: Payload, tenant and content; no content where it depends on the time zone, for then it is kept
#: once more for each zone. A bare tuple: one is made for every notification.
_Shared = tuple[Mapping[str, Any], Tenant, Content | None]


class ContentCache:
    """The last few hundred contents that did not read who they were for.

    A render is a function of the template, payload, tenant and locale, and of what it read of the
    recipient. So if it read nothing more, or only the zone, everybody of the same has the same.
    Payload and tenant are compared, not trusted to follow from the outbox id: were two databases
    ever to share a renderer, nobody would read another's text.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._capacity: Final = capacity
        self._shared: OrderedDict[_Key, _Shared] = OrderedDict()

    def find(self, delivery: Delivery) -> Content | None:
        """What may be sent to this recipient as well, if anything."""
        found = self._get(delivery, None)
        if found is not None and found[2] is None:
            found = self._get(delivery, _zone(delivery))
        return None if found is None else found[2]

    def keep(self, delivery: Delivery, content: Content, observed: ObservedRecipient) -> None:
        """Remember a content, unless it is personal."""
        if observed.is_personal:
            return
        if observed.reads_zone:
            self._put(delivery, None, None)
            self._put(delivery, _zone(delivery), content)
        else:
            self._put(delivery, None, content)

    def _get(self, delivery: Delivery, zone: str | None) -> _Shared | None:
        key = (
            delivery.outbox_id,
            delivery.event,
            delivery.channel,
            delivery.recipient.locale,
            delivery.is_forced,
            zone,
        )
        found = self._shared.get(key)
        if found is None:
            return None
        payload, tenant, _ = found
        if (payload is not delivery.payload and payload != delivery.payload) or (
            tenant is not delivery.tenant and tenant != delivery.tenant
        ):
            return None
        self._shared.move_to_end(key)
        return found

    def _put(self, delivery: Delivery, zone: str | None, content: Content | None) -> None:
        key = (
            delivery.outbox_id,
            delivery.event,
            delivery.channel,
            delivery.recipient.locale,
            delivery.is_forced,
            zone,
        )
        self._shared[key] = (delivery.payload, delivery.tenant, content)
        self._shared.move_to_end(key)
        if len(self._shared) > self._capacity:
            self._shared.popitem(last=False)


def _zone(delivery: Delivery) -> str:
    return delivery.recipient.time_zone or delivery.tenant.time_zone
