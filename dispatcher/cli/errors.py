"""How a command ends: exit codes, and expected failures as one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import psycopg
from psycopg import errors as postgres

from dispatcher.db.connections import is_session_lost, is_unavailable
from dispatcher.db.embedded import EmbeddedError
from dispatcher.db.pgbouncer import PoolerError
from dispatcher.deploy.contract import SchemaError
from dispatcher.errors import InvalidArgumentError, PostbellError, of_database
from dispatcher.health import ListenError
from dispatcher.masking import mask
from dispatcher.rendering.errors import CatalogError, RenderingError
from dispatcher.settings import SettingsError

_WAY_TO_DATABASE = "Check POSTBELL_DATABASE_URL, and whether the server runs."
#: SQLSTATE classes that blame what was passed in: data exceptions, and violated constraints.
_INPUT = ("22", "23", "54")


class ExitCode(IntEnum):
    """What a script may rely on."""

    OK = 0
    #: The command worked, and the answer is bad: a finding, a rejection, a failed delivery.
    BAD = 1
    #: The command line asks for something that is not there, or names no database.
    USAGE = 2
    CONFIGURATION = 3
    #: The database cannot be reached; for `check`, or a provider that somebody named.
    DATABASE = 4
    #: The database has no schema of ours, or one of another contract.
    SCHEMA = 5
    #: Ctrl-C, as shells count it.
    INTERRUPTED = 130


#: What --json calls a failure that has no name in `postbell.error_codes`.
_NAMES: Final[Mapping[ExitCode, str]] = {
    ExitCode.BAD: "failed",
    ExitCode.USAGE: "usage",
    ExitCode.CONFIGURATION: "configuration",
    ExitCode.DATABASE: "database",
    ExitCode.SCHEMA: "schema",
}
#: For the help.
EXIT_CODES_HELP = (
    "Exit codes: 0 done, 1 the answer is bad, 2 wrong usage or no database named, 3 wrong"
    " configuration, 4 the database cannot be reached, 5 its schema is missing or of another"
    " contract. With --json a failure is"
    ' {"error": {"code": ..., "message": ..., "hint": ...}} on standard output, too.'
)


class CommandError(Exception):
    """A command cannot go on: the sentence that says why, and the way out."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.BAD) -> None:
        super().__init__(sentence)
        self.code = code


#: Failures whose own text is the sentence.
_CODES: Mapping[type[Exception], ExitCode] = {
    EmbeddedError: ExitCode.DATABASE,
    ListenError: ExitCode.CONFIGURATION,
    PoolerError: ExitCode.CONFIGURATION,
    RenderingError: ExitCode.BAD,
}


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """How a failure is told: in sentences to people, with a code to scripts."""

    exit_code: ExitCode
    sentences: tuple[str, ...]
    #: A name of `postbell.error_codes`, or that of the exit code.
    code: str
    #: The way out, where it is known.
    hint: str | None = None

    def as_text(self) -> str:
        """The sentences, one a line, and the way out."""
        return " ".join(filter(None, ["\n".join(self.sentences), self.hint]))

    def as_json(self) -> dict[str, Any]:
        """What --json answers instead of the answer."""
        return error_json(self.code, "\n".join(self.sentences), self.hint)


def error_json(code: str, message: str, hint: str | None = None) -> dict[str, Any]:
    """The shape of every failure in JSON."""
    return {"error": {"code": code, "message": message, "hint": hint}}


def report_of(error: BaseException) -> ErrorReport | None:
    """What is told of a failure that users may meet; None for a mistake of ours."""
    found: ErrorReport | None = None
    match error:
        case BaseExceptionGroup():
            inner = [report_of(each) for each in error.exceptions]
            found = None if None in inner else inner[0]
        case CommandError():
            found = _told(error.code, str(error))
        case SettingsError():
            found = _told(ExitCode.CONFIGURATION, *error.sentences)
        case CatalogError():
            found = _told(ExitCode.CONFIGURATION, *map(str, error.problems))
        case SchemaError():
            code = _code_of_schema(error)
            hint = _WAY_TO_DATABASE if code is ExitCode.DATABASE else None
            found = _told(code, _flat(error), hint=hint)
        case InvalidArgumentError() if error.detail:
            # The detail says it all: an argument of a function is a word of the command here.
            found = ErrorReport(ExitCode.BAD, (_ended(mask(error.detail)),), error.name)
        case PostbellError():
            found = ErrorReport(ExitCode.BAD, (mask(str(error)),), error.name, error.hint)
        case psycopg.Error():
            found = _failure_of_database(error)
        case Exception() if type(error) in _CODES:
            found = _told(_CODES[type(error)], _flat(error))
    return found


def _told(exit_code: ExitCode, *sentences: str, hint: str | None = None) -> ErrorReport:
    return ErrorReport(exit_code, sentences, _NAMES[exit_code], hint)


def _code_of_schema(error: SchemaError) -> ExitCode:
    # SQLAlchemy keeps the driver's error inside its own.
    match getattr(error.__cause__, "orig", error.__cause__):
        case postgres.LockNotAvailable():
            return ExitCode.BAD
        case postgres.InsufficientPrivilege():
            return ExitCode.CONFIGURATION
        case psycopg.Error() as reason if is_session_lost(reason):
            return ExitCode.DATABASE
        case _:
            return ExitCode.SCHEMA


def _failure_of_database(error: psycopg.Error) -> ErrorReport | None:
    if ours := of_database(error):
        return report_of(ours)
    if isinstance(error, postgres.InsufficientPrivilege):
        said = error.diag.message_primary
        way_out = (
            "Log in as a member of the role for it: postbell_producer emits, postbell_dispatcher"
            " runs, postbell_gateway serves, postbell_support reads, postbell_admin acts."
        )
        return _told(ExitCode.CONFIGURATION, f"The database says {said}.", hint=way_out)
    if is_session_lost(error):
        sentence = f"The database cannot be reached: {_flat(error)}"
        return _told(ExitCode.DATABASE, sentence, hint=_WAY_TO_DATABASE)
    if is_unavailable(error):
        said = _ended(error.diag.message_primary or "it does not say why")
        return _told(
            ExitCode.DATABASE, f"The database cannot do this now: {said}", hint="Try again."
        )
    if error.sqlstate and error.sqlstate.startswith(_INPUT):
        return _told(ExitCode.BAD, f"The database refuses this: {error.diag.message_primary}.")
    return None


def _flat(error: Exception) -> str:
    """A sentence in one line: libpq puts its hints on lines of their own."""
    return _ended(mask(" ".join(str(error).split())))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
