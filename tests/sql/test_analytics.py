"""The figures, against the same figures counted one by one in Python from the rows of the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import dict_row

from dispatcher.db import deliveries
from tests.support import given
from tests.support.databases import CreateDatabase
from tests.support.given import CHANNELS, Connection
from tests.support.random_history import END, OWN, ZONES, make_up

SEEDS = range(3)
EMAIL_OF_PAID = ("order.paid", "email")

Row = dict[str, Any]


def table(connection: Connection, query: str) -> list[Row]:
    return connection.cursor(row_factory=dict_row).execute(query.encode()).fetchall()


def percentile(sample: list[float], share: float) -> float | None:
    """Between the two neighbours, in proportion, as SQL's percentile_cont."""
    if not sample:
        return None
    ordered = sorted(sample)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def about(figure: float | None) -> Any:
    return None if figure is None else pytest.approx(figure, rel=1e-6, abs=1e-6)


# --- by day


def counted_by_day(connection: Connection) -> dict[tuple[str, date, str, str], Row]:
    """One delivery after the other."""
    zones = {name: "UTC" if name == "lost" else zone for name, zone in ZONES.items()}
    deliver_at = {
        row["id"]: row["deliver_at"]
        for row in table(connection, "table postbell_private.notification")
    }
    read = {
        row["id"]: row["read_at"] is not None
        for row in table(connection, "table postbell.inbox_item")
    }
    groups: dict[tuple[str, date, str, str], list[Row]] = defaultdict(list)
    for row in table(connection, "table postbell.delivery"):
        day = row["created_at"].astimezone(ZoneInfo(zones[row["tenant_id"]])).date()
        groups[row["tenant_id"], day, row["event"], row["channel"]].append(row)
    return {key: figures(rows, deliver_at, read) for key, rows in groups.items()}


def figures(
    rows: list[Row], deliver_at: Mapping[int, datetime | None], read: Mapping[int, bool]
) -> Row:
    def how_many(*states: str) -> int:
        return sum(row["state"] in states for row in rows)

    why_not = Counter(
        row["reason"] or row["decision_reason"]
        for row in rows
        if row["state"] in ("skipped", "expired", "cancelled")
    )
    seconds = [
        (
            row["sent_at"]
            - max(row["created_at"], deliver_at[row["notification_id"]] or row["created_at"])
        ).total_seconds()
        for row in rows
        if row["sent_at"]
        and row["decision"] == "now"
        and row["state"] not in ("skipped", "expired", "cancelled")
    ]
    return {
        "wanted": len(rows),
        "skipped": why_not.total(),
        "skipped_by_reason": dict(why_not),
        "pending": how_many("queued", "sending", "waiting", "unknown"),
        "sent": sum(row["sent_at"] is not None for row in rows),
        "delivered": how_many("delivered"),
        "bounced": how_many("bounced"),
        "failed": how_many("failed", "refused"),
        "opened": sum(row["opened_at"] is not None for row in rows),
        "clicked": sum(row["clicked_at"] is not None for row in rows),
        "read": sum(read.get(row["id"], False) for row in rows),
        "median_seconds": about(percentile(seconds, 0.5)),
        "p99_seconds": about(percentile(seconds, 0.99)),
    }


def told_by_day(
    connection: Connection, where: str = "true"
) -> dict[tuple[str, date, str, str], Row]:
    rows = table(connection, f"select * from postbell.analytics_daily where {where}")
    told = {
        (row.pop("tenant_id"), row.pop("day"), row.pop("event"), row.pop("channel")): row
        for row in rows
    }
    assert len(told) == len(rows)
    return told


@pytest.mark.parametrize("seed", SEEDS)
def test_the_figures_of_each_day_are_those_of_the_log(connection: Connection, seed: int) -> None:
    make_up(connection, seed)

    assert told_by_day(connection) == counted_by_day(connection)


@pytest.mark.parametrize(
    ("where", "is_meant"),
    [
        ("tenant_id = 'havana'", lambda key: key[0] == "havana"),
        ("day = '2026-10-25'", lambda key: key[1] == date(2026, 10, 25)),
        (
            "tenant_id = 'azores' and day between '2026-10-24' and '2026-10-26'",
            lambda key: key[0] == "azores" and date(2026, 10, 24) <= key[1] <= date(2026, 10, 26),
        ),
        ("event = 'order.paid' and channel = 'email'", lambda key: key[2:] == EMAIL_OF_PAID),
    ],
    ids=["tenant", "day", "tenant and days", "event and channel"],
)
def test_asking_about_a_part_tells_the_same_as_asking_about_all(
    connection: Connection, where: str, is_meant: Any
) -> None:
    make_up(connection, 7)

    told = told_by_day(connection, where)

    assert told == {key: row for key, row in counted_by_day(connection).items() if is_meant(key)}
    assert told


def test_what_is_wanted_is_the_sum_of_what_became_of_it(connection: Connection) -> None:
    make_up(connection, 11)
    only_sent = Counter(
        given.column(connection, "select event from postbell.delivery where state = 'sent'")
    )
    sums: Counter[str] = Counter()
    for (_, _, event, _), row in told_by_day(connection).items():
        parts = ("skipped", "pending", "failed", "bounced", "delivered")
        sums[event] += row["wanted"] - sum(row[part] for part in parts)

    assert sums == only_sent


def test_a_log_with_nothing_in_it_has_no_days(connection: Connection) -> None:
    assert told_by_day(connection) == {}


def test_figures_follow_what_dispatchers_and_people_do(db: Connection) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="sms")
    paid = [given.emit(db, payload={}, channels=["in_app", "email", "sms"]) for _ in range(3)]
    given.route(db)
    mails = given.column(db, "select id from postbell.delivery where channel = 'email' order by id")
    for batch, claim in given.rows(
        db,
        "select b.id, c.claim_token"
        " from postbell.batch as b, postbell_private.claim_batch(b.id, b.channel) as c"
        " where b.channel = 'email'",
    ):
        given.rows(db, "select postbell_private.start_sending(%s, %s, %s)", batch, claim, mails)
    given.sent(db, mails[0])
    given.attempts(db, "refused", mails[1], reason="550 no")

    ((_, email),) = told_by_day(db, "channel = 'email'").items()
    ((_, text),) = told_by_day(db, "channel = 'sms'").items()

    assert (email["wanted"], email["sent"], email["failed"], email["pending"]) == (3, 1, 1, 1)
    assert email["median_seconds"] == email["p99_seconds"] > 0
    assert text["skipped_by_reason"] == {"switched_off": len(paid)}
    assert text["median_seconds"] is None


# --- what it costs


@pytest.fixture
def long_log(create_database: CreateDatabase, template_url: str) -> Iterator[Connection]:
    """A hundred days of a thousand deliveries; each day some that were emitted weeks before."""
    with psycopg.connect(create_database(template_url), autocommit=True) as session:
        given.event_type(session)
        given.tenant(session, "small", time_zone="Asia/Tokyo")
        session.execute(
            "insert into postbell_private.notification (id, xid, tenant_id, event, payload,"
            " priority,"
            " created_at, deliver_at)"
            " select n, '1', case when mod(n, 10) = 0 then 'small' else 'default' end,"
            " 'order.paid', '{}', 'normal', at, case when mod(n, 50) = 0 then at + '20 days' end"
            " from generate_series(1, 100000) as n,"
            " lateral (select current_date + (n * interval '86.4 s' - interval '100 days') as at) m"
        )
        session.execute(
            "insert into postbell.delivery (notification_id, tenant_id, recipient_id, event,"
            " channel, priority, decision, rung, decision_reason, is_silent, state, created_at,"
            " is_open)"
            " select id, tenant_id, 'u1', event, 'in_app', 'normal', 'now', 11, 'wanted', false,"
            " 'delivered', created_at, false from postbell_private.notification"
            " order by coalesce(deliver_at, created_at)"
        )
        session.execute(
            "insert into postbell.attempt (delivery_id, outcome, provider, attempted_at)"
            " select id, 'sent', 'inbox', created_at from postbell.delivery order by created_at"
        )
        session.execute(
            "vacuum analyze postbell.delivery, postbell.attempt, postbell_private.notification"
        )
        yield session


@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "table"),
    [
        ("analytics_daily where day = current_date - 50", "finished_delivery"),
        (
            "analytics_daily where day = current_date - 50 and tenant_id = 'small'",
            "finished_delivery",
        ),
        (
            "analytics_daily where day = current_date - 1 and tenant_id = 'small'",
            "finished_delivery",
        ),
        ("analytics_channel_health", "attempt"),
    ],
)
def test_asking_about_a_day_of_a_hundred_reads_no_more_than_the_pages_about_it(
    long_log: Connection, view: str, table: str
) -> None:
    read = rows_read(long_log, table, f"select * from postbell.{view}")

    # A page range holds 7,040 rows, and parts of a day lie in up to five.
    assert 0 < read < 100_000 / 2.5


@pytest.mark.slow
def test_deliveries_of_a_day_long_ago_are_found_without_reading_all_since(
    long_log: Connection,
) -> None:
    day = given.value(long_log, "select (current_date - 50)::timestamptz")
    asked: dict[str, Any] = dict.fromkeys(deliveries.find_in_range.names)
    asked |= {"since": day, "until": day + timedelta(days=1), "most": 31}
    found = deliveries.find_in_range(long_log, **asked)
    # As support is set.
    long_log.execute("set plan_cache_mode = force_custom_plan")

    read = rows_read(long_log, "finished_delivery", deliveries.find_in_range.sql, asked)

    assert len(found) == 31
    assert 0 < read < 100_000 / 2.5


def rows_read(
    connection: Connection, table: str, query: str, arguments: dict[str, object] | None = None
) -> int:
    """Rows of a table and its partitions that the query looks at."""
    ((explained,),) = connection.execute(
        f"explain (analyze, format json) {query}".encode(), arguments
    ).fetchall()
    return sum(
        node["Actual Loops"]
        * (
            node["Actual Rows"]
            + node.get("Rows Removed by Filter", 0)
            + node.get("Rows Removed by Index Recheck", 0)
        )
        for node in nodes(explained[0]["Plan"])
        if node.get("Relation Name", "").startswith(table)
    )


def nodes(plan: Row) -> Iterator[Row]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


# --- by channel and provider


def counted_by_channel(connection: Connection) -> dict[tuple[str, str | None, str], Row]:
    """One attempt after the other."""
    channels = dict(given.rows(connection, "select id, channel::text from postbell.delivery"))
    attempts = table(connection, "table postbell.attempt")
    attempts += [
        {
            "delivery_id": row["id"],
            "outcome": "sent",
            "provider": row["provider"],
            "latency_ms": None,
            "attempted_at": row["sent_at"],
        }
        for row in table(connection, "table postbell.delivery")
        if row["channel"] in OWN
        and row["sent_at"] is not None
        and row["created_at"] >= END - timedelta(days=1)
    ]
    suppressed = table(
        connection,
        "select channel, suppressed_at, expires_at > postbell.clock() as is_in_force"
        " from postbell.suppression",
    )
    told: dict[tuple[str, str | None, str], Row] = {}
    for period, length in (("hour", timedelta(hours=1)), ("day", timedelta(days=1))):
        for channel in (*CHANNELS, "chat"):
            tried = [
                row
                for row in attempts
                if row["attempted_at"] >= END - length and channels[row["delivery_id"]] == channel
            ]
            barred = [row for row in suppressed if row["channel"] == channel and row["is_in_force"]]
            told[channel, None, period] = {
                **calls(tried),
                "suppressed": len(barred),
                "newly_suppressed": sum(row["suppressed_at"] >= END - length for row in barred),
            }
            for provider in {row["provider"] for row in tried}:
                told[channel, provider, period] = {
                    **calls(row for row in tried if row["provider"] == provider),
                    "suppressed": None,
                    "newly_suppressed": None,
                }
    return told


def calls(tried: Iterable[Row]) -> Row:
    rows = list(tried)
    outcomes = Counter(row["outcome"] for row in rows)
    retried = outcomes["retry"] + outcomes["passed_on"]
    failures = retried + outcomes["refused"] + outcomes["failed"]
    latencies = [row["latency_ms"] for row in rows if row["latency_ms"] is not None]
    return {
        "attempts": len(rows),
        "sent": outcomes["sent"],
        "retried": retried,
        "refused": outcomes["refused"],
        "failed": outcomes["failed"],
        "unknown": outcomes["unknown"],
        "share_of_failures": pytest.approx(failures / len(rows), abs=5e-5) if rows else None,
        "median_ms": about(percentile(latencies, 0.5)),
        "p99_ms": about(percentile(latencies, 0.99)),
        "last_at": max((row["attempted_at"] for row in rows), default=None),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_health_of_each_channel_is_that_of_its_attempts_and_messages(
    connection: Connection, seed: int
) -> None:
    make_up(connection, seed)

    told = {
        (row.pop("channel"), row.pop("provider"), row.pop("period")): {
            **row,
            "share_of_failures": row["share_of_failures"] and float(row["share_of_failures"]),
        }
        for row in table(connection, "table postbell.analytics_channel_health")
    }

    assert told == counted_by_channel(connection)


def test_every_channel_has_a_health_even_if_nothing_was_tried_on_it(connection: Connection) -> None:
    rows = table(connection, "table postbell.analytics_channel_health")

    assert {(row["channel"], row["period"]) for row in rows} == {
        (channel, period) for channel in (*CHANNELS, "chat") for period in ("hour", "day")
    }
    assert all(row["attempts"] == 0 and row["share_of_failures"] is None for row in rows)


@pytest.mark.parametrize("view", ["analytics_daily", "analytics_channel_health"])
def test_every_column_says_what_it_counts(connection: Connection, view: str) -> None:
    silent = given.column(
        connection,
        "select attname::text from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and col_description(attrelid, attnum) is null",
        f"postbell.{view}",
    )

    assert silent == []
