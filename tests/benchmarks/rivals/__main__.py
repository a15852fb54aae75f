"""One side: `python -m tests.benchmarks.rivals SERVICE WAY PORT SCHEME MESSAGES`; prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dispatcher.delivery.model import Sent
from tests.benchmarks.rivals import RIVALS, WARM_UP, Rival

THREADS = 8


async def ours(rival: Rival, port: int, scheme: str, messages: Sequence[Any]) -> dict[str, float]:
    provider = rival.provider(port, scheme)
    await provider.open()
    await asyncio.gather(*(provider.send(message) for message in messages[:WARM_UP]))
    clock = _Clock()
    outcomes = await asyncio.gather(*(provider.send(message) for message in messages[WARM_UP:]))
    figures = clock.figures()
    await provider.close()
    assert all(isinstance(outcome, Sent) for outcome in outcomes), set(outcomes)
    return figures


def sdk(
    rival: Rival, port: int, scheme: str, messages: Sequence[Any], threads: int
) -> dict[str, float]:
    send = rival.sdk(port, scheme)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, messages[:WARM_UP]))
        clock = _Clock()
        list(pool.map(send, messages[WARM_UP:]))
        return clock.figures()


class _Clock:
    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def figures(self) -> dict[str, float]:
        """Seconds gone by, and seconds that a processor worked for this process."""
        return {
            "seconds": time.perf_counter() - self._began,
            "cpu": time.process_time() - self._cpu,
        }


def main(service: str, way: str, port: int, scheme: str, count: int) -> dict[str, float]:
    rival = RIVALS[service]
    messages = [rival.message(number, port) for number in range(WARM_UP + count)]
    match way:
        case "ours":
            return asyncio.run(ours(rival, port, scheme, messages))
        case "sdk":
            return sdk(rival, port, scheme, messages, 1)
        case _:
            return sdk(rival, port, scheme, messages, THREADS)


if __name__ == "__main__":
    name, how, where, over, many = sys.argv[1:]
    print(json.dumps(main(name, how, int(where), over, int(many))))
