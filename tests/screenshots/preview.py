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
area.dispatchEvent(new Event("input"));
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
                _open(camera, gateway, look)
                camera.take(f"preview-{look.device}-{look.scheme}")
            camera.browser.run("document.getElementById('tab-in_app').click()")
            camera.browser.run(_MISTAKE)
            until(camera.browser, "return document.querySelector('#payload-faults li')")
            camera.take("preview-mistake")


def _open(camera: Camera, gateway: GatewayThread, look: Look) -> None:
    wish = {
        "event": "class.installment.due",
        "channel": "email",
        "tenant": "mistral",
        "locale": "fr",
        "scheme": look.scheme,
        "width": look.device,
    }
    camera.browser.open("about:blank")
    camera.browser.open(f"{gateway.address}/preview#{urlencode(wish)}")
    until(camera.browser, "return document.querySelector('iframe[data-shown]')")
    until(camera.browser, "return document.getElementById('status').innerText")
