"""The processes that are measured: the daemon, and a peer's worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.stage import TEMPLATES, connected, value

_ROOT = Path(__file__).parents[2]
#: `postbell run`, of the package that these benchmarks import.
COMMAND = [sys.executable, "-c", "from dispatcher.cli import main; main()", "run"]
#: Seconds for a process to come up.
_PATIENCE = 60.0


class Process:
    """A running process; `fail_if_ended` tells early what would else look like a lost message."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def fail_if_ended(self) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"A process ended:\n{self._log.read_text()[-4000:]}")

    def memory_mib(self) -> float:
        """Resident now."""
        return self._status("VmRSS") / 1024

    def peak_memory_mib(self) -> float:
        """The most that was ever resident."""
        return self._status("VmHWM") / 1024

    def cpu_seconds(self) -> float:
        """Processor time used so far, by user and system."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        assert found is not None
        return int(found[1])


@contextmanager
def daemon(url: str, **settings: str) -> Iterator[Process]:
    """`postbell run` on a database; settings without their prefix, in lower case."""
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("POSTBELL_")},
        "POSTBELL_DATABASE_URL": url,
        "POSTBELL_TEMPLATES": str(TEMPLATES),
        "POSTBELL_HTTP_PORT": "0",
        "POSTBELL_LOG_LEVEL": "warning",
        **{f"POSTBELL_{name.upper()}": text for name, text in settings.items()},
    }
    wanted = ["postbell router"]
    if settings.get("dispatcher_enabled") != "false":
        wanted += ["postbell in_app queue", "postbell sse queue", "postbell email queue"]
    with running(COMMAND, environment) as process:
        _await_sessions(process, url, wanted)
        yield process


@contextmanager
def worker(peer: str, url: str, **options: object) -> Iterator[Process]:
    """A peer's worker on a database, ready and waiting at its gate if that is closed."""
    words = [f"{name}={option}" for name, option in options.items()]
    command = [sys.executable, "-m", "tests.benchmarks.peers", peer, url, *words]
    with running(command, dict(os.environ)) as process:
        _await_sessions(process, url, ["benchmark peer"])
        yield process


@contextmanager
def running(command: Sequence[str], environment: dict[str, str]) -> Iterator[Process]:
    """The process of a command, started and not yet ready."""
    with tempfile.TemporaryDirectory(prefix="postbell-benchmark-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            started = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        process = Process(started, log)
        try:
            yield process
            process.fail_if_ended()
        finally:
            started.terminate()
            try:
                started.wait(30)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _await_sessions(process: Process, url: str, names: Sequence[str]) -> None:
    """Until each has been seen at the database."""
    deadline = time.monotonic() + _PATIENCE
    missing = set(names)
    with connected(url) as connection:
        while missing:
            process.fail_if_ended()
            missing -= set(
                value(
                    connection,
                    "select array_agg(distinct application_name) from pg_stat_activity"
                    " where datname = current_database()",
                )
            )
            if time.monotonic() > deadline:
                raise RuntimeError(f"Not at the database after {_PATIENCE:.0f} s: {missing}")
            time.sleep(0.01)
    # From the session to the loop that uses it.
    time.sleep(0.5)
