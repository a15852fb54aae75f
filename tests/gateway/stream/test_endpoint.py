"""GET /v1/stream: what concerns a person, at once, once, and nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest
from structlog.testing import capture_logs

from dispatcher.db import connections
from dispatcher.db.connections import Pool
from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.gateway.stream import endpoint, tail
from dispatcher.gateway.stream.cursor import Snapshot
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.gateway.stream.subscriber import LONGEST_HEARTBEAT
from tests.support import given
from tests.support.background import Background
from tests.support.event_source import Tap, opened, resuming
from tests.support.given import Connection
from tests.support.stream_events import tell
from tests.support.waiting import seen


@asynccontextmanager
async def serving(url: str, pool: Pool, doorkeeper: Authenticator) -> AsyncIterator[StreamEndpoint]:
    app = StreamEndpoint(url, pool, doorkeeper)
    app.start()
    try:
        # Whoever came before the bell was there would be told the count once more.
        async with asyncio.timeout(20):
            while not app.is_connected:  # noqa: ASYNC110 - nobody else waits for it
                await asyncio.sleep(0.005)
        yield app
    finally:
        await app.stop()


@pytest.fixture
async def app(
    database_url: str, sessions: Pool, authenticator: Authenticator
) -> AsyncIterator[StreamEndpoint]:
    async with serving(database_url, sessions, authenticator) as gateway:
        yield gateway


def another_epoch(db: Connection) -> None:
    """What a crash of PostgreSQL leaves of an unlogged table."""
    db.execute("delete from postbell_private.stream_epoch")


@pytest.fixture
def writer(database_url: str) -> Iterator[Connection]:
    """A session whose transaction stays open."""
    with psycopg.connect(database_url) as session:
        yield session
        session.rollback()


# --- while it is open


async def test_a_notification_arrives_at_once(db: Connection, app: StreamEndpoint) -> None:
    async with opened(app) as page:
        assert page.status == 200
        tell(db, 1)
        await page.shows(1)
        tell(db, 2)
        await page.shows(1, 2)


async def test_every_page_of_a_person_is_told_and_nobody_elses(
    db: Connection, app: StreamEndpoint
) -> None:
    async with (
        opened(app) as first,
        opened(app) as second,
        opened(app, "u2") as theirs,
        opened(app, tenant="other") as elsewhere,
    ):
        tell(db, 1)
        tell(db, 2, "u2")
        tell(db, 3, tenant_id="other")
        await first.shows(1)
        await second.shows(1)
        await theirs.shows(2)
        await elsewhere.shows(3)


async def test_the_headers_keep_proxies_from_holding_it_back(
    app: StreamEndpoint, db: Connection
) -> None:
    async with opened(app) as page:
        assert page.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert page.headers["cache-control"] == "no-store, no-transform"
        assert page.headers["x-accel-buffering"] == "no"
        assert page.retry is not None
        assert 1000 <= page.retry <= 4000


async def test_a_state_tells_the_unread_count_at_the_beginning(
    db: Connection, app: StreamEndpoint
) -> None:
    given.inbox_item(db)
    async with opened(app) as page:
        assert page.of("state") == [{"unread": 1, "changes": []}]


async def test_what_one_page_reads_the_others_hear_of(db: Connection, app: StreamEndpoint) -> None:
    items = [given.inbox_item(db) for _ in range(3)]
    async with opened(app) as page, opened(app, "u2") as theirs:
        given.call(db, "mark_read", recipient="u1", item_ids=items[:2])
        await page.until(lambda now: len(now.of("state")) == 2)
        assert page.of("state")[1] == {
            "unread": 1,
            "changes": [{"change": "read", "items": items[:2]}],
        }
        assert len(theirs.of("state")) == 1


async def test_an_item_in_the_inbox_is_told_to_its_person(
    db: Connection, app: StreamEndpoint
) -> None:
    given.event_type(db)
    async with opened(app) as page, opened(app, "u2") as theirs:
        given.emit(db, recipient=None, audience={"recipients": ["u1", "u2"]}, channels=["in_app"])
        given.route(db)
        claimed = given.rows(
            db,
            "select b.id, c.claim_token, c.delivery_id, c.recipient_id"
            " from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel) as c",
        )
        written = [{"delivery_id": row[2], "title": "Paid", "body": ""} for row in claimed]
        given.call(
            db, "record_inbox",
            batch_id=claimed[0][0], claim_token=claimed[0][1], items=json.dumps(written),
        )  # fmt: skip
        for open_page, who in ((page, "u1"), (theirs, "u2")):
            await open_page.until(lambda now: len(now.of("state")) == 2)
            (item,) = [row[2] for row in claimed if row[3] == who]
            assert open_page.of("state")[1] == {
                "unread": 1,
                "changes": [{"change": "added", "items": [item]}],
            }


async def test_a_late_committer_is_told_when_it_commits_and_holds_up_nobody(
    db: Connection, writer: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        with writer.transaction():
            given.rows(writer, "select pg_current_xact_id()")
            tell(writer, 1)
            tell(db, 2)
            await page.shows(2)
        await page.shows(2, 1)


async def test_more_than_a_page_of_the_log_is_told_in_order(
    db: Connection, app: StreamEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "CHUNK", 7)
    async with opened(app) as page:
        with db.transaction():
            for number in range(1, 51):
                tell(db, number)
        await page.shows(*range(1, 51))
        assert len({event.last_id for event in page.events if event.name == "notification"}) == 50


@pytest.mark.slow
async def test_events_between_bells_arrive_too(db: Connection, app: StreamEndpoint) -> None:
    async with opened(app) as page:
        for number in range(1, 101):
            tell(db, number)
            await asyncio.sleep(0.007 * (number % 7))
        await page.shows(*range(1, 101))


# --- coming back


async def test_who_comes_back_is_told_what_was_missed_and_nothing_twice(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        tell(db, 1)
        await page.shows(1)
    tell(db, 2)
    tell(db, 3)
    tell(db, 4, "u2")
    async with opened(app, last_id=page.last_id) as again:
        await again.shows(2, 3)
        tell(db, 5)
        await again.shows(2, 3, 5)


async def test_who_comes_for_the_first_time_is_told_nothing_old(
    db: Connection, app: StreamEndpoint
) -> None:
    tell(db, 1)
    await app._tail._read_anew()
    async with opened(app) as page:
        tell(db, 2)
        await page.shows(2)


@pytest.mark.parametrize("cut", range(5))
async def test_a_page_that_is_lost_between_two_frames_of_a_transaction_gets_the_rest(
    db: Connection, app: StreamEndpoint, cut: int
) -> None:
    async with opened(app) as page:
        start = page.last_id
        with db.transaction():
            for number in range(1, 5):
                tell(db, number)
        await page.shows(1, 2, 3, 4)
    ids = [start, *(event.last_id for event in page.events if event.name == "notification")]
    async with opened(app, last_id=ids[cut]) as again:
        tell(db, 5)
        await again.shows(*range(cut + 1, 6))


async def test_the_position_may_stand_in_the_address_and_the_header_is_newer(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        old = page.last_id
        tell(db, 1)
        await page.shows(1)
    tell(db, 2)
    async with opened(app, query=resuming(old)) as again:
        await again.shows(1, 2)
    async with opened(app, query=resuming(old), last_id=page.last_id) as again:
        await again.shows(2)


async def test_what_was_open_when_a_page_left_is_told_when_it_comes_back(
    db: Connection, writer: Connection, app: StreamEndpoint
) -> None:
    with writer.transaction():
        tell(writer, 1)
        async with opened(app) as page:
            tell(db, 2)
            await page.shows(2)
    async with opened(app, last_id=page.last_id) as again:
        await again.shows(1)


@pytest.mark.parametrize("last_id", ["nonsense", "0-1-1-", "x" * 100_000, "%00", "ffff-7-1-0"])
async def test_an_id_that_is_none_of_ours_makes_the_page_look_anew(
    db: Connection, app: StreamEndpoint, last_id: str
) -> None:
    async with opened(app, last_id=last_id) as page:
        assert page.of("reset") == [{"reason": "unknown_position"}]
        tell(db, 1)
        await page.shows(1)


async def test_an_id_of_the_future_makes_the_page_look_anew(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        epoch = page.last_id.partition("-")[0]
    async with opened(app, last_id=f"{epoch}-ffffffff-1-") as again:
        assert again.of("reset") == [{"reason": "unknown_position"}]


async def test_a_gap_older_than_the_log_makes_the_page_look_anew(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        assert page.last_id
    tell(db, 1)
    await app._tail._read_anew()
    db.execute("update postbell_private.stream_event set slot = mod(slot + 1, 8)")
    given.value(db, "select postbell_private.truncate_stream()")
    async with opened(app, last_id=page.last_id) as again:
        assert again.of("reset") == [{"reason": "too_old"}]
        assert again.ids() == []
    async with opened(app, last_id=again.last_id) as later:
        assert later.of("reset") == []


async def test_a_gap_that_is_too_large_makes_the_page_look_anew(
    db: Connection, app: StreamEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "MOST_MISSED", 3)
    async with opened(app) as page:
        start = page.last_id
    for number in range(1, 4):
        tell(db, number)
    async with opened(app, last_id=start) as again:
        await again.shows(1, 2, 3)
    tell(db, 4)
    await app._tail._read_anew()
    async with opened(app, last_id=start) as again:
        assert again.of("reset") == [{"reason": "too_much"}]
        assert again.ids() == []


async def test_a_heartbeat_keeps_the_position_of_an_idle_page_young(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        start = page.last_id
        tell(db, 1, "u2")
        await app._tail._read_anew()
        for _ in range(26):
            app._heartbeat.tick()
        await page.until(lambda now: now.last_id != start)
        assert page.events[1:] == []
    async with opened(app, "u1", last_id=page.last_id) as again:
        assert again.ids() == []


async def test_heartbeats_come_every_15_to_25_seconds(app: StreamEndpoint, db: Connection) -> None:
    async with opened(app) as page:
        seconds = []
        for second in range(1, 120):
            before = len(page.body)
            app._heartbeat.tick()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if len(page.body) > before:
                seconds.append(second)
        gaps = [later - sooner for sooner, later in zip([0, *seconds], seconds, strict=False)]
        assert gaps
        assert all(15 <= gap <= 25 for gap in gaps)


# --- several processes, restarts


async def test_a_page_goes_on_with_another_process(
    db: Connection, database_url: str, sessions: Pool, authenticator: Authenticator
) -> None:
    async with (
        serving(database_url, sessions, authenticator) as one,
        serving(database_url, sessions, authenticator) as two,
    ):
        async with opened(one) as page, opened(two) as other:
            tell(db, 1)
            await page.shows(1)
            await other.shows(1)
        for number in range(2, 12):
            tell(db, number)
            async with opened(two if number % 2 else one, last_id=page.last_id) as next_page:
                await next_page.shows(number)
            page = next_page


async def test_a_gateway_that_stops_asks_its_pages_to_come_back(
    db: Connection, database_url: str, sessions: Pool, authenticator: Authenticator
) -> None:
    async with serving(database_url, sessions, authenticator) as gateway:
        async with opened(gateway) as page:
            tell(db, 1)
            await page.shows(1)
            page.body = b""
            began = asyncio.get_running_loop().time()
            await gateway.stop()
            assert asyncio.get_running_loop().time() - began < endpoint.STOP_TIMEOUT
            await page.until(lambda now: now.is_over)
            assert page.body.startswith(b"retry: ")
        async with opened(gateway) as late:
            assert (late.status, late.is_over, late.events) == (200, True, [])
            assert late.retry is not None


@pytest.mark.slow
async def test_nothing_is_missed_and_nothing_twice_while_gateways_come_and_go(
    db: Connection, database_url: str, sessions: Pool, authenticator: Authenticator
) -> None:
    """Four writers with open transactions and rollbacks, two people, eight restarts."""
    people = ("u1", "u2")
    committed: dict[str, set[int]] = {who: set() for who in people}

    def write(writer: int) -> None:
        with psycopg.connect(database_url) as session:
            for number in range(writer, 400, 4):
                who = people[number // 4 % 2]
                with session.transaction(force_rollback=number % 11 == 0):
                    tell(session, number, who)
                    # The lock is kept, the transaction stays open, others overtake.
                    given.rows(session, "select pg_sleep(%s)", number % 5 * 0.003)
                if number % 11:
                    committed[who].add(number)

    got: dict[str, list[int]] = {who: [] for who in people}
    last: dict[str, str | None] = dict.fromkeys(people)

    async def sit(app: StreamEndpoint, who: str, seconds: float) -> None:
        async with opened(app, who, last_id=last[who]) as page:
            await asyncio.sleep(seconds)
        assert page.of("reset") == []
        got[who] += page.ids()
        last[who] = page.last_id

    async with serving(database_url, sessions, authenticator) as gateway:
        await asyncio.gather(*(sit(gateway, who, 0) for who in people))
    writers = [Background(partial(write, number)) for number in range(4)]
    for turn in range(8):
        async with serving(database_url, sessions, authenticator) as gateway:
            await asyncio.gather(*(sit(gateway, who, 0.15 + turn % 3 * 0.1) for who in people))
    for writer in writers:
        await asyncio.to_thread(writer.result)
    async with serving(database_url, sessions, authenticator) as gateway:
        await asyncio.gather(*(sit(gateway, who, 0.5) for who in people))

    for who in people:
        assert len(got[who]) == len(set(got[who]))
        assert set(got[who]) == committed[who]


@pytest.mark.parametrize("session", ["postbell streams", "postbell gateway"])
@pytest.mark.slow
async def test_a_lost_session_loses_nothing(
    db: Connection, app: StreamEndpoint, session: str
) -> None:
    item = given.inbox_item(db)
    async with opened(app) as page:
        for number in range(1, 4):
            given.rows(
                db,
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name = %s and datname = current_database()",
                session,
            )
            tell(db, number)
            given.call(db, "mark_read", recipient="u1", item_ids=[item])
            await page.shows(*range(1, number + 1))
        await page.until(lambda now: now.of("state")[-1]["unread"] == 0)
        assert not page.is_over


# --- who may


@pytest.mark.parametrize(
    ("who", "query", "headers"),
    [
        (None, "", {}),
        (None, "ticket=forged", {}),
        (None, "", {"cookie": "postbell=stolen"}),
        (None, "", {"authorization": "Bearer x.y.z"}),
        (None, "recipient=u1&tenant=default", {}),
    ],
)
async def test_who_is_not_let_in_gets_no_stream(
    app: StreamEndpoint, db: Connection, who: str | None, query: str, headers: dict[str, str]
) -> None:
    async with opened(app, who, query=query, headers=headers) as page:
        tell(db, 1)
        assert page.status == 401
        assert page.is_over
        assert b"event:" not in page.body
    assert len(app) == 0


async def test_another_users_stream_cannot_be_asked_for(
    db: Connection, app: StreamEndpoint
) -> None:
    async with (
        opened(app, "u1", query="recipient=u2&recipient_id=u2&tenant=other&sub=u2") as page,
        opened(app, "u2") as theirs,
    ):
        tell(db, 1, "u2")
        tell(db, 2)
        await theirs.shows(1)
        await page.shows(2)


async def test_the_position_of_another_shows_nothing_of_theirs(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app, "u2") as theirs:
        start = theirs.last_id
        tell(db, 1, "u2")
        await theirs.shows(1)
    async with opened(app, "u1", last_id=start) as page:
        assert page.ids() == []


async def test_a_ticket_opens_one_stream(
    app: StreamEndpoint, db: Connection, authenticator: Authenticator
) -> None:
    identity = Identity("default", "u1", None, datetime.now(UTC) + timedelta(minutes=5))
    ticket = await authenticator.issue_ticket(identity)
    async with opened(app, None, query=f"ticket={ticket.ticket}") as page:
        tell(db, 1)
        await page.shows(1)
    async with opened(app, None, query=f"ticket={ticket.ticket}") as again:
        assert again.status == 401


async def test_logging_out_ends_the_sessions_streams_at_once_and_no_others(
    app: StreamEndpoint, db: Connection, authenticator: Authenticator
) -> None:
    identity = Identity("default", "u1", None, datetime.now(UTC) + timedelta(minutes=5))
    cookies = [await authenticator.begin_session(identity) for _ in range(2)]
    async with (
        opened(app, None, headers={"cookie": f"postbell={cookies[0]}"}) as page,
        opened(app, None, headers={"cookie": f"postbell={cookies[1]}"}) as other,
    ):
        ended = next(iter(app._subscribers.of(("default", "u1")))).identity
        began = asyncio.get_running_loop().time()
        await authenticator.end_session(ended)
        await page.until(lambda now: now.is_over)
        assert asyncio.get_running_loop().time() - began < 1
        tell(db, 1)
        await other.shows(1)
        assert page.ids() == []


async def test_a_session_that_was_deleted_is_found_out(
    db: Connection, database_url: str, sessions: Pool, authenticator: Authenticator
) -> None:
    identity = Identity("default", "u1", None, datetime.now(UTC) + timedelta(minutes=5))
    cookie = await authenticator.begin_session(identity)
    app = StreamEndpoint(database_url, sessions, authenticator, recheck=0.05)
    app.start()
    try:
        async with (
            opened(app, None, headers={"cookie": f"postbell={cookie}"}) as page,
            opened(app) as other,
        ):
            db.execute("delete from postbell_private.session")
            await page.until(lambda now: now.is_over)
            assert not other.is_over
    finally:
        await app.stop()


@pytest.mark.slow
async def test_a_stream_ends_when_its_token_does(app: StreamEndpoint, db: Connection) -> None:
    now = int(datetime.now(UTC).timestamp())
    async with opened(app, iat=now, exp=now + 2) as page:
        await asyncio.sleep(2.1)
        for _ in range(26):
            app._heartbeat.tick()
        await page.until(lambda now: now.is_over)


async def test_one_person_has_so_many_streams_and_no_more(
    app: StreamEndpoint, db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MOST_STREAMS", 2)
    async with opened(app), opened(app), opened(app, "u2") as theirs:
        assert theirs.status == 200
        async with opened(app) as third:
            assert third.status == 429
            assert third.headers["retry-after"] == "60"
    async with opened(app) as later:
        assert later.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_stream_is_opened_by_get_alone(
    app: StreamEndpoint, db: Connection, method: str
) -> None:
    async with opened(app, method=method) as page:
        assert page.status == 405
        assert page.headers["allow"] == "GET, HEAD"


async def test_a_head_request_is_answered_without_a_stream(
    app: StreamEndpoint, db: Connection
) -> None:
    async with opened(app, method="HEAD") as page:
        assert (page.status, page.is_over, page.body) == (200, True, b"")
        assert page.headers["content-type"].startswith("text/event-stream")
    assert len(app) == 0


# --- what goes wrong


def tell_much(db: Connection, many: int) -> None:
    """Two kilobytes each, in one transaction."""
    with db.transaction():
        given.rows(
            db,
            "insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)"
            " select 'default', 'notification', 'u1',"
            " json_build_object('id', n, 'body', repeat('x', 2000))"
            " from generate_series(1, %s) as n",
            many,
        )
        given.call(db, "notify_gateways")


async def test_a_page_that_does_not_read_is_disconnected_and_harms_nobody(
    db: Connection, app: StreamEndpoint
) -> None:
    tap = Tap()
    async with opened(app) as page:
        async with opened(app, tap=tap) as slow:
            await slow.until(lambda now: now.of("state"))
            tap.close()
            tell_much(db, 200)
            await slow.until(lambda now: now.is_over)
            assert len(slow.ids()) < 200
        await page.shows(*range(1, 201))
    assert len(app) == 0


async def test_a_page_that_reads_more_slowly_than_we_could_write_stays(
    db: Connection, app: StreamEndpoint
) -> None:
    class Narrow(Tap):
        async def passed(self) -> None:
            for _ in range(20):
                await asyncio.sleep(0)

    async with opened(app, tap=Narrow()) as page:
        await page.until(lambda now: now.of("state"))
        tell_much(db, 1000)
        await page.until(lambda now: now.is_over or len(now.ids()) == 1000)
        await page.shows(*range(1, 1001))


async def test_a_page_that_takes_nothing_from_one_heartbeat_to_the_next_is_disconnected(
    db: Connection, app: StreamEndpoint
) -> None:
    tap = Tap()
    async with opened(app, tap=tap) as slow:
        await slow.until(lambda now: now.of("state"))
        tap.close()
        tell(db, 1)
        await tap.reached()
        for _ in range(2 * LONGEST_HEARTBEAT + 1):
            app._heartbeat.tick()
        await slow.until(lambda now: now.is_over)


async def test_a_page_that_is_being_written_to_at_a_heartbeat_stays(
    db: Connection, app: StreamEndpoint
) -> None:
    tap = Tap()
    async with opened(app, tap=tap) as page:
        await page.until(lambda now: now.of("state"))
        for number in (1, 2, 3):
            tap.close()
            tell(db, number)
            await tap.reached()
            (stream,) = app._subscribers
            app._beat(stream)
            tap.open()
            await page.shows(*range(1, number + 1))
        assert not page.is_over


async def test_without_a_database_a_page_is_asked_to_come_back(
    authenticator: Authenticator,
) -> None:
    nowhere = "postgresql://postgres@127.0.0.1:9/nothing?connect_timeout=1"
    async with connections.pool(nowhere, "gateway", 1) as pool:
        app = StreamEndpoint(nowhere, pool, authenticator)
        app.start()
        try:
            pool.timeout = 0.1
            async with opened(app) as page:
                assert page.status == 200
                assert page.is_over
                assert page.retry is not None
        finally:
            await app.stop()


async def test_a_database_that_refuses_is_told_with_its_code_and_asked_less_and_less(
    db: Connection,
    database_url: str,
    sessions: Pool,
    authenticator: Authenticator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tail, "_PAUSE", 0.05)
    db.execute("alter function postbell_private.stream_position() rename to stream_position_away")
    app = StreamEndpoint(database_url, sessions, authenticator)
    try:
        with capture_logs() as logged:
            app.start()
            async with opened(app) as page:
                assert page.is_over
                assert page.retry is not None
                assert page.retry >= 30_000
            await asyncio.sleep(1)
        assert not app.is_connected
        db.execute(
            "alter function postbell_private.stream_position_away() rename to stream_position"
        )
        await seen(lambda: app.is_connected, "it is read again")
    finally:
        await app.stop()

    refused = [entry for entry in logged if entry.get("part") == "streams"]
    # After 0.05, 0.15, 0.35, 0.75 s and so on.
    assert 2 <= len(refused) <= 6
    for entry in refused:
        assert (entry["event"], entry["log_level"]) == ("database error", "error")
        assert entry["code"] == "42883"


async def test_a_listener_that_is_refused_after_it_began_is_tried_less_and_less(
    db: Connection, database_url: str, sessions: Pool, authenticator: Authenticator
) -> None:
    db.execute("alter function postbell_private.acquire_gateway_sleep_lock() rename to doze_away")
    app = StreamEndpoint(database_url, sessions, authenticator)
    with capture_logs() as logged:
        app.start()
        await asyncio.sleep(2)
        await app.stop()
    db.execute("alter function postbell_private.doze_away() rename to acquire_gateway_sleep_lock")

    refused = [entry for entry in logged if entry.get("part") == "stream listener"]
    # After 0.1, 0.3, 0.7, 1.5 s.
    assert 2 <= len(refused) <= 5
    assert {entry["code"] for entry in refused} == {"42883"}


async def test_pages_look_anew_when_the_log_is_another(db: Connection, app: StreamEndpoint) -> None:
    async with opened(app) as page:
        another_epoch(db)
        tell(db, 1)
        await page.until(lambda now: now.of("reset"))
        assert page.of("reset") == [{"reason": "unknown_position"}]
        tell(db, 2)
        await page.until(lambda now: now.ids())


async def test_a_page_of_an_earlier_epoch_looks_anew_once(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        tell(db, 1)
        await page.shows(1)
    another_epoch(db)
    # As far as transaction ids go, the page's position is good.
    for number in range(2, 5):
        tell(db, number)

    async with opened(app, last_id=page.last_id) as again:
        await again.until(lambda now: now.of("reset"))
        tell(db, 5)
        await again.until(lambda now: 5 in now.ids())
    async with opened(app, last_id=again.last_id) as later:
        tell(db, 6)
        await later.shows(6)
        assert later.of("reset") == []


async def test_a_page_of_a_later_epoch_goes_on(
    db: Connection,
    app: StreamEndpoint,
    database_url: str,
    sessions: Pool,
    authenticator: Authenticator,
) -> None:
    async with opened(app) as page:
        assert page.last_id
    # This gateway sleeps over what another has seen.
    another_epoch(db)
    async with serving(database_url, sessions, authenticator) as other:
        async with opened(other) as page:
            tell(db, 1)
            await page.shows(1)
        given.rows(
            db,
            "insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)"
            " values ('default', 'notification', 'u1', json_build_object('id', 2))",
        )

    async with opened(app, last_id=page.last_id) as again:
        await again.shows(2)
        assert again.of("reset") == []


async def test_an_epoch_that_begins_while_a_page_comes_back_makes_it_look_anew(
    db: Connection, app: StreamEndpoint
) -> None:
    async with opened(app) as page:
        tell(db, 1)
        await page.shows(1)
    # The page is ahead of this gateway, which therefore looks, and finds another epoch.
    reader = app._tail
    assert reader._snapshot is not None
    reader._snapshot = Snapshot(3, 3, frozenset())
    another_epoch(db)

    async with opened(app, last_id=page.last_id) as again:
        await again.until(lambda now: now.of("reset"))
