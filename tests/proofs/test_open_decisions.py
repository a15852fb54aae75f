"""Cancellations and mutes that are open while the router writes inbox items.

POSTBELL_TEST_HAMMER_SECONDS makes it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from typing import NamedTuple

import psycopg
import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.outcome import left_over, routed
from tests.support.waiting import until

SECONDS = float(os.environ.get("POSTBELL_TEST_HAMMER_SECONDS", "20"))
#: One in five is muted, and a person mutes at most 500 things at a time.
EVENTS_OF_A_PERSON = 1000
PAYLOAD = {"order_id": 42, "amount": "19.90"}


class Cancelled(NamedTuple):
    """An event, and what cancel() said that it did to it."""

    event: int
    taken_back: int
    handed_over: int


class Application(threading.Thread):
    """Emits events, and changes its mind about each: at once or later, and commits or does not."""

    def __init__(self, url: str, number: int, ends_at: float) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._number = number
        self._ends_at = ends_at
        self._chance = random.Random(number)
        self._recipient = ""
        self.cancelled: list[Cancelled] = []
        #: Events whose cancellation was rolled back, and those that nobody cancelled.
        self.kept: list[int] = []
        #: Events that were emitted after their subject was muted.
        self.muted: list[int] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as session:
                count = 0
                while time.monotonic() < self._ends_at:
                    if count % EVENTS_OF_A_PERSON == 0:
                        self._recipient = given.recipient(session, f"u{self._number}-{count}")
                    count += 1
                    self._act(session, f"order:{self._number}-{count}")
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def _act(self, session: Connection, subject: str) -> None:
        chance = self._chance
        if chance.random() < 0.2:
            given.call(session, "mute", recipient=self._recipient, subject=subject)
            self.muted.append(self._emit(session, subject))
            return
        event = self._emit(session, subject)
        time.sleep(chance.choice([0, 0, 0.001, 0.003, 0.01]))
        if chance.random() < 0.2:
            self.kept.append(event)
            return
        with psycopg.connect(self._url) as other:
            by = {"subject": subject} if chance.random() < 0.7 else {"outbox_id": event}
            ((taken_back, handed_over),) = given.call(other, "cancel", **by)
            time.sleep(chance.choice([0, 0.001, 0.01, 0.05]))
            if chance.random() < 0.8:
                other.commit()
                self.cancelled.append(Cancelled(event, taken_back, handed_over))
            else:
                other.rollback()
                self.kept.append(event)

    def _emit(self, session: Connection, subject: str) -> int:
        return given.emit(
            session,
            recipient=self._recipient,
            payload=PAYLOAD,
            channels=["in_app"],
            subject=subject,
        )


@pytest.mark.slow
def test_no_item_is_left_that_was_cancelled_and_none_is_counted_as_unread_that_was_muted(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    given.event_type(db)
    await_leader(database_url, start_daemon(database_url))
    ends_at = time.monotonic() + SECONDS
    applications = [Application(database_url, number, ends_at) for number in range(6)]
    for application in applications:
        application.start()
    for application in applications:
        application.join(SECONDS + 60)
    assert [application.error for application in applications if application.error] == []
    emitted = set(given.column(db, "select id from postbell.outbox"))
    until(lambda: routed(db) == emitted, "everything is routed")
    until(lambda: not set(left_over(db)) - {"jobs"}, "everything is settled")
    pending = "select has_cancellations from postbell_private.pending_work()"
    until(lambda: not given.value(db, pending), "every cancellation is applied")

    items = dict(given.rows(db, "select outbox_id, is_silent from postbell.inbox_item"))
    cancelled = [each for application in applications for each in application.cancelled]
    # What cancel() could not take back any more, it said was handed over.
    assert [each for each in cancelled if each.event in items and not each.handed_over] == []
    assert [each for each in cancelled if each.taken_back and each.event in items] == []
    kept = {event for application in applications for event in application.kept}
    assert kept <= set(items)
    muted = {event for application in applications for event in application.muted}
    assert {items[event] for event in muted} == {True}
    written = given.value(db, "select count(*) from postbell.inbox_item")
    batches = given.value(
        db, "select coalesce(last_value, 0) from pg_sequences where sequencename = 'batch_id_seq'"
    )
    print(
        f"{len(cancelled)} cancelled, {sum(each.handed_over for each in cancelled)} of them too"
        f" late; {len(kept)} kept, {len(muted)} muted; {written} items, {batches} batches"
    )
