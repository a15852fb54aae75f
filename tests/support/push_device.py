"""A browser that was subscribed: it has the private halves, and reads what is pushed to it."""

from __future__ import annotations

import base64
import json
import os
from datetime import timedelta
from typing import Any

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dispatcher.channels.push import Push
from dispatcher.delivery.model import Device


class PushDevice:
    """Its keys are its own; `device` is what it would tell a website."""

    def __init__(self, endpoint: str, number: int = 1) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.device = Device(number, endpoint, _base64url(point), _base64url(self._auth))

    def read(self, body: bytes) -> Any:
        """The JSON in what was pushed (RFC 8291). Raises if it was for somebody else."""
        return json.loads(http_ece.decrypt(body, private_key=self._private, auth_secret=self._auth))


def a_push(
    device: Device,
    number: int = 1,
    *,
    payload: bytes = b'{"title":"Paid"}',
    brief: bytes | None = None,
    ttl: timedelta = timedelta(hours=1),
    urgency: str = "normal",
) -> Push:
    topic = f"topic-{number}".ljust(32, "-")
    return Push(number, device, payload, brief or payload, ttl, urgency, topic)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
