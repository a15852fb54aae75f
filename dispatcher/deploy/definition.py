"""The code of sql/, defined again in the transaction of a deploy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from dispatcher.deploy.declarations import SCHEMAS, CodeFile, Statement, Trigger, code_files

#: What PostgreSQL says of a routine or view that CREATE OR REPLACE cannot turn into the new one.
_IRREPLACEABLE = (
    errors.InvalidFunctionDefinition,
    errors.InvalidTableDefinition,
    errors.AmbiguousFunction,
    errors.WrongObjectType,
)
#: These say something about the deploy, not about a file.
_NOT_THE_FILE = (errors.LockNotAvailable, errors.InsufficientPrivilege)
_PROBE = "postbell_probe"
#: The functions of sql/ that drop for a deploy.
_DROP_CODE = "postbell_private.drop_code"
_DROP_UNDECLARED = "postbell_private.drop_undeclared"


class DefinitionError(Exception):
    """A file of sql/ is refused, and where."""


class Irreplaceable(Exception):
    """CREATE OR REPLACE cannot make `name` what its file says: it must be dropped first."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        #: Qualified with its schema.
        self.name = name


class Definition:
    """Every code file, in path order, on one connection."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        sql_folder: Path,
        irreplaceable: frozenset[str] = frozenset(),
    ) -> None:
        self._connection = connection
        self._sql_folder = sql_folder
        self._irreplaceable = irreplaceable
        self._files = tuple(code_files(sql_folder))
        #: How many routines and views have been defined.
        self.defined = 0
        #: The triggers that were new or had changed, as `table.name`.
        self.triggers: list[str] = []
        self._last = {
            statement.creates: statement for file in self._files for statement in file.statements
        }
        # Code may mention what is defined later.
        connection.execute("set local check_function_bodies = off")

    def drop_irreplaceable(self) -> list[str]:
        """Drop what cannot be replaced in place, and the code of ours that needs it."""
        if not self._irreplaceable:
            return []
        self._connection.execute(self._last[_DROP_CODE].text.encode())
        try:
            dropped = self._connection.execute(
                _DROP_NAMED, {"schemas": list(SCHEMAS), "names": sorted(self._irreplaceable)}
            ).fetchall()
        except errors.DependentObjectsStillExist as error:
            names = ", ".join(sorted(self._irreplaceable))
            raise DefinitionError(
                f"{names} cannot take a new shape while {_in_the_way(error)}"
            ) from error
        return sorted(row[0] for row in dropped)

    def define(self) -> None:
        """All but access. Raises Irreplaceable or DefinitionError."""
        for file in self._files:
            if not file.is_access:
                self._define(file)

    def define_access(self) -> None:
        """Roles, policies and grants."""
        for file in self._files:
            if file.is_access:
                self._define(file)

    def drop_undeclared(self) -> list[str]:
        """Drop what no file declares any more, by the function of that name in sql/."""
        if _DROP_UNDECLARED not in self._last:
            return []
        declared = [trigger.id for file in self._files for trigger in file.triggers]
        try:
            dropped = self._connection.execute(
                "select postbell_private.drop_undeclared(%s::text[])", [declared]
            ).fetchall()
        except errors.DependentObjectsStillExist as error:
            raise DefinitionError(f"No file declares what is {_in_the_way(error)}") from error
        return sorted(row[0] for row in dropped)

    def _define(self, file: CodeFile) -> None:
        created: Statement | None = None
        for statement in file.statements:
            if statement.creates:
                self._require_no_older(created)
                created = statement
                self.defined += 1
            with self._located(file, statement):
                self._connection.execute(statement.text.encode())
        self._require_no_older(created)
        for trigger in file.triggers:
            with self._located(file, trigger):
                self._fasten(trigger)

    def _fasten(self, trigger: Trigger) -> None:
        """Create a trigger, or replace it if it changed.

        Replacing locks the table, which waits behind every producer and makes the next ones wait.
        Whether it changed is asked of PostgreSQL: the declared one, on an empty table of the same
        columns, must read as the installed one does.
        """
        table = trigger.table
        installed = self._one(_TRIGGER, table, trigger.name)
        if installed is not None:
            self._connection.execute(f"create temporary table {_PROBE} (like {table})".encode())
            self._connection.execute(trigger.on(f"pg_temp.{_PROBE}").encode())
            wanted = self._one(_TRIGGER, f"pg_temp.{_PROBE}", trigger.name)
            self._connection.execute(f"drop table pg_temp.{_PROBE}".encode())
            if wanted == installed:
                return
            self._connection.execute(f"drop trigger {trigger.name} on {table}".encode())
        self._connection.execute(trigger.text.encode())
        self.triggers.append(trigger.id)

    def _require_no_older(self, created: Statement | None) -> None:
        """Raise Irreplaceable if functions of its name remain from before the deploy.

        An overload that is declared may still come, so only the last one of a name is asked about.
        """
        if created is None or self._last[created.creates] is not created:
            return
        name = str(created.creates)
        if self._one(_HAS_OLDER, *name.split(".")):
            raise Irreplaceable(name)

    def _one(self, query: str, *arguments: object) -> Any:
        row = self._connection.execute(query.encode(), arguments).fetchone()
        return row[0] if row else None

    @contextmanager
    def _located(self, file: CodeFile, part: Statement | Trigger) -> Iterator[None]:
        """Say where in sql/ an error is, or that its name must be dropped first."""
        try:
            yield
        except _NOT_THE_FILE:
            raise
        except psycopg.Error as error:
            name = part.name if isinstance(part, Statement) else None
            if isinstance(error, _IRREPLACEABLE) and name and name not in self._irreplaceable:
                raise Irreplaceable(name) from error
            before = part.text[: int(error.diag.statement_position or 1) - 1]
            place = file.path.relative_to(self._sql_folder.parent)
            raise DefinitionError(
                f"{place}, line {part.line + before.count(chr(10))}: {error}"
            ) from error


def _in_the_way(error: psycopg.Error) -> str:
    return f"{error.diag.message_primary}. {error.diag.message_hint}"


# The table's name is the one thing that differs on the probe.
_TRIGGER = r"""
    select regexp_replace(pg_get_triggerdef(oid), ' ON \S+ ', ' ON itself ')
        || coalesce(obj_description(oid, 'pg_trigger'), '')
    from pg_trigger
    where tgrelid = to_regclass(%s)
      and tgname = %s
"""

# Added arguments make a second function, and calls of the two become ambiguous.
_HAS_OLDER = """
    select count(*) filter (where xmin <> pg_current_xact_id()::xid) > 0
        and count(*) filter (where xmin = pg_current_xact_id()::xid) > 0
    from pg_proc
    where pronamespace = to_regnamespace(%s)
      and proname = %s
"""

_DROP_NAMED = """
    select postbell_private.drop_code(
        array(
            select oid
            from pg_proc
            where pronamespace::regnamespace::text = any (%(schemas)s)
              and pronamespace::regnamespace || '.' || proname = any (%(names)s)
        ),
        array(
            select oid
            from pg_class
            where relnamespace::regnamespace::text = any (%(schemas)s)
              and relkind in ('v', 'm')
              and relnamespace::regnamespace || '.' || relname = any (%(names)s)
        ),
        with_dependents => true
    )
"""
