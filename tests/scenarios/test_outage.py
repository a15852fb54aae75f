"""What the daemon depends on goes away and comes back; nothing is lost, and nobody need help."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dispatcher.delivery.model import Retry
from tests.support import declared, given
from tests.support.daemon import running
from tests.support.daemon_process import StartDaemon, await_leader
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, states
from tests.support.producer import PAYLOAD
from tests.support.scripted_provider import Gate, ScriptedProvider
from tests.support.waiting import seen, until

pytestmark = pytest.mark.slow

#: Every session that a daemon has, by its name in pg_stat_activity.
SESSIONS = (
    "postbell router",
    "postbell in_app queue",
    "postbell in_app listener",
    "postbell email queue",
    "postbell email listener",
    "postbell sender",
    "postbell health check",
    "postbell provider status",
)


def emit(db: Connection, many: int = 1, *channels: str, **columns: Any) -> list[int]:
    wanted = list(channels) or ["in_app", "email"]
    return [given.emit(db, payload=PAYLOAD, channels=wanted, **columns) for _ in range(many)]


def is_done(db: Connection, event: int, *wanted: str) -> bool:
    """Whether these channels of an event came to their good end."""
    fates = given.deliveries(db, event)
    return all(
        (fate := fates.get(("u1", channel))) is not None and fate.state in ("sent", "delivered")
        for channel in wanted or ("in_app", "email")
    )


def state(db: Connection, event: int, channel: str) -> str | None:
    fate = given.deliveries(db, event).get(("u1", channel))
    return None if fate is None else fate.state


def sleeping(db: Connection) -> bool:
    """Whether the router sleeps until somebody rings."""
    return bool(
        given.value(
            db,
            "select count(*) from pg_locks where locktype = 'advisory' and classid = 1886351214"
            " and objid = 1 and mode = 'ExclusiveLock' and granted"
            " and database = (select oid from pg_database where datname = current_database())",
        )
    )


def terminate(db: Connection, name: str) -> int:
    """Ends the sessions of that name; how many there were."""
    return int(
        given.value(
            db,
            "select count(*) from (select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and application_name = %s) as ended",
            name,
        )
    )


async def test_each_session_of_the_daemon_may_be_lost(db: Connection, database_url: str) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider, safety_poll_seconds=0):
        (event,) = emit(db)
        await seen(lambda: is_done(db, event), "the first event arrives")
        for name in SESSIONS:
            # A part that is just beginning anew has no session yet.
            await seen(partial(terminate, db, name), f"{name} is lost")
            (event,) = emit(db)
            await seen(partial(is_done, db, event), f"an event after {name}")
        await seen(lambda: not left_over(db), "everything is settled")

    assert states(db) == {("in_app", "delivered"): 9, ("email", "sent"): 9}
    assert len(provider.messages) == 9


async def test_a_sleeping_router_that_lost_its_session_misses_nothing(
    db: Connection, database_url: str
) -> None:
    async with running(database_url, ScriptedProvider(), safety_poll_seconds=0):
        await seen(lambda: sleeping(db), "the router sleeps")

        terminate(db, "postbell router")
        # Nobody sleeps now, so nobody is rung for.
        (event,) = emit(db)

        await seen(lambda: is_done(db, event), "the event arrives")


async def test_mails_wait_for_a_mail_server_that_is_down_and_go_when_it_is_back(
    db: Connection, database_url: str, tmp_path: Path, impatient: None
) -> None:
    with MailSink(tmp_path / "mails") as sink:
        async with running(database_url, smtp_url=sink.url):
            sink.stop()
            events = emit(db, 20)
            # Three are tried; then the server is known to be down, and the others wait for it.
            await seen(lambda: states(db)["email", "waiting"] == 20, "every mail waits")
            # The inbox waits for nobody.
            await seen(lambda: all(is_done(db, event, "in_app") for event in events), "the inbox")
            assert sink.copies() == {}

            sink.start()
            await seen(lambda: not left_over(db), "everything is settled")

        copies = sink.copies()
    assert states(db) == {("in_app", "delivered"): 20, ("email", "sent"): 20}
    assert len(copies) == 20
    assert copies.total() == 20


async def test_a_mail_server_that_was_down_for_hours_costs_only_the_wait(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider(*[Retry("connection refused", after=timedelta(hours=6))] * 5)
    async with running(database_url, provider):
        events = emit(db, 5, "email")
        await seen(
            lambda: [state(db, event, "email") for event in events] == ["waiting"] * 5, "retries"
        )
        db.execute(
            "create or replace function postbell.clock() returns timestamptz"
            " language sql stable return now() + interval '7 hours'"
        )
        db.execute("notify postbell_wake")
        await seen(lambda: not left_over(db), "everything is settled")

    assert states(db) == {("email", "sent"): 5}
    assert given.column(db, "select attempts from postbell.delivery") == [2] * 5


async def test_a_retry_that_comes_due_wakes_the_sleeping_router(
    db: Connection, database_url: str, impatient: None
) -> None:
    provider = ScriptedProvider(Retry("greylisted"), Retry("greylisted"))
    async with running(database_url, provider, safety_poll_seconds=0):
        (event,) = emit(db, 1, "email")

        await seen(lambda: is_done(db, event, "email"), "the third try")

    assert len(provider.messages) == 3


async def test_quiet_hours_that_end_wake_the_sleeping_router(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider, safety_poll_seconds=0):
        now = datetime.now(UTC)
        given.call(
            db,
            "set_quiet_hours",
            recipient="u1",
            starts=(now - timedelta(hours=2)).time(),
            ends=(now + timedelta(seconds=3)).time(),
            time_zone="UTC",
            channels=["email"],
        )
        (event,) = emit(db)
        await seen(lambda: is_done(db, event), "the inbox at once, the mail when quiet is over")

    # The inbox does not interrupt.
    decisions = given.rows(db, "select channel, decision from postbell.delivery order by channel")
    assert decisions == [("email", "later"), ("in_app", "now")]
    sent_at = given.value(db, "select sent_at from postbell.delivery where channel = 'email'")
    assert sent_at >= now + timedelta(seconds=3)


async def test_a_scheduled_event_wakes_the_sleeping_router(
    db: Connection, database_url: str
) -> None:
    async with running(database_url, ScriptedProvider(), safety_poll_seconds=0):
        due_at = datetime.now(UTC) + timedelta(seconds=1.5)
        (event,) = emit(db, deliver_at=due_at)

        await seen(lambda: is_done(db, event), "the event, in its time")

    assert min(given.column(db, "select sent_at from postbell.delivery")) >= due_at


@pytest.fixture
def quiet(db: Connection) -> None:
    """u1 is quiet for hours to come."""
    now = datetime.now(UTC)
    given.call(
        db,
        "set_quiet_hours",
        recipient="u1",
        starts=(now - timedelta(hours=2)).time(),
        ends=(now + timedelta(hours=2)).time(),
        time_zone="UTC",
        channels=["email"],
    )


async def test_ending_quiet_hours_releases_at_once_what_waited(
    db: Connection, database_url: str, quiet: None
) -> None:
    async with running(database_url, ScriptedProvider(), safety_poll_seconds=0):
        (event,) = emit(db, 1, "email")
        await seen(lambda: state(db, event, "email") == "waiting", "quiet hours")

        given.call(db, "set_quiet_hours", recipient="u1", starts=None, ends=None)

        await seen(lambda: is_done(db, event, "email"), "the mail")


async def test_switching_a_channel_off_ends_the_waiting_at_once(
    db: Connection, database_url: str, quiet: None
) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider, safety_poll_seconds=0):
        (event,) = emit(db, 1, "email")
        await seen(lambda: state(db, event, "email") == "waiting", "quiet hours")

        given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")

        await seen(lambda: state(db, event, "email") == "skipped", "the decision is made again")
    assert provider.messages == []
    assert left_over(db) == {}


@pytest.fixture
def read_only(db: Connection) -> Iterator[str]:
    """The statement that makes the database read-only for new sessions; undone at the end."""
    name = given.value(db, "select current_database()")
    yield f"alter database {name} set default_transaction_read_only = on"
    db.execute(f"alter database {name} reset default_transaction_read_only")


async def test_a_database_that_is_read_only_for_a_while_is_waited_for(
    db: Connection, database_url: str, read_only: str
) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider) as daemon:
        (event,) = emit(db)
        await seen(lambda: is_done(db, event), "the first event arrives")

        db.execute(read_only)
        for name in SESSIONS:
            terminate(db, name)
        # Our own session still writes: producers are not the ones who wait.
        events = emit(db, 5)
        await asyncio.sleep(0.5)
        assert not any(given.deliveries(db, event) for event in events)

        db.execute(read_only.replace("set", "reset", 1).partition(" =")[0])
        await seen(lambda: all(is_done(db, event) for event in events), "what was emitted since")
        # A job whose end could not be noted comes again, and finds nothing to do.
        await seen(lambda: not left_over(db), "everything is settled")
        assert not daemon._stopping.is_set()

    assert len(provider.messages) == 6


class Disk:
    """The server's disk, as far as these tables notice. A sequence outlives what is rolled back."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._db.execute("create sequence stumbles")
        self._db.execute(
            "create function stumble() returns trigger language plpgsql as"
            " $$ begin perform nextval('public.stumbles');"
            " raise disk_full using message = 'could not extend file: no space left'; end $$"
        )

    def fill(self, *tables: str) -> None:
        for table in tables:
            self._db.execute(
                f"create trigger stumble before insert on {declared.name(table)}"
                " execute function stumble()".encode()
            )

    def empty(self, *tables: str) -> None:
        for table in tables:
            self._db.execute(f"drop trigger stumble on {declared.name(table)}".encode())

    @property
    def stumbles(self) -> int:
        """How often somebody found it full."""
        found = "select case when is_called then last_value else 0 end from stumbles"
        return int(given.value(self._db, found))


@pytest.fixture
def disk(db: Connection) -> Disk:
    return Disk(db)


async def test_while_the_disk_is_full_nothing_is_rejected_and_then_everything_goes(
    db: Connection, database_url: str, disk: Disk
) -> None:
    provider = ScriptedProvider()
    async with running(database_url, provider) as daemon:
        disk.fill("delivery", "inbox_item")
        events = emit(db, 5)
        await seen(lambda: disk.stumbles >= 3, "the daemon finds it full")
        assert given.rejections(db) == {}

        disk.empty("delivery", "inbox_item")
        await seen(lambda: all(is_done(db, event) for event in events), "everything")
        assert not daemon._stopping.is_set()

    assert len(provider.messages) == 5


async def test_a_disk_that_is_full_when_the_provider_has_said_yes_costs_no_second_mail(
    db: Connection, database_url: str, disk: Disk
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    async with running(database_url, provider):
        (event,) = emit(db, 1, "email")
        await seen(lambda: gate.waiting, "the mail is handed over")
        disk.fill("attempt")
        gate.opened.set()
        await seen(lambda: disk.stumbles >= 2, "the yes cannot be written down")

        disk.empty("attempt")
        await seen(lambda: is_done(db, event, "email"), "it is written down")
        await seen(lambda: not left_over(db), "everything is settled")

    assert len(provider.messages) == 1


async def test_a_provider_slower_than_the_lease_is_not_called_twice_while_its_worker_lives(
    db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    gate = provider.answer = Gate()
    async with (
        running(database_url, provider, lease_seconds=1),
        running(database_url, provider, lease_seconds=1),
    ):
        (event,) = emit(db, 1, "email")
        await seen(lambda: gate.waiting, "the mail is handed over")
        await asyncio.sleep(2.5)
        gate.opened.set()
        await seen(lambda: is_done(db, event, "email"), "the mail")
        await seen(lambda: not left_over(db), "everything is settled")

    assert len(provider.messages) == 1
    assert given.column(db, "select attempts from postbell.delivery") == [1]


def test_sigterm_finishes_what_is_in_flight_gives_back_the_rest_and_exits_with_0(
    db: Connection, database_url: str, start_daemon: StartDaemon, tmp_path: Path
) -> None:
    with MailSink(tmp_path / "mails", seconds=0.1) as sink:
        daemon = start_daemon(database_url, smtp_url=sink.url, shutdown_seconds=20)
        await_leader(database_url, daemon)
        emit(db, 60, "email")
        until(lambda: sink.copies().total() >= 8, "some mails are sent", 30)

        assert daemon.stop() == 0

        interrupted = sink.copies()
        fates = states(db)
        assert fates["email", "sent"] == len(interrupted) == interrupted.total() < 60
        assert fates == {
            ("email", "sent"): len(interrupted),
            ("email", "queued"): 60 - len(interrupted),
        }
        assert given.value(db, "select sum(cardinality(delivery_ids)) from postbell.batch") == (
            60 - len(interrupted)
        )

        successor = start_daemon(database_url, smtp_url=sink.url, email_concurrency=50)
        until(lambda: not left_over(db), "everything is settled")
        assert successor.stop() == 0

        copies = sink.copies()
    assert len(copies) == copies.total() == 60
