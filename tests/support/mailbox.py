"""Mails as a mailbox sees them: read by the standard library."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, SMTPUTF8
from typing import Any


def mail_of(data: bytes) -> EmailMessage:
    """Strictly ASCII, as a server without SMTPUTF8 takes it, or else UTF-8."""
    return message_from_bytes(data, EmailMessage, policy=SMTP if data.isascii() else SMTPUTF8)


def as_lines(text: str) -> str:
    """A text as mail has it: each line ended, by line feeds here."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def text_of(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return as_lines(payload.decode())


def sender_of(data: bytes) -> tuple[str, str]:
    """Display name and address of From."""
    mail = mail_of(data)
    [sender] = mail["From"].addresses
    phrase = raw_header(mail, "From").rpartition(" <")[0]
    if "=?" not in phrase:
        return sender.display_name, sender.addr_spec
    # The library's address parser puts a space between two encoded words; RFC 2047 does not.
    return str(make_header(decode_header(phrase))), sender.addr_spec


def raw_header(mail: EmailMessage, name: str) -> str:
    values: Any = dict(mail.raw_items())
    return str(values[name])
