"""SendGrid's event webhook: events, and their signature."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.client import Answer, Client

PRIVATE = ec.generate_private_key(ec.SECP256R1())
NOW = 1_900_000_000
PATH = "/v1/webhooks/sendgrid/mails"


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """As SendGrid's settings page shows it: the middle of a PEM."""
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b64encode(der).decode()


async def post(
    client: Client,
    body: bytes,
    *,
    at: int = NOW,
    key: ec.EllipticCurvePrivateKey = PRIVATE,
    path: str = PATH,
) -> Answer:
    signature = key.sign(str(at).encode() + body, ec.ECDSA(hashes.SHA256()))
    return await client.send(
        "POST",
        path,
        body,
        x_twilio_email_event_webhook_signature=b64encode(signature).decode(),
        x_twilio_email_event_webhook_timestamp=str(at),
    )


def event(delivery: int | None, kind: str, event_id: str | None = None, **more: Any) -> Any:
    named = {"event": kind, "sg_event_id": event_id or kind, "timestamp": NOW - 5, **more}
    return named if delivery is None else {**named, "postbell_delivery_id": str(delivery)}


def body_of(*events: Any) -> bytes:
    # With the line breaks that SendGrid puts between events: what is signed are bytes.
    return b"[" + b",\r\n".join(json.dumps(each).encode() for each in events) + b"]\r\n"
