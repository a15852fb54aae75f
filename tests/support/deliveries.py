"""Deliveries and what was rendered for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dispatcher.channels.email import EmailChannel
from dispatcher.channels.push import PushChannel
from dispatcher.channels.sms import SmsChannel
from dispatcher.delivery.model import Delivery, Recipient, Tenant

NOON = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)


def a_delivery(
    address: str | None = "ann@example.org",
    *,
    number: int = 42,
    channel: str = "email",
    branding: Mapping[str, Any] | None = None,
    recipient: str = "u1",
    created_at: datetime = NOON,
    expires_at: datetime | None = None,
    is_forced: bool = False,
) -> Delivery:
    tenant = Tenant(
        id="default",
        name="Shop",
        base_url="https://shop.example",
        currency="EUR",
        locale="en",
        time_zone="UTC",
        branding=branding or {},
    )
    return Delivery(
        id=number,
        identity=f"{number:032x}",
        notification_id=7,
        event="order.paid",
        category="orders",
        channel=channel,
        priority="normal",
        subject="order:42",
        payload={},
        tenant=tenant,
        recipient=Recipient(id=recipient, locale=None, time_zone=None, attributes={}),
        address=address,
        attempts=1,
        created_at=created_at,
        expires_at=expires_at,
        is_forced=is_forced,
    )


def email_channel(name: str = "Shop", **options: Any) -> EmailChannel:
    return EmailChannel("shop@shop.example", name, now=lambda: NOON, **options)


def push_channel(**options: Any) -> PushChannel:
    return PushChannel(now=lambda: NOON, **options)


def sms_channel(sender: str | None = None, **options: Any) -> SmsChannel:
    return SmsChannel(sender, now=lambda: NOON, **options)
