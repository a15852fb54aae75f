"""Deploys `sql/` to a database, in one transaction.

Pending revisions are applied to the tables. Then all code is defined again, code that no file
declares any more is dropped, and access is granted last. `alembic upgrade head` does the same,
through migrations/env.py.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script, ScriptDirectory
from psycopg import errors
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from dispatcher import package_data
from dispatcher.db import texts
from dispatcher.db.connections import is_session_lost
from dispatcher.deploy import queue_schema
from dispatcher.deploy.contract import SchemaError
from dispatcher.deploy.declarations import statements
from dispatcher.deploy.definition import Definition, DefinitionError, Irreplaceable
from dispatcher.deploy.event_choice import left_out
from dispatcher.rendering.event_type import EventType

_OLDEST_SERVER = 15
#: The key of the advisory lock that allows one deploy at a time.
_DEPLOYING = 0x706F7374
#: While a deploy waits for a lock, everything that uses the table later waits behind it. So the
#: deploy fails after this time.
_LOCK_TIMEOUT = "5s"
#: How often a deploy that met a deadlock is repeated.
_MOST_DEADLOCKS = 5
#: While a deploy holds what others may wait for, it waits no longer than this.
_MOMENT = "200ms"
#: Seconds for which it tries.
_PATIENCE = 30.0


@dataclass(slots=True)
class DeployReport:
    """What a deploy did."""

    #: Revisions applied, oldest first.
    revisions: list[str] = field(default_factory=list)
    #: Number of routines and views that were defined.
    defined: int = 0
    #: Routines and views that could not be replaced, and what depended on them: dropped first.
    redefined: list[str] = field(default_factory=list)
    #: Triggers that were new or had changed, as `table.name`.
    triggers: list[str] = field(default_factory=list)
    #: Code that no file declares any more.
    dropped: list[str] = field(default_factory=list)
    #: Number of statements of pgqueuer's upgrade.
    queue_statements: int = 0
    #: Number of events that were registered.
    events: int = 0
    #: Events that were not, because the operator chose others.
    left_out: list[str] = field(default_factory=list)
    #: The GRANT that the creator of Postbell's roles, or a superuser, has to execute before this
    #: login can grant the roles to others; empty if none is needed.
    grant_needed: str = ""


def deploy(
    url: str,
    *,
    sql_folder: Path | None = None,
    events: Iterable[EventType] = (),
    choice: Sequence[str] | None = None,
    verbs: str = "",
) -> DeployReport:
    """Bring the database at `url` (libpq) to what this package declares; repeating it is harmless.

    `events` are registered; those of a catalog are `catalog.events.values()`. `choice` has the
    patterns of those that are wanted, such as `order.*`, now and by later deploys; None leaves it
    as it is. `verbs` has the SQL functions of verbs that `sql_folder` does not declare. Raises
    SchemaError without having changed anything.
    """
    pending = Deploy(url, sql_folder or package_data.folder("sql"), list(events), choice, verbs)
    config = Config(attributes={"deploy": pending})
    config.set_main_option(
        "script_location", str(package_data.folder("migrations")).replace("%", "%%")
    )
    command.upgrade(config, "head")
    return pending.report


def execute_script(connection: Connection, script: Path) -> None:
    """Execute a revision's SQL file unchanged. SQLAlchemy would interpret colons and percents."""
    _driver_connection(connection).execute(script.read_bytes())


def _driver_connection(connection: Connection) -> psycopg.Connection[Any]:
    """The psycopg connection of a SQLAlchemy connection."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - for the type checker
    return driver


class Deploy:
    """A deploy in progress. migrations/env.py calls `run`."""

    def __init__(
        self,
        url: str,
        sql_folder: Path,
        events: list[EventType],
        choice: Sequence[str] | None = None,
        verbs: str = "",
    ) -> None:
        self.url = url
        self.sql_folder = sql_folder
        self.events = events
        self.choice = choice
        self.verbs = verbs
        self.report = DeployReport()

    @classmethod
    def of(cls, config: Config) -> Deploy:
        """The deploy that `deploy()` started; for `alembic` itself, one from the environment.

        Raises SchemaError if the environment names no database.
        """
        given = config.attributes.get("deploy")
        if isinstance(given, cls):
            return given
        url = os.environ.get("POSTBELL_DATABASE_URL")
        if not url:
            raise SchemaError("Set POSTBELL_DATABASE_URL to the database to deploy to.")
        return cls(url, package_data.folder("sql"), [])

    def run(self) -> None:
        """Deploy, in one transaction. Raises SchemaError.

        If a routine or view cannot be replaced, the transaction is rolled back and repeated with
        its name among those to drop first. So only what has to be dropped is dropped. With pending
        revisions, which keep others out, and when it is repeated, it first finds all such names. It
        is repeated after a deadlock with an application's transaction, too.
        """
        try:
            with _explained():
                self._run_beside("ahead")
            self._run_until_done()
        except SchemaError:
            with suppress(psycopg.Error):
                self._run_beside("undo")
            raise

    def _run_until_done(self) -> None:
        irreplaceable: set[str] = set()
        deadlocks = 0
        while True:
            self.report = DeployReport()
            try:
                with _explained():
                    self._run_once(frozenset(irreplaceable))
            except Irreplaceable as found:
                irreplaceable.add(found.name)
            except SchemaError as error:
                deadlocks += 1
                if deadlocks > _MOST_DEADLOCKS or not _is_deadlock(error.__cause__):
                    raise
            else:
                return

    def _run_beside(self, what: str) -> None:
        """Execute the scripts of pending revisions that leave others at work.

        `what` is `ahead`, before the deploy, or `undo`, after one that has failed. Each statement
        commits by itself, as CREATE INDEX CONCURRENTLY and VALIDATE CONSTRAINT need it, and can be
        repeated. The files are `NNNN_name.ahead.sql` and `NNNN_name.undo.sql`.
        """
        with self._connect() as connection:
            connection.autocommit = True
            scripts = [
                script
                for revision in _pending(connection)
                if (script := Path(revision.path).with_suffix(f".{what}.sql")).exists()
            ]
            if not scripts:
                return
            # Polled: CREATE INDEX CONCURRENTLY would wait for a session that waits in a statement.
            while connection.execute(
                "select pg_try_advisory_lock(%s)", [_DEPLOYING]
            ).fetchone() != (True,):
                time.sleep(0.1)
            connection.execute("set search_path = postbell, postbell_private")
            connection.execute(f"set lock_timeout = '{_MOMENT}'".encode())
            for script in scripts:
                for statement in statements(script.read_text(encoding="utf-8")):
                    _execute_patiently(connection, statement.text)

    def _run_once(self, irreplaceable: frozenset[str]) -> None:
        engine = create_engine("postgresql+psycopg://", creator=self._connect, poolclass=NullPool)
        with engine.begin() as connection:
            driver = _driver_connection(connection)
            self._prepare(driver)
            if is_upgrade := bool(_pending(driver)):
                _stop_others(driver)
            context.configure(
                connection=connection,
                version_table="revision",
                version_table_schema="postbell",
                on_version_apply=self._note_revision,
            )
            with context.begin_transaction():
                context.run_migrations()
            if _is_upgrade():
                self._derive(driver, irreplaceable, is_upgrade=is_upgrade)

    def _connect(self) -> psycopg.Connection[Any]:
        # No prepared statements: each is executed once.
        return psycopg.connect(self.url, prepare_threshold=None)

    def _note_revision(
        self,
        ctx: MigrationContext,  # noqa: ARG002 - Alembic passes all by name
        step: MigrationInfo,
        heads: Collection[Any],  # noqa: ARG002
        run_args: Mapping[str, Any],  # noqa: ARG002
    ) -> None:
        self.report.revisions.extend(step.up_revision_ids)

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        version = connection.info.server_version // 10_000
        if version < _OLDEST_SERVER:
            raise SchemaError(
                f"Postbell needs PostgreSQL {_OLDEST_SERVER} or newer; this server is {version}."
            )
        # The timeout is set after the lock: another deploy may take any time.
        connection.execute("select pg_advisory_xact_lock(%s)", [_DEPLOYING])
        connection.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'".encode())
        # So that a name without its schema is an error in every database.
        connection.execute("set local search_path = pg_catalog")
        found = connection.execute("select to_regnamespace('postbell')").fetchone()
        if found == (None,):
            connection.execute("create schema postbell")

    def _derive(
        self,
        connection: psycopg.Connection[Any],
        irreplaceable: frozenset[str],
        *,
        is_upgrade: bool,
    ) -> None:
        """Upgrade the queue, define code and access, and register events: all but the tables."""
        connection.execute(
            "comment on table postbell.revision is"
            " 'The migration that this schema has. Alembic keeps it.'"
        )
        for statement in queue_schema.upgrade_sql(connection):
            connection.execute(statement.encode())
            self.report.queue_statements += 1

        definition = Definition(connection, self.sql_folder, irreplaceable, self.verbs)
        if is_upgrade or irreplaceable:
            definition.find_irreplaceable()
        self.report.redefined = definition.drop_irreplaceable()
        definition.define()
        self.report.dropped = definition.drop_undeclared()
        connection.execute("select postbell_private.make_leaves()")
        definition.define_access()
        self.report.defined = definition.defined
        self.report.triggers = definition.triggers
        [(self.report.grant_needed,)] = connection.execute(_GRANT_NEEDED).fetchall()

        if self.choice is not None:
            texts.choose_events(connection, list(self.choice))
        self.report.left_out = left_out(
            [event.key for event in self.events],
            texts.event_choice(connection),
            texts.event_versions(connection),
        )
        for event in self.events:
            if event.key not in self.report.left_out:
                texts.register_event(connection, event)
                self.report.events += 1
        # Daemons compare their templates with these.
        connection.execute("notify postbell_templates")


def _is_upgrade() -> bool:
    """Whether Alembic is to change the database; not so for `alembic current`."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def _pending(connection: psycopg.Connection[Any]) -> list[Script]:
    """The revisions to apply to a database with Postbell, oldest first; none in an empty one."""
    if not _is_upgrade() or connection.execute(
        "select to_regclass('postbell.revision')"
    ).fetchone() == (None,):
        return []
    [(current,)] = connection.execute("select version_num from postbell.revision").fetchall()
    scripts = ScriptDirectory.from_config(context.config)
    return list(scripts.iterate_revisions(scripts.get_current_head(), current))[::-1]


def _stop_others(connection: psycopg.Connection[Any]) -> None:
    """Lock tables and views but the outbox, and writes to mirrored tables, until the deploy ends.

    Others use them in an order of their own. If revisions locked one after the other, that would
    be a deadlock sooner or later, and perhaps an application's transaction that fails. So nothing
    is waited for longer than a moment while something is held.
    """
    connection.execute(f"set local lock_timeout = '{_MOMENT}'".encode())
    _execute_patiently(connection, _LOCK_ALL)
    connection.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'".encode())


def _execute_patiently(connection: psycopg.Connection[Any], statement: str) -> None:
    """Execute a statement that gives way to others, until it succeeds.

    Raises LockNotAvailable or DeadlockDetected after `_PATIENCE`.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            if connection.autocommit:
                connection.execute(statement.encode())
            else:
                with connection.transaction():
                    connection.execute(statement.encode())
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            if time.monotonic() > until:
                raise
            time.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - to step out of the rhythm
        else:
            return


@contextmanager
def _explained() -> Iterator[None]:
    """Raise errors as SchemaError with the remedy. SQLAlchemy wraps those of migrations."""
    try:
        yield
    except DefinitionError as error:
        raise SchemaError(str(error)) from error
    except (psycopg.Error, DBAPIError) as error:
        raise SchemaError(
            _sentence(error.orig if isinstance(error, DBAPIError) else error)
        ) from error


def _is_deadlock(error: BaseException | None) -> bool:
    return isinstance(getattr(error, "orig", error), errors.DeadlockDetected)


def _sentence(error: BaseException | None) -> str:
    match error:
        case errors.LockNotAvailable():
            return (
                f"Somebody used a table for longer than {_LOCK_TIMEOUT}, and the deploy gave way. "
                "Nothing has changed: deploy again when long transactions have ended; "
                "pg_stat_activity shows them, oldest xact_start first."
            )
        case errors.InsufficientPrivilege():
            return (
                f"The role lacks a privilege: {error.diag.message_primary}. Deploy as the owner of "
                "the schema, with CREATEROLE, and CREATE and TEMPORARY on the database."
            )
        case psycopg.Error() if is_session_lost(error):
            return f"The database cannot be reached: {error}"
        case _:
            return f"The deploy failed, and nothing has changed: {error}"


# A router's transaction begins with its step, a dispatcher's with its batch, a reader's with a
# view, a writer's to a mirrored table with that. The outbox is not locked: producers go on.
_LOCK_ALL = """
    do $do$
    declare
        -- postbell_private came with a revision.
        v_schemas constant oid[] := array_remove(
            array[to_regnamespace('postbell'), to_regnamespace('postbell_private')]::oid[], null
        );
        v_relations text;
        v_mirrored regclass;
    begin
        select string_agg(
            oid::regclass::text, ', '
            order by relname <> 'router_step', relname <> 'batch', relkind <> 'v', oid
        )
        into v_relations
        from pg_class
        where relnamespace = any(v_schemas)
          and relkind in ('r', 'p', 'v')
          and relname !~ '^outbox(_[0-9]+)?$';
        for v_mirrored in
            select distinct tgrelid::regclass
            from pg_trigger
            join pg_proc on pg_proc.oid = tgfoid
            where pronamespace = any(v_schemas)
              and not tgisinternal
              and (select relnamespace <> all(v_schemas) from pg_class where oid = tgrelid)
              and has_table_privilege(tgrelid, 'update, delete, truncate')
        loop
            execute format('lock table %s in share row exclusive mode', v_mirrored);
        end loop;
        execute format('lock table %s in access exclusive mode', v_relations);
    end
    $do$
"""

# Roles belong to the cluster. From PostgreSQL 16 on, CREATEROLE alone cannot grant another's role.
_GRANT_NEEDED = """
    select case
        when count(*) > 0
            then format(
                'grant %s to %I with admin option',
                string_agg(rolname, ', ' order by rolname), current_user
            )
        else ''
    end
    from pg_roles
    where rolname in (
        'postbell_producer', 'postbell_reader', 'postbell_dispatcher',
        'postbell_gateway', 'postbell_support', 'postbell_admin'
    )
      and not pg_has_role(oid, 'member with admin option')
      and current_setting('server_version_num')::integer >= 160000
"""
