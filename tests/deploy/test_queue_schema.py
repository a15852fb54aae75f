from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import psycopg
import pytest

from dispatcher.deploy import queue_schema


def test_a_deployed_database_needs_no_upgrade_of_the_queue(connection: psycopg.Connection) -> None:
    assert queue_schema.upgrade_sql(connection) == ()


@pytest.mark.parametrize(
    "change",
    [
        "alter table postbell_queue.pgqueuer drop column dedupe_key cascade",
        "drop trigger tg_pgqueuer_changed on postbell_queue.pgqueuer",
        # As 0.1.0 has it.
        "alter table postbell_queue.pgqueuer enable trigger tg_pgqueuer_changed",
        "alter table postbell_queue.pgqueuer enable always trigger tg_pgqueuer_changed",
    ],
)
def test_what_differs_is_put_right(connection: psycopg.Connection, change: str) -> None:
    connection.execute(change.encode())

    for statement in queue_schema.upgrade_sql(connection):
        connection.execute(statement.encode())

    assert queue_schema.upgrade_sql(connection) == ()
    assert _state_of_trigger(connection) == ("D",)


def test_the_trigger_of_pgqueuer_is_there_and_disabled(connection: psycopg.Connection) -> None:
    assert _state_of_trigger(connection) == ("D",)


def _state_of_trigger(connection: psycopg.Connection) -> tuple[str] | None:
    return connection.execute(
        "select tgenabled::text from pg_trigger where tgname = 'tg_pgqueuer_changed'"
    ).fetchone()


async def test_the_plan_can_be_asked_for_while_a_loop_runs(connection: psycopg.Connection) -> None:
    assert asyncio.get_running_loop().is_running()
    assert queue_schema.upgrade_sql(connection) == ()


def test_our_names_do_not_come_from_the_environment() -> None:
    strange = {"PGQUEUER_PREFIX": "x_", "FUNCTION": "f", "TRIGGER": "t", "CHANNEL": "c"}
    show = "from dispatcher.deploy import queue_schema; print(queue_schema.install_sql())"

    told = subprocess.run(
        [sys.executable, "-c", show],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | strange,
    )

    assert told.stdout.strip() == queue_schema.install_sql().strip()
