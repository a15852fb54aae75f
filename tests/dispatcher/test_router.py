from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dispatcher import database
from dispatcher.router import Router
from tests import given
from tests.given import Connection
from tests.scenarios.daemon_process import leader
from tests.scenarios.outcome import routed
from tests.scenarios.patience import seen


class Watcher:
    """What the router told of itself."""

    def __init__(self) -> None:
        self.events = 0
        self.people = 0
        self.receipts: list[tuple[str, str, int]] = []
        self.is_leading = False
        self.is_asleep = False
        self.beats = 0
        self.ended_by: BaseException | None = None

    def routed(self, count: int) -> None:
        self.events += count

    def rejected(self, reason: str, count: int = 1) -> None: ...

    def fanned_out(self, count: int) -> None:
        self.people += count

    def received(self, provider: str, verdict: str, count: int = 1) -> None:
        self.receipts.append((provider, verdict, count))

    def leading(self, is_leading: bool) -> None:
        self.is_leading = is_leading

    def asleep(self, is_asleep: bool) -> None:
        self.is_asleep = is_asleep

    def beat(self) -> None:
        self.beats += 1


@asynccontextmanager
async def routing(url: str, **settings: Any) -> AsyncIterator[Watcher]:
    """A router on a session of its own, cancelled at the end of the block."""
    watcher = Watcher()
    router = Router(watcher, watcher.beat, **{"safety_poll": 0, **settings})
    async with await database.connect(url, "router") as session:
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
        await seen(lambda: watcher.is_asleep, "it sleeps again")

    assert watcher.is_leading is False
    assert watcher.events >= 1


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
    assert isinstance(first.ended_by, database.ConnectionLost)
    assert isinstance(standby.ended_by, asyncio.CancelledError)


async def test_a_producer_that_is_still_open_keeps_the_router_from_sleeping_and_holds_up_nobody(
    db: Connection, database_url: str
) -> None:
    async with routing(database_url) as watcher:
        await seen(lambda: watcher.is_leading, "it leads")
        with psycopg.connect(database_url) as opened:
            # Emitted while it is awake, or it would have rung: until then, try again.
            while True:
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
    monkeypatch.setattr("dispatcher.router.AUDIENCE_SHARE", 10)
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
    db.execute("update postbell.router_step set system_identifier = 1")
    router = Router(Watcher(), lambda: None)

    async with await database.connect(database_url, "router") as session:
        with pytest.raises(psycopg.DatabaseError, match="another system identifier"):
            await router.run(session)


async def test_receipts_of_messages_that_are_none_of_ours_are_counted_when_they_are_dropped(
    db: Connection, database_url: str
) -> None:
    receipts = '[{"event_id": "e1", "kind": "delivered", "message_id": "of another program"}]'
    given.call(db, "receive_receipt", provider="main_mail", receipts=receipts)
    db.execute("update postbell.early_receipt set received_at = now() - interval '2 hours'")

    async with routing(database_url) as watcher:
        await seen(
            lambda: watcher.receipts == [("main_mail", "never_matched", 1)], "they are counted"
        )
