"""A cluster of PostgreSQL 15, upgraded in place by PostgreSQL's own program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from dispatcher.db import embedded
from dispatcher.db.embedded import Server
from dispatcher.deploy import schema
from tests.support import given
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog

BINARIES = Path("/usr/lib/postgresql/15/bin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BINARIES / "pg_upgrade").exists(), reason=f"no PostgreSQL 15 in {BINARIES}"
    ),
]

PAYLOAD = {"order_id": 42, "amount": "19.90"}


def emit(session: Connection, **columns: Any) -> int:
    return given.emit(session, payload=PAYLOAD, channels=["in_app"], **columns)


def told(session: Connection) -> list[int]:
    return given.column(
        session, "select distinct notification_id from postbell.delivery order by 1"
    )


def upgrade(old: Server, new: Server) -> None:
    """Of two that are stopped. The program writes into the folder that it is started in."""
    binaries = embedded.binary("pg_upgrade").parent
    reachable = new._reachable(binaries)
    commands: list[list[str | Path]] = [
        # As the new one is made.
        [BINARIES / "pg_checksums", "--enable", "--no-sync", "-D", old.data],
        [
            "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", new.folder,
            reachable / "pg_upgrade", "-U", "postgres", "--no-sync", "-s", new.folder,
            "-b", BINARIES, "-B", reachable, "-d", old.data, "-D", new.data,
        ],
    ]  # fmt: skip
    for command in commands:
        done = new._run(command)
        assert done.returncode == 0, done.stdout + done.stderr


def test_after_pg_upgrade_the_router_goes_on_once_it_is_told() -> None:
    settings = {"fsync": "off"}
    with (
        embedded.server(keep=False, settings=settings, binaries=BINARIES) as old,
        embedded.server(keep=False, settings=settings) as new,
    ):
        schema.deploy(old.url, events=shipped_catalog().events.values())
        with psycopg.connect(old.url, autocommit=True) as session:
            given.recipient(session)
            routed = [emit(session, subject="order:1") for _ in range(3)]
            given.route(session)
            given.call(session, "cancel", subject="order:2")
            unrouted = [emit(session) for _ in range(3)]
        old.stop()
        new.stop()
        upgrade(old, new)
        new.restart()

        with psycopg.connect(new.url, autocommit=True) as session:
            with pytest.raises(psycopg.Error) as refusal:
                given.call(session, "check_cluster")
            assert refusal.value.sqlstate == "PB030"
            assert "pg_upgrade" in (refusal.value.diag.message_hint or "")

            assert given.value(session, "select postbell.reset_router()") == len(unrouted)
            given.call(session, "check_cluster")
            later = emit(session)
            given.route(session)
            assert told(session) == [*routed, *unrouted, later]
