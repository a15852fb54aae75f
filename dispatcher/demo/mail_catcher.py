"""A mail server that keeps what it gets: the last few hundred mails, parsed, in memory."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

#: Mails kept; the oldest go first.
KEPT: Final = 300

# The return path names the delivery, so that a bounce does.
_RETURN_PATH = re.compile(r"bounces\+(\d+)(?:-[\w-]+)?@")


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail as it would have reached a mailbox."""

    number: int
    #: Of the delivery that it is; None if somebody else's program sent it.
    delivery_id: int | None
    sender: str
    to: str
    subject: str
    text: str
    html: str | None
    source: bytes = field(repr=False)
    received_at: datetime


class MailCatcher:
    """Takes every mail. `listen` says where."""

    def __init__(self) -> None:
        self.mails: deque[CaughtMail] = deque(maxlen=KEPT)
        self._numbers = count(1)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[str]:
        """Listens on a free port of 127.0.0.1 inside the block, and gives the URL to send to."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=loop),
            "127.0.0.1",
        )
        try:
            yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    def find(self, number: int) -> CaughtMail | None:
        return next((mail for mail in self.mails if mail.number == number), None)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd's signature
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        content = envelope.content
        source = content.encode() if isinstance(content, str) else content or b""
        return_path = _RETURN_PATH.match(envelope.mail_from or "")
        mail = message_from_bytes(source, policy=policy.default)
        self.mails.append(
            CaughtMail(
                number=next(self._numbers),
                delivery_id=int(return_path[1]) if return_path else None,
                sender=str(mail["From"] or ""),
                to=", ".join(envelope.rcpt_tos),
                subject=str(mail["Subject"] or ""),
                text=_part(mail, "plain") or "",
                html=_part(mail, "html"),
                source=source,
                received_at=datetime.now().astimezone(),
            )
        )
        return "250 2.0.0 Caught"


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body(preferencelist=(kind,))
    if part is None:
        return None
    content = part.get_content()
    return content if isinstance(content, str) else None
