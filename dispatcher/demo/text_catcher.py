"""Text messages, kept: what a service of one's own gets from the webhook provider."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final

from dispatcher.inbound.signing import webhook_signature

#: Texts kept; the oldest go first.
KEPT: Final = 300
#: Where the provider posts them to, on the page's server.
PATH: Final = "/caught/texts"


@dataclass(frozen=True, slots=True)
class CaughtText:
    """One text message as it would have reached a phone."""

    number: int
    delivery_id: int
    to: str
    text: str
    segments: int
    received_at: datetime


class ForgedText(Exception):
    """It is not signed with our secret."""


class TextCatcher:
    """Takes what is signed with a secret that only the provider knows besides."""

    def __init__(self) -> None:
        self.texts: deque[CaughtText] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._secret: Final = secrets.token_bytes(32)

    def provider_url(self, page_url: str) -> str:
        """What POSTBELL_PROVIDERS says of us."""
        secret = base64.urlsafe_b64encode(self._secret).decode().rstrip("=")
        host = page_url.removeprefix("http://")
        return f"webhook+http://:whsec_{secret}@{host}{PATH}?channel=sms"

    def take(self, headers: Mapping[str, str], body: bytes) -> None:
        """Keep a text. Raises ForgedText (Standard Webhooks 1.0)."""
        made_at = headers.get("webhook-timestamp", "")
        seconds = int(made_at) if made_at.isascii() and made_at.isdecimal() else 0
        ours = webhook_signature(self._secret, headers.get("webhook-id", ""), seconds, body)
        if not hmac.compare_digest(ours.encode(), headers.get("webhook-signature", "").encode()):
            raise ForgedText("This is not signed by our provider.")
        said = json.loads(body)["data"]
        self.texts.append(
            CaughtText(
                number=next(self._numbers),
                delivery_id=said["delivery_id"],
                to=said["to"],
                text=said["text"],
                segments=said["segments"],
                received_at=datetime.now().astimezone(),
            )
        )
