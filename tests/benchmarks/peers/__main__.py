"""One worker process of a peer: `python -m tests.benchmarks.peers PEER URL [name=value …]`."""

from __future__ import annotations

import sys

import uvloop
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tests.benchmarks.peers import PEERS
from tests.benchmarks.peers.handler import Handler

#: As tests/benchmarks/stage.py says; shared, so that several may pass.
_WAIT_AT_THE_GATE = "select pg_advisory_lock_shared(7)"


async def main(name: str, url: str, options: dict[str, str]) -> None:
    host, _, port = options.get("sink", "").partition(":")
    handler = Handler((host, int(port)) if host else None)
    await handler.open()
    sessions = int(options.get("sessions", "4"))
    async with AsyncConnectionPool(
        url, min_size=sessions, max_size=sessions, kwargs={"autocommit": True}
    ) as pool:
        await pool.wait()
        async with await AsyncConnection.connect(
            url, autocommit=True, application_name="benchmark peer"
        ) as gate:
            await gate.execute(_WAIT_AT_THE_GATE)
            await PEERS[name].work(url, handler, pool, options)


if __name__ == "__main__":
    # pgqueuer's own command runs on uvloop, and the others gain from it too.
    uvloop.run(main(sys.argv[1], sys.argv[2], dict(word.split("=", 1) for word in sys.argv[3:])))
