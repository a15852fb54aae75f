"""SendGrid's mail/send as its documentation describes it, on this machine."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from dispatcher.channels.email import Email
from dispatcher.providers.base import Provider
from dispatcher.providers.sendgrid import SendGrid
from tests.support.harnesses.http import SHORT, HttpHarness
from tests.support.http_peer import Request, Say
from tests.support.messages import an_email

KEY = "SG.s3cret.k3y"


class SendGridHarness(HttpHarness):
    refusals: ClassVar[tuple[str, ...]] = (
        "400 personalizations.0.to.0.email: Does not contain a valid address.",
        "400 subject: The subject is required.",
        "413 The payload is too large.",
        "422 What is this?",
    )
    deferrals: ClassVar[tuple[str, ...]] = (
        "401 The provided authorization grant is invalid, expired, or revoked",
        "403 access forbidden",
        "403 from: The from address does not match a verified Sender Identity.",
        "404 Not found",
        "429 too many requests",
        "500 internal",
        "503 unavailable",
        "307 elsewhere",
    )
    secret: ClassVar[str | None] = KEY

    def usual(self, request: Request) -> Say:
        return accepted(request)

    def error(self, status: int, text: str) -> Say:
        return declined(status, text)

    def provider_at(self, port: int) -> Provider[Any]:
        return SendGrid.from_url(f"sendgrid://:{KEY}@127.0.0.1:{port}?scheme=http{SHORT}")

    def message(self, number: int) -> Email:
        return an_email(number)


def accepted(request: Request) -> Say:
    """202 for a request of SendGrid's form, with an id of its mail."""
    assert (request.method, request.target) == ("POST", "/v3/mail/send")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    number = json.loads(request.body)["custom_args"]["postbell_delivery_id"]
    return Say(202, {"X-Message-Id": f"sg{number}"})


def declined(status: int, text: str) -> Say:
    """An error as SendGrid writes it; `text` may begin with the field that it is about."""
    field, found, message = text.partition(": ")
    error = {"message": message, "field": field} if found else {"message": text, "field": None}
    headers = {"Content-Type": "application/json"}
    return Say(status, headers, json.dumps({"errors": [error]}).encode())
