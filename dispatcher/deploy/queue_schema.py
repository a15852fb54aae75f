"""The tables of pgqueuer, in the schema postbell_queue."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

import psycopg
from pgqueuer.adapters.persistence.schema_ddl import render_install
from pgqueuer.adapters.persistence.schema_inspect import inspect
from pgqueuer.adapters.persistence.schema_plan import plan
from pgqueuer.domain.schema.declaration import target
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver
from psycopg.rows import dict_row

# Every name is given, because pgqueuer reads missing ones from environment variables such as
# FUNCTION or TRIGGER, which may belong to another program.
SETTINGS = DBSettings(
    prefix="",
    db_schema="postbell_queue",
    channel=Channel("postbell_queue"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
    widen_id=True,
)

# pgqueuer's trigger would wake all queues for each job, and for each that is finished.
# postbell_private.make_jobs() wakes the queues of the channels that have new jobs.
_DISABLE_TRIGGER = (
    f"alter table {SETTINGS.db_schema}.{SETTINGS.queue_table} disable trigger {SETTINGS.trigger};"
)

_IS_TRIGGER_ENABLED = f"""
    select exists (
        select
        from pg_trigger
        where tgrelid = to_regclass('{SETTINGS.db_schema}.{SETTINGS.queue_table}')
          and tgname = '{SETTINGS.trigger}'
          and tgenabled <> 'D'
    )
"""  # noqa: S608 - from constants

_T = TypeVar("_T")


def settings_of(channel: str) -> DBSettings:
    """The names for the queue of a channel: it has a NOTIFY channel of its own."""
    return SETTINGS.model_copy(update={"channel": Channel(f"{SETTINGS.channel}_{channel}")})


def install_sql() -> str:
    """The output of `pgq sql install` with these names, and what disables pgqueuer's trigger."""
    return f"{render_install(SETTINGS)}\n\n{_DISABLE_TRIGGER}"


def upgrade_sql(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """The statements that upgrade the installed tables to this version of pgqueuer.

    The last one disables pgqueuer's trigger, which is enabled again if it is replaced.
    """
    driver = cast("Driver", _Reader(connection))
    statements = plan(_now(inspect(driver, SETTINGS)), target(SETTINGS), SETTINGS).statements
    if statements or connection.execute(_IS_TRIGGER_ENABLED.encode()).fetchone() == (True,):
        return (*statements, _DISABLE_TRIGGER)
    return ()


class _Reader:
    """The part of pgqueuer's driver that its schema inspection uses, on a synchronous connection.

    It needs no event loop.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = psycopg.RawCursor(connection, row_factory=dict_row)

    async def fetch(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        return self._cursor.execute(query.encode(), arguments).fetchall()


def _now(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits, without an event loop. Raises RuntimeError if it waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast("_T", done.value)
    coroutine.close()
    raise RuntimeError("pgqueuer's inspection waits for something.")
