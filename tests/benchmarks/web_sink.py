"""A web service that says yes to everything: `python -m tests.benchmarks.web_sink SERVICE SCHEME`.

It prints its port, answers a GET with how many POSTs it has answered, and ends with its input. A
process of its own, so that its work is not counted as that of those who are measured.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path
from typing import cast

import uvloop

from tests.benchmarks.rivals import WEB

#: The certificate of localhost and its key.
TLS = Path(__file__).parents[1] / "support" / "tls"


class _Session(asyncio.Protocol):
    answered = 0

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no subclass.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower() + b"\r\n"
            _, found, rest = head.partition(b"\r\ncontent-length: ")
            whole = end + 4 + (int(rest.partition(b"\r\n")[0]) if found else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._reply(head)

    def _reply(self, head: bytes) -> None:
        if head.startswith(b"get "):
            count = str(_Session.answered).encode()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(count), count)
            )
        else:
            _Session.answered += 1
            self._transport.write(self._answer)
        if b"\r\nconnection: close\r\n" in head:
            self._transport.close()


async def main(service: str, scheme: str) -> None:
    context = None
    if scheme == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(TLS / "localhost.crt", TLS / "localhost.key")
    loop = asyncio.get_running_loop()
    answer = WEB[service].ANSWER
    server = await loop.create_server(lambda: _Session(answer), "127.0.0.1", ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
