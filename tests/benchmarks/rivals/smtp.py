"""A mail server: the same mail of 10 KB as SendGrid's."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from email.message import EmailMessage

from dispatcher.channels.email import Email
from dispatcher.providers.smtp import Smtp
from tests.benchmarks.rivals.sendgrid import message as message  # noqa: PLC0414 - a member of Rival

SCHEMES: tuple[str, ...] = ("smtp",)


def provider(port: int, scheme: str) -> Smtp:
    return Smtp.from_url(f"{scheme}://localhost:{port}?pool=8")


def sdk(port: int, scheme: str) -> Callable[[Email], None]:
    def send(email: Email) -> None:
        mail = EmailMessage()
        mail["From"] = f"{email.sender.name} <{email.sender.mailbox.address}>"
        mail["To"] = email.to
        mail["Subject"] = email.subject
        mail.set_content(email.text)
        mail.add_alternative(email.html, subtype="html")
        # The manual's example: log on, send, log off.
        with smtplib.SMTP("localhost", port) as server:
            server.send_message(mail)

    return send
