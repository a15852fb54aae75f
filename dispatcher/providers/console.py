"""Console: prints mails and text messages instead of sending them, for development."""

from __future__ import annotations

import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Self, TextIO
from urllib.parse import urlsplit

from dispatcher.channels.email import Email, EmailChannel
from dispatcher.channels.sms import Sms, SmsChannel
from dispatcher.delivery.model import FailureScope, Outcome, Retry, Sent
from dispatcher.masking import printable
from dispatcher.providers.base import ProviderNotOpenError, ProviderUrlError
from dispatcher.rendering import gsm
from dispatcher.rendering.gsm import length_of

#: The headers that are shown.
HEADERS = ("From", "To", "Reply-To", "Subject", "Date")


class Console:
    """Writes messages to a stream, standard output by default."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        channel: str = EmailChannel.name,
        name: str = "console",
    ) -> None:
        self.name = name
        self.channel = channel
        self._stream = stream
        self._open = False

    @classmethod
    def from_url(cls, url: str, *, name: str | None = None) -> Self:
        """`console:` for mails, `console:?channel=sms` for texts. Raises ProviderUrlError."""
        channels = (EmailChannel.name, SmsChannel.name)
        asked = urlsplit(url).query
        channel = asked.removeprefix("channel=") if asked else EmailChannel.name
        if asked and (channel == asked or channel not in channels):
            raise ProviderUrlError(f"write console: or console:?channel={SmsChannel.name}")
        return cls(channel=channel, name=name or "console")

    async def open(self) -> None:
        self._open = True

    async def send(self, message: Email | Sms) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        # Looked up on each call, so that a redirected standard output is used.
        stream = self._stream or sys.stdout
        try:
            lines = _mail(message) if isinstance(message, Email) else _sms(message)
            stream.write(_readable(lines, stream.encoding))
            stream.flush()
        except (OSError, ValueError) as fault:
            # A closed stream raises ValueError.
            return Retry(f"cannot write to the console: {fault}", scope=FailureScope.PROVIDER)
        if isinstance(message, Email):
            return Sent(message.message_id)
        return Sent(f"console-{message.delivery_id}")

    async def close(self) -> None:
        self._open = False


def _mail(message: Email) -> list[str]:
    mail = message_from_bytes(message.data, EmailMessage, policy=SMTP)
    text = mail.get_body(("plain",))
    return [
        *(f"{header}: {mail[header]}" for header in HEADERS if header in mail),
        "",
        text.get_content().replace("\r\n", "\n").rstrip("\n") if text else "",
    ]


def _sms(message: Sms) -> list[str]:
    sender = [f"From: {message.sender}"] if message.sender else []
    length = length_of(gsm.measure(message.body))
    return [*sender, f"To: {message.to}", f"Length: {length}", "", message.body]


def _readable(lines: list[str], encoding: str | None) -> str:
    rule = "─" * 72
    page = "\n".join(printable(line) for line in (rule, *lines, rule, ""))
    # A character that the terminal's encoding lacks is shown as "?".
    encoding = encoding or "utf-8"
    return page.encode(encoding, "replace").decode(encoding)
