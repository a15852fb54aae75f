"""Somebody's own receiver of Standard Webhooks, on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, ClassVar

from dispatcher.channels.email import Email
from dispatcher.providers.base import Provider
from dispatcher.providers.webhook import Webhook
from tests.support.harnesses.http import SHORT, HttpHarness
from tests.support.http_peer import Request, Say
from tests.support.messages import an_email

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZl9zM2NyZXQhLS0tLS0t"


class WebhookHarness(HttpHarness):
    refusals: ClassVar[tuple[str, ...]] = ("400 no", "413 too large", "422 no such list")
    deferrals: ClassVar[tuple[str, ...]] = (
        "401 who are you",
        "403 not you",
        "404 nothing here",
        "410 gone",
        "429 slowly",
        "500 oops",
        "503 later",
        "302 elsewhere",
    )
    secret: ClassVar[str | None] = SECRET

    def usual(self, request: Request) -> Say:
        assert is_genuine(request)
        return Say(204)

    def error(self, status: int, text: str) -> Say:
        return Say(status, {}, json.dumps({"error": text}).encode())

    def provider_at(self, port: int) -> Provider[Any]:
        return Webhook.from_url(
            f"webhook+http://:{SECRET}@127.0.0.1:{port}/in?channel=email{SHORT}"
        )

    def message(self, number: int) -> Email:
        return an_email(number)


def is_genuine(request: Request, secret: str = SECRET) -> bool:
    """As a receiver checks it, with nothing of ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = ".".join(
        (
            request.headers["webhook-id"],
            request.headers["webhook-timestamp"],
            request.body.decode(),
        )
    )
    expected = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
    given = request.headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(f"v1,{expected}", one) for one in given)
