"""The gateway's figures, on a port of their own."""

from __future__ import annotations

import aiohttp
import pytest

from dispatcher.health import ListenError
from tests.gateway.in_process import serving
from tests.peers.server_process import free_port, listens
from tests.scenarios.patience import seen


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

    counted = 'postbell_webhooks_turned_away_total{provider="postbell",reason="bad_token"} 1.0'
    assert counted in figures


async def test_a_gateway_whose_figures_have_no_port_ends_with_a_sentence(
    database_url: str,
) -> None:
    port = free_port()
    with pytest.raises(ListenError, match="POSTBELL_GATEWAY_METRICS_PORT"):
        async with serving(database_url, gateway_port=port, gateway_metrics_port=port):
            pass
