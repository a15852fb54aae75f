"""What is written to an open stream, and how it ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.types import Message

from dispatcher.gateway.auth import Identity
from dispatcher.gateway.stream import subscriber
from dispatcher.gateway.stream.subscriber import Subscriber
from tests.support.event_source import Page


def test_an_event_has_a_name_data_and_a_position() -> None:
    page = Page()
    page.take(subscriber.event_frame("notification", '{"id": 7}', "a-1"))
    (event,) = page.events
    assert (event.name, event.data, event.last_id) == ("notification", {"id": 7}, "a-1")


def test_an_event_without_a_position_leaves_the_last_one() -> None:
    page = Page()
    page.take(subscriber.cursor_frame("a-1") + subscriber.event_frame("state", "{}"))
    assert [event.last_id for event in page.events] == ["a-1"]


def test_a_position_alone_and_a_comment_are_no_events() -> None:
    page = Page()
    page.take(
        subscriber.cursor_frame("a-1") + subscriber.COMMENT_FRAME + subscriber.retry_frame(1500)
    )
    assert (page.events, page.last_id, page.retry) == ([], "a-1", 1500)


class Connection:
    """What a server offers; `is_taking` says whether the page reads."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.is_over = False
        self.is_taking = True
        self._takes = asyncio.Event()

    def write_now(self, piece: bytes) -> bool:
        if self.is_taking:
            self.taken.append(("write_now", piece))
        return self.is_taking

    async def send(self, message: Message) -> None:
        if not self.is_taking:
            await self._takes.wait()
        self.taken.append(("sent", message["body"]))
        self.is_over = not message["more_body"]

    def take_again(self) -> None:
        self.is_taking = True
        self._takes.set()


def page(connection: Connection) -> Subscriber:
    identity = Identity("default", "u1", None, datetime.now(UTC))
    return Subscriber(identity, connection.send, write_now=connection.write_now)


def test_what_the_connection_takes_is_sent_at_once() -> None:
    connection = Connection()
    stream = page(connection)
    stream.write(b"two")
    stream.release(b"one ")
    stream.write(b"three")
    assert connection.taken == [("write_now", b"one two"), ("write_now", b"three")]
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
    await stream.drain(timeout=20)
    stream.write(b"five")
    assert connection.taken == [
        ("write_now", b"one"), ("sent", b"two"), ("sent", b"threefour"), ("write_now", b"five"),
    ]  # fmt: skip


async def test_the_last_words_end_the_response() -> None:
    connection = Connection()
    stream = page(connection)
    stream.release(b"one")
    stream.end(b"bye")
    stream.write(b"too late")
    await stream.drain(timeout=20)
    assert connection.taken == [("write_now", b"one"), ("sent", b"bye")]
    assert connection.is_over
