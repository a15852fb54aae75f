"""The gateway's figures, on a port of their own."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from dispatcher.health import ListenError
from tests.support import given
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.peers.server_process import free_port, listens
from tests.support.tokens import token
from tests.support.waiting import seen


async def test_what_is_turned_away_is_counted_where_the_world_does_not_look(
    database_url: str,
) -> None:
    port = free_port()
    async with (
        serving(database_url, gateway_metrics_port=port) as url,
        aiohttp.ClientSession() as session,
    ):
        await seen(lambda: listens(port), "the figures are shown")
        async with session.get(f"{url}/o/forged") as answer:
            assert answer.status == 404
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            figures = await answer.text()
        async with session.get(f"{url}/metrics") as answer:
            assert answer.status == 404

    counted = 'postbell_webhooks_rejected_total{provider="postbell",reason="bad_token"} 1.0'
    assert counted in figures


async def test_open_pages_are_counted(database_url: str, db: Connection) -> None:
    given.recipient(db)
    port = free_port()
    async with (
        serving(database_url, gateway_metrics_port=port) as url,
        aiohttp.ClientSession() as session,
    ):
        await seen(lambda: listens(port), "the figures are shown")
        bearer = {"authorization": f"Bearer {token('u1')}"}
        async with session.get(f"{url}/v1/stream", headers=bearer) as page:
            await page.content.readuntil(b"event: state")

            async def figures() -> str:
                async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    return await answer.text()

            assert "postbell_open_streams 1.0" in await figures()
            # The page gets its state before the gateway has looked for changes.
            async with asyncio.timeout(10):
                while "postbell_stream_listener_up 1.0" not in await figures():  # noqa: ASYNC110 - nothing says when
                    await asyncio.sleep(0.01)


async def test_a_gateway_whose_figures_have_no_port_ends_with_a_sentence(
    database_url: str,
) -> None:
    port = free_port()
    with pytest.raises(ListenError, match="POSTBELL_GATEWAY_METRICS_PORT"):
        async with serving(database_url, gateway_port=port, gateway_metrics_port=port):
            pass
