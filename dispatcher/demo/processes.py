"""The daemon, a process of its own as in production, and the web server of the page."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

import dispatcher
from dispatcher.gateway.stream.transport import StreamProtocol

#: Seconds that the daemon may take to finish what is in flight and be gone.
_TIMEOUT: Final = 10.0
# Ends the daemon when we are gone, however we went: the read then returns.
_GUARD: Final = 'read -r _ || :; kill -TERM "$1" 2>/dev/null'


class ProcessEndedError(Exception):
    """The daemon ended by itself, and its last words."""


class Daemon:
    """A running daemon and its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process: Final = process
        self._log: Final = log

    async def watch(self) -> None:
        """Returns never. Raises ProcessEndedError when it ends without having been asked to."""
        code = await self._process.wait()
        said = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
        raise ProcessEndedError(
            f"`postbell run` ended with exit code {code}: {said or 'it said nothing.'}"
        )


@asynccontextmanager
async def daemon(settings: Mapping[str, str], log: Path) -> AsyncIterator[Daemon]:
    """Runs `postbell run` inside the block, with these settings besides our own environment."""
    # A checkout that is not installed is found all the same.
    home = str(Path(dispatcher.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-P", "-c", "from dispatcher.cli import main; main()", "run"],
            env={**os.environ, **settings, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for us; we then stop it in order.
            start_new_session=True,
        )
    guard = await asyncio.create_subprocess_exec(
        *["sh", "-c", _GUARD, "sh", str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Daemon(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()
        guard.kill()
        await guard.wait()


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1: on this port, or on a free one if it is taken or 0."""
    try:
        return _listen(port)
    except OSError:
        return _listen(0)


def _listen(port: int) -> socket.socket:
    listening = socket.create_server(("127.0.0.1", port), backlog=64)
    listening.setblocking(False)
    return listening


def url_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


class _Server(uvicorn.Server):
    """One that leaves Ctrl-C to whoever started it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serves until cancelled."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        http=StreamProtocol,
        ws="none",
        timeout_graceful_shutdown=1,
    )
    await _Server(config).serve(sockets=[listening])
