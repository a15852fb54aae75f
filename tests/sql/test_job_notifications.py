"""A queue is notified of new jobs of its own channel, and of nothing else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.support import given
from tests.support.background import Connect, rings
from tests.support.given import Connection

PAYLOAD = {"order_id": 42, "amount": "19.90"}


@pytest.fixture
def email(connect: Connect) -> Connection:
    """A session that listens as the queue of mails does."""
    return _listening(connect(), "postbell_queue_email")


@pytest.fixture
def sms(connect: Connect) -> Connection:
    return _listening(connect(), "postbell_queue_sms")


@pytest.fixture
def whole_table(connect: Connect) -> Connection:
    """A session that would hear pgqueuer's trigger."""
    return _listening(connect(), "postbell_queue")


def _listening(session: Connection, *channels: str) -> Connection:
    for channel in channels:
        session.execute(f"listen {channel}")
    return session


def emit_and_route(db: Connection, *channels: str) -> None:
    given.emit(db, payload=PAYLOAD, channels=list(channels))
    given.route(db)


def test_a_job_for_a_mail_notifies_the_queue_of_mails_alone(
    db: Connection, email: Connection, sms: Connection, whole_table: Connection
) -> None:
    emit_and_route(db, "email")

    assert (rings(email), rings(sms), rings(whole_table)) == (1, 0, 0)


def test_every_channel_with_a_new_job_is_notified_once(
    db: Connection, email: Connection, sms: Connection
) -> None:
    given.tenant(db, "other")
    given.recipient(db, tenant_id="other")
    with db.transaction():
        given.emit(db, payload=PAYLOAD, channels=["email", "sms"])
        given.emit(db, payload=PAYLOAD, channels=["email"], tenant_id="other")
    given.route(db)

    assert given.value(db, "select count(*) from postbell_queue.pgqueuer") == 3
    assert (rings(email), rings(sms)) == (1, 1)


def test_a_job_with_a_delay_notifies(db: Connection, email: Connection) -> None:
    emit_and_route(db, "email")
    assert rings(email) == 1

    given.value(
        db,
        "select postbell_private.make_jobs(array(select id from postbell.batch), %s)",
        timedelta(seconds=1),
    )

    assert rings(email) == 1


def test_a_batch_that_lost_its_job_notifies_its_queue(db: Connection, email: Connection) -> None:
    emit_and_route(db, "email")
    db.execute("delete from postbell_queue.pgqueuer")
    assert rings(email) == 1

    given.value(db, "select postbell_private.sweep('0 s')")

    assert rings(email) == 1


def test_jobs_that_change_or_go_notify_nobody(
    db: Connection, email: Connection, whole_table: Connection
) -> None:
    emit_and_route(db, "email")
    assert rings(email) == 1

    db.execute("update postbell_queue.pgqueuer set status = 'picked'")
    db.execute("delete from postbell_queue.pgqueuer")

    assert (rings(email), rings(whole_table)) == (0, 0)


def test_a_notification_is_what_the_trigger_of_pgqueuer_would_send(
    db: Connection, email: Connection, whole_table: Connection
) -> None:
    emit_and_route(db, "email")
    ours = json.loads(next(email.notifies(timeout=5)).payload)

    db.execute("alter table postbell_queue.pgqueuer enable trigger tg_pgqueuer_changed")
    try:
        db.execute(
            "insert into postbell_queue.pgqueuer (entrypoint, priority, status)"
            " values ('deliver.email', 0, 'queued')"
        )
    finally:
        db.execute("alter table postbell_queue.pgqueuer disable trigger tg_pgqueuer_changed")
    theirs = json.loads(next(whole_table.notifies(timeout=5)).payload)

    assert ours.pop("channel") == "postbell_queue_email"
    assert theirs.pop("channel") == "postbell_queue"
    assert ours.pop("sent_at")
    assert theirs.pop("sent_at")
    assert ours == theirs
