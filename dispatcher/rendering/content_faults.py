"""What is wrong with a message that could be rendered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dispatcher.rendering.content import (
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
)
from dispatcher.rendering.html_faults import html_faults, unsaid_links
from dispatcher.rendering.sms_faults import sms_faults

#: An error would stop or spoil a message; a warning is likely a mistake; the rest is to know.
Severity = Literal["error", "warning", "information"]


def content_faults(content: Content) -> Iterator[tuple[Severity, str]]:
    """A sentence for each."""
    match content:
        case EmailContent(html=str(html), text=text):
            yield from html_faults(html)
            yield from unsaid_links(html, text)
        case SmsContent(text=text):
            yield from sms_faults(text)
        # Relative links have been refused by then; what is left is an item that cannot be acted on.
        case InAppContent(link=None, actions=[_, *_]) | PushContent(link=None, actions=[_, *_]):
            yield "warning", "the item has actions, but no link of its own to open"
