"""People are erased at random while others, and they themselves, are written to.

POSTBELL_TEST_HAMMER_SECONDS makes it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.support import given
from tests.support.daemon_process import StartDaemon
from tests.support.erasing import erase, person, traces
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.waiting import until

SECONDS = float(os.environ.get("POSTBELL_TEST_HAMMER_SECONDS", "20"))
PEOPLE = [f"person-{number:03}-x" for number in range(80)]
PRODUCERS = 4


class People:
    """Who may still be written to: nobody begins to write to somebody who is about to go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present = set(PEOPLE)
        self.erased: set[str] = set()

    def some(self, dice: random.Random, many: int) -> list[str]:
        with self._lock:
            return dice.sample(sorted(self._present), many)

    def leave(self, dice: random.Random) -> str:
        with self._lock:
            who = dice.choice(sorted(self._present))
            self._present.remove(who)
        return who

    def stay(self, who: str) -> None:
        with self._lock:
            self._present.add(who)


class Worker(ABC, threading.Thread):
    """Does something again and again, on a session of its own."""

    def __init__(self, url: str, seed: int, people: People) -> None:
        super().__init__(daemon=True)
        self.error: BaseException | None = None
        self.people = people
        self.dice = random.Random(seed)
        self._url = url
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        try:
            with psycopg.connect(self._url) as connection:
                while not self._stopping.is_set():
                    self.act(connection)
        except BaseException as error:  # noqa: BLE001 - the test asks for it
            self.error = error

    @abstractmethod
    def act(self, connection: Connection) -> None: ...


class Emitter(Worker):
    """Events for one person, for several, about somebody; committed at last, or not."""

    def __init__(self, url: str, seed: int, people: People) -> None:
        super().__init__(url, seed, people)
        #: What was committed for one person.
        self.committed: dict[int, str] = {}

    def act(self, connection: Connection) -> None:
        one, other, third = self.people.some(self.dice, 3)
        channels = self.dice.sample(["in_app", "email", "sse"], self.dice.randint(1, 3))
        written = {}
        for _ in range(self.dice.randint(1, 4)):
            event = given.emit(
                connection, recipient=one, channels=channels, subject=f"user:{one}",
                payload={"order_id": f"marker-{one}", "amount": "19.90"},
                idempotency_key=f"{one}:{self.dice.random()}",
            )  # fmt: skip
            written[event] = one
        shared = {"order_id": "1", "amount": "1.00"}
        crowd = {"recipients": [one, other, *(f"stranger-{n}" for n in range(30))]}
        for audience in ({"recipients": [one, other]}, crowd):
            given.emit(
                connection, recipient=None, audience=audience, actor=third, payload=shared,
                channels=channels,
            )  # fmt: skip
        given.emit(
            connection, recipient=one, payload={"order_id": f"marker-{one}", "amount": "2.00"},
            deliver_at=datetime.now(UTC) + timedelta(seconds=self.dice.choice([1, 90_000])),
        )  # fmt: skip
        time.sleep(self.dice.choice([0, 0, 0, 0.1, 0.5]))
        if self.dice.random() < 0.2:
            connection.rollback()
            return
        connection.commit()
        self.committed |= written


class Eraser(Worker):
    """Erases one after the other, and thinks better of it now and then."""

    def act(self, connection: Connection) -> None:
        who = self.people.leave(self.dice)
        time.sleep(self.dice.uniform(0, 0.2))
        erase(connection, who)
        time.sleep(self.dice.choice([0, 0, 0.1, 0.3]))
        if self.dice.random() < 0.3:
            connection.rollback()
            self.people.stay(who)
        else:
            connection.commit()
            self.people.erased.add(who)
        time.sleep(self.dice.uniform(0, SECONDS / 40))


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 2 + 180)
def test_nothing_is_left_of_who_was_erased_and_nobody_else_misses_anything(
    db: Connection, database_url: str, start_daemon: StartDaemon, mail_sink: MailSink
) -> None:
    for who in PEOPLE:
        person(db, who, email=f"{who}@example.org", attributes={"name": f"name of {who}"})
    start_daemon(database_url, smtp_url=mail_sink.url, safety_poll_seconds=0.2)
    daemon = start_daemon(database_url, smtp_url=mail_sink.url, safety_poll_seconds=0.2)
    people = People()
    emitters = [Emitter(database_url, seed, people) for seed in range(PRODUCERS)]
    workers = [*emitters, Eraser(database_url, 7, people), Eraser(database_url, 8, people)]

    for worker in workers:
        worker.start()
    time.sleep(SECONDS)
    for worker in workers:
        worker.stop()
    for worker in workers:
        worker.join()
    assert [worker.error for worker in workers if worker.error] == []

    until(
        lambda: (
            not given.value(db, "select count(*) from postbell.batch")
            and given.value(db, "select has_events is false from postbell_private.pending_work()")
        ),
        "all is delivered",
        seconds=120,
    )
    assert daemon.is_running()
    complete_beside(db)

    committed = {event: who for each in emitters for event, who in each.committed.items()}
    print(f"{len(committed)} events committed, {len(people.erased)} people erased")
    assert people.erased
    assert traces(db, *people.erased) == {}
    kept = {event for event, who in committed.items() if who not in people.erased}
    delivered = given.column(
        db,
        "select distinct notification_id from postbell.delivery"
        " where state in ('sent', 'delivered') and recipient_id = any(%s)",
        sorted(set(PEOPLE) - people.erased),
    )
    assert kept
    assert kept <= set(delivered)
    assert given.value(db, "select bool_and(completed_at is not null) from postbell.erasure")


def complete_beside(db: Connection) -> None:
    """Housekeeping, beside the leader's own."""

    def is_complete() -> bool:
        db.execute("select postbell_private.tidy_up()")
        return not given.value(db, "select count(*) from postbell_private.open_erasure")

    until(is_complete, "every erasure is completed", seconds=90)
