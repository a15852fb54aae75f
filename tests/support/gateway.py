"""A gateway in the test's own loop, and an open page that reaches it over the network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr

from dispatcher.gateway.server import Gateway
from dispatcher.settings import Settings
from tests.support.event_source import Page
from tests.support.peers.server_process import free_port, listens
from tests.support.tokens import SECRET, token
from tests.support.waiting import seen


@asynccontextmanager
async def serving(url: str, **settings: Any) -> AsyncIterator[str]:
    """The gateway's own address for as long as the block lasts."""
    port = settings.setdefault("gateway_port", free_port())
    given: dict[str, Any] = {"token_secret": (SecretStr(SECRET),), **settings}
    gateway = Gateway(url, Settings(**given))
    task = asyncio.create_task(gateway.run())
    try:
        await seen(lambda: task.done() or listens(port), "the gateway listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        gateway.stop()
        await task


@asynccontextmanager
async def page_at(url: str, who: str = "u1") -> AsyncIterator[Page]:
    """Somebody's stream by way of `url`, once it has told how things stand."""
    page = Page()

    async def read(response: aiohttp.ClientResponse) -> None:
        try:
            async for chunk in response.content.iter_any():
                page.take(chunk)
        finally:
            page.end()

    headers = {"Authorization": f"Bearer {token(who)}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{url}/v1/stream") as response,
    ):
        page.status = response.status
        reading = asyncio.create_task(read(response))
        try:
            await page.until(lambda now: now.is_over or now.of("state"))
            yield page
        finally:
            reading.cancel()
            await asyncio.wait([reading])
