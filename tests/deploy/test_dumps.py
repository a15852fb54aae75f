"""A database of an earlier version, deployed to, is that of this version with its rows in place."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from dispatcher import package_data
from dispatcher.deploy import schema
from dispatcher.deploy.contract import SchemaError
from tests.support import catalogue, given
from tests.support.daemon import running
from tests.support.databases import CreateDatabase
from tests.support.dumps import Dump, dumps, fill
from tests.support.given import Connection
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

#: What a revision changed in rows on purpose: tables, as they are called today. A reply has become
#: a receipt of delivery 0. A deploy writes the channels, and another one is another row.
CHANGED = frozenset({"postbell.receipt_1", "postbell.channel"})
#: Tables whose rows a revision has distributed over others, and what all of them are read from.
DISTRIBUTED = {"postbell.finished_delivery_1": "postbell.delivery"}


@pytest.fixture(params=dumps(), ids=lambda dump: dump.version)
def dump(request: pytest.FixtureRequest) -> Dump:
    found = request.param
    assert isinstance(found, Dump)
    return found


@pytest.fixture
def restored_url(dump: Dump, template_url: str, empty_url: str) -> str:
    """The dump in a database of its own; the cluster's roles are there from the template."""
    assert template_url
    dump.restore(empty_url)
    return empty_url


class Rows(NamedTuple):
    """What is in some columns of a table, which are known by number: a name may change."""

    table: str
    columns: list[int]
    values: list[tuple[str, ...]]


def _values(session: Connection, table: int, columns: list[int]) -> list[tuple[str, ...]]:
    names = given.column(
        session,
        "select attname::text from unnest(%s::smallint[]) with ordinality as wanted (number, place)"
        " join pg_attribute on attrelid = %s::oid and attnum = number and not attisdropped"
        " order by place",
        columns,
        table,
    )
    own = given.value(session, "select %s::oid::regclass::text", table)
    assert len(names) == len(columns), f"a column of {names} is gone"
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in names),
        sql.SQL(DISTRIBUTED.get(own, own)),
    )
    return sorted(session.execute(query).fetchall(), key=repr)


def all_rows(session: Connection) -> dict[int, Rows]:
    """Of each table of ours, pgqueuer's and the application's, by OID: a name may change."""
    tables = given.rows(
        session,
        "select c.oid::bigint, c.oid::regclass::text, array_agg(attnum::integer order by attnum)"
        " from pg_class as c"
        " join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped"
        " where relnamespace::regnamespace::text ~ '^(postbell|shop)' and relkind = 'r'"
        " and relname <> 'revision' group by c.oid",
    )
    return {
        table: Rows(name, columns, _values(session, table, columns))
        for table, name, columns in tables
    }


def unlike(before: dict[int, Rows], session: Connection) -> list[str]:
    """The tables, as they are called today, whose rows are no longer what they were."""
    return [
        f"{rows.table}, now {name}"
        for table, rows in before.items()
        for name in given.column(session, "select %s::oid::regclass::text", table)
        if name not in CHANGED and _values(session, table, rows.columns) != rows.values
    ]


def test_deployed_to_it_is_what_a_new_database_is(restored_url: str, template_url: str) -> None:
    schema.deploy(restored_url)

    with psycopg.connect(restored_url) as upgraded, psycopg.connect(template_url) as new:
        lines = [line for line in catalogue.everything(upgraded) if " on shop." not in line]
        assert catalogue.difference(lines, catalogue.everything(new)) == []
    report = schema.deploy(restored_url)
    assert report.revisions == report.triggers == report.redefined == report.dropped == []


def test_others_are_locked_out_once(restored_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    run_once = schema.Deploy._run_once

    def count(deploy: schema.Deploy, irreplaceable: frozenset[str]) -> None:
        tries.append(irreplaceable)
        run_once(deploy, irreplaceable)

    monkeypatch.setattr(schema.Deploy, "_run_once", count)

    report = schema.deploy(restored_url)

    assert len(report.redefined) > 1
    assert tries == [frozenset()]


def test_every_row_is_where_it_was(restored_url: str) -> None:
    with psycopg.connect(restored_url, autocommit=True) as session:
        before = all_rows(session)
        schema.deploy(restored_url)

        assert unlike(before, session) == []


async def test_the_router_and_the_mirror_go_on(restored_url: str) -> None:
    with psycopg.connect(restored_url, autocommit=True) as session:
        session.execute("insert into shop.users (id, mail) values (103, 'eve@example.org')")
        schema.deploy(restored_url)
        waiting = given.column(
            session,
            "select id from postbell.outbox where id > (select max(id) from"
            " postbell_private.notification)",
        )
        session.execute("insert into shop.users (id, mail) values (104, 'fay@example.org')")
        session.execute("update shop.users set mail = 'ann@example.org' where id = 101")
        given.tenant(session, "not there")
        session.execute("select postbell.reset_router()")

        async with running(restored_url, ScriptedProvider()):
            new = given.emit(session, recipient="104", payload={"order_id": 1, "amount": "1.00"})
            inbox = (
                "select outbox_id from postbell.delivery_log"
                " where channel = 'in_app' and state = 'delivered'"
            )
            await seen(
                lambda: {*waiting, new} <= {*given.column(session, inbox)},
                "what was emitted before and after is in the inbox",
            )
            known = (
                "select id, email from postbell.recipient where id ~ '^10[1-4]$' order by tenant_id"
            )
            await seen(lambda: len(given.rows(session, known)) == 4, "the missing tenant's user")

    assert len(waiting) == 2


def test_the_next_dump_has_rows_in_each_table(
    create_database: CreateDatabase, template_url: str
) -> None:
    url = create_database(template_url)
    fill(url)

    with psycopg.connect(url) as session:
        empty = [
            name
            for name in given.column(
                session,
                "select oid::regclass::text from pg_class"
                " where relnamespace::regnamespace::text ~ '^postbell' and relkind in ('r', 'p')"
                " and not relispartition order by 1",
            )
            if not given.value(session, f"select exists (select from {name})")
        ]
    assert empty == []


def test_what_is_done_ahead_leaves_the_former_version_at_work(
    restored_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise SchemaError("in use")

    with psycopg.connect(restored_url, autocommit=True) as session:
        before = all_rows(session)
        for _ in range(2):
            with monkeypatch.context() as patched:
                patched.setattr(schema.Deploy, "_run_once", fail)
                with pytest.raises(SchemaError):
                    schema.deploy(restored_url)
        assert unlike(before, session) == []
        assert given.column(
            session, "select conname from pg_constraint where conname ~ 'first_leaf'"
        ) == []  # fmt: skip
        # As an interrupted CREATE INDEX CONCURRENTLY leaves it.
        session.execute(
            "update pg_index set indisvalid = false where indexrelid::regclass::text"
            " ~ 'delivery_of_event_idx|receipt_leaf_idx'"
        )
        event = given.emit(session, payload={"order_id": 1, "amount": "1.00"})
        assert event

    schema.deploy(restored_url)

    with psycopg.connect(restored_url, autocommit=True) as session:
        assert given.column(
            session, "select indexrelid::regclass::text from pg_index where not indisvalid"
        ) == []  # fmt: skip
        assert given.column(
            session, "select conname from pg_constraint where conname ~ 'first_leaf'"
        ) == []  # fmt: skip


def test_a_large_table_is_not_read_while_nobody_can_use_it(restored_url: str) -> None:
    told: list[str] = []
    connect = psycopg.connect

    def listen(*arguments: Any, **named: Any) -> psycopg.Connection[Any]:
        session = connect(*arguments, **named)
        session.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        session.execute("set client_min_messages = debug1")
        session.commit()
        return session

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg, "connect", listen)
        schema.deploy(restored_url)

    implied = {
        line.split('"')[1]
        for line in told
        if line.startswith("partition constraint") and "implied by existing" in line
    }
    assert implied >= {
        "notification_1", "finished_delivery_1", "attempt_1", "receipt_1", "inbox_item_1",
    }  # fmt: skip


def test_alembic_only_looks_where_it_is_only_asked(
    restored_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", restored_url)
    with psycopg.connect(restored_url, autocommit=True) as session:
        before = catalogue.everything(session)

        subprocess.run(
            [sys.executable, "-m", "alembic", "current"],
            check=True,
            cwd=package_data.folder("sql").parent,
        )

        assert catalogue.difference(catalogue.everything(session), before) == []
