"""Rendered content: what each channel puts into a message.

Recipients share content, so nobody changes it. It is not frozen, because one is made for each
message, and a frozen dataclass takes longer to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: The value of `unsubscribe_link` in templates. The channel replaces it with the link of each
#: recipient, so recipients can share content. The host exists nowhere (RFC 2606).
UNSUBSCRIBE_LINK: Final = "https://unsubscribe.invalid/"
#: The value of `preferences_link` in templates, replaced in the same way.
PREFERENCES_LINK: Final = "https://preferences.invalid/"


@dataclass(slots=True)
class Action:
    """A button of an inbox item or push. `link` is an absolute http(s) address."""

    label: str
    link: str


@dataclass(slots=True)
class EmailContent:
    """A mail. `subject` is one line without control characters; `html` has inlined CSS."""

    subject: str
    text: str
    html: str | None


@dataclass(slots=True)
class InAppContent:
    """An inbox item: plain text, to be escaped before it is shown. Links are absolute."""

    title: str
    body: str
    link: str | None
    image: str | None
    actions: tuple[Action, ...]

    def columns(self) -> dict[str, Any]:
        """The columns of postbell.inbox_item."""
        return {
            "title": self.title,
            "body": self.body,
            "link": self.link,
            "image": self.image,
            "actions": [{"label": action.label, "link": action.link} for action in self.actions],
        }


@dataclass(slots=True)
class SmsContent:
    """An SMS: one paragraph without control characters."""

    text: str


@dataclass(slots=True)
class ChatContent:
    """A message in a chat: paragraphs of plain text."""

    text: str


@dataclass(slots=True)
class PushContent:
    """A browser's notification: plain text. A click opens `link`; links are absolute."""

    title: str
    body: str
    link: str | None
    image: str | None
    actions: tuple[Action, ...]


@dataclass(slots=True)
class SseContent:
    """What an open page shows for a moment: plain text. `link` is absolute."""

    title: str
    body: str
    link: str | None

    def columns(self) -> dict[str, Any]:
        """The fields of a notification in the stream."""
        return {"title": self.title, "body": self.body, "link": self.link}


Content = EmailContent | InAppContent | SmsContent | PushContent | SseContent | ChatContent
