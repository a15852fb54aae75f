from __future__ import annotations

import json
import time

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from dispatcher.db import connections
from dispatcher.db.connections import is_session_lost, is_unavailable


@pytest.mark.parametrize(
    ("code", "is_lost", "passes"),
    [
        ("08006", True, True),
        ("57P01", True, True),
        ("57P02", True, True),
        ("57P03", True, True),
        ("25006", True, True),
        ("25P02", False, False),
        ("25P03", True, True),
        ("25P04", True, True),
        ("40001", False, True),
        ("40P01", False, True),
        ("53100", False, True),
        ("53200", False, True),
        ("55P03", False, True),
        ("57014", False, True),
        ("58030", False, True),
        ("54000", False, False),
        ("54001", False, False),
        ("22012", False, False),
        ("23505", False, False),
        ("42883", False, False),
        ("XX000", False, False),
        ("PB031", False, False),
    ],
)
def test_by_its_code_a_session_is_lost_or_a_failure_passes(
    db: psycopg.Connection, code: str, is_lost: bool, passes: bool
) -> None:
    with pytest.raises(psycopg.Error) as raised:
        db.execute(f"do $$ begin raise 'no' using errcode = '{code}'; end $$".encode())
    assert is_session_lost(raised.value) is is_lost
    assert is_unavailable(raised.value) is passes


def test_a_session_that_was_ended_is_lost(db: psycopg.Connection, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as other:
        db.execute("select pg_terminate_backend(%s, 5000)", [other.info.backend_pid])
        for _ in range(2):
            with pytest.raises(psycopg.Error) as raised:
                other.execute("select")
            assert is_session_lost(raised.value)


@pytest.mark.parametrize("limit", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_a_session_that_a_limit_in_time_ended_is_lost(
    db: psycopg.Connection, database_url: str, limit: str
) -> None:
    with psycopg.connect(database_url) as other:
        other.execute(f"set local {limit} = 50".encode())
        selected = "select from pg_stat_activity where pid = %s"
        for _ in range(200):
            if not db.execute(selected, [other.info.backend_pid]).rowcount:
                break
            time.sleep(0.05)
        with pytest.raises(psycopg.Error) as raised:
            other.execute("select")

    assert raised.value.sqlstate in ("25P03", "25P04")
    assert is_session_lost(raised.value)


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (PoolTimeout("no session within 30 s"), True),
        (errors.ConnectionTimeout("timed out"), True),
        (psycopg.ProgrammingError("a placeholder too many"), False),
        (psycopg.DataError("a NUL in a string"), False),
        (OSError("not the database's"), False),
    ],
)
def test_without_a_code_its_kind_decides(error: Exception, is_lost: bool) -> None:
    assert is_session_lost(error) is is_lost
    assert is_unavailable(error) is is_lost


#: Better than PostgreSQL's own for the type that is asked for: it takes anyarray.
TRAP = """
    create function public.cardinality(text[]) returns integer
    language plpgsql as $$ begin raise exception 'run as %', current_user; end $$
"""
ASKED = "select cardinality(array['one'])"


@pytest.fixture
def trap(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(TRAP)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(ASKED)


async def test_a_session_runs_no_function_that_others_put_into_public(
    database_url: str, trap: None
) -> None:
    async with await connections.connect(database_url, "test") as session:
        assert await (await session.execute(ASKED)).fetchone() == (1,)


async def test_nor_does_one_of_a_pool(database_url: str, trap: None) -> None:
    async with connections.pool(database_url, "test", 1) as pool, pool.connection() as session:
        assert await (await session.execute(ASKED)).fetchone() == (1,)


@pytest.mark.parametrize("type_", ["json", "jsonb"])
@pytest.mark.parametrize(
    "written",
    [
        '{"name": "Zoë 🚲", "note": null, "tags": [], "amount": "19.90", "is_paid": true}',
        "18446744073709551616",
        "1" + "0" * 400,
        "1" * 5000 + ".25",
        "[0.1, -0.5, 1.0, 123456789012345678901234567890.5]",
        "0." + "0" * 330 + "1",
        "[" * 500 + "]" * 500,
    ],
    ids=["object", "65 bits", "400 digits", "no float", "floats", "tiny", "deep"],
)
@pytest.mark.parametrize("is_binary", [False, True], ids=["text", "binary"])
async def test_json_is_read_as_python_reads_it(
    database_url: str, written: str, type_: str, is_binary: bool
) -> None:
    async with await connections.connect(database_url, "test") as session:
        cursor = session.cursor(binary=is_binary)
        await cursor.execute(f"select %s::{type_}".encode(), [written])
        row = await cursor.fetchone()

    assert row is not None
    assert repr(row[0]) == repr(json.loads(written))
