"""smtp-sink, which comes with Postfix: a mail server that fails at the word it is told to."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.support.peers import program
from tests.support.peers.server_process import ServerProcess, free_port, listens

_SOURCE = "apt-get install postfix"

#: What a session goes through; at each it can be made to fail.
CONNECT, EHLO, MAIL, RCPT, DATA, DOT = STEPS = ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".")

#: What it can do at a step, by its option.
DISCONNECT = "-q"
SOFT = "-r"
HARD = "-f"
CLOSING = "-Q"
DELAY = "-W"


class SmtpSink:
    """A mail server at `url`, inside a `with`; `fault` happens at `step`, to everybody.

    DELAY lasts `seconds`.
    """

    def __init__(self, fault: str | None = None, step: str = "", seconds: int = 60) -> None:
        """Skips the test if smtp-sink is absent."""
        self._smtp_sink = program.path_of("smtp-sink", source=_SOURCE)
        self._options = [fault, _at(step, fault, seconds)] if fault else []
        self._port = free_port()
        self._closing = ExitStack()
        self._folder = Path()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    @property
    def taken(self) -> list[str]:
        """The mails that it read to the end, with what their envelopes said in X- headers."""
        return [path.read_text() for path in self._folder.glob("mail.*") if path.stat().st_size]

    def __enter__(self) -> Self:
        self._folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        # It gives root up for nobody, who has to write here too.
        self._folder.chmod(0o777)
        process = ServerProcess(
            [
                *(self._smtp_sink, *self._options),
                *(("-u", "nobody") if os.geteuid() == 0 else ()),
                *("-d", f"{self._folder}/mail."),
                *(f"inet:127.0.0.1:{self._port}", "100"),
            ],
            self._folder / "smtp-sink.log",
        )
        self._closing.callback(process.end)
        process.start(lambda: listens(self._port))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def _at(step: str, fault: str, seconds: int) -> str:
    # Refused EHLO alone, a client falls back to HELO.
    both = "EHLO,HELO" if step == EHLO and fault != DELAY else step
    return f"{both}:{seconds}" if fault == DELAY else both
