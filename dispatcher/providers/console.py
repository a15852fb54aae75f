"""Prints mails instead of sending them, for development."""

from __future__ import annotations

import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Self, TextIO

from dispatcher.channels.email import Email
from dispatcher.delivery import Fault, Outcome, Retry, Sent
from dispatcher.masking import printable
from dispatcher.providers.provider import ProviderNotOpenError

#: The headers that a reader wants; the others are the same in every mail.
HEADERS = ("From", "To", "Reply-To", "Subject", "Date")


class Console:
    """Writes each mail's headers and text part to a stream, standard output by default."""

    channel = "email"

    def __init__(self, stream: TextIO | None = None, *, name: str = "console") -> None:
        self.name = name
        self._stream = stream
        self._open = False

    @classmethod
    def from_url(cls, _: str, *, name: str | None = None) -> Self:
        """`console:`, which says all."""
        return cls(name=name or "console")

    async def open(self) -> None:
        self._open = True

    async def send(self, message: Email) -> Outcome:
        if not self._open:
            raise ProviderNotOpenError(self.name)
        # Looked up now, not at start: whoever redirects standard output means this too.
        stream = self._stream or sys.stdout
        try:
            stream.write(_readable(message, stream.encoding))
            stream.flush()
        except (OSError, ValueError) as fault:
            # ValueError is what a closed stream raises.
            return Retry(f"cannot write to the console: {fault}", fault=Fault.PROVIDER)
        return Sent(message.message_id)

    async def close(self) -> None:
        self._open = False


def _readable(message: Email, encoding: str | None) -> str:
    mail = message_from_bytes(message.data, EmailMessage, policy=SMTP)
    text = mail.get_body(("plain",))
    rule = "─" * 72
    lines = [rule]
    lines += [f"{header}: {mail[header]}" for header in HEADERS if header in mail]
    lines += ["", text.get_content().replace("\r\n", "\n").rstrip("\n") if text else "", rule, ""]
    page = "\n".join(printable(line) for line in lines)
    # A terminal of another encoding shows "?" for what it does not have.
    encoding = encoding or "utf-8"
    return page.encode(encoding, "replace").decode(encoding)
