"""A mail server in a process of its own: it takes everything, and remembers each Message-ID.

It writes one down before it says yes, so nothing that a dispatcher was told is missing, whoever is
killed next.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Self

from tests.support.waiting import until

_ROOT = Path(__file__).parents[2]


class MailSink:
    """Runs between start() and stop(), or inside a `with`; at the same port each time.

    `seconds` is how long it takes over each mail. `taken` is the file that it writes to.
    """

    def __init__(self, taken: Path, *, seconds: float = 0.0) -> None:
        self._taken = taken
        self._seconds = seconds
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    def start(self) -> None:
        arguments = [str(self._port), str(self._seconds), str(self._taken)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.mail_sink", *arguments],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def copies(self) -> Counter[str]:
        """How many copies of each mail were taken, by Message-ID."""
        if not self._taken.exists():
            return Counter()
        return Counter(self._taken.read_text().splitlines())

    def await_another(self) -> None:
        """Returns when one more mail has come: somebody is sending."""
        before = self.copies().total()
        until(lambda: self.copies().total() > before, "a mail comes")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


async def _serve(port: int, seconds: float, taken: Path) -> None:
    with taken.open("a", buffering=1) as record:

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 sink\r\n")
            while line := await reader.readline():
                match line.split(maxsplit=1)[0].upper():
                    case b"EHLO":
                        writer.write(
                            b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
                        )
                    case b"DATA":
                        writer.write(b"354 go on\r\n")
                        data = await reader.readuntil(b"\r\n.\r\n")
                        await asyncio.sleep(seconds)
                        record.write(_message_id(data) + "\n")
                        writer.write(b"250 taken\r\n")
                    case b"QUIT":
                        break
                    case _:
                        writer.write(b"250 ok\r\n")
            writer.close()

        server = await asyncio.start_server(converse, "127.0.0.1", port)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


def _message_id(data: bytes) -> str:
    for line in data.splitlines():
        name, _, value = line.partition(b":")
        if name.lower() == b"message-id":
            return value.strip().decode()
    return "none"


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
