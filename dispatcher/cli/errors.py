"""Exit codes, and the errors of commands themselves."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Exit codes of `postbell`, which scripts may rely on."""

    OK = 0
    #: The command worked and found a fault, a rejection or a failed delivery.
    BAD = 1
    #: The command line is wrong, or no database is named.
    USAGE = 2
    CONFIGURATION = 3
    #: The database cannot be reached; for `check`, also a configured provider.
    DATABASE = 4
    #: The database has no Postbell schema, or one of another contract.
    SCHEMA = 5
    #: Ctrl-C: 128 + SIGINT, as in shells.
    INTERRUPTED = 130


#: The epilog of `postbell --help`.
EXIT_CODES_HELP = (
    "Exit codes: 0 done, 1 the answer is bad, 2 wrong usage or no database named, 3 wrong"
    " configuration, 4 the database cannot be reached, 5 its schema is missing or of another"
    " contract. With --json a failure is"
    ' {"error": {"code": ..., "message": ..., "hint": ...}} on standard output, too.'
)


class CommandError(Exception):
    """A command cannot go on; the message says why, and it or the hint what to do."""

    def __init__(
        self, sentence: str, code: ExitCode = ExitCode.BAD, *, hint: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.hint = hint or None


def error_json(code: str, message: str, hint: str | None = None) -> dict[str, Any]:
    """An error in JSON."""
    return {"error": {"code": code, "message": message, "hint": hint}}
