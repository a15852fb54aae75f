"""A scripted mail server, and providers pointed at it that are closed when the test ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dispatcher.providers.smtp import Smtp
from dispatcher.providers.smtp_connection import SmtpEndpoint
from tests.support.smtp_peer import Open, SmtpPeer


@pytest.fixture
async def server() -> AsyncIterator[SmtpPeer]:
    server = SmtpPeer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def smtp(server: SmtpPeer) -> AsyncIterator[Open]:
    """Opens a provider on the server; what is given are the parameters of its URL."""
    opened: list[Smtp] = []

    async def open_one(parameters: str = "", credentials: str = "") -> Smtp:
        provider = Smtp(
            SmtpEndpoint.from_url(
                f"smtp://{credentials}127.0.0.1:{server.port}?timeout=1&accept_timeout=1"
                + (f"&{parameters}" if parameters else "")
            )
        )
        await provider.open()
        opened.append(provider)
        return provider

    yield open_one
    for provider in opened:
        await provider.close()
