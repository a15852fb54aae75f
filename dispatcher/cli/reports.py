"""The report of expected errors as text or JSON.

Apart from dispatcher.cli.errors because it needs to know the errors of every part of Postbell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors as postgres

from dispatcher.cli.errors import CommandError, ExitCode, error_json
from dispatcher.db.connections import is_session_lost, is_unavailable
from dispatcher.db.embedded import EmbeddedError
from dispatcher.db.pgbouncer import PoolerError
from dispatcher.deploy.contract import SchemaError
from dispatcher.errors import InvalidArgumentError, PostbellError, of_database
from dispatcher.health import ListenError
from dispatcher.masking import mask
from dispatcher.providers.base import missing_extra
from dispatcher.rendering.errors import CatalogError, RenderingError
from dispatcher.settings import SettingsError

_CHECK_DATABASE = "Check POSTBELL_DATABASE_URL, and whether the server runs."
#: SQLSTATE classes of bad input: data exceptions, violated constraints, exceeded limits.
_INPUT = ("22", "23", "54")

#: Error codes in JSON of errors that have no name in `postbell.error_codes`.
_NAMES: Final[Mapping[ExitCode, str]] = {
    ExitCode.BAD: "failed",
    ExitCode.USAGE: "usage",
    ExitCode.CONFIGURATION: "configuration",
    ExitCode.DATABASE: "database",
    ExitCode.SCHEMA: "schema",
}
#: Exit codes of exceptions whose message is reported as it is.
_CODES: Mapping[type[Exception], ExitCode] = {
    EmbeddedError: ExitCode.DATABASE,
    ListenError: ExitCode.CONFIGURATION,
    PoolerError: ExitCode.CONFIGURATION,
    RenderingError: ExitCode.BAD,
}


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An expected error: sentences for people, a code for scripts."""

    exit_code: ExitCode
    sentences: tuple[str, ...]
    #: A name of `postbell.error_codes`, or that of the exit code.
    code: str
    #: What to do about it, if known.
    hint: str | None = None

    def as_text(self) -> str:
        """The sentences, one a line, and the hint."""
        return " ".join(filter(None, ["\n".join(self.sentences), self.hint]))

    def as_json(self) -> dict[str, Any]:
        """The error as --json answers it."""
        return error_json(self.code, "\n".join(self.sentences), self.hint)


def report_of(error: BaseException) -> ErrorReport | None:
    """The report of an expected error; None for a bug."""
    found: ErrorReport | None = None
    match error:
        case BaseExceptionGroup():
            inner = [report_of(each) for each in error.exceptions]
            found = None if None in inner else inner[0]
        case CommandError():
            found = _report(error.code, str(error), hint=error.hint)
        case SettingsError():
            found = _report(ExitCode.CONFIGURATION, *error.sentences)
        case CatalogError():
            found = _report(ExitCode.CONFIGURATION, *map(str, error.problems))
        case SchemaError():
            code = _code_of_schema(error)
            hint = _CHECK_DATABASE if code is ExitCode.DATABASE else None
            found = _report(code, _one_line(error), hint=hint)
        case InvalidArgumentError() if error.detail:
            # The detail is enough: users see options of a command, not arguments of a function.
            found = ErrorReport(ExitCode.BAD, (_sentence(mask(error.detail)),), error.name)
        case PostbellError():
            found = ErrorReport(ExitCode.BAD, (mask(str(error)),), error.name, error.hint)
        case psycopg.Error():
            found = _report_of_database(error)
        case Exception():
            found = _report_of_another(error)
    return found


def _report_of_another(error: Exception) -> ErrorReport | None:
    if isinstance(error, ModuleNotFoundError) and (sentence := missing_extra(error)):
        return _report(ExitCode.CONFIGURATION, f"This command needs more: {sentence}.")
    code = _CODES.get(type(error))
    return None if code is None else _report(code, _one_line(error))


def _report(exit_code: ExitCode, *sentences: str, hint: str | None = None) -> ErrorReport:
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


def _report_of_database(error: psycopg.Error) -> ErrorReport | None:
    if ours := of_database(error):
        return report_of(ours)
    if isinstance(error, postgres.InsufficientPrivilege):
        said = error.diag.message_primary
        hint = (
            "Log in as a member of the role for it: postbell_producer emits, postbell_dispatcher"
            " runs, postbell_gateway serves, postbell_support reads, postbell_admin acts."
        )
        return _report(ExitCode.CONFIGURATION, f"The database says {said}.", hint=hint)
    if is_session_lost(error):
        sentence = f"The database cannot be reached: {_one_line(error)}"
        return _report(ExitCode.DATABASE, sentence, hint=_CHECK_DATABASE)
    if is_unavailable(error):
        said = _sentence(error.diag.message_primary or "it does not say why")
        return _report(
            ExitCode.DATABASE, f"The database cannot do this now: {said}", hint="Try again."
        )
    if error.sqlstate and error.sqlstate.startswith(_INPUT):
        return _report(ExitCode.BAD, f"The database refuses this: {error.diag.message_primary}.")
    return None


def _one_line(error: Exception) -> str:
    """The message in one line, without the hints that libpq puts on lines of their own."""
    lines = (line for line in str(error).splitlines() if not line.startswith("\t"))
    return _sentence(mask(" ".join(" ".join(lines).split())))


def _sentence(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
