"""What one writes first: Starlette's StreamingResponse and a queue per stream, fed by NOTIFY.

Run as `python -m tests.benchmarks.peers.queue_per_stream URL PORT`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator

import uvicorn
import uvloop
from psycopg import AsyncConnection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

_HEARTBEAT = 20.0


async def main(url: str, port: int) -> None:
    queues: defaultdict[str, set[asyncio.Queue[str]]] = defaultdict(set)

    async def listen() -> None:
        async with await AsyncConnection.connect(
            url, autocommit=True, application_name="benchmark peer"
        ) as connection:
            await connection.execute("listen told")
            async for notice in connection.notifies():
                who = json.loads(notice.payload)["recipient"]
                for queue in queues[who]:
                    queue.put_nowait(notice.payload)

    async def stream(request: Request) -> StreamingResponse:
        who = request.query_params["recipient"]

        async def events() -> AsyncIterator[str]:
            queue: asyncio.Queue[str] = asyncio.Queue()
            queues[who].add(queue)
            try:
                yield "event: state\ndata: {}\n\n"
                while True:
                    try:
                        told = await asyncio.wait_for(queue.get(), timeout=_HEARTBEAT)
                        yield f"event: notification\ndata: {told}\n\n"
                    except TimeoutError:
                        yield ":\n\n"
            finally:
                queues[who].discard(queue)

        return StreamingResponse(events(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/v1/stream", stream)])
    config = uvicorn.Config(
        app, port=port, log_config=None, access_log=False, ws="none", backlog=4096
    )
    listening = asyncio.create_task(listen())
    try:
        await uvicorn.Server(config).serve()
    finally:
        listening.cancel()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
