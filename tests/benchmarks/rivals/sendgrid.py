"""SendGrid: a mail of 10 KB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

from dispatcher.channels.email import HEADERS, Email, FromHeader, Mailbox
from dispatcher.providers.sendgrid import SendGrid

SCHEMES: tuple[str, ...] = ("http", "https")
ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m1\r\nContent-Length: 0\r\n\r\n"

_KEY = "SG.benchmark"
_SENDER = FromHeader("Shop", Mailbox("shop@shop.example", "shop.example", smtputf8=False), "")
_TEXT = "Thank you for your order.\n" * 80
_HTML = "<p>Thank you for your <b>order</b>.</p>\n" * 200


def message(number: int, port: int) -> Email:
    return Email(
        delivery_id=number,
        identity=f"{number:032x}",
        envelope_from="bounces@shop.example",
        sender=_SENDER,
        to=f"person-{number}@example.org",
        reply_to=None,
        subject=f"Order {number} is paid",
        text=_TEXT,
        html=_HTML,
        date=datetime(2030, 5, 17, 12, 0, tzinfo=UTC),
        message_id=f"<postbell.{number}@shop.example>",
        headers=HEADERS,
        smtputf8=False,
    )


def provider(port: int, scheme: str) -> SendGrid:
    return SendGrid.from_url(f"sendgrid://:{_KEY}@localhost:{port}?scheme={scheme}&concurrency=8")


def sdk(port: int, scheme: str) -> Callable[[Email], None]:
    # The README makes a client for its one mail; whoever sends many keeps it.
    client = SendGridAPIClient(_KEY, host=f"{scheme}://localhost:{port}")

    def send(email: Email) -> None:
        mail = Mail(
            from_email=(email.sender.mailbox.address, email.sender.name),
            to_emails=email.to,
            subject=email.subject,
            plain_text_content=email.text,
            html_content=email.html,
        )
        answer = client.send(mail)
        assert answer.status_code == 202

    return send
