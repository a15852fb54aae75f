"""pgbench, which ships with PostgreSQL: transactions from many clients."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dispatcher.db import embedded


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did. Latencies are in milliseconds, one for each transaction."""

    transactions: int
    per_second: float
    latencies: list[float]


@dataclass(frozen=True, slots=True)
class Load:
    """A script and how it is run: for so many seconds, or so many transactions a client.

    With `rate` so many transactions a second begin, whatever becomes of those before.
    """

    script: str
    clients: int
    seconds: float | None = None
    transactions: int | None = None
    rate: float | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, url: str) -> Run:
        """On prepared statements, to the end."""
        with self.running(url) as finish:
            return finish()

    @contextmanager
    def running(self, url: str) -> Iterator[Callable[[], Run]]:
        """The same beside the block; what it yields waits for the end."""
        with tempfile.TemporaryDirectory(prefix="postbell-pgbench-") as name:
            folder = Path(name)
            started = subprocess.Popen(
                self._command(url, folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

            def finish() -> Run:
                output, complaints = started.communicate()
                if started.returncode != 0:
                    raise RuntimeError(complaints[-4000:])
                return _read(output, folder)

            try:
                yield finish
            finally:
                started.kill()
                started.wait()

    def _command(self, url: str, folder: Path) -> list[str]:
        script = folder / "script.sql"
        script.write_text(self.script)
        command = [str(embedded.binary("pgbench")), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={self.clients}", f"--jobs={min(self.clients, 2)}"]
        command += [f"--file={script}", "--log", f"--log-prefix={folder / 'log'}"]
        if self.seconds is not None:
            command.append(f"--time={max(round(self.seconds), 1)}")
        if self.transactions is not None:
            command.append(f"--transactions={self.transactions}")
        if self.rate is not None:
            command.append(f"--rate={self.rate:g}")
        command += [f"--define={name}={text}" for name, text in self.variables.items()]
        return [*command, url]


def _read(output: str, folder: Path) -> Run:
    processed = re.search(r"actually processed: (\d+)", output)
    per_second = re.search(r"tps = ([0-9.]+)", output)
    assert processed is not None
    assert per_second is not None
    latencies = [
        # client, transaction, microseconds, …
        int(line.split()[2]) / 1000
        for log in folder.glob("log.*")
        for line in log.read_text().splitlines()
    ]
    return Run(int(processed[1]), float(per_second[1]), latencies)
