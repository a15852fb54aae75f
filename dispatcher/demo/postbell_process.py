"""`postbell run` and `postbell serve` as processes of their own, as in production."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import dispatcher

#: Seconds that it may take to finish what is in flight and be gone.
PATIENCE: Final = 10.0
#: Seconds until it is taken for started even if it does not say so, and between questions.
SLOWEST_START: Final = 30.0
LOOK: Final = 0.1

#: Asks our own pages: not through a proxy that the environment may name.
OWN_PAGES: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# Reads until we are gone, however we went: nobody needs it then.
_GUARD: Final = 'read -r _ || :; kill -TERM "$1" 2>/dev/null'


class ProcessEndedError(Exception):
    """It ended by itself, and its last words."""


class PostbellProcess:
    """A running command and its log."""

    def __init__(
        self, command: str, process: asyncio.subprocess.Process, log: Path, port: int
    ) -> None:
        self._command = command
        self._process = process
        self._log = log
        self.url = f"http://127.0.0.1:{port}"

    async def ready(self) -> None:
        """Returns when it works, or when it does not come to it for long."""
        for _ in range(int(SLOWEST_START / LOOK)):
            if await asyncio.to_thread(self._is_ready):
                return
            await asyncio.sleep(LOOK)

    def _is_ready(self) -> bool:
        try:
            with OWN_PAGES.open(f"{self.url}/readyz", timeout=LOOK):
                return True
        except OSError:
            return False

    async def watch(self) -> None:
        """Returns never. Raises ProcessEndedError when it ends without having been asked to."""
        code = await self._process.wait()
        raise ProcessEndedError(
            f"`postbell {self._command}` ended with exit code {code}: {self.last_words()}"
        )

    def last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-20:]) or "it said nothing."


@asynccontextmanager
async def postbell(
    command: str, settings: Mapping[str, str], log: Path, port: int
) -> AsyncIterator[PostbellProcess]:
    """A command for as long as the block lasts, with these settings besides our own environment.

    `port` is where it shows /readyz.
    """
    line = [sys.executable, "-P", "-c", "from dispatcher.cli import main; main()", command]
    # A checkout that is not installed is found all the same.
    home = str(Path(dispatcher.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *line,
            env={**os.environ, **settings, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for us; we then stop it in order.
            start_new_session=True,
        )
    guard = await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        _GUARD,
        "sh",
        str(process.pid),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield PostbellProcess(command, process, log, port)
    finally:
        await _stop(process)
        guard.kill()
        await guard.wait()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


def free_port() -> int:
    """One on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
