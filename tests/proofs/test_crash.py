"""The daemon killed again and again while it delivers. POSTBELL_TEST_KILLS says how often."""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, message_ids, routed, states
from tests.support.producer import Producer, producing
from tests.support.waiting import until

KILLS = int(os.environ.get("POSTBELL_TEST_KILLS", "20"))
#: E-mails in flight at most: so many can be in doubt after each crash.
_IN_FLIGHT = 8


def crash(
    url: str, db: Connection, start_daemon: StartDaemon, mail_sink: MailSink, kills: int, many: int
) -> list[Producer]:
    """Returns the producers when the daemon, left alone at last, has nothing more to do."""
    dice = random.Random(kills)
    daemon = start_daemon(
        url, smtp_url=mail_sink.url, lease_seconds=1, email_concurrency=_IN_FLIGHT
    )
    with producing(url, many, channels=("in_app", "email"), pause=0.1, longest=0.5) as producers:
        for number in range(kills):
            await_leader(url, daemon)
            # Not before it mails, or there is nothing to interrupt.
            mail_sink.await_another()
            time.sleep(dice.uniform(0, 1))
            daemon.kill()
            assert left_over(db), f"kill {number} interrupted nothing"
            daemon.start()
    await_leader(url, daemon)
    committed = {number for producer in producers for number in producer.committed}
    until(lambda: routed(db) >= committed, "all that was committed is routed")
    until(lambda: not left_over(db), "everything is settled", 240)
    daemon.fail_if_ended()
    return producers


def verify(db: Connection, producers: list[Producer], mail_sink: MailSink, kills: int) -> None:
    committed = sorted(number for producer in producers for number in producer.committed)
    assert [producer.error for producer in producers if producer.error] == []
    assert routed(db) == set(committed)

    # The inbox: exactly once.
    assert sorted(given.column(db, "select outbox_id from postbell.inbox_item")) == committed
    # The mail: at least once, and what is more than once was in flight when the daemon died.
    copies = mail_sink.copies()
    assert set(copies) == set(message_ids(db))
    assert len(copies) == len(committed)
    duplicates = copies.total() - len(copies)
    print(
        f"{len(committed)} events, {len(copies)} mails; {kills} times SIGKILL: nothing lost, "
        f"{duplicates} mails sent twice (at most {kills * _IN_FLIGHT} were in flight)"
    )
    assert duplicates <= kills * _IN_FLIGHT

    assert left_over(db) == {}
    assert states(db) == {
        ("in_app", "delivered"): len(committed),
        ("email", "sent"): len(committed),
    }


@pytest.mark.slow
def test_a_daemon_that_is_killed_loses_nothing(
    db: Connection, database_url: str, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    producers = crash(database_url, db, start_daemon, mail_sink, kills=1, many=1)

    verify(db, producers, mail_sink, kills=1)


@pytest.mark.slow
@pytest.mark.timeout(KILLS * 10 + 300)
def test_a_daemon_that_is_killed_again_and_again_loses_nothing_and_repeats_what_was_in_flight(
    db: Connection, database_url: str, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    producers = crash(database_url, db, start_daemon, mail_sink, kills=KILLS, many=4)

    verify(db, producers, mail_sink, kills=KILLS)
