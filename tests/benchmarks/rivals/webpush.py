"""Web Push: a notification to one browser, encrypted and signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pywebpush import webpush

from dispatcher.channels.push import Push
from dispatcher.providers.vapid import VapidKey
from dispatcher.providers.webpush import WebPush
from tests.support.push_device import PushDevice

#: No push service is spoken to in the clear.
SCHEMES: tuple[str, ...] = ("https",)
ANSWER = b"HTTP/1.1 201 Created\r\nLocation: https://localhost/m/1\r\nContent-Length: 0\r\n\r\n"

_SUBJECT: Final = "mailto:ops@shop.example"
_PAYLOAD: Final = json.dumps(
    {
        "web_push": 8030,
        "notification": {
            "title": "Order #1042 completed",
            "body": "The work on the order is done, and everything is ready.",
            "navigate": "https://shop.example/orders/1042",
            "tag": "0" * 32,
        },
    }
).encode()
_FOLDER: Final = TemporaryDirectory(prefix="postbell_vapid_")


def message(number: int, port: int) -> Push:
    topic = str(number).rjust(32, "0")
    device = _browser(port).device
    return Push(number, device, _PAYLOAD, _PAYLOAD, timedelta(hours=1), "normal", topic)


def provider(port: int, scheme: str) -> WebPush:
    return WebPush.from_url(
        f"webpush:?key={_key()}&subject={_SUBJECT}&allow_private=1&concurrency=8"
    )


def sdk(port: int, scheme: str) -> Callable[[Push], None]:
    device = _browser(port).device
    subscription = {
        "endpoint": device.endpoint,
        "keys": {"p256dh": device.p256dh, "auth": device.auth},
    }

    key = str(_key())

    def send(push: Push) -> None:
        taken = webpush(
            subscription,
            push.payload,
            vapid_private_key=key,
            vapid_claims={"sub": _SUBJECT},
            ttl=3600,
        )
        assert taken.status_code == 201

    return send


@cache
def _browser(port: int) -> PushDevice:
    return PushDevice(f"https://localhost:{port}/push/1")


@cache
def _key() -> Path:
    path = Path(_FOLDER.name) / "vapid.pem"
    VapidKey.create(path)
    return path
