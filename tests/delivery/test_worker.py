from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.channels.email import Email
from dispatcher.db.connections import Pool
from dispatcher.delivery.claims import ClaimKeeper
from dispatcher.delivery.model import Outcome
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.worker import Worker
from dispatcher.metrics import Metrics
from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.outcome import left_over
from tests.support.scripted_provider import Gate, ScriptedProvider
from tests.support.senders import batches, email_sender, emit, inbox_sender, jobs
from tests.support.waiting import seen

PAYLOAD = {"order_id": 42, "amount": "19.90"}


class Job:
    """A worker of mails for batches that have no queue job."""

    def __init__(
        self,
        db: Connection,
        sessions: Pool,
        template_sets: TemplateSets,
        lease: timedelta = timedelta(seconds=10),
    ) -> None:
        self.keeper = ClaimKeeper(lease)
        self.ended = 0
        self.provider = ScriptedProvider()
        self.gate = Gate()
        self.provider.answer = self.gate
        self.worker = Worker(
            "email",
            email_sender(sessions, template_sets, self.provider),
            sessions,
            Metrics(),
            self.keeper,
            at_once=2,
        )
        self._db = db

    def queued_batch(self) -> int:
        """Another batch, as a queue job names it; its id."""
        emit(self._db)
        self._db.execute("delete from postbell_queue.pgqueuer")
        return batches(self._db)[-1]

    def claimed_batch(self) -> tuple[int, list[dict[str, Any]]]:
        """Another one, as the router claims it: its id and its deliveries."""
        given.emit(self._db, payload=PAYLOAD, channels=["email"])
        batch = given.value(
            self._db, "select claimed -> 0 from postbell_private.route(500, '{\"email\": 1}')"
        )
        return batch["batch_id"], batch["deliveries"]


def states(db: Connection) -> list[str]:
    return given.column(db, "select state from postbell.delivery order by id")


async def test_what_is_handed_over_is_delivered(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    job.gate.opened.set()
    assert job.worker.room == 2

    await job.worker.hand_over(*job.claimed_batch())
    await job.worker.finish()

    assert states(db) == ["sent"]
    assert given.column(db, "select attempts from postbell.delivery") == [1]
    assert left_over(db) == {}
    assert job.worker.room == 2


async def test_the_session_of_the_router_has_recorded_the_start_when_it_goes_on(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    async with sessions.connection() as session:
        await job.worker.hand_over(*job.claimed_batch(), session)
        assert states(db) == ["sending"]
    job.gate.opened.set()
    await job.worker.finish()
    assert len(job.provider.messages) == 1


async def test_a_batch_whose_start_fails_goes_into_the_queue(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    batch, deliveries = job.claimed_batch()
    async with sessions.connection() as session:
        await session.execute("set statement_timeout = 1")
        db.execute("begin")
        db.execute("lock table postbell.batch")
        await job.worker.hand_over(batch, deliveries, session)
        db.execute("rollback")
        await session.execute("reset statement_timeout")
    await job.worker.finish()

    assert jobs(db) == [batch]
    assert states(db) == ["queued"]
    assert job.provider.messages == []
    assert job.worker.room == 2


async def test_what_is_cancelled_after_it_was_written_is_not_sent(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    batch, deliveries = job.claimed_batch()
    cancelled = given.call(db, "cancel", outbox_id=deliveries[0]["notification_id"])
    assert cancelled == [(1, 0)]

    await job.worker.hand_over(batch, deliveries)
    await job.worker.finish()

    assert states(db) == ["cancelled"]
    assert job.provider.messages == []
    assert left_over(db) == {}


async def test_what_another_process_has_claimed_is_not_sent(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    batch, deliveries = job.claimed_batch()
    given.claim(db, batch)

    with capture_logs() as said:
        await job.worker.hand_over(batch, deliveries)
        await job.worker.finish()

    assert [line["event"][:16] for line in said] == ["batch claim lost"]
    assert job.provider.messages == []


async def test_of_a_deleted_tenant_nothing_is_sent(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    batch, deliveries = job.claimed_batch()
    deliveries = [{**delivery, "tenant_id": "gone"} for delivery in deliveries]

    await job.worker.hand_over(batch, deliveries)
    await job.worker.finish()

    assert given.rows(db, "select state, attempts from postbell.delivery") == [("waiting", 0)]
    assert batches(db) == []
    assert job.provider.messages == []


async def test_the_queue_and_the_router_share_the_places(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    many = [job.queued_batch() for _ in range(2)]
    from_queue = [asyncio.create_task(job.worker.deliver(batch)) for batch in many]
    await seen(lambda: job.gate.waiting == 2, "both are at the provider")
    assert job.worker.room == 0

    # As if there had been room when the router asked.
    batch, deliveries = job.claimed_batch()
    await job.worker.hand_over(batch, deliveries)
    await job.worker.finish()
    assert jobs(db) == [batch]
    assert job.gate.waiting == 2
    assert states(db) == ["sending", "sending", "queued"]

    job.gate.opened.set()
    await asyncio.gather(*from_queue)
    assert job.worker.room == 2
    assert len(job.provider.messages) == 2


async def test_an_item_whose_text_is_late_is_asked_for_again(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    given.emit(db, payload=PAYLOAD, channels=["in_app"])
    batch = given.value(
        db, "select claimed -> 0 from postbell_private.route(500, '{\"in_app\": 1}')"
    )
    given.call(db, "mute", recipient="u1", event="order.paid")
    worker = Worker(
        "in_app", inbox_sender(sessions, template_sets), sessions, Metrics(),
        ClaimKeeper(timedelta(seconds=10)), at_once=2,
    )  # fmt: skip

    await worker.hand_over(batch["batch_id"], batch["deliveries"])
    await worker.finish()

    assert given.column(db, "select is_silent from postbell.inbox_item") == [True]
    assert left_over(db) == {}


async def test_what_fails_by_a_bug_goes_into_the_queue(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)

    async def bug(_: object) -> Outcome:
        raise ZeroDivisionError

    job.provider.answer = bug
    batch, deliveries = job.claimed_batch()
    with capture_logs() as said:
        await job.worker.hand_over(batch, deliveries)
        await job.worker.finish()

    assert jobs(db) == [batch]
    assert "batch delivery failed" in [line["event"] for line in said]
    assert job.worker.room == 2


async def test_who_stops_has_no_room(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)
    job.worker.stop()
    assert job.worker.room == 0

    # As if the router had just written it.
    await job.worker.hand_over(*job.claimed_batch())
    await job.worker.finish()

    assert jobs(db) == batches(db)
    assert states(db) == ["queued"]
    assert job.provider.messages == []


async def test_a_long_delivery_keeps_its_claim(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets, lease=timedelta(seconds=0.3))
    await job.worker.hand_over(*job.claimed_batch())
    await seen(lambda: job.gate.waiting, "it is at the provider")
    async with sessions.connection() as connection:
        keeping = asyncio.create_task(job.keeper.run(connection))
        await asyncio.sleep(0.5)
        assert given.value(db, "select postbell_private.sweep('0.3 s')") == 0
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    job.gate.opened.set()
    await job.worker.finish()
    assert jobs(db) == []
    assert len(job.provider.messages) == 1


async def test_who_is_cut_off_waits_until_all_answers_are_recorded(
    db: Connection, sessions: Pool, template_sets: TemplateSets
) -> None:
    job = Job(db, sessions, template_sets)

    async def slow_to_end(message: Email) -> Outcome:
        try:
            return await job.gate(message)
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)
            job.ended += 1
            raise

    job.provider.answer = slow_to_end
    await job.worker.hand_over(*job.claimed_batch())
    await job.worker.hand_over(*job.claimed_batch())
    await seen(lambda: job.gate.waiting == 2, "both are at the provider")
    finishing = asyncio.create_task(job.worker.finish())
    await asyncio.sleep(0)
    finishing.cancel()
    await asyncio.gather(finishing, return_exceptions=True)

    assert job.ended == 2


async def test_a_daemon_delivers_a_lone_event_without_the_queue(
    db: Connection, database_url: str
) -> None:
    # A job that was made would be in the log of the queue.
    provider = ScriptedProvider()
    async with running(database_url, provider):
        given.emit(db, payload=PAYLOAD, channels=["in_app", "email"])
        await seen(lambda: provider.messages, "the mail is sent")
        await seen(lambda: not left_over(db), "everything is settled")

    assert given.value(db, "select count(*) from postbell_queue.pgqueuer_log") == 0


@pytest.mark.slow
async def test_what_a_dead_process_had_without_a_job_is_delivered_by_another(
    db: Connection, database_url: str
) -> None:
    given.emit(db, payload=PAYLOAD, channels=["email"])
    given.value(db, "select routed from postbell_private.route(500, '{\"email\": 1}')")
    assert jobs(db) == []

    provider = ScriptedProvider()
    async with running(database_url, provider, lease_seconds=1):
        await seen(lambda: not left_over(db), "everything is settled")

    assert len(provider.messages) == 1
