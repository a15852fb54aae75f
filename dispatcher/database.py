"""Connections to PostgreSQL."""

from __future__ import annotations

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

#: A session that sleeps for hours holding a lock must not outlive its host: the server asks every
#: ten seconds and gives up after three silences. The statements are few and come again and again:
#: planned once, and never compiled, which would take longer than they do. Each looks up a handful
#: of rows by key; a plan made while the tables were empty must not read them whole when they are
#: full.
SESSION = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    " -c jit=off -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)

#: What ends a session through no fault of the statement: try again on a new one.
ConnectionLost = (psycopg.OperationalError, psycopg.InterfaceError)


async def connect(url: str, name: str) -> AsyncConnection[TupleRow]:
    """A session of its own, committing every statement. `name` shows in pg_stat_activity."""
    return await AsyncConnection.connect(
        url, autocommit=True, application_name=f"postbell {name}", options=SESSION
    )


#: Sessions to borrow for a statement or a transaction.
Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


def pool(url: str, name: str, size: int) -> Pool:
    """Up to `size` sessions, committing every statement, checked before use; not yet open."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=30,
        kwargs={
            "autocommit": True,
            "application_name": f"postbell {name}",
            "options": SESSION,
        },
    )
