from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job

from dispatcher.db import connections
from dispatcher.delivery.model import Outcome, Sent
from dispatcher.deploy.queue_schema import SETTINGS
from dispatcher.queue import Jobs, Queue
from tests.support import given
from tests.support.background import Connect
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.outcome import left_over
from tests.support.scripted_provider import ScriptedProvider
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

Deliver = Callable[[int], Awaitable[None]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.queue.RETRY_DELAY", timedelta(milliseconds=20))
    monkeypatch.setattr("dispatcher.queue.DEQUEUE_TIMEOUT", timedelta(milliseconds=100))


@asynccontextmanager
async def working(
    url: str, deliver: Deliver, *, channel: str = "email", jobs_at_once: int = 4, lease: float = 2
) -> AsyncIterator[Queue]:
    """A queue for as long as the block lasts."""
    queue = Queue(channel, deliver, jobs_at_once=jobs_at_once, lease=timedelta(seconds=lease))
    async with (
        await connections.connect(url, "queue") as connection,
        await connections.connect(url, "doorbell") as listener,
    ):
        task = asyncio.create_task(queue.run(connection, listener))
        try:
            yield queue
        finally:
            queue.stop()
            await task


def enqueue(db: Connection, batch: int, channel: str = "email", priority: int = 40) -> None:
    db.execute(
        f"insert into {SETTINGS.db_schema}.{SETTINGS.queue_table}"
        " (entrypoint, payload, priority, status) values (%s, %s, %s, 'queued')",
        [f"deliver.{channel}", str(batch).encode(), priority],
    )


def insert_job(db: Connection, channel: str = "email", delay: float = 0) -> None:
    """A job, as the router makes it."""
    db.execute(
        "with batch as (insert into postbell.batch "
        " (tenant_id, channel, priority, is_bulk, delivery_ids)"
        " values ('default', %s, 'normal', false, '{}') returning id)"
        " select postbell_private.make_jobs(array_agg(id), %s) from batch",
        [channel, timedelta(seconds=delay)],
    )


def jobs(db: Connection) -> int:
    return int(given.value(db, f"select count(*) from {SETTINGS.db_schema}.{SETTINGS.queue_table}"))


@pytest.fixture
def delivered() -> list[int]:
    """The batches that were handed over, in order."""
    return []


async def test_each_job_is_delivered_by_the_number_of_its_batch(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    async with working(database_url, deliver):
        for batch in range(1, 21):
            enqueue(db, batch)
        await seen(lambda: not jobs(db), "the queue is empty")

    assert sorted(delivered) == list(range(1, 21))


async def test_a_queue_takes_the_jobs_of_its_channel_only(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    enqueue(db, 1, channel="in_app")
    enqueue(db, 2, channel="email")
    async with working(database_url, deliver, channel="email"):
        await seen(lambda: jobs(db) == 1, "one job is left")

    assert delivered == [2]


async def test_more_urgent_jobs_come_first(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    for batch, priority in ((1, 20), (2, 80), (3, 40)):
        enqueue(db, batch, priority=priority)
    async with working(database_url, deliver, jobs_at_once=2):
        await seen(lambda: not jobs(db), "the queue is empty")

    assert delivered == [2, 3, 1]


async def test_no_more_jobs_are_in_hand_than_allowed(db: Connection, database_url: str) -> None:
    in_hand = most = 0

    async def deliver(batch: int) -> None:
        nonlocal in_hand, most
        in_hand += 1
        most = max(most, in_hand)
        await asyncio.sleep(0.02)
        in_hand -= 1

    for batch in range(20):
        enqueue(db, batch)
    async with working(database_url, deliver, jobs_at_once=4):
        await seen(lambda: not jobs(db), "the queue is empty")

    assert 1 <= most <= 4


async def test_a_job_that_raises_comes_again(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)
        if len(delivered) < 3:
            raise ZeroDivisionError("a bug")

    enqueue(db, 7)
    async with working(database_url, deliver):
        await seen(lambda: not jobs(db), "the queue is empty")

    assert delivered == [7, 7, 7]


async def test_a_job_whose_worker_lives_is_not_given_to_another(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    done = asyncio.Event()

    async def deliver(batch: int) -> None:
        delivered.append(batch)
        await done.wait()

    enqueue(db, 1)
    async with (
        working(database_url, deliver, lease=1),
        working(database_url, deliver, lease=1),
    ):
        await seen(lambda: delivered, "somebody takes it")
        await asyncio.sleep(2.5)
        done.set()
        await seen(lambda: not jobs(db), "the queue is empty")

    assert delivered == [1]


async def test_a_job_whose_worker_died_is_given_to_another(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    enqueue(db, 1)
    # What a killed worker leaves behind.
    db.execute(
        f"update {SETTINGS.db_schema}.{SETTINGS.queue_table} set status = 'picked',"
        " queue_manager_id = gen_random_uuid(), heartbeat = now() - interval '1 minute'"
    )
    async with working(database_url, deliver, lease=1):
        await seen(lambda: not jobs(db), "the queue is empty")

    assert delivered == [1]


async def test_stopping_waits_for_the_jobs_in_hand_and_takes_no_more(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    done = asyncio.Event()

    async def deliver(batch: int) -> None:
        await done.wait()
        delivered.append(batch)

    for batch in range(1, 11):
        enqueue(db, batch)
    async with working(database_url, deliver, jobs_at_once=2) as queue:
        picked = f"select count(*) from {SETTINGS.db_schema}.pgqueuer where status = 'picked'"
        await seen(lambda: given.value(db, picked) == 2, "two are in hand")
        queue.stop()
        done.set()

    assert len(delivered) == 2
    assert jobs(db) == 8


# --- what wakes a queue


@pytest.fixture
def _no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle queue looks for jobs when it is woken, or when a job that it knows of is due."""
    monkeypatch.setattr("dispatcher.queue.DEQUEUE_TIMEOUT", timedelta(hours=1))


class Manager(QueueManager):
    """A manager that does not look again by itself either while jobs wait for a place."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.min_dequeue_poll_interval = timedelta(hours=1)


@pytest.mark.usefixtures("_no_poll")
async def test_a_job_wakes_the_queue_of_its_channel_only(
    db: Connection, database_url: str, delivered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: Counter[str] = Counter()

    class Counted(Jobs):
        async def dequeue(self, *arguments: Any, **named: Any) -> list[Job]:
            looks.update([*named["entrypoints"]])
            return await super().dequeue(*arguments, **named)

    async def deliver(batch: int) -> None:
        delivered.append(batch)

    async def others_sleep() -> int:
        before = -1
        while looks["deliver.sms"] != before:
            before = looks["deliver.sms"]
            await asyncio.sleep(0.5)
        return before

    monkeypatch.setattr("dispatcher.queue.Jobs", Counted)
    async with (
        working(database_url, deliver, channel="email"),
        working(database_url, deliver, channel="sms"),
    ):
        insert_job(db, "sms")
        await seen(lambda: len(delivered) == 1, "the queue of text messages is at work")
        before = await others_sleep()
        for number in range(2, 7):
            insert_job(db, "email")
            await seen(lambda: len(delivered) == number and not jobs(db), "the mail is delivered")  # noqa: B023
        assert looks["deliver.email"] > 5
        assert await others_sleep() == before


@pytest.mark.usefixtures("_no_poll")
async def test_jobs_that_are_finished_notify_nobody(
    db: Connection, database_url: str, connect: Connect, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    listener = connect()
    listener.execute("listen postbell_queue; listen postbell_queue_email")
    async with working(database_url, deliver):
        for number in range(1, 6):
            insert_job(db)
            await seen(lambda: len(delivered) == number and not jobs(db), "the queue is empty")  # noqa: B023
    heard = [json.loads(note.payload) for note in listener.notifies(timeout=0.1)]

    changes = [note["operation"] for note in heard if note["type"] == "table_changed_event"]
    assert changes == ["insert"] * 5


@pytest.mark.usefixtures("_no_poll")
@pytest.mark.parametrize("jobs_at_once", [2, 4, 5])
async def test_a_job_that_ends_makes_room_for_the_next(
    db: Connection,
    database_url: str,
    delivered: list[int],
    monkeypatch: pytest.MonkeyPatch,
    jobs_at_once: int,
) -> None:
    async def deliver(batch: int) -> None:
        await asyncio.sleep(batch % 3 / 1000)
        delivered.append(batch)

    monkeypatch.setattr("dispatcher.queue.QueueManager", Manager)
    for _ in range(100):
        insert_job(db)
    async with working(database_url, deliver, jobs_at_once=jobs_at_once):
        await seen(lambda: not jobs(db), "the queue is empty")

    assert len(delivered) == 100


@pytest.mark.usefixtures("_no_poll")
async def test_an_idle_queue_learns_when_a_job_is_due(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    async with working(database_url, deliver):
        insert_job(db)
        await seen(lambda: not jobs(db), "the queue is empty")
        insert_job(db, delay=0.5)
        await seen(lambda: len(delivered) == 2, "it is due")


@pytest.mark.usefixtures("_no_poll")
async def test_an_idle_queue_learns_when_a_job_comes_again(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)
        # The queue has looked for jobs meanwhile, and sleeps.
        await asyncio.sleep(0.3)
        if len(delivered) < 3:
            raise ZeroDivisionError("a bug")

    insert_job(db)
    async with working(database_url, deliver):
        await seen(lambda: not jobs(db), "the queue is empty")

    assert len(delivered) == 3


async def test_a_job_whose_notification_is_lost_is_found(
    db: Connection, database_url: str, delivered: list[int]
) -> None:
    async def deliver(batch: int) -> None:
        delivered.append(batch)

    async with working(database_url, deliver):
        insert_job(db)
        await seen(lambda: not jobs(db), "the queue is empty")
        enqueue(db, 7)
        await seen(lambda: 7 in delivered, "it is found")


async def test_the_first_health_check_is_heard(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[object] = []

    class Checked(QueueManager):
        async def listener_healthy(self, timeout: timedelta = timedelta(seconds=10)) -> Any:  # noqa: ASYNC109
            answers.append(await super().listener_healthy(timeout))
            return answers[-1]

    async def deliver(_: int) -> None: ...

    monkeypatch.setattr("dispatcher.queue.QueueManager", Checked)
    async with working(database_url, deliver):
        await seen(lambda: answers, "it is answered")


@pytest.mark.slow
async def test_a_batch_that_always_raises_is_broken_up_and_only_the_poison_is_given_up(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    for number in range(5):
        given.recipient(db, f"p{number}", email=f"p{number}@example.org")

    async def answer(message: object) -> Outcome:
        if message.to == "p2@example.org":  # type: ignore[attr-defined]
            raise ZeroDivisionError("a bug")
        return Sent("m")

    provider.answer = answer
    event = given.emit(
        db,
        recipient=None,
        payload={"order_id": 42, "amount": "19.90"},
        channels=["email"],
        audience={"recipients": [f"p{number}" for number in range(5)]},
    )
    async with running(database_url, provider):
        await seen(lambda: given.deliveries(db, event) and not left_over(db), "all is settled")

    fates = given.deliveries(db, event)
    assert {who: fate.state for (who, _), fate in fates.items()} == {
        "p0": "sent", "p1": "sent", "p2": "failed", "p3": "sent", "p4": "sent",
    }  # fmt: skip
    assert "the dispatcher ended" in str(fates["p2", "email"].reason)
    # The others had one copy each.
    assert sum(message.to != "p2@example.org" for message in provider.messages) == 4
