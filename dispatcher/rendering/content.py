"""What a template turns into: the content of a delivery, ready for its channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What `unsubscribe_link` is in a mail: the channel puts each recipient's own in its place, so that
#: one content serves all. RFC 2606: this host is nobody's.
UNSUBSCRIBE_LINK: Final = "https://unsubscribe.invalid/"
#: What `preferences_link` is in a mail, likewise.
PREFERENCES_LINK: Final = "https://preferences.invalid/"


@dataclass(frozen=True, slots=True)
class Action:
    """A button of an in-app item. `link` is an absolute http(s) address."""

    label: str
    link: str


@dataclass(frozen=True, slots=True)
class EmailContent:
    """A mail. `subject` is one line without control characters; `html` has its CSS inlined."""

    subject: str
    text: str
    html: str | None


@dataclass(frozen=True, slots=True)
class InAppContent:
    """An inbox item: plain text, to be escaped by whatever shows it. Links are absolute."""

    title: str
    body: str
    link: str | None
    image: str | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class SmsContent:
    """A text message: one paragraph, no control characters."""

    text: str


@dataclass(frozen=True, slots=True)
class PushContent:
    """A browser's notification: plain text. `link` is opened by a click; links are absolute."""

    title: str
    body: str
    link: str | None
    image: str | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class SseContent:
    """What an open page shows for a moment: plain text. `link` is absolute."""

    title: str
    body: str
    link: str | None


Content = EmailContent | InAppContent | SmsContent | PushContent | SseContent
