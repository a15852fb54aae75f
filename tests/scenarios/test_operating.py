"""docs/operating.md, done as it says, on a day on which this and that went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.manual import ROOT, Reader, blocks, in_order, settled
from tests.support.waiting import until

OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
LOGINS = ("shop", "mailer", "webmail", "helpdesk")

#: Where the dump is restored.
ELSEWHERE = "postgresql://postgres@elsewhere/app"


@pytest.fixture
def db(owned_url: str) -> Iterator[Connection]:
    """An application with a login and a user, and what it emitted before the daemon ran."""
    with psycopg.connect(owned_url, autocommit=True) as session:
        session.execute("create role shop login")
        given.recipient(session, email="ada@example.org", phone=None)
        given.emit(session, payload={"order_id": 42, "amount": "19.90"})
        given.emit(session, payload={"order_id": 42, "amount": 19.9})
        given_up = given.emit(
            session, payload={"order_id": 7, "amount": "5.00"}, channels=["email"]
        )
        given.route(session)
        give_up(session, given_up)
        given.call(session, "suppress", channel="email", address="gone@example.org",
                   reason="bounce", detail="5.1.1 no user")  # fmt: skip
        yield session
        for login in LOGINS:
            session.execute(f"drop owned by {login}; drop role {login}".encode())


def give_up(session: Connection, outbox_id: int) -> None:
    """As if a provider had refused it."""
    ((delivery,),) = given.rows(
        session,
        "update postbell.delivery set state = 'sending' where notification_id = %s returning id",
        outbox_id,
    )
    given.attempts(session, "refused", delivery, reason="no such user")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_the_operating_manual_says_is_so(
    owned_url: str,
    db: Connection,
    start_daemon: StartDaemon,
    mail_sink: MailSink,
    programs: Path,
    elsewhere: str,
    tmp_path: Path,
) -> None:
    daemon = start_daemon(owned_url, smtp_url=mail_sink.url)
    await_leader(owned_url, daemon)
    operator = Reader(
        owned_url, mail_sink.url, programs, places={ELSEWHERE: elsewhere}, folder=tmp_path
    )

    for block in blocks(OPERATING):
        until(lambda: settled(db), f"what is before line {block.line} is settled")
        said = operator.do(block)
        if block.shown is not None:
            missing = in_order(block.shown, said)
            assert not missing, f"line {block.line} does not show {missing}, but:\n{said}"

    # Under the login that was made for it, the daemon does all that it did as the owner.
    daemon.stop()
    mailer = make_conninfo(owned_url, user="mailer")
    await_leader(owned_url, start_daemon(mailer, smtp_url=mail_sink.url))
    paid = given.emit(db, payload={"order_id": 8, "amount": "5.00"})
    until(lambda: settled(db), "what is emitted under the other login is settled")
    assert {fate.state for fate in given.deliveries(db, paid).values()} == {"sent", "delivered"}

    # The dead letter was sent again, and the restored database can be routed on.
    assert given.column(db, "select delivery_id from postbell.dead_letters") == []
    with psycopg.connect(elsewhere) as restored:
        restored.execute("select postbell_private.check_cluster()")
        assert given.column(restored, "select id from postbell.recipient") == ["u1"]


def test_an_emitted_event_leaves_nothing_on_the_session(connection: Connection) -> None:
    given.emit(connection)
    held = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
    assert given.value(connection, held) == 1
    connection.rollback()

    # Else the next client of a pooled session would have it.
    assert given.value(connection, held) == 0
    assert given.column(connection, "select pg_listening_channels()") == []
