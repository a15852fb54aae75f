"""Cancellations and mutes that are open while the router writes inbox items, and suppressions that
are open while mails are sent. Erasures that are open: test_erasures.py.

POSTBELL_TEST_HAMMER_SECONDS makes it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import psycopg
import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, message_ids, routed
from tests.support.waiting import until

SECONDS = float(os.environ.get("POSTBELL_TEST_HAMMER_SECONDS", "20"))
#: The rest is for what suppressions leave in the queue, which takes its time.
SUPPRESSING = SECONDS / 4
#: One in five is muted, and a person mutes at most 500 things at a time.
EVENTS_OF_A_PERSON = 1000
PAYLOAD = {"order_id": 42, "amount": "19.90"}


class Cancelled(NamedTuple):
    """An event, and what cancel() said that it did to it."""

    event: int
    taken_back: int
    handed_over: int


class Suppressed(NamedTuple):
    """A committed suppression, and the mails to its address."""

    xid: int
    #: Emitted before it, or while it was open.
    before: list[int]
    after: list[int]


class Hammer(threading.Thread):
    """Does something again and again on a session of its own, until it is time."""

    def __init__(self, url: str, number: int, ends_at: float) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._number = number
        self._ends_at = ends_at
        self._chance = random.Random(number)
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as session:
                count = 0
                while time.monotonic() < self._ends_at:
                    self.act(session, count)
                    count += 1
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    @abstractmethod
    def act(self, session: Connection, count: int) -> None: ...


class Application(Hammer):
    """Emits events, and changes its mind about each: at once or later, and commits or does not."""

    def __init__(self, url: str, number: int, ends_at: float) -> None:
        super().__init__(url, number, ends_at)
        self._recipient = ""
        self.cancelled: list[Cancelled] = []
        #: Events whose cancellation was rolled back, and those that nobody cancelled.
        self.kept: list[int] = []
        #: Events that were emitted after their subject was muted.
        self.muted: list[int] = []

    def act(self, session: Connection, count: int) -> None:
        if count % EVENTS_OF_A_PERSON == 0:
            self._recipient = given.recipient(session, f"u{self._number}-{count}")
        subject = f"order:{self._number}-{count}"
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


class Suppressor(Hammer):
    """Writes to somebody and suppresses their address, and commits that or does not."""

    def __init__(self, url: str, number: int, ends_at: float) -> None:
        super().__init__(url, number, ends_at)
        self.suppressed: list[Suppressed] = []
        #: Mails to an address whose suppression was rolled back.
        self.kept: list[int] = []

    def act(self, session: Connection, count: int) -> None:
        chance = self._chance
        who = given.recipient(session, f"u{self._number}-{count}")
        before = self._emit(session, who)
        # It is about as long until a mail is claimed.
        time.sleep(chance.choice([0, 0.01, 0.03, 0.05, 0.1]))
        with psycopg.connect(self._url) as other:
            given.call(other, "suppress", channel="email", address=f"{who}@example.org")
            xid = given.value(other, "select pg_current_xact_id()::text::bigint")
            time.sleep(chance.choice([0, 0.001, 0.01, 0.05]))
            before += self._emit(session, who)
            time.sleep(chance.choice([0, 0.005, 0.02, 0.05, 0.1]))
            is_kept = chance.random() < 0.2
            if is_kept:
                other.rollback()
            else:
                other.commit()
        after = self._emit(session, who)
        if is_kept:
            self.kept += before + after
        else:
            self.suppressed.append(Suppressed(xid, before, after))

    def _emit(self, session: Connection, who: str) -> list[int]:
        with session.transaction():
            return [
                given.emit(session, recipient=who, payload=PAYLOAD, channels=["email"])
                for _ in range(self._chance.randint(1, 3))
            ]


def hammer(hammers: Sequence[Hammer], seconds: float) -> None:
    for each in hammers:
        each.start()
    for each in hammers:
        each.join(seconds + 60)
    assert [each.error for each in hammers if each.error] == []


@pytest.mark.slow
def test_no_item_is_left_that_was_cancelled_and_none_is_counted_as_unread_that_was_muted(
    db: Connection, database_url: str, start_daemon: StartDaemon
) -> None:
    given.event_type(db)
    await_leader(database_url, start_daemon(database_url))
    ends_at = time.monotonic() + SECONDS
    applications = [Application(database_url, number, ends_at) for number in range(6)]
    hammer(applications, SECONDS)
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


#: Each claim, with what it could see: a claim asks what must not be sent after it took the batch.
NOTE_CLAIMS = """
    create table public.claim (delivery_ids bigint[], seen pg_snapshot);
    create function public.note_claim() returns trigger language plpgsql as $$
    begin
        insert into public.claim values (new.delivery_ids, pg_current_snapshot());
        return null;
    end
    $$;
    create trigger note_claim after update of claim_token on postbell.batch
    for each row when (new.claim_token is not null) execute function public.note_claim();
"""


@pytest.mark.slow
def test_no_mail_is_sent_that_was_emitted_or_claimed_after_its_address_was_suppressed(
    db: Connection, database_url: str, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    await_leader(database_url, start_daemon(database_url, smtp_url=mail_sink.url))
    db.execute(NOTE_CLAIMS)
    ends_at = time.monotonic() + SUPPRESSING
    suppressors = [Suppressor(database_url, number, ends_at) for number in range(4)]
    hammer(suppressors, SUPPRESSING)
    emitted = set(given.column(db, "select id from postbell.outbox"))
    until(lambda: routed(db) == emitted, "everything is routed")
    until(lambda: not set(left_over(db)) - {"jobs"}, "everything is settled")

    suppressed = [each for suppressor in suppressors for each in suppressor.suppressed]
    kept = {event for suppressor in suppressors for event in suppressor.kept}
    fates = {
        event: (state, reason)
        for event, state, reason in given.rows(
            db, "select outbox_id, state, reason from postbell.delivery_log"
        )
    }
    claimed = given.rows(
        db,
        "select d.notification_id, seen from claim"
        " join postbell.delivery as d on d.id = any(claim.delivery_ids)",
    )
    sent = message_ids(db)
    copies = mail_sink.copies()

    assert set(fates) == emitted
    # What the log says was sent is what the server took, once each.
    assert sorted(copies.elements()) == sorted(sent)
    stopped = ("skipped", "address_suppressed")
    after = {event for each in suppressed for event in each.after}
    assert {fates[event] for event in after} == {stopped}
    assert {fates[event] for event in kept} == {("sent", "wanted")}
    before = {event: each.xid for each in suppressed for event in each.before}
    assert {fates[event] for event in before} <= {stopped, ("sent", "wanted")}
    in_time = [event for event in before if fates[event] == stopped]
    given_out = {event for event, _ in claimed}
    late = given.column(
        db,
        "select d.notification_id from unnest(%s::bigint[], %s::bigint[]) as mail (event, xid)"
        " join postbell.delivery as d on d.notification_id = mail.event and d.state = 'sent'"
        " join claim on d.id = any(claim.delivery_ids)"
        " where pg_visible_in_snapshot(mail.xid::text::xid8, claim.seen)",
        list(before),
        list(before.values()),
    )
    assert late == []
    print(
        f"{len(suppressed)} addresses suppressed; of {len(before)} mails before that"
        f" {len(in_time)} stopped, {len(given_out & set(in_time))} of them at the claim, and"
        f" {len(before) - len(in_time)} claimed already;"
        f" {len(after)} after it; {len(kept)} kept"
    )
