"""A database dumped here and restored into another cluster, by PostgreSQL's own programs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from dispatcher.cli.reports import report_of
from dispatcher.daemon import Daemon
from dispatcher.db import embedded
from dispatcher.deploy import schema
from dispatcher.settings import Settings
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, message_ids, routed
from tests.support.renderings import shipped_catalog
from tests.support.waiting import seen

pytestmark = pytest.mark.slow


def run(program: str, url: str, *arguments: str) -> None:
    ended = subprocess.run(
        [str(embedded.binary(program)), *arguments, "--dbname", make_conninfo(url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def move(source: str, target: str, folder: Path) -> None:
    """As the manual of PostgreSQL says: the roles first, then the database."""
    run("pg_dumpall", source, "--roles-only", "--file", str(folder / "roles.sql"))
    owner = conninfo_to_dict(target)["user"]
    roles = (folder / "roles.sql").read_text().replace(f"CREATE ROLE {owner};\n", "")
    (folder / "roles.sql").write_text(roles)
    run("psql", target, "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(folder / "roles.sql"))
    run("pg_dump", source, "--format", "custom", "--file", str(folder / "database.dump"))
    run("pg_restore", target, "--exit-on-error", str(folder / "database.dump"))


PAYLOAD = {"order_id": 42, "amount": "19.90"}


def told(session: Connection) -> list[int]:
    query = "select distinct notification_id from postbell.delivery order by 1"
    return given.column(session, query)


def test_a_restored_database_is_routed_on_after_a_reset_and_not_before(
    database_url: str, db: Connection, elsewhere: str, tmp_path: Path
) -> None:
    routed = given.emit(db, payload=PAYLOAD)
    given.route(db)
    waiting = [
        given.emit(db, payload=PAYLOAD),
        given.emit(db, payload=PAYLOAD, idempotency_key="once"),
    ]

    move(database_url, elsewhere, tmp_path)

    with psycopg.connect(elsewhere, autocommit=True) as restored:
        with pytest.raises(psycopg.Error) as refusal:
            restored.execute("select postbell_private.check_cluster()")
        assert refusal.value.sqlstate == "PB030"
        assert "reset_router" in str(refusal.value.diag.message_hint)
        assert told(restored) == [routed]

        assert given.value(restored, "select postbell.reset_router()") == len(waiting)
        given.route(restored)
        assert told(restored) == [routed, *waiting]

        again = given.emit(restored, payload=PAYLOAD, idempotency_key="once")
        later = given.emit(restored, payload=PAYLOAD)
        given.route(restored)
        assert told(restored) == [routed, *waiting, later]
        assert given.column(restored, "select outbox_id from postbell_private.duplicate_event") == [
            again
        ]


def test_a_restored_database_can_be_deployed_to(
    database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    move(database_url, elsewhere, tmp_path)

    events = shipped_catalog().events.values()
    report = schema.deploy(elsewhere, events=events)

    assert report.revisions == []
    assert report.redefined == []
    assert report.dropped == []
    with psycopg.connect(elsewhere, autocommit=True) as restored:
        given.recipient(restored)
        restored.execute("select postbell.reset_router()")
        event = given.emit(restored, payload=PAYLOAD)
        given.route(restored)
        assert told(restored) == [event]


async def test_a_daemon_refuses_what_was_restored_until_the_reset_and_then_sends_the_rest_once(
    database_url: str, db: Connection, elsewhere: str, mail_sink: MailSink, tmp_path: Path
) -> None:
    def emit(session: Connection, **columns: Any) -> int:
        return given.emit(session, payload=PAYLOAD, channels=["in_app", "email"], **columns)

    def settled(session: Connection, *events: int) -> bool:
        return routed(session) == {*events} and not left_over(session)

    sent = emit(db)
    async with running(database_url, smtp_url=mail_sink.url):
        await seen(lambda: settled(db, sent), "the first is sent")
    queued = emit(db)
    later = emit(db, deliver_at="now")
    given.route(db)
    committed = emit(db, idempotency_key="once")

    move(database_url, elsewhere, tmp_path)

    with pytest.raises(psycopg.Error) as refusal:
        await Daemon(elsewhere, Settings(http_port=0, smtp_url=SecretStr(mail_sink.url))).run()
    failure = report_of(refusal.value)
    assert failure is not None
    assert "select postbell.reset_router()" in failure.as_text()

    with psycopg.connect(elsewhere, autocommit=True) as restored:
        restored.execute("select postbell.reset_router()")
        async with running(elsewhere, smtp_url=mail_sink.url):
            new = emit(restored)
            everything = [sent, queued, later, committed, new]
            await seen(lambda: settled(restored, *everything), "everything else is sent")

        inbox = given.column(restored, "select outbox_id from postbell.inbox_item order by 1")
        assert inbox == everything
        # One copy of each, also of what the other cluster had sent.
        assert mail_sink.copies() == dict.fromkeys(message_ids(restored), 1)
        assert len(mail_sink.copies()) == len(everything)
