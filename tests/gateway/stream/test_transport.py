"""What the gateway uses of uvicorn beyond ASGI, and an upgrade might break."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import h11
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from dispatcher.gateway.stream.transport import ABORT, WRITE, StreamProtocol

MEGABYTE = 1_000_000


@asynccontextmanager
async def asked(
    app: ASGIApp, version: str
) -> AsyncIterator[tuple[asyncio.StreamReader, h11.Connection]]:
    """A client that has asked the gateway's kind of server for something."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = await asyncio.get_running_loop().create_server(
        lambda: StreamProtocol(config, ServerState(), {}), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        writer.write(f"GET / HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        yield reader, client
        writer.close()


async def body(reader: asyncio.StreamReader, client: h11.Connection) -> bytes:
    """What comes to the end of the response, as h11 understands it."""
    client.receive_data(await reader.read(-1))
    client.receive_data(b"")
    found = b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        assert isinstance(event, (h11.Response, h11.Data))
        found += event.data if isinstance(event, h11.Data) else b""
    return found


async def say(send: Send, text: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": more})


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_piece_is_framed_like_what_the_server_sends(version: str) -> None:
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        write_now = scope["state"][WRITE]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert write_now(b"one ")
        await say(send, b"two ")
        assert write_now(b"three ")
        await say(send, b"four", more=False)

    async with asked(app, version) as (reader, client):
        assert await body(reader, client) == b"one two three four"


async def test_a_connection_that_does_not_take_it_says_so() -> None:
    refused = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        many = 0
        while many < 100 and scope["state"][WRITE](b"x" * MEGABYTE):
            many += 1
        refused.set_result(many)
        await say(send, b"y", more=False)

    async with asked(app, "1.1") as (reader, client):
        many = await asyncio.wait_for(refused, 20)
        assert 0 < many < 100
        assert await body(reader, client) == b"x" * MEGABYTE * many + b"y"


async def test_an_aborted_connection_drops_what_is_unsent() -> None:
    written: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        many = 0
        while scope["state"][WRITE](b"x" * MEGABYTE):
            many += 1
        scope["state"][ABORT]()
        while (await receive())["type"] != "http.disconnect":
            pass
        assert not scope["state"][WRITE](b"too late")
        written.set_result(many)

    async with asked(app, "1.1") as (reader, _):
        # The client reads only afterwards.
        many = await asyncio.wait_for(written, 20)
        received = await reader.read(-1)
        assert received.count(b"x") < many * MEGABYTE


async def test_a_closed_connection_leaves_nothing_for_the_garbage_collector() -> None:
    protocols: list[weakref.ref[StreamProtocol]] = []

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        protocol = scope["state"][ABORT].__self__.get_protocol()
        protocols.append(weakref.ref(protocol))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await say(send, b"bye", more=False)

    gc.collect()
    gc.disable()
    try:
        async with asked(app, "1.1") as (reader, client):
            assert await body(reader, client) == b"bye"
        await asyncio.sleep(0.1)
        assert protocols[0]() is None
    finally:
        gc.enable()
