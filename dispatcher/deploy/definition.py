"""Defines all code of sql/ again, in the transaction of a deploy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import errors

from dispatcher.deploy.declarations import SCHEMAS, CodeFile, Statement, Trigger, code_files

#: The errors of CREATE OR REPLACE where a routine or view has to be dropped first.
_IRREPLACEABLE = (
    errors.InvalidFunctionDefinition,
    errors.InvalidTableDefinition,
    errors.AmbiguousFunction,
    errors.WrongObjectType,
)
#: Errors whose cause is the deploy and not the file that is executed.
_NOT_THE_FILE = (errors.LockNotAvailable, errors.InsufficientPrivilege)
_PROBE = "postbell_probe"
#: The functions of sql/ with which a deploy drops code.
_DROP_CODE = "postbell_private.drop_code"
_DROP_UNDECLARED = "postbell_private.drop_undeclared"


class DefinitionError(Exception):
    """PostgreSQL rejects a file of sql/. The text has the file, the line and the error."""


class Irreplaceable(Exception):
    """CREATE OR REPLACE cannot change `name` to what its file declares, so it must be dropped."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        #: Qualified with its schema.
        self.name = name


class Definition:
    """Defines the code files of `sql_folder`, in path order, and `verbs`, on one connection.

    `irreplaceable` are names of routines and views to drop first. `verbs` has SQL functions.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        sql_folder: Path,
        irreplaceable: frozenset[str] = frozenset(),
        verbs: str = "",
    ) -> None:
        self._connection = connection
        self._sql_folder = sql_folder
        self._irreplaceable = irreplaceable
        own = CodeFile(sql_folder / "12_verbs" / "event.toml", verbs)
        self._files = (*code_files(sql_folder), own)
        #: The number of routines and views that have been defined.
        self.defined = 0
        #: The triggers that were new or had changed, as `table.name`.
        self.triggers: list[str] = []
        self._last = {
            statement.creates: statement for file in self._files for statement in file.statements
        }
        # A function may use what a later file defines.
        connection.execute("set local check_function_bodies = off")

    def find_irreplaceable(self) -> None:
        """Find all that cannot be replaced, by trying; what was tried is undone.

        Without it, one name is found at a time, each in a transaction of its own.
        """
        with self._connection.transaction(force_rollback=True):
            with suppress(DefinitionError), self._connection.transaction():
                self.drop_irreplaceable()
            before = dict(self._connection.execute(_ROUTINES, [list(SCHEMAS)]).fetchall())
            for file in self._files:
                if not file.is_access:
                    self._try_to_define(file, before)

    def _try_to_define(self, file: CodeFile, before: dict[int, str]) -> None:
        """Define what is in a file, and drop what cannot be replaced.

        `before` has, by OID, the transaction that wrote each routine.
        """
        created: Statement | None = None
        for statement in file.statements:
            if statement.creates:
                self._drop_older(created, before)
                created = statement
            try:
                self._try(file, statement)
            except Irreplaceable as found:
                self._irreplaceable |= {found.name}
                # What is in the way comes up again when it is dropped for good.
                with suppress(DefinitionError, Irreplaceable):
                    with self._connection.transaction():
                        self._drop(_DROP_NAMED, names=[found.name])
                    self._try(file, statement)
            except DefinitionError:
                # If the file is at fault, this comes up again, too.
                continue
        self._drop_older(created, before)

    def _try(self, file: CodeFile, statement: Statement) -> None:
        with self._located(file, statement), self._connection.transaction():
            self._connection.execute(statement.text.encode())

    def _drop_older(self, created: Statement | None, before: dict[int, str]) -> None:
        """As _require_no_older(), where each savepoint has a transaction id of its own."""
        if created is None or self._last[created.creates] is not created:
            return
        name = str(created.creates)
        routines = self._connection.execute(_ROUTINES_OF, name.split(".")).fetchall()
        older = [oid for oid, writer in routines if before.get(oid) == writer]
        if older and len(older) < len(routines):
            self._irreplaceable |= {name}
            with suppress(DefinitionError), self._connection.transaction():
                self._drop(_DROP_ROUTINES, routines=older)

    def drop_irreplaceable(self) -> list[str]:
        """Drop what cannot be replaced, and Postbell's code that depends on it.

        Returns what was dropped. Raises DefinitionError if the application's objects depend on it.
        """
        if not self._irreplaceable:
            return []
        return self._drop(_DROP_NAMED, names=sorted(self._irreplaceable))

    def _drop(self, query: LiteralString, **arguments: list[Any]) -> list[str]:
        self._connection.execute(self._last[_DROP_CODE].text.encode())
        try:
            dropped = self._connection.execute(
                query, {"schemas": list(SCHEMAS), **arguments}
            ).fetchall()
        except errors.DependentObjectsStillExist as error:
            names = ", ".join(sorted(self._irreplaceable))
            raise DefinitionError(
                f"{names} cannot take a new shape while {_in_the_way(error)}"
            ) from error
        return sorted(row[0] for row in dropped)

    def define(self) -> None:
        """Define everything but access. Raises Irreplaceable or DefinitionError."""
        for file in self._files:
            if not file.is_access:
                self._define(file)

    def define_access(self) -> None:
        """Define roles, policies and grants. Raises DefinitionError."""
        for file in self._files:
            if file.is_access:
                self._define(file)

    def drop_undeclared(self) -> list[str]:
        """Drop what no file declares any more, and return it.

        Raises DefinitionError if the application's objects depend on it.
        """
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

        A trigger is not replaced unless it changed, because that locks the table: the deploy waits
        for open transactions of producers, and new ones wait for the deploy. To compare them, the
        declared trigger is created on an empty table of the same columns, and PostgreSQL prints
        both.
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

        They may be overloads that are declared further on, so only the last declaration of a name
        is checked.
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
        """Turn an error into DefinitionError with its place in sql/, or into Irreplaceable."""
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


# The definition without the table's name, which differs on the probe.
_TRIGGER = r"""
    select regexp_replace(pg_get_triggerdef(oid), ' ON \S+ ', ' ON itself ')
        || coalesce(obj_description(oid, 'pg_trigger'), '')
    from pg_trigger
    where tgrelid = to_regclass(%s)
      and tgname = %s
"""

# A function with added arguments is a second function, and calls of the two are ambiguous.
_HAS_OLDER = """
    select count(*) filter (where xmin <> pg_current_xact_id()::xid) > 0
        and count(*) filter (where xmin = pg_current_xact_id()::xid) > 0
    from pg_proc
    where pronamespace = to_regnamespace(%s)
      and proname = %s
"""

# By OID, the transaction that wrote it.
_ROUTINES = """
    select oid::bigint, xmin::text
    from pg_proc
    where pronamespace::regnamespace::text = any (%s)
"""

_ROUTINES_OF = """
    select oid::bigint, xmin::text
    from pg_proc
    where pronamespace = to_regnamespace(%s)
      and proname = %s
"""

_DROP_ROUTINES = """
    select postbell_private.drop_code(%(routines)s::oid[], '{}', with_dependents => true)
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
