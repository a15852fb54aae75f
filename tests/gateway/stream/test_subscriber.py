"""What is written to an open stream, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import h11
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState

from dispatcher.gateway.auth import Identity
from dispatcher.gateway.server import _Protocol
from dispatcher.gateway.stream import subscriber
from dispatcher.gateway.stream.endpoint import PUT
from dispatcher.gateway.stream.subscriber import OpenStream
from tests.support.event_source import Page

MEGABYTE = 1_000_000


def test_an_event_has_a_name_data_and_a_position() -> None:
    page = Page()
    page.take(subscriber.event_frame("notification", '{"id": 7}', "a-1"))
    (event,) = page.events
    assert (event.name, event.data, event.last_id) == ("notification", {"id": 7}, "a-1")


def test_an_event_without_a_position_leaves_the_last_one() -> None:
    page = Page()
    page.take(subscriber.position_frame("a-1") + subscriber.event_frame("state", "{}"))
    assert [event.last_id for event in page.events] == ["a-1"]


def test_a_position_alone_and_a_comment_are_no_events() -> None:
    page = Page()
    page.take(
        subscriber.position_frame("a-1") + subscriber.COMMENT_FRAME + subscriber.retry_frame(1500)
    )
    assert (page.events, page.last_id, page.retry) == ([], "a-1", 1500)


class Connection:
    """What a server offers; `is_taking` says whether the page reads."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.is_over = False
        self.is_taking = True
        self._takes = asyncio.Event()

    def put(self, piece: bytes) -> bool:
        if self.is_taking:
            self.taken.append(("put", piece))
        return self.is_taking

    async def send(self, message: Message) -> None:
        if not self.is_taking:
            await self._takes.wait()
        self.taken.append(("sent", message["body"]))
        self.is_over = not message["more_body"]

    def take_again(self) -> None:
        self.is_taking = True
        self._takes.set()


def page(connection: Connection) -> OpenStream:
    identity = Identity("default", "u1", None, datetime.now(UTC))
    return OpenStream(identity, connection.send, put=connection.put)


def test_what_the_connection_takes_is_sent_at_once() -> None:
    connection = Connection()
    stream = page(connection)
    stream.write(b"two")
    stream.release(b"one ")
    stream.write(b"three")
    assert connection.taken == [("put", b"one two"), ("put", b"three")]
    assert not stream.is_busy


async def test_what_waits_is_not_overtaken() -> None:
    connection = Connection()
    stream = page(connection)
    stream.release(b"one")
    connection.is_taking = False
    stream.write(b"two")
    await asyncio.sleep(0)
    stream.write(b"three")
    connection.take_again()
    stream.write(b"four")
    assert stream.is_busy
    await stream.caught_up(patience=20)
    stream.write(b"five")
    assert connection.taken == [
        ("put", b"one"), ("sent", b"two"), ("sent", b"threefour"), ("put", b"five"),
    ]  # fmt: skip


async def test_the_last_words_end_the_response() -> None:
    connection = Connection()
    stream = page(connection)
    stream.release(b"one")
    stream.end(b"bye")
    stream.write(b"too late")
    await stream.caught_up(patience=20)
    assert connection.taken == [("put", b"one"), ("sent", b"bye")]
    assert connection.is_over


@asynccontextmanager
async def asked(
    app: ASGIApp, version: str
) -> AsyncIterator[tuple[asyncio.StreamReader, h11.Connection]]:
    """A client that has asked the gateway's kind of server for something."""
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = await asyncio.get_running_loop().create_server(
        lambda: _Protocol(config, ServerState(), {}), "127.0.0.1", 0
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
        put = scope["state"][PUT]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert put(b"one ")
        await say(send, b"two ")
        assert put(b"three ")
        await say(send, b"four", more=False)

    async with asked(app, version) as (reader, client):
        assert await body(reader, client) == b"one two three four"


async def test_a_connection_that_does_not_take_it_says_so() -> None:
    refused = asyncio.get_running_loop().create_future()

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        many = 0
        while many < 100 and scope["state"][PUT](b"x" * MEGABYTE):
            many += 1
        refused.set_result(many)
        await say(send, b"y", more=False)

    async with asked(app, "1.1") as (reader, client):
        many = await asyncio.wait_for(refused, 20)
        assert 0 < many < 100
        assert await body(reader, client) == b"x" * MEGABYTE * many + b"y"
