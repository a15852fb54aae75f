"""An outbox as built at home: a table, a NOTIFY trigger, workers that skip locked rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool

from tests.benchmarks.peers.handler import Handler, Message

CREATE = b"""
create table outbox (
    id bigint generated always as identity primary key,
    message jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    processed_at timestamptz
);
create index outbox_open_idx on outbox (id) where processed_at is null;

create function ring() returns trigger language plpgsql as $$
begin
    notify outbox;
    return null;
end $$;
create trigger ring after insert on outbox for each statement execute function ring();
"""

_TAKE = b"""
    select id, message::text
    from outbox
    where processed_at is null
    order by id
    limit %s
    for update skip locked
"""
_SETTLE = b"update outbox set processed_at = now() where id = any(%s)"


async def prepare(url: str) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(CREATE)


async def enqueue(url: str, messages: Sequence[Message]) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        for start in range(0, len(messages), 1000):
            await connection.execute(
                "insert into outbox (message) select unnest(%s::jsonb[])",
                [[message.text() for message in messages[start : start + 1000]]],
            )


def emit(connection: Connection[Any], message: Message) -> None:
    """In the transaction that the connection is in."""
    connection.execute("insert into outbox (message) values (%s::jsonb)", [message.text()])


async def work(
    url: str,
    handler: Handler,
    pool: AsyncConnectionPool[Any],
    options: dict[str, str],
) -> None:
    """`concurrency` workers, each with a connection of its own, each taking `chunk` rows in a
    transaction, until cancelled.
    """
    async with asyncio.TaskGroup() as group:
        for _ in range(int(options["concurrency"])):
            group.create_task(_poll(url, handler, int(options["chunk"])))


async def _poll(url: str, handler: Handler, chunk: int) -> None:
    async with (
        await AsyncConnection.connect(url, autocommit=True) as connection,
        await AsyncConnection.connect(url, autocommit=True) as listener,
    ):
        await listener.execute("listen outbox")
        while True:
            async with connection.transaction():
                cursor = await connection.execute(_TAKE, [chunk])
                rows = await cursor.fetchall()
                for _, text in rows:
                    await handler.handle(connection, Message.of(text))
                if rows:
                    await connection.execute(_SETTLE, [[number for number, _ in rows]])
            if not rows:
                async for _ in listener.notifies(timeout=1.0, stop_after=1):
                    pass
