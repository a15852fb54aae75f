"""Where messages end in the demo, instead of with people.

Mails, texts and pushes are posted to the page's own server by Postbell's webhook provider, which is
named in a file as the manual describes it, and are signed (Standard Webhooks 1.0).
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

from dispatcher.inbound.signing import webhook_signature

#: Messages kept; the oldest go first.
KEPT: Final = 500
#: Where they are posted to.
PATH: Final = "/caught"


@dataclass(frozen=True, slots=True)
class Caught:
    """A message as it would have reached a person."""

    number: int
    channel: str
    delivery_id: int
    #: An address, a phone number, or the address of a phone that is pushed to.
    to: str
    #: A mail's subject, a push's title, or all of a text.
    title: str
    text: str
    html: str | None = None


class Catcher:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.caught: Final[deque[Caught]] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._secret: Final = secrets.token_bytes(32)

    def providers(self, page_url: str, channels: Iterable[str]) -> str:
        """The providers' file that names us for these channels (TOML)."""
        secret = base64.urlsafe_b64encode(self._secret).decode().rstrip("=")
        url = page_url.replace("http://", f"webhook+http://:whsec_{secret}@") + PATH
        return "".join(f'[demo_{each}]\nurl = "{url}?channel={each}"\n' for each in channels)

    def find(self, number: int) -> Caught | None:
        return next((each for each in self.caught if each.number == number), None)

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Keeps a message; returns False if it is not signed with our secret."""
        named, made_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signature = webhook_signature(self._secret, named, made_at, body)
        given = headers.get("webhook-signature", "")
        if not hmac.compare_digest(signature.encode(), given.encode()):
            return False
        said = json.loads(body)
        self.caught.append(_read(next(self._numbers), said["type"], said["data"]))
        return True


def _read(number: int, kind: str, data: dict[str, Any]) -> Caught:
    delivery = data["delivery_id"]
    match kind:
        case "postbell.email":
            subject, text, html = data["subject"], data["text"], data["html"]
            return Caught(number, "email", delivery, data["to"], subject, text, html)
        case "postbell.sms":
            return Caught(number, "sms", delivery, data["to"], data["text"], data["text"])
    shown = data["payload"]["notification"]
    whose = unquote_plus(urlsplit(data["device"]["endpoint"]).path.lstrip("/"))
    body = shown.get("body", "")
    return Caught(number, "push", delivery, f"{whose}'s phone", shown["title"], body)
