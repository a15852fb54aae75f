"""PgBouncer before the application, and before us, as docs/operating.md says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.cli.errors import ExitCode
from dispatcher.cli.reports import report_of
from dispatcher.daemon import Daemon
from dispatcher.db import connections, pgbouncer
from dispatcher.db.pgbouncer import PoolerError
from dispatcher.deploy import schema
from dispatcher.gateway.server import Gateway
from dispatcher.settings import Settings
from postbell import notify_order_paid
from tests.support import given
from tests.support.daemon import running
from tests.support.gateway import page_at, serving
from tests.support.given import Connection
from tests.support.peers.pgbouncer import PgBouncer
from tests.support.peers.server_process import free_port
from tests.support.producer import PAYLOAD
from tests.support.tokens import SECRET
from tests.support.waiting import seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

INBOX = "select outbox_id from postbell.inbox_item order by 1"

#: A locked door, if anything of ours is still behind it.
LOCKED = "select count(*) from pg_locks where locktype = 'advisory'"

AS_U1 = (
    "set local role postbell_reader; select set_config('postbell.tenant', 'default', true),"
    " set_config('postbell.recipient', 'u1', true)"
)


@pytest.fixture
def transactions(database_url: str, db: Connection) -> Iterator[str]:
    """A pooler that gives each transaction one of two sessions. `db` is at the server itself."""
    assert db.info.dbname
    with PgBouncer(database_url, "transaction", pool_size=2) as pgbouncer:
        yield pgbouncer.url


@pytest.fixture
def clients(transactions: str) -> Iterator[list[Connection]]:
    """More than there are sessions, and they prepare nothing."""
    with ExitStack() as closing:
        yield [
            closing.enter_context(psycopg.connect(transactions, prepare_threshold=None))
            for _ in range(4)
        ]


def by_insert(client: Connection) -> int:
    return given.emit(client, payload=PAYLOAD, channels=["in_app", "sse"])


def by_verb(client: Connection) -> int:
    return notify_order_paid(order={"id": 42, "client_id": "u1"}, payment_amount="19.90", on=client)


@pytest.mark.parametrize("emit", [by_insert, by_verb])
async def test_an_application_emits_through_transaction_pooling(
    database_url: str,
    db: Connection,
    clients: list[Connection],
    emit: Callable[[Connection], int],
) -> None:
    held, undone, *others = clients
    # Nothing but a bell wakes this router.
    async with running(database_url, safety_poll_seconds=0):
        committed = []
        with held.transaction():
            committed.append(emit(held))
            for client in others * 5:
                with client.transaction():
                    committed.append(emit(client))
            with undone.transaction(force_rollback=True):
                emit(undone)

        await seen(lambda: given.column(db, INBOX) == sorted(committed), "all are delivered")


def test_a_person_is_named_for_one_transaction_and_nobody_else_has_them(
    db: Connection, clients: list[Connection]
) -> None:
    given.inbox_item(db)
    first, *others = clients

    with first.transaction():
        first.execute(AS_U1)
        assert given.column(first, "select unread from postbell.unread_counts") == [1]

    for client in others:
        with client.transaction():
            client.execute("set local role postbell_reader")
            assert given.column(client, "select unread from postbell.unread_counts") == []


async def test_daemon_and_gateway_are_rung_through_session_pooling(
    database_url: str, db: Connection
) -> None:
    with PgBouncer(database_url, "session", pool_size=40) as pgbouncer:
        async with (
            running(pgbouncer.url, safety_poll_seconds=0),
            serving(pgbouncer.url) as at,
            page_at(at) as page,
        ):
            event = by_insert(db)
            await seen(lambda: given.column(db, INBOX) == [event], "it is delivered")
            await page.until(lambda now: now.of("notification"))

            async with await connections.connect(pgbouncer.url, "test") as session:
                cursor = await session.execute("show plan_cache_mode")
                assert await cursor.fetchone() == ("force_generic_plan",)


async def test_those_who_listen_refuse_transaction_pooling_and_leave_no_lock_in_it(
    database_url: str, db: Connection, transactions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody would hear anything, however long one listens.
    monkeypatch.setattr(pgbouncer, "PATIENCE", 0.1)
    settings: dict[str, Any] = {"http_port": 0, "gateway_port": free_port()}
    secret = (SecretStr(SECRET),)

    for ours in (
        Daemon(transactions, Settings(**settings)),
        Gateway(transactions, Settings(**settings, token_secret=secret)),
    ):
        with pytest.raises(PoolerError, match="ever rung: name PostgreSQL itself") as refusal:
            await ours.run()
        told = report_of(refusal.value)
        assert told is not None
        assert told.exit_code == ExitCode.CONFIGURATION
        assert told.as_text() == str(refusal.value)

    assert given.value(db, LOCKED) == 0
    async with running(database_url, safety_poll_seconds=0):
        event = by_insert(db)
        await seen(lambda: given.column(db, INBOX) == [event], "another daemon leads")


def test_commands_work_through_transaction_pooling_and_check_tells_of_it(
    transactions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgbouncer, "PATIENCE", 0.1)
    monkeypatch.setenv("POSTBELL_DATABASE_URL", transactions)
    cli = CliRunner()

    assert schema.deploy(transactions).dropped == []
    assert cli.invoke(app, ["stats"]).exit_code == ExitCode.OK
    checked = cli.invoke(app, ["check"])
    assert checked.exit_code == ExitCode.BAD
    assert "a pooler that gives each transaction another session" in checked.stdout
