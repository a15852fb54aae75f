"""A program on a terminal of its own, as a person has one: what it draws, and what is typed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: ECMA-48 control sequences: colours, the cursor's moves, the alternate screen.
_CONTROLS: Final = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]")


class Terminal:
    """The person's side of it."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self.process = process
        #: Everything that was written, as it was written.
        self.raw = ""

    @property
    def text(self) -> str:
        """Everything that was written, without the control sequences."""
        return _CONTROLS.sub("", self.raw).replace("\r\n", "\n")

    def read_until(self, expected: str, seconds: float) -> None:
        """Raises AssertionError if the text does not come in time."""
        deadline = time.monotonic() + seconds
        while expected not in self.text:
            assert time.monotonic() < deadline, f"{expected!r} was not shown:\n{self.text}"
            assert self._read(), f"it ended before {expected!r}:\n{self.text}"

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def read_to_the_end(self, seconds: float) -> int:
        """The exit code. Raises AssertionError if it does not end in time."""
        deadline = time.monotonic() + seconds
        while self._read():
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
        return self.process.wait(seconds)

    def _read(self) -> bool:
        """Whether there may be more."""
        if not select.select([self._master], [], [], 0.1)[0]:
            return True
        # Linux says EIO when the last program has left.
        with contextlib.suppress(OSError):
            if found := os.read(self._master, 65536):
                self.raw += found.decode(errors="replace")
                return True
        return False


@contextmanager
def on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    columns: int = 80,
    rows: int = 24,
) -> Iterator[Terminal]:
    """A terminal of this size, with the program in its foreground; killed at the end."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        # So that Ctrl-C typed there is a signal to it.
        preexec_fn=_take_terminal,  # noqa: PLW1509 - one system call, which takes no lock
    ) as process:
        os.close(slave)
        try:
            yield Terminal(master, process)
        finally:
            process.kill()
            os.close(master)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
