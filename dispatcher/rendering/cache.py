"""Caches rendered content for all recipients for whom it is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from dispatcher.delivery.model import Delivery, Tenant
from dispatcher.rendering.content import Content
from dispatcher.rendering.context import ObservedRecipient

_Key = tuple[int, str, str, str | None, bool, str | None]


#: Payload, tenant and content. The content is None if it depends on the time zone: then there is
#: another entry for each zone. A plain tuple, because one is made for every notification.
_Entry = tuple[Mapping[str, Any], Tenant, Content | None]


class ContentCache:
    """The most recent contents that are not personal, least recently used evicted first.

    Content depends on template, payload, tenant, locale, and on what the template read of the
    recipient. If that is nothing, or only the time zone, recipients with the same values share it.
    A hit requires an equal payload and tenant, not only the same notification: a renderer that two
    databases share must never mix up their contents. `capacity` is a number of entries.
    """

    def __init__(self, capacity: int = 512) -> None:
        self._capacity: Final = capacity
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    def find(self, delivery: Delivery) -> Content | None:
        """Content that this recipient may be sent as well, or None."""
        found = self._get(delivery, None)
        if found is not None and found[2] is None:
            found = self._get(delivery, _zone(delivery))
        return None if found is None else found[2]

    def keep(self, delivery: Delivery, content: Content, observed: ObservedRecipient) -> None:
        """Store content, unless it is personal. `observed` says what the template read."""
        if observed.is_personal:
            return
        if observed.reads_zone:
            self._put(delivery, None, None)
            self._put(delivery, _zone(delivery), content)
        else:
            self._put(delivery, None, content)

    def _get(self, delivery: Delivery, zone: str | None) -> _Entry | None:
        key = (
            delivery.notification_id,
            delivery.event,
            delivery.channel,
            delivery.recipient.locale,
            delivery.is_forced,
            zone,
        )
        found = self._entries.get(key)
        if found is None:
            return None
        payload, tenant, _ = found
        if (payload is not delivery.payload and payload != delivery.payload) or (
            tenant is not delivery.tenant and tenant != delivery.tenant
        ):
            return None
        self._entries.move_to_end(key)
        return found

    def _put(self, delivery: Delivery, zone: str | None, content: Content | None) -> None:
        key = (
            delivery.notification_id,
            delivery.event,
            delivery.channel,
            delivery.recipient.locale,
            delivery.is_forced,
            zone,
        )
        self._entries[key] = (delivery.payload, delivery.tenant, content)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _zone(delivery: Delivery) -> str:
    return delivery.recipient.time_zone or delivery.tenant.time_zone
