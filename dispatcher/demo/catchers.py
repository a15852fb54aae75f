"""Where messages end in the demo, instead of with people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from dispatcher.demo.mail_catcher import MailCatcher
from dispatcher.demo.push_catcher import PushCatcher
from dispatcher.demo.text_catcher import TextCatcher


@dataclass(frozen=True, slots=True)
class Caught:
    """What a person would have had before their eyes. A mail has two parts, which say the same."""

    delivery_id: int | None
    channel: str
    title: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catchers:
    """One for each way out. `mails` is None where the visitor has a mail server of their own."""

    mails: MailCatcher | None = field(default_factory=MailCatcher)
    texts: TextCatcher = field(default_factory=TextCatcher)
    pushes: PushCatcher = field(default_factory=PushCatcher)

    def caught(self) -> Iterator[Caught]:
        """All of it, by channel and in the order in which it came."""
        for mail in self.mails.mails if self.mails else ():
            parts = (mail.text, unescape(mail.html or ""))
            read = tuple(f"{mail.subject} {part}" for part in parts)
            yield Caught(mail.delivery_id, "email", mail.subject, read)
        for text in self.texts.texts:
            yield Caught(text.delivery_id, "sms", text.text, (text.text,))
        for push in self.pushes.pushes:
            yield Caught(push.delivery_id, "push", push.title, (f"{push.title} {push.body}",))
