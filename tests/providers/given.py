"""Mails to send."""

from __future__ import annotations

from dispatcher.channels.email import Email


def an_email(
    number: int = 1,
    *,
    to: str = "ann@example.org",
    envelope_from: str = "bounces@shop.example",
    body: bytes = b"Thank you.\r\n",
    smtputf8: bool = False,
) -> Email:
    head = f"From: shop@shop.example\r\nTo: {to}\r\nSubject: Order {number}\r\n\r\n".encode()
    return Email(
        delivery_id=number,
        envelope_from=envelope_from,
        to=to,
        message_id=f"<postbell.{number}@shop.example>",
        data=head + body,
        smtputf8=smtputf8,
    )
