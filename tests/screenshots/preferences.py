"""The preference centre of somebody with choices, quiet hours and a mute, in both languages."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from dispatcher.db import embedded
from dispatcher.deploy import schema
from dispatcher.gateway.token import login_token
from dispatcher.inbound.links import UnsubscribeLinks, sign_preferences
from dispatcher.inbound.signing import Signer
from tests.screenshots.camera import Camera
from tests.support import given
from tests.support.deliveries import a_delivery
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.peers.server_process import free_port
from tests.support.renderings import shipped_catalog
from tests.support.tokens import SECRET

#: Pages: in English, in French, from right to left; the question what a press means; and those by
#: which one leaves and comes in.
NAMES: Final = (
    "preferences-en",
    "preferences-fr",
    "preferences-ar",
    "preferences-question",
    "unsubscribe",
    "login",
)


def photograph(camera: Camera) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="postbell_preferences_") as folder,
        embedded.server(Path(folder), keep=False) as server,
    ):
        events = shipped_catalog().events.values()
        schema.deploy(server.url, events=events)
        with psycopg.connect(server.url, autocommit=True) as connection:
            _settle(connection)
        asyncio.run(_photograph(camera, server.url))


async def _photograph(camera: Camera, url: str) -> None:
    port = free_port()
    base = f"http://localhost:{port}"
    async with serving(url, gateway_port=port, public_url=base):
        for name, path in zip(NAMES, _paths(datetime.now(UTC)), strict=True):
            await asyncio.to_thread(camera.photograph, name, f"{base}{path}")


def _paths(now: datetime) -> Iterator[str]:
    signer = Signer([SECRET])
    for tenant, recipient, query in (
        ("default", "u1", "open=orders"),
        ("mistral", "u1", "open=orders"),
        ("default", "u3", "open=orders"),
        ("default", "u1", "ask=email"),
    ):
        yield f"/preferences/{sign_preferences(signer, tenant, recipient, now)}?{query}"
    yield str(UnsubscribeLinks(signer, "").of(a_delivery(), now))
    yield f"/login?token={login_token(SECRET, now, 'u1', 'default')}"


def _settle(db: Connection) -> None:
    given.tenant(db, "default", name="Fernhill Research", branding={"color": "#1f6f54"})
    given.tenant(
        db,
        "mistral",
        name="Atelier Mistral",
        locale="fr",
        branding={"color": "#9a3412"},
        disabled_channels=["sms"],
    )
    db.execute(
        "update postbell.event_type set forced_channels = '{email}' where key = 'order.created'"
    )
    given.recipient(db, "u3", locale="ar-EG", time_zone="Africa/Cairo")
    for tenant in ("default", "mistral"):
        whose = {"recipient": "u1", "tenant_id": tenant}
        given.recipient(db, tenant_id=tenant, time_zone="Europe/Paris")
        given.call(
            db, "set_preference", enabled=False, channel="email", category="loyalty", **whose
        )
        given.call(db, "set_preference", enabled=False, channel="sse", event="order.paid", **whose)
        given.call(
            db,
            "set_quiet_hours",
            starts="22:00",
            ends="07:00",
            days=[1, 2, 3, 4, 7],
            channels=["email", "sms", "push"],
            **whose,
        )
        given.call(db, "set_quiet_hours", starts="23:30", ends="10:00", days=[5, 6], **whose)
        until_then = datetime.now(UTC) + timedelta(days=3)
        given.call(db, "mute", event="ticket.replied", until=until_then, **whose)
