"""The chat channel: a text for an incoming webhook of Slack, Mattermost or Discord."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused
from dispatcher.rendering import plain_text

if TYPE_CHECKING:
    from dispatcher.rendering.content import ChatContent

#: Characters of a text. Discord takes 2000, the others more.
LONGEST: Final = 2000

#: Mentions that notify everybody in a channel, as Mattermost and Discord read them in a text.
_EVERYBODY: Final = re.compile(r"@(?=(?:all|channel|everyone|here)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chat:
    """A text ready for a provider. Its repr leaves address and text out."""

    delivery_id: int
    #: Delivery.identity.
    identity: str
    #: The URL of the incoming webhook: who knows it can write there.
    to: str = field(repr=False)
    #: Escaped for Slack, so that nothing in it is a mention or a link with another name.
    text: str = field(repr=False)


class ChatChannel:
    """Makes texts that mention nobody, whatever users wrote into a payload."""

    name = "chat"

    def __init__(self, *, concurrency: int = 8, max_attempts: int = 6) -> None:
        self.concurrency = concurrency
        self.max_attempts = max_attempts
        #: Read at once or not at all, like pushes: six attempts take half an hour on average.
        self.backoff = Backoff(first=timedelta(minutes=1), cap=timedelta(minutes=30))

    def address(self, delivery: Delivery) -> str | Refused:
        """The URL of the webhook. Where it leads is checked by the provider."""
        return delivery.address or Refused("the recipient has no chat address")

    def message(self, delivery: Delivery, content: ChatContent) -> Chat | Refused:
        """A text that is too long loses its end."""
        to = self.address(delivery)
        if isinstance(to, Refused):
            return to
        text = plain_text.paragraphs(content.text)
        if not text:
            return Refused("the text is empty")
        if len(text) > LONGEST:
            text = plain_text.cut(text, LONGEST - 1).rstrip() + "…"
        return Chat(delivery.id, delivery.identity, to, _escaped(text))


def _escaped(text: str) -> str:
    """As Slack asks for it: &, < and > begin or end its mentions and links.

    A word joiner breaks the mentions of the others.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EVERYBODY.sub("@\u2060", text)
