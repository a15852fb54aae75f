"""A server that is a program of its own, with all the processes that it starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.waiting import until

_GRACE = 10.0


class ServerProcess:
    """Runs between start() and end(). What it prints is in `log`."""

    def __init__(
        self, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = command
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, is_ready: Callable[[], object]) -> None:
        """Returns when it is ready. Raises RuntimeError with the end of its log if it ends."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own: launchers leave their children behind.
                start_new_session=True,
            )
        process = self._process

        def ready_or_ended() -> object:
            if process.poll() is not None:
                raise RuntimeError(f"{self._command[0]} ended:\n{self.log()[-4000:]}")
            return is_ready()

        until(ready_or_ended, f"{self._command[0]} listens")

    def end(self) -> None:
        """SIGTERM to all of them, SIGKILL to who stays. A second call is harmless."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("127.0.0.1", port)) == 0
