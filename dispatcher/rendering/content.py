"""What a template turns into: the content of a delivery, ready for its channel."""

from __future__ import annotations

from dataclasses import dataclass


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


Content = EmailContent | InAppContent
