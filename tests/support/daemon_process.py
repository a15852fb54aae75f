"""`postbell run` as a process, to be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import psycopg

from tests.support import given
from tests.support.given import Connection
from tests.support.waiting import until

_ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from dispatcher.cli import main; main()", "run"]
# The lock of those who lead, and of those who want to; see postbell_private.acquire_leadership().
_LEADERSHIP = (
    "select pid from pg_locks where locktype = 'advisory' and classid = 1886351214 and objid = 2"
    " and database = (select oid from pg_database where datname = current_database())"
)


class DaemonProcess:
    """A daemon on a database, its log in a file; settings without their prefix, in lower case.

    `checkout` is the folder of the version that runs.
    """

    def __init__(self, url: str, log: Path, *, checkout: Path = _ROOT, **settings: object) -> None:
        self._log = log
        self._checkout = checkout
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("POSTBELL_")},
            "POSTBELL_DATABASE_URL": url,
            "POSTBELL_HTTP_PORT": "0",
            "POSTBELL_LOG_FORMAT": "json",
            **{f"POSTBELL_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                _COMMAND,
                cwd=self._checkout,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing given back."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """SIGSTOP: it holds what it has, and does nothing until resume()."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM, and wait; its exit code. A second call is harmless."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def fail_if_ended(self) -> None:
        """Raises RuntimeError with the end of its log: nobody need wait for a process that died."""
        if not self.is_running():
            raise RuntimeError(f"postbell run ended:\n{self.log()[-4000:]}")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        """For the end of a test, however it went."""
        if self._process is not None and self._process.poll() is None:
            self.kill()


def leader(connection: Connection) -> int | None:
    """The process id of the session that leads the routing, if any does."""
    found = given.column(connection, _LEADERSHIP + " and granted")
    return found[0] if found else None


def await_leader(url: str, daemon: DaemonProcess, other_than: int | None = None) -> int:
    """The session that leads, as soon as there is one (another than that one) for this daemon."""
    found: int | None = None

    def leads() -> bool:
        nonlocal found
        daemon.fail_if_ended()
        found = leader(connection)
        return found not in (None, other_than)

    with psycopg.connect(url, autocommit=True) as connection:
        until(leads, "a router leads")
    # Not asked again: that of a daemon which was just killed may be gone by then.
    assert found is not None
    return found


def await_standby(url: str, daemon: DaemonProcess) -> None:
    """Returns when a router waits for the lead of another."""

    def stands_by() -> object:
        daemon.fail_if_ended()
        return given.column(connection, _LEADERSHIP + " and not granted")

    with psycopg.connect(url, autocommit=True) as connection:
        until(stands_by, "a router stands by")


class StartDaemon(Protocol):
    def __call__(
        self, url: str, *, checkout: Path = _ROOT, **settings: object
    ) -> DaemonProcess: ...
