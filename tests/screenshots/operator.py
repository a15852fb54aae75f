"""The operator's pages after two busy weeks, with something wrong at every corner."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from pydantic import SecretStr

from dispatcher.db import embedded
from dispatcher.deploy import schema
from dispatcher.gateway.token import operator_login_token
from tests.screenshots.camera import LOOKS, Camera, Look
from tests.support import given
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers.browser import until
from tests.support.peers.server_process import free_port
from tests.support.renderings import shipped_catalog
from tests.support.tokens import SECRET

VIEWS: Final = ("", "deliveries", "rejections", "dead-letters", "figures")

#: Three thousand events over a fortnight, more by day than by night; one mail in fifty bounces.
_FORTNIGHT: Final = """
    insert into postbell_private.notification (
        id, xid, tenant_id, event, recipient, payload, priority, created_at
    )
    select
        3001 - n, '1', (array['default', 'default', 'mistral'])[1 + mod(n, 3)],
        (array['order.paid', 'order.created', 'ticket.replied'])[1 + mod(n, 3)],
        'u' || 1 + mod(n, 40), '{}', 'normal',
        now() - n * interval '6.7 minutes' - (1 + sin(n / 34.0)) * interval '2 hours'
    from generate_series(1, 3000) as n;

    select setval('postbell.outbox_id_seq', 3000);

    insert into postbell.delivery (
        notification_id, tenant_id, recipient_id, event, channel, priority, decision, rung,
        decision_reason, is_silent, state, reason, attempts, provider, created_at, sent_at,
        delivered_at, is_open
    )
    select
        n.id, n.tenant_id, n.recipient, n.event, way.channel, 'normal',
        case when way.lot < 7 then 'no' else 'now' end, case when way.lot < 7 then 6 else 11 end,
        case when way.lot < 7 then 'switched_off' else 'wanted' end, false,
        case
            when way.lot < 7 then 'skipped'
            when way.channel = 'in_app' then 'delivered'
            when way.lot = 7 then 'bounced'
            else 'sent'
        end,
        case when way.lot = 7 and way.channel <> 'in_app' then '550 5.1.1 no such user' end, 1,
        (array['inbox', 'main_mail', 'webpush'])[way.number], n.created_at,
        case when way.lot >= 7 then n.created_at + interval '1 second' end,
        case when way.lot >= 7 and way.channel = 'in_app' then n.created_at end, false
    from postbell_private.notification as n
    cross join lateral (
        select channel, number, mod(n.id * 7 + number * 13, 50) as lot
        from unnest(array['in_app', 'email', 'push']) with ordinality as listed (channel, number)
    ) as way
    where way.channel <> 'push' or mod(n.id, 3) = 0
    order by n.created_at;

    insert into postbell.attempt (delivery_id, outcome, provider, reason, latency_ms, attempted_at)
    select
        id, case state when 'bounced' then 'refused' else 'sent' end, provider, reason,
        case when channel <> 'in_app' then 20 + mod(id * 31, 90) end, sent_at
    from postbell.delivery
    where sent_at is not null;

    insert into postbell.dead_letter (delivery_id, died_at)
    select id, sent_at
    from postbell.delivery
    where state = 'bounced' and created_at > now() - interval '2 days';
"""
_PROVIDERS: Final = """
    select postbell_private.report_providers('web-1 4711', jsonb_build_array(
        jsonb_build_object('provider', 'main_mail', 'channel', 'email', 'state', 'ready',
            'changed_at', now() - interval '1 day'),
        jsonb_build_object('provider', 'texts', 'channel', 'sms', 'state', 'misconfigured',
            'reason', '20003 authenticate', 'changed_at', now() - interval '1 hour',
            'opens_at', now() + interval '5 minutes')
    ))
"""


def photograph(camera: Camera) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="postbell_operator_") as folder,
        embedded.server(Path(folder), keep=False) as server,
    ):
        schema.deploy(server.url, events=shipped_catalog().events.values())
        with psycopg.connect(server.url, autocommit=True) as connection:
            _work(connection)
        asyncio.run(_photograph(camera, server.url))


async def _photograph(camera: Camera, url: str) -> None:
    port = free_port()
    base = f"http://localhost:{port}"
    async with serving(url, gateway_port=port, public_url=base, token_secret=(SecretStr(SECRET),)):
        await asyncio.to_thread(_take, camera, base)


def _take(camera: Camera, base: str) -> None:
    browser = camera.browser
    token = operator_login_token(SECRET, datetime.now(UTC), "olga")
    enter(browser, base, token, "/operator")
    for look in LOOKS:
        camera.dress(look)
        for view in VIEWS:
            _photograph_one(
                camera, f"{base}/operator{view and f'/{view}'}", view or "overview", look
            )
        browser.open(f"{base}/operator/dead-letters")
        link = browser.run("return [...document.querySelectorAll('tbody th a')].at(-1).href")
        _photograph_one(camera, link, "delivery", look)
        browser.open(f"{base}/operator/deliveries?state=failed")
        link = browser.run("return document.querySelector('tbody th a').href")
        _photograph_one(camera, link, "failed", look)


def _photograph_one(camera: Camera, address: str, name: str, look: Look) -> None:
    camera.browser.open(address)
    until(camera.browser, "return document.documentElement.dataset.ready")
    camera.take(f"operator-{name}-{look.device}-{look.scheme}")


def _work(db: Connection) -> None:
    given.tenant(db, "default", name="Fernhill Research", time_zone="Europe/London")
    given.tenant(db, "mistral", name="Atelier Mistral", time_zone="Europe/Paris", locale="fr")
    given.recipient(db)
    with db.transaction():
        db.execute(_FORTNIGHT.encode())
    db.execute(_PROVIDERS.encode())
    for number in range(7):
        given.call(db, "suppress", channel="email", address=f"gone{number}@example.org")
    given.emit(db, "order.lost")
    given.emit(db, payload={"order_id": 1, "amount": 19.9})
    for number in range(9):
        given.emit(db, payload={"order_id": number, "amount": "19.90"})
    given.route(db)
    _fail_twice(db)


def _fail_twice(db: Connection) -> None:
    """A delivery whose template fails, also when it is sent again."""
    given.emit(db, payload={"order_id": 9, "amount": "19.90"}, channels=["email"])
    given.route(db)
    delivery_id = given.value(db, "select max(id) from postbell.delivery")
    for line in (3, 4):
        given.fail(db, f"order/paid/email.html:{line}: 'amont' is undefined", delivery_id)
        if line == 3:
            given.call(db, "retry", delivery_id=delivery_id)
