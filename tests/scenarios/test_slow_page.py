"""A page that stops reading, over the network: dropped, and in nobody's way."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.support import given
from tests.support.gateway import page_at, serving
from tests.support.given import Connection
from tests.support.peers.server_process import free_port
from tests.support.tokens import token

pytestmark = pytest.mark.slow

#: More than the kernel keeps for a connection between two programs of one machine.
MEGABYTES = 24


def tell_a_megabyte(db: Connection) -> None:
    with db.transaction():
        given.rows(
            db,
            "insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)"
            " select 'default', 'notification', 'u1',"
            " json_build_object('id', n, 'body', repeat('x', 10000))"
            " from generate_series(1, 100) as n",
        )
        given.call(db, "notify_gateways")


async def test_a_page_that_stops_reading_holds_up_neither_others_nor_the_end(
    db: Connection, database_url: str
) -> None:
    port = free_port()
    request = f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token()}\r\n\r\n"
    loop = asyncio.get_running_loop()
    with socket.socket() as stuck:
        async with serving(database_url, gateway_port=port, shutdown_seconds=20) as gateway:
            await asyncio.to_thread(stuck.connect, ("127.0.0.1", port))
            stuck.sendall(request.encode())
            async with page_at(gateway) as page:
                for _ in range(MEGABYTES):
                    tell_a_megabyte(db)
                    await asyncio.sleep(0)
                await page.until(
                    lambda now: now.is_over or len(now.ids()) == MEGABYTES * 100, patience=60
                )
                assert not page.is_over
            began = loop.time()
        # Well before a request that does not end would be cut off.
        assert loop.time() - began < 10
