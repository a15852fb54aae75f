"""The work for one message, as an application's handler does it: read, decide, render, write.

It is written to be fast: what is read comes in one statement, what is written goes in one, the
templates are compiled once, and mail goes over a connection that stays open.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from functools import cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiosmtplib
from jinja2 import Environment, StrictUndefined
from psycopg import AsyncConnection

from dispatcher.rendering import formats, locales

#: Channels whose preferences and hours are asked for; the inbox is never quiet.
INBOX = "in_app"
EMAIL = "email"

_READ = b"""
    select
        email,
        time_zone,
        array(
            select array[channel, category, event, enabled::text]
            from preference
            where recipient_id = recipient.id
        ),
        array(
            select array[day::text, starts::text, ends::text, channels::text]
            from quiet_hours
            where recipient_id = recipient.id
        )
    from recipient
    where id = %s
"""

_WRITE = b"""
    with item as (
        insert into inbox_item (recipient_id, event, title, body, link, actions, created_at)
        values (%s, %s, %s, %s, %s, %s::jsonb, %s)
    )
    insert into delivery_log (recipient_id, event, channel, state, created_at)
    values (%s, %s, 'in_app', 'delivered', %s)
"""

_LOG = b"""
    insert into delivery_log (recipient_id, event, channel, state, created_at)
    values (%s, %s, %s, %s, %s)
"""

_TITLE = "Order #{{ order_id }} paid"
_BODY = (
    "{{ amount | money }} has been received for"
    " {% if order_topic %}“{{ order_topic | truncate(80) }}”{% else %}the order{% endif %}."
)
_LINK = "{{ url('/orders/' ~ order_id) }}"
_LABEL = "View the order"


@dataclass(frozen=True, slots=True)
class Message:
    """What a job carries."""

    recipient: str
    event: str
    category: str
    channel: str
    payload: dict[str, Any]
    created_at: str

    @classmethod
    def of(cls, text: str | bytes) -> Message:
        return cls(**json.loads(text))

    def to(self, recipient: str) -> Message:
        return replace(self, recipient=recipient)

    def text(self) -> str:
        return json.dumps(self.fields())

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Handler:
    """Does the work on a connection that it is given. `sink` is where mail goes: host and port."""

    def __init__(self, sink: tuple[str, int] | None = None) -> None:
        environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - plain text
        notation = locales.notation("en", "en", "en")
        environment.filters["money"] = lambda amount: formats.money(amount, "EUR", notation)
        environment.globals["url"] = lambda path: f"https://shop.example{quote(path)}"
        self._title = environment.from_string(_TITLE)
        self._body = environment.from_string(_BODY)
        self._link = environment.from_string(_LINK)
        self._mailer = (
            aiosmtplib.SMTP(hostname=sink[0], port=sink[1], use_tls=False, start_tls=False)
            if sink
            else None
        )

    async def open(self) -> None:
        if self._mailer is not None:
            await self._mailer.connect()

    async def handle(self, connection: AsyncConnection[Any], message: Message) -> None:
        cursor = await connection.execute(_READ, [message.recipient])
        row = await cursor.fetchone()
        assert row is not None
        email, zone, preferences, hours = row
        if is_switched_off(preferences, message) or is_quiet(hours, zone, message.channel):
            await self._log(connection, message, "skipped")
            return
        payload = message.payload
        title, body = self._title.render(payload), self._body.render(payload)
        link = self._link.render(payload)
        if message.channel == EMAIL:
            await self._mail(email, title, f"{body}\n\n{link}\n")
            await self._log(connection, message, "sent")
            return
        actions = json.dumps([{"label": _LABEL, "link": link}])
        who, event, created_at = message.recipient, message.event, message.created_at
        await connection.execute(
            _WRITE,
            [who, event, title, body, link, actions, created_at, who, event, created_at],
        )

    async def _mail(self, email: str, title: str, text: str) -> None:
        assert self._mailer is not None
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "shop@example.org", email, title
        mail.set_content(text)
        await self._mailer.sendmail("shop@example.org", [email], mail.as_bytes())

    async def _log(self, connection: AsyncConnection[Any], message: Message, state: str) -> None:
        await connection.execute(
            _LOG,
            [message.recipient, message.event, message.channel, state, message.created_at],
        )


def is_switched_off(preferences: list[list[str | None]], message: Message) -> bool:
    """Any off that covers the message wins."""
    return any(
        enabled == "false"
        and channel in (None, message.channel)
        and category in (None, message.category)
        and event in (None, message.event)
        for channel, category, event, enabled in preferences
    )


def is_quiet(hours: list[list[str]], zone: str, channel: str) -> bool:
    """Whether one of the windows, started today or yesterday, holds now for the channel."""
    if channel == INBOX:
        return False
    now = datetime.now(UTC).astimezone(_zone(zone))
    for day, starts, ends, channels in hours:
        if channel not in channels.strip("{}").split(","):
            continue
        for ago in (0, 1):
            date = now.date() - timedelta(days=ago)
            if date.isoweekday() != int(day):
                continue
            begin, end = time.fromisoformat(starts), time.fromisoformat(ends)
            until = date + timedelta(days=0 if end > begin else 1)
            if (
                datetime.combine(date, begin, now.tzinfo)
                <= now
                < datetime.combine(until, end, now.tzinfo)
            ):
                return True
    return False


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
