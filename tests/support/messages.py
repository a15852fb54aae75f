"""Mails and texts to send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dispatcher.channels.email import HEADERS, Email, FromHeader, Mailbox
from dispatcher.channels.sms import Sms
from dispatcher.rendering import gsm

SENDER = FromHeader(
    "Shop",
    Mailbox("shop@shop.example", "shop.example", smtputf8=False),
    "From: Shop <shop@shop.example>\r\n",
)


def an_email(
    number: int = 1,
    *,
    to: str = "ann@example.org",
    envelope_from: str = "bounces@shop.example",
    subject: str | None = None,
    text: str = "Thank you.\n",
    html: str | None = None,
    reply_to: str | None = None,
    sender: FromHeader = SENDER,
    headers: tuple[tuple[str, str], ...] = HEADERS,
    tracking: frozenset[str] = frozenset(),
    body: bytes | None = None,
    smtputf8: bool = False,
) -> Email:
    """A mail; `body` stands for whatever bytes a channel could write behind the headers."""
    email = Email(
        delivery_id=number,
        identity=f"{number:032x}",
        envelope_from=envelope_from,
        sender=sender,
        to=to,
        reply_to=reply_to,
        subject=subject or f"Order {number}",
        text=text,
        html=html,
        date=datetime(2030, 5, 17, 12, 0, tzinfo=UTC),
        message_id=f"<postbell.{number}@shop.example>",
        headers=headers,
        smtputf8=smtputf8,
        tracking=tracking,
    )
    if body is not None:
        head = email.data.partition(b"\r\n\r\n")[0]
        object.__setattr__(email, "_data", head + b"\r\n\r\n" + body)
    return email


def an_sms(
    number: int = 1,
    *,
    to: str = "+12025550123",
    sender: str | None = None,
    body: str = "Thank you.",
    valid_for: timedelta | None = None,
) -> Sms:
    measured = gsm.measure(body)
    return Sms(
        delivery_id=number,
        identity=f"{number:032x}",
        to=to,
        sender=sender,
        body=body,
        encoding=measured.encoding,
        segments=measured.segments,
        valid_for=valid_for,
    )
