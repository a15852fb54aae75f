"""The preview page: a mail as one chooses to see it, and a payload with a mistake."""

from __future__ import annotations

from urllib.parse import urlencode

import psycopg

from dispatcher.db import embedded
from dispatcher.deploy import schema
from tests.screenshots.camera import LOOKS, Camera, Look
from tests.support import given
from tests.support.login import enter
from tests.support.peers.browser import until
from tests.support.shopfront import GatewayThread
from tests.support.tokens import token

_MISTAKE = """
const area = document.getElementById("payload");
area.value = '{\\n  "bundle_name": "Screenwriting II",\\n  "amount": 60\\n}';
area.dispatchEvent(new Event("input", { bubbles: true }));
"""


def photograph(camera: Camera) -> None:
    with embedded.server(keep=False) as server:
        schema.deploy(server.url, events=[])
        with psycopg.connect(server.url, autocommit=True) as db:
            given.tenant(db, "mistral", name="Atelier Mistral", locale="fr")
        with GatewayThread(server.url) as gateway:
            gateway.start()
            entry = token("olga", scope="operator")
            enter(camera.browser, gateway.address, entry, "/preview")
            for look in LOOKS:
                camera.dress(look)
                _open(camera, gateway, look, channel="email")
                camera.take(f"preview-{look.device}-{look.scheme}")
            _open(camera, gateway, LOOKS[0], channel="in_app")
            camera.browser.run(_MISTAKE)
            until(camera.browser, "return document.querySelector('#payload-faults li')")
            camera.take("preview-mistake")
            _open(camera, gateway, LOOKS[0], channel="sms", locale="xx")
            camera.take("preview-locale")


def _open(camera: Camera, gateway: GatewayThread, look: Look, **choices: str) -> None:
    asked = {
        "event": "class.installment.due",
        "tenant": "mistral",
        "locale": "fr",
        "scheme": look.scheme,
        "width": look.device,
        **choices,
    }
    camera.browser.open(f"{gateway.address}/preview?{urlencode(asked)}")
    until(camera.browser, "return document.documentElement.dataset.ready")
