"""What a router with a renderer does: read a chunk, make a text of each message, route it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.support import given
from tests.support.given import Connection


class Chunk(NamedTuple):
    events: int
    step: str | None
    next_step: str | None
    messages: list[list[Any]] | None


class Routed(NamedTuple):
    routed: int
    claimed: list[dict[str, Any]] | None
    ages: dict[str, list[float]] | None


def read(session: Connection, most: int = 500, after_step: str | None = None) -> Chunk:
    (row,) = given.rows(
        session, "select * from postbell_private.read_chunk(%s, %s)", most, after_step
    )
    return Chunk(*row)


def contents(messages: list[list[Any]] | None) -> list[dict[str, Any]]:
    """A text for each of the messages, as a renderer would make them."""
    return [
        {
            "notification_id": message[0],
            "channel": channel,
            "recipient_ids": [person[0]],
            "version": "v1.1",
            "title": f"{channel} for {person[0]}",
            "body": "The order is paid.",
            "link": "https://shop.example/orders/7",
            "image": None,
            "actions": [{"label": "Look", "link": "https://shop.example/orders/7"}],
        }
        for message in messages or []
        for person in message[6]
        for channel in person[4]
    ]


def route(
    session: Connection,
    chunk: Chunk,
    texts: list[dict[str, Any]] | None = None,
    *,
    most: int = 500,
    room: dict[str, int] | None = None,
) -> Routed:
    """Route a chunk with its texts; by default one for each message."""
    texts = contents(chunk.messages) if texts is None else texts
    (row,) = given.rows(
        session,
        "select * from postbell_private.route(%s, %s::text::jsonb, %s, %s)",
        most,
        None if room is None else json.dumps(room),
        chunk.step,
        json.dumps(texts),
    )
    return Routed(*row)
