"""The oldest server: that of the machine, where it has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dispatcher.db import embedded
from dispatcher.deploy import schema
from tests.support.databases import IN_HASTE
from tests.support.renderings import shipped_catalog

BINARIES = Path("/usr/lib/postgresql/15/bin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BINARIES / "initdb").exists(), reason=f"no PostgreSQL 15 in {BINARIES}"
    ),
]


@pytest.fixture(scope="module")
def old_url() -> Iterator[str]:
    with embedded.server(keep=False, settings=IN_HASTE, binaries=BINARIES) as server:
        schema.deploy(server.url, events=shipped_catalog().events.values())
        yield server.url


def test_the_schema_deploys_again(old_url: str) -> None:
    report = schema.deploy(old_url)

    assert report.triggers == report.redefined == report.dropped == []


def test_an_event_is_routed(old_url: str) -> None:
    with psycopg.connect(old_url, autocommit=True) as connection:
        connection.execute("select postbell.upsert_recipient('u1', email => 'ann@example.org')")
        connection.execute(
            "insert into postbell.outbox (event, recipient, payload)"
            """ values ('order.paid', 'u1', '{"order_id": 42, "amount": "19.90"}')"""
        )
        while connection.execute("select routed from postbell_private.route()").fetchone() != (0,):
            pass
        channels = connection.execute(
            "select channel::text from postbell.delivery where recipient_id = 'u1' order by 1"
        ).fetchall()

    assert ("email",) in channels
    assert ("in_app",) in channels


def test_an_event_of_somebody_in_an_unknown_zone_is_routed(old_url: str) -> None:
    with psycopg.connect(old_url, autocommit=True) as connection:
        connection.execute("select postbell.upsert_recipient('u2', email => 'bob@example.org')")
        connection.execute(
            "update postbell.recipient set time_zone = 'Mars/Olympus' where id = 'u2'"
        )
        connection.execute(
            "insert into postbell.outbox (event, recipient, payload)"
            """ values ('order.paid', 'u2', '{"order_id": 42, "amount": "19.90"}')"""
        )
        while connection.execute("select routed from postbell_private.route()").fetchone() != (0,):
            pass
        states = connection.execute(
            "select state::text from postbell.delivery"
            " where recipient_id = 'u2' and channel = 'email'"
        ).fetchall()

    assert states == [("queued",)]
