"""A daemon in the test's own loop, with a provider of the test's own."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dispatcher.daemon import Daemon
from dispatcher.providers.base import Provider
from dispatcher.providers.client import ProviderClient
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.settings import Settings


@asynccontextmanager
async def running(
    url: str,
    provider: Provider[Any] | None = None,
    *,
    registry: ProviderRegistry | None = None,
    **settings: Any,
) -> AsyncIterator[Daemon]:
    """A daemon for as long as the block lasts. What ended it early is raised at the end."""
    given: dict[str, Any] = {"http_port": 0, "lease_seconds": 2, **settings}
    if provider is not None:
        registry = ProviderRegistry([ProviderClient(provider)])
    daemon = Daemon(url, Settings(**given), registry=registry)
    task = asyncio.create_task(daemon.run())
    try:
        yield daemon
    finally:
        daemon.stop()
        await task


async def get(port: int, path: str) -> tuple[int, str]:
    """Status and body of a page of the daemon."""

    def ask() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(ask)
