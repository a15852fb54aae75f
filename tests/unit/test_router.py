from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from dispatcher.db import connections
from dispatcher.db import routing as steps
from dispatcher.db.connections import Pool
from dispatcher.router import VAIN_READS, Router
from tests.support import given
from tests.support.daemon_process import leader
from tests.support.given import Connection
from tests.support.outcome import left_over, routed
from tests.support.poison import poison
from tests.support.waiting import seen


class Watcher:
    """What the router told of itself."""

    def __init__(self) -> None:
        self.events = 0
        self.people = 0
        self.receipts: list[tuple[str, str, int]] = []
        self.is_leading = False
        self.is_asleep = False
        self.beats = 0
        self.failures: Counter[str] = Counter()
        self.ended_by: BaseException | None = None

    def routed(self, count: int) -> None:
        self.events += count

    def rejected(self, reason: str, count: int = 1) -> None: ...

    def fanned_out(self, count: int) -> None:
        self.people += count

    def received(self, provider: str, result: str, count: int = 1) -> None:
        self.receipts.append((provider, result, count))

    def leading(self, is_leading: bool) -> None:
        self.is_leading = is_leading

    def asleep(self, is_asleep: bool) -> None:
        self.is_asleep = is_asleep

    def step_failed(self, step: str) -> None:
        self.failures[step] += 1

    def beat(self) -> None:
        self.beats += 1


@asynccontextmanager
async def routing(url: str, **settings: Any) -> AsyncIterator[Watcher]:
    """A router on a session of its own, cancelled at the end of the block."""
    watcher = Watcher()
    router = Router(watcher, watcher.beat, **{"safety_poll": 0, **settings})
    async with await connections.connect(url, "router") as session:
        task = asyncio.create_task(router.run(session))
        try:
            yield watcher
        finally:
            task.cancel()
            (watcher.ended_by,) = await asyncio.gather(task, return_exceptions=True)


def emit(db: Connection, **columns: Any) -> int:
    payload = {"order_id": 42, "amount": "19.90"}
    return given.emit(db, payload=payload, **{"channels": ["in_app"], **columns})


async def test_the_router_routes_sleeps_and_is_woken(db: Connection, database_url: str) -> None:
    async with routing(database_url) as watcher:
        await seen(lambda: watcher.is_asleep, "it sleeps")
        event = emit(db)
        await seen(lambda: routed(db) == {event}, "it routes")
        await seen(lambda: watcher.events == 1 and watcher.is_asleep, "it sleeps again")

    assert watcher.is_leading is False


async def test_of_two_routers_one_leads_and_the_other_follows_at_once(
    db: Connection, database_url: str
) -> None:
    async with routing(database_url) as first:
        await seen(lambda: first.is_leading, "one leads")
        async with routing(database_url) as standby:
            await seen(lambda: standby.beats >= 1, "the other stands by, and says that it lives")
            assert not standby.is_leading

            db.execute("select pg_terminate_backend(%s, 5000)", [leader(db)])
            await seen(lambda: standby.is_leading, "the other leads")
            event = emit(db)
            await seen(lambda: event in routed(db), "it routes")

    # It ended with its session, for its daemon to begin it anew.
    assert first.ended_by is not None
    assert connections.is_session_lost(first.ended_by)
    assert isinstance(standby.ended_by, asyncio.CancelledError)


async def test_a_producer_that_is_still_open_keeps_the_router_from_sleeping_and_holds_up_nobody(
    db: Connection, database_url: str
) -> None:
    async with routing(database_url) as watcher:
        await seen(lambda: watcher.is_leading, "it leads")
        with psycopg.connect(database_url) as opened:
            # Emitted while it is awake, or it would have rung: until then, wake it and try again.
            while True:
                emit(db)
                await asyncio.sleep(0.001)
                late = emit(opened)
                held = "select count(*) from pg_locks where pid = %s and locktype = 'advisory'"
                if given.value(opened, held, opened.info.backend_pid):
                    break
                opened.rollback()
            others = [emit(db) for _ in range(5)]
            await seen(lambda: routed(db) >= set(others), "the others are routed")
            assert late not in routed(db)
            opened.commit()
        await seen(lambda: late in routed(db), "the late one is routed")


async def test_what_falls_due_amid_a_stream_is_told(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It rests for so long that the stream never runs dry: only a look finds what is due.
    monkeypatch.setattr("dispatcher.router.REST", 1000.0)
    monkeypatch.setattr("dispatcher.router.LONGEST_REST", 0.1)
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    async with routing(database_url):
        due = emit(db, deliver_at=soon)
        await seen(lambda: emit(db) and given.deliveries(db, due), "what is due is told")


async def test_a_large_audience_is_told_in_turns(db: Connection, database_url: str) -> None:
    db.execute(
        "insert into postbell.recipient (tenant_id, id)"
        " select 'default', 'p' || n from generate_series(1, 1200) as n"
    )
    async with routing(database_url) as watcher:
        event = emit(db, recipient=None, audience={"everyone": True})
        await seen(lambda: len(given.deliveries(db, event)) == 1201, "everybody is decided about")
        await seen(lambda: watcher.is_asleep, "it sleeps")

    assert watcher.people >= 1201


async def test_with_the_queue_full_the_audience_waits_and_single_events_pass(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.router.FANOUT_CHUNK", 10)
    db.execute(
        "insert into postbell.recipient (tenant_id, id)"
        " select 'default', 'p' || n from generate_series(1, 400) as n"
    )
    bulk = "select count(*) from postbell.batch where is_bulk"
    async with routing(database_url):
        crowd = emit(db, recipient=None, audience={"everyone": True})
        # Nobody delivers here, so the queue stays full.
        await seen(lambda: given.value(db, bulk) == 20, "so many batches are queued")
        single = emit(db)
        await seen(lambda: given.deliveries(db, single), "the single event passes")
        assert given.value(db, bulk) == 20

        # A dispatcher takes them.
        db.execute("delete from postbell.batch where is_bulk")
        await seen(lambda: len(given.deliveries(db, crowd)) >= 210, "the audience goes on")


async def test_the_safety_poll_finds_what_nobody_rang_for(
    db: Connection, database_url: str
) -> None:
    async with routing(database_url, safety_poll=0.2) as watcher:
        await seen(lambda: watcher.is_asleep, "it sleeps")
        db.execute("set postbell.wake = off")
        event = emit(db)
        await seen(lambda: event in routed(db), "it is found")


async def test_a_router_refuses_a_database_of_another_cluster(
    db: Connection, database_url: str
) -> None:
    db.execute("update postbell_private.router_step set system_identifier = 1")
    router = Router(Watcher(), lambda: None)

    async with await connections.connect(database_url, "router") as session:
        with pytest.raises(psycopg.DatabaseError, match="another system identifier"):
            await router.run(session)


async def test_receipts_of_messages_that_are_none_of_ours_are_counted_when_they_are_dropped(
    db: Connection, database_url: str
) -> None:
    receipts = '[{"event_id": "e1", "kind": "delivered", "message_id": "of another program"}]'
    given.call(db, "receive_receipt", provider="main_mail", receipts=receipts)
    db.execute("update postbell_private.early_receipt set received_at = now() - interval '2 hours'")

    async with routing(database_url) as watcher:
        await seen(
            lambda: watcher.receipts == [("main_mail", "never_matched", 1)], "they are counted"
        )


class FakeRenderer:
    """A text for every message, and what was counted as written."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        #: The events of which it was asked to render mails.
        self.warmed: list[int] = []

    async def render(self, messages: list[Any]) -> str | None:
        contents = [
            {
                "notification_id": message[0],
                "channel": channel,
                "recipient_ids": [person[0]],
                "title": "Rendered",
                "body": "",
            }
            for message in messages
            for person in message[6]
            for channel in person[4]
            if self.can_render(channel)
        ]
        return json.dumps(contents) if contents else None

    def can_render(self, channel: str) -> bool:
        return channel == "in_app"

    async def warm(self, messages: list[Any]) -> None:
        self.warmed += [message[0] for message in messages]

    def written(self, ages: dict[str, Any], _seconds: float) -> None:
        self.counted.update({channel: len(found) for channel, found in ages.items()})


ITEMS = "select count(*) from postbell.inbox_item"


async def test_what_is_rendered_ahead_is_written_without_a_batch(
    db: Connection, database_url: str
) -> None:
    renderer = FakeRenderer()
    async with routing(database_url, renderer=renderer) as watcher:
        await seen(lambda: watcher.is_asleep, "it sleeps")
        event = emit(db)
        await seen(lambda: renderer.counted["in_app"], "it is counted as written")

    assert given.deliveries(db, event)["u1", "in_app"].state == "delivered"
    assert left_over(db) == {}


async def test_a_backlog_is_read_on_while_it_is_routed(
    db: Connection, database_url: str, sessions: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str | None] = []
    former = steps.read_chunk

    async def read_chunk(
        connection: AsyncConnection[Any], most: int, after_step: str | None, few: int
    ) -> Any:
        read.append(after_step)
        return await former(connection, most, after_step, few)

    monkeypatch.setattr(steps, "read_chunk", read_chunk)
    for _ in range(50):
        emit(db)
    renderer = FakeRenderer()
    async with routing(database_url, renderer=renderer, pool=sessions, chunk=4):
        await seen(lambda: renderer.counted["in_app"] == 50, "all are written")

    assert sum(step is not None for step in read) >= 10
    assert given.value(db, ITEMS) == 50
    assert left_over(db) == {}


class FakeWorker:
    """Takes what is handed over."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.room = 2

    async def hand_over(
        self,
        batch_id: int,
        deliveries: Sequence[Mapping[str, Any]],
        session: AsyncConnection[Any] | None = None,
    ) -> None:
        assert deliveries
        assert session is not None
        self.taken.append(batch_id)


async def test_mails_alone_are_not_read_ahead_until_an_item_comes(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Broken(monkeypatch, "read_chunk", "disk_full")
    reading.is_mended = True
    workers = {"email": FakeWorker(), "in_app": FakeWorker()}

    async with routing(database_url, renderer=FakeRenderer(), workers=workers) as watcher:

        async def tell(channel: str) -> bool:
            """Whether the event was read ahead."""
            await seen(lambda: watcher.is_asleep, "it sleeps")
            before = reading.calls
            event = emit(db, channels=[channel])
            await seen(lambda: given.deliveries(db, event), "it is routed")
            return reading.calls > before

        mails = [await tell("email") for _ in range(VAIN_READS + 2)]
        items = [await tell("in_app") for _ in range(2)]

    assert mails == [True] * VAIN_READS + [False] * 2
    assert items == [False, True]
    assert len(workers["email"].taken) == VAIN_READS + 2
    assert len(workers["in_app"].taken) == 1


async def test_a_lone_mail_is_rendered_while_it_is_routed(
    db: Connection, database_url: str, sessions: Pool
) -> None:
    renderer = FakeRenderer()
    workers = {"email": FakeWorker()}
    events = []
    async with routing(database_url, renderer=renderer, workers=workers, pool=sessions) as watcher:
        for _ in range(VAIN_READS + 2):
            await seen(lambda: watcher.is_asleep, "it sleeps")
            before = len(workers["email"].taken)
            events.append(emit(db, channels=["email"]))
            await seen(lambda: len(workers["email"].taken) > before, "it is handed over")  # noqa: B023
            await seen(lambda: watcher.is_asleep, "it sleeps again")

    # Those that were read before they were routed; of the others the router may have been faster.
    assert renderer.warmed[:VAIN_READS] == events[:VAIN_READS]
    assert set(renderer.warmed) <= set(events)


async def test_a_lone_mail_that_cannot_be_read_ahead_is_routed(
    db: Connection, database_url: str, sessions: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Broken(monkeypatch, "read_chunk", "disk_full")
    workers = {"email": FakeWorker()}
    async with routing(
        database_url, renderer=FakeRenderer(), workers=workers, pool=sessions
    ) as watcher:
        for count in range(1, VAIN_READS + 3):
            await seen(lambda: watcher.is_asleep, "it sleeps")
            emit(db, channels=["email"])
            await seen(lambda: len(workers["email"].taken) == count, "it is handed over")  # noqa: B023

    assert reading.calls >= 1


async def test_an_event_that_cannot_be_routed_is_rejected_alone(
    db: Connection, database_url: str, sessions: Pool
) -> None:
    poison(db, "postbell_private.notification", "new.subject = 'odd'")
    events = [emit(db) for _ in range(6)]
    odd = emit(db, subject="odd")
    events += [emit(db) for _ in range(6)]
    renderer = FakeRenderer()
    async with routing(database_url, renderer=renderer, pool=sessions, chunk=4):
        await seen(lambda: routed(db) == set(events), "the others are routed")

    assert given.rejections(db) == {odd: "unreadable_event"}
    # Those of the same chunk are queued.
    assert renderer.counted["in_app"] >= 8


@pytest.mark.parametrize("step", ["read_chunk", "read_fanout", "read_due"])
async def test_what_cannot_be_read_ahead_is_queued(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    Broken(monkeypatch, step, "division_by_zero")
    by_step: dict[str, dict[str, Any]] = {
        "read_chunk": {},
        "read_fanout": {"recipient": None, "audience": {"everyone": True}},
        "read_due": {"deliver_at": datetime.now(UTC) + timedelta(seconds=0.3)},
    }
    db.execute(
        "insert into postbell.recipient (tenant_id, id)"
        " select 'default', 'p' || n from generate_series(1, 30) as n"
    )
    event = emit(db, **by_step[step])
    async with routing(database_url, renderer=FakeRenderer()):
        await seen(lambda: ("u1", "in_app") in given.deliveries(db, event), "it is decided")
    assert {fate.state for fate in given.deliveries(db, event).values()} == {"queued"}


async def test_items_that_cannot_be_written_go_by_the_queue(
    db: Connection, database_url: str
) -> None:
    # As a trigger of the application's would: no error of the event's content.
    poison(db, "postbell.inbox_item", "new.subject = 'odd'", error="raise_exception")
    event = emit(db, subject="odd")
    async with routing(database_url, renderer=FakeRenderer()) as watcher:
        await seen(lambda: given.deliveries(db, event), "it is routed")
        later = emit(db)
        await seen(lambda: given.deliveries(db, later), "the next one is written")

    assert given.deliveries(db, event)["u1", "in_app"].state == "queued"
    assert given.deliveries(db, later)["u1", "in_app"].state == "delivered"
    assert watcher.failures == Counter()


class Broken:
    """A step of the router that the server refuses, on the router's own session, until mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: str, condition: str) -> None:
        self.calls = 0
        self.is_mended = False
        former = getattr(steps, step)

        async def call(connection: AsyncConnection[Any], *arguments: Any) -> Any:
            self.calls += 1
            if not self.is_mended:
                await connection.execute(f"do 'begin raise {condition}; end'".encode())
            return await former(connection, *arguments)

        monkeypatch.setattr(steps, step, call)


REFUSALS = [
    "lock_not_available", "disk_full", "deadlock_detected", "program_limit_exceeded",
    "division_by_zero", "undefined_function", "query_canceled", "internal_error",
]  # fmt: skip


@pytest.mark.parametrize("condition", REFUSALS)
async def test_a_step_that_fails_is_tried_again_after_a_pause_and_keeps_the_lead(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    broken = Broken(monkeypatch, "route", condition)
    async with routing(database_url) as watcher:
        await seen(lambda: watcher.is_leading, "it leads")
        process = leader(db)
        event = emit(db)
        await seen(lambda: watcher.failures["route"] >= 2, "it fails, and is tried again")
        await asyncio.sleep(1)
        # After 0.1, 0.3, 0.7, 1.5 s and so on.
        assert broken.calls <= 6
        broken.is_mended = True
        await seen(lambda: event in routed(db), "it routes")
        assert leader(db) == process

    assert isinstance(watcher.ended_by, asyncio.CancelledError)


@pytest.mark.parametrize(
    "step",
    [
        "release_due",
        "tidy_up",
        "sweep",
        "truncate_outbox",
        "rejected_since",
        "forget_early_receipts",
    ],
)
async def test_a_step_that_fails_stops_no_other(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    broken = Broken(monkeypatch, step, "lock_not_available")
    db.execute("set postbell.wake = off")
    early = emit(db, deliver_at=datetime.now(UTC) - timedelta(hours=1))
    later = emit(db, deliver_at=datetime.now(UTC) + timedelta(seconds=0.2))
    async with routing(database_url) as watcher:
        await seen(lambda: watcher.failures[step] >= 1, "it fails")
        await seen(lambda: early in routed(db), "what was emitted before is routed")
        db.execute("reset postbell.wake")
        event = emit(db)
        await seen(lambda: event in routed(db), "what is emitted then is routed")
        broken.is_mended = True
        await seen(lambda: given.deliveries(db, later), "what is due is told")
        assert watcher.is_leading


async def test_what_a_former_leader_had_without_a_job_gets_one_though_nothing_wakes_the_router(
    db: Connection, database_url: str
) -> None:
    emit(db)
    given.value(db, "select routed from postbell_private.route(500, '{\"in_app\": 1}')")
    given.route(db)
    (batch,) = given.column(db, "select id from postbell.batch")
    given.claim(db, batch, "claim_token")

    async with routing(database_url, lease=timedelta(seconds=1)) as watcher:
        await seen(lambda: watcher.is_asleep, "there is nothing to route")
        await seen(
            lambda: given.value(db, "select count(*) from postbell_queue.pgqueuer"),
            "the batch has a job",
        )


async def test_what_fails_is_shown_until_it_works_again(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Broken(monkeypatch, "fan_out", "disk_full")
    watcher = Watcher()
    router = Router(watcher, watcher.beat, safety_poll=0)
    emit(db, recipient=None, audience={"recipients": [f"p{n}" for n in range(30)]})
    async with await connections.connect(database_url, "router") as session:
        task = asyncio.create_task(router.run(session))
        await seen(lambda: router.failing, "it fails")
        assert router.failing == {"fan_out": "53100: disk_full"}
        broken.is_mended = True
        await seen(lambda: not router.failing, "it works again")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_failed_is_not_shown_by_who_does_not_lead_any_more(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Broken(monkeypatch, "sweep", "disk_full")
    watcher = Watcher()
    router = Router(watcher, watcher.beat, safety_poll=0)
    async with await connections.connect(database_url, "router") as session:
        task = asyncio.create_task(router.run(session))
        await seen(lambda: router.failing, "it fails")
        db.execute("select pg_terminate_backend(%s, 5000)", [session.info.backend_pid])
        with pytest.raises(psycopg.Error):
            await task

    assert router.failing == {}


async def test_what_the_client_refuses_is_shown_in_its_words(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sweep(_: AsyncConnection[Any], grace: timedelta) -> int:
        raise psycopg.DataError("a NUL in a string")

    monkeypatch.setattr(steps, "sweep", sweep)
    watcher = Watcher()
    router = Router(watcher, watcher.beat, safety_poll=0)
    async with await connections.connect(database_url, "router") as session:
        task = asyncio.create_task(router.run(session))
        await seen(lambda: router.failing, "it fails")
        assert router.failing == {"sweep": "a NUL in a string"}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_does_not_spin_while_somebody_has_in_hand_what_is_due(
    db: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given.quiet_now(db)
    event = emit(db, channels=["sms"], subject="order:1")
    given.route(db)
    given.call(db, "set_quiet_hours", recipient="u1", starts=None, ends=None)
    looks = Broken(monkeypatch, "release_due", "disk_full")
    looks.is_mended = True

    async with routing(database_url) as watcher:
        with psycopg.connect(database_url) as producer:
            given.call(producer, "cancel", subject="order:1")
            await seen(lambda: watcher.is_leading, "it leads")
            looks.calls = 0
            await asyncio.sleep(2)
            # Some while the pauses grow from a millisecond to a second, then two a second.
            assert looks.calls <= 40
            # Others pass meanwhile.
            other = emit(db)
            await seen(lambda: other in routed(db), "another is routed")
            producer.rollback()
        await seen(
            lambda: given.deliveries(db, event)["u1", "sms"].state != "waiting", "it is told"
        )
