"""Quiet hours: by the clock on the person's wall, deferring and never dropping."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, assume, example, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.support import given
from tests.support.given import Connection, Fate
from tests.support.quiet_hours import Window, instant_of, quiet_until

# Gaps and folds of an hour, of half an hour, at odd minutes, at midnight, and none at all. The
# server and Python each bring a table of zones: these have rules that are old enough for both.
ZONES = [
    "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana",
    "Asia/Beirut", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC",
]  # fmt: skip

on_one_database = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Rules after 2037 are an extrapolation that libraries make differently.
any_wall_clock = st.datetimes(datetime(2024, 1, 1), datetime(2036, 12, 31))  # noqa: DTZ001
any_time = st.times().map(lambda at: at.replace(microsecond=0)) | st.sampled_from(
    [time(0, 0), time(1, 30), time(2, 0), time(2, 30), time(3, 0), time(12, 0), time(23, 59)]
)
any_zone = st.sampled_from(ZONES)
any_windows = st.lists(
    st.builds(Window, st.integers(1, 7), any_time, any_time),
    min_size=1,
    max_size=7,
    unique_by=lambda window: window.day,
)


def quiet(connection: Connection, starts: str | None, ends: str | None, **named: object) -> None:
    given.call(
        connection,
        "set_quiet_hours",
        **{"recipient": "u1", "starts": starts, "ends": ends, **named},
    )


def ends(connection: Connection, at: str, zone: str = "UTC", channel: str = "sms") -> str | None:
    """When the quiet hours of u1 end, in UTC."""
    found = given.value(
        connection,
        "select postbell_private.quiet_until('default', 'u1', %s, %s, %s)",
        channel,
        at,
        zone,
    )
    return None if found is None else found.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


@pytest.fixture(autouse=True)
def person(connection: Connection) -> None:
    given.event_type(connection)
    given.recipient(connection)


@pytest.mark.parametrize(
    ("wall_clock", "zone", "instant"),
    [
        ("2026-03-29 01:59", "Europe/Paris", "2026-03-29 00:59Z"),
        ("2026-03-29 02:00", "Europe/Paris", "2026-03-29 01:00Z"),
        ("2026-03-29 02:30", "Europe/Paris", "2026-03-29 01:00Z"),
        ("2026-03-29 03:00", "Europe/Paris", "2026-03-29 01:00Z"),
        ("2026-10-25 02:00", "Europe/Paris", "2026-10-25 00:00Z"),
        ("2026-10-25 02:30", "Europe/Paris", "2026-10-25 00:30Z"),
        ("2026-10-25 03:00", "Europe/Paris", "2026-10-25 02:00Z"),
        ("2026-03-08 02:30", "America/New_York", "2026-03-08 07:00Z"),
        ("2026-11-01 01:30", "America/New_York", "2026-11-01 05:30Z"),
        ("2026-10-04 02:15", "Australia/Lord_Howe", "2026-10-03 15:30Z"),
        ("2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04 14:45Z"),
        ("2026-09-27 03:00", "Pacific/Chatham", "2026-09-26 14:00Z"),
        ("2026-04-05 03:00", "Pacific/Chatham", "2026-04-04 13:15Z"),
        ("2026-01-01 12:00", "Pacific/Chatham", "2025-12-31 22:15Z"),
        ("2026-03-29 00:30", "Asia/Beirut", "2026-03-28 22:00Z"),
        ("2026-06-01 12:00", "UTC", "2026-06-01 12:00Z"),
    ],
)  # fmt: skip
def test_a_time_on_the_wall_has_one_instant(
    connection: Connection, wall_clock: str, zone: str, instant: str
) -> None:
    found = given.value(
        connection, "select postbell_private.instant_of(%s::timestamp, %s)", wall_clock, zone
    )
    assert found.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") == instant


@on_one_database
@for_all(wall_clock=any_wall_clock, zone=any_zone)
@example(wall_clock=datetime(2026, 3, 29, 2, 30, 0, 1), zone="Europe/Paris")  # noqa: DTZ001
@example(wall_clock=datetime(2026, 9, 27, 2, 45), zone="Pacific/Chatham")  # noqa: DTZ001
@example(wall_clock=datetime(2026, 3, 8, 0, 0), zone="America/Havana")  # noqa: DTZ001
def test_the_instant_shows_the_time_or_ends_the_gap(
    connection: Connection, wall_clock: datetime, zone: str
) -> None:
    instant, shown = given.rows(
        connection,
        "select instant, instant at time zone %s from postbell_private.instant_of(%s, %s) as"
        " instant",
        zone,
        wall_clock,
        zone,
    )[0]
    assert instant == instant_of(wall_clock, ZoneInfo(zone))
    assert shown >= wall_clock


@on_one_database
@for_all(
    windows=any_windows, zone=any_zone, wall_clock=any_wall_clock, minutes=st.integers(-90, 90)
)
def test_quiet_hours_end_when_a_model_says_so(
    connection: Connection, windows: list[Window], zone: str, wall_clock: datetime, minutes: int
) -> None:
    # Somebody who is quiet all week is refused by set_quiet_hours.
    assume(not (len(windows) == 7 and all(one.starts == one.ends for one in windows)))
    connection.execute("delete from postbell.quiet_hours")
    for day, starts, until in windows:
        given.insert(
            connection, "quiet_hours",
            tenant_id="default", recipient_id="u1", day=day, starts=starts, ends=until,
        )  # fmt: skip
    # Near an edge of a window, where mistakes live.
    nearest = datetime.combine(wall_clock.date(), windows[0].ends) + timedelta(minutes=minutes)
    at = instant_of(nearest, ZoneInfo(zone))

    found = given.value(
        connection, "select postbell_private.quiet_until('default', 'u1', 'sms', %s, %s)", at, zone
    )

    assert found == quiet_until(windows, ZoneInfo(zone), at)
    if found:
        assert found > at
        again = given.value(
            connection,
            "select postbell_private.quiet_until('default', 'u1', 'sms', %s, %s)",
            found,
            zone,
        )
        assert again is None


@on_one_database
@for_all(
    windows=any_windows,
    zone=any_zone,
    wall_clock=any_wall_clock,
    minutes=st.integers(-90, 90),
    ahead=st.timedeltas(timedelta(0), timedelta(200)) | st.just(timedelta(0)),
)
def test_the_ladder_asks_whoever_may_be_quiet(
    connection: Connection,
    windows: list[Window],
    zone: str,
    wall_clock: datetime,
    minutes: int,
    ahead: timedelta,
) -> None:
    assume(not (len(windows) == 7 and all(one.starts == one.ends for one in windows)))
    given.event_type(connection, default_channels=["sms"])
    given.recipient(connection, time_zone=zone)
    connection.execute("delete from postbell.quiet_hours")
    for day, starts, until in windows:
        given.insert(
            connection, "quiet_hours",
            tenant_id="default", recipient_id="u1", day=day, starts=starts, ends=until,
        )  # fmt: skip
    nearest = datetime.combine(wall_clock.date(), windows[0].ends) + timedelta(minutes=minutes)
    at = instant_of(nearest, ZoneInfo(zone))
    given.clock(connection, at - ahead)

    (decision,) = given.explain(connection, event="order.paid", recipient="u1", deliver_at=at)

    assert decision.due_at == (quiet_until(windows, ZoneInfo(zone), at) or at)


def test_a_window_over_midnight_is_one_window(connection: Connection) -> None:
    quiet(connection, "22:00", "07:00", days=[5])  # Friday
    assert ends(connection, "2026-03-06 21:59Z") is None
    assert ends(connection, "2026-03-06 22:00Z") == "2026-03-07 07:00Z"
    assert ends(connection, "2026-03-07 06:59Z") == "2026-03-07 07:00Z"
    assert ends(connection, "2026-03-07 07:00Z") is None
    assert ends(connection, "2026-03-07 22:00Z") is None


def test_windows_that_touch_are_one_silence(connection: Connection) -> None:
    quiet(connection, "22:00", "08:00", days=[5])
    quiet(connection, "08:00", "20:00", days=[6])
    assert ends(connection, "2026-03-06 23:00Z") == "2026-03-07 20:00Z"


def test_windows_that_overlap_are_one_silence(connection: Connection) -> None:
    quiet(connection, "22:00", "09:00", days=[5])
    quiet(connection, "08:00", "10:00", days=[6])
    assert ends(connection, "2026-03-06 23:00Z") == "2026-03-07 10:00Z"


def test_equal_times_are_a_whole_day(connection: Connection) -> None:
    quiet(connection, "00:00", "00:00", days=[6, 7])
    assert ends(connection, "2026-03-07 00:00Z") == "2026-03-09 00:00Z"
    assert ends(connection, "2026-03-06 23:59Z") is None


def test_six_whole_days_end_on_the_seventh(connection: Connection) -> None:
    quiet(connection, "09:00", "09:00", days=[1, 2, 3, 4, 5, 6])
    assert ends(connection, "2026-03-02 09:00Z") == "2026-03-08 09:00Z"


def test_a_window_inside_a_gap_is_no_window(connection: Connection) -> None:
    quiet(connection, "02:10", "02:50")
    assert ends(connection, "2026-03-29 00:59Z", "Europe/Paris") is None
    assert ends(connection, "2026-03-29 01:00Z", "Europe/Paris") is None


def test_a_window_that_ends_in_a_gap_ends_with_it(connection: Connection) -> None:
    quiet(connection, "22:00", "02:30")
    assert ends(connection, "2026-03-28 23:00Z", "Europe/Paris") == "2026-03-29 01:00Z"


def test_a_window_that_ends_in_a_fold_ends_the_first_time(connection: Connection) -> None:
    quiet(connection, "22:00", "02:30")
    assert ends(connection, "2026-10-24 23:00Z", "Europe/Paris") == "2026-10-25 00:30Z"
    assert ends(connection, "2026-10-25 01:15Z", "Europe/Paris") is None


def test_a_window_ends_by_a_clock_13_hours_and_45_minutes_ahead(connection: Connection) -> None:
    quiet(connection, "22:00", "07:00")
    # Chatham in its summer; in its winter, an hour less.
    assert ends(connection, "2026-01-10 10:00Z", "Pacific/Chatham") == "2026-01-10 17:15Z"
    assert ends(connection, "2026-07-10 10:00Z", "Pacific/Chatham") == "2026-07-10 18:15Z"


def test_the_windows_own_zone_outranks_the_persons(connection: Connection) -> None:
    quiet(connection, "22:00", "07:00", time_zone="Asia/Kathmandu")
    assert ends(connection, "2026-03-06 20:00Z", "America/New_York") == "2026-03-07 01:15Z"


def test_only_the_channels_that_it_names_are_quiet(connection: Connection) -> None:
    quiet(connection, "22:00", "07:00", channels=["sms"])
    assert ends(connection, "2026-03-06 23:00Z", channel="sms") is not None
    assert ends(connection, "2026-03-06 23:00Z", channel="sse") is None


def test_setting_some_days_leaves_the_others(connection: Connection) -> None:
    quiet(connection, "22:00", "07:00")
    quiet(connection, "23:00", "09:00", days=[5])
    quiet(connection, None, None, days=[6])
    assert ends(connection, "2026-03-06 23:30Z") == "2026-03-07 09:00Z"
    assert ends(connection, "2026-03-07 23:30Z") is None
    assert ends(connection, "2026-03-08 23:30Z") == "2026-03-09 07:00Z"


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"time_zone": "Mars/Olympus"}, "PB020"),
        ({"time_zone": "EST5EDT4"}, "PB020"),
        ({"days": [0]}, "PB022"),
        ({"days": [1, 8]}, "PB022"),
        ({"channels": ["in_app"]}, "PB006"),
        ({"ends": None}, "PB022"),
        ({"starts": "08:00", "ends": "08:00"}, "PB021"),
        ({"recipient": "nobody"}, "PB003"),
    ],
    ids=str,
)
def test_nonsense_is_refused(connection: Connection, named: dict[str, object], code: str) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        quiet(connection, **{"starts": "22:00", "ends": "07:00", **named})  # type: ignore[arg-type]
    assert refusal.value.sqlstate == code


@pytest.mark.parametrize(
    "calls",
    [
        [{"starts": "08:00", "ends": "08:00"}],
        [{"starts": "00:00", "ends": "23:59:59.999999"}],
        [{"starts": "00:00", "ends": "23:55"}],
        [
            {"starts": "08:00", "ends": "08:00", "days": [1, 2, 3, 4, 5, 6]},
            {"starts": "08:00", "ends": "07:01", "days": [7]},
        ],
        [
            {"starts": "08:00", "ends": "08:00", "days": [1, 2, 3, 4, 5, 6]},
            # From 08:00 until 07:30 by the others' clock.
            {"starts": "17:00", "ends": "16:30", "days": [7], "time_zone": "Asia/Tokyo"},
        ],
    ],
    ids=str,
)
def test_each_channel_keeps_an_hour_a_week(
    connection: Connection, calls: list[dict[str, Any]]
) -> None:
    *first, last = calls
    for named in first:
        quiet(connection, **named)
    with pytest.raises(psycopg.Error, match="leave less than an hour a week") as refusal:
        quiet(connection, **last)
    assert refusal.value.sqlstate == "PB021"


@pytest.mark.parametrize(
    "calls",
    [
        [
            {"starts": "08:00", "ends": "08:00", "days": [1, 2, 3, 4, 5, 6]},
            {"starts": "08:00", "ends": "07:00", "days": [7]},
        ],
        [{"starts": "00:00", "ends": "23:50"}],
        [
            {"starts": "00:00", "ends": "00:00", "days": [1, 2, 3, 4, 5, 6], "channels": ["sms"]},
            {"starts": "00:00", "ends": "00:00", "days": [7], "channels": ["push"]},
        ],
    ],
    ids=str,
)
def test_an_hour_a_week_is_enough(connection: Connection, calls: list[dict[str, Any]]) -> None:
    for named in calls:
        quiet(connection, **named)
    assert given.value(connection, "select count(*) from postbell.quiet_hours") == 7


def test_what_is_written_past_the_function_keeps_an_hour_a_week_too(
    connection: Connection,
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        connection.execute(
            "insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends)"
            " select 'default', 'u1', day, '08:00', '08:00' from generate_series(1, 7) as day"
        )
    assert refusal.value.sqlstate == "PB021"


def test_hours_that_leave_enough_in_any_case_are_looked_at_no_closer(
    connection: Connection,
) -> None:
    connection.execute("""
        create or replace function postbell_private.reachable_time(
            tenant_id text, recipient text, channel text
        ) returns interval language plpgsql stable as 'begin raise division_by_zero; end'
    """)

    quiet(connection, "22:00", "07:00")

    with pytest.raises(psycopg.errors.DivisionByZero):
        quiet(connection, "08:00", "08:00")


@pytest.mark.parametrize("ends_at", ["08:00", "07:59:59.999999"])
def test_windows_without_end_hold_back_nothing(connection: Connection, ends_at: str) -> None:
    # As they were before they were refused.
    connection.execute("alter table postbell.quiet_hours disable trigger all")
    connection.execute(
        "insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends, channels)"
        " select 'default', 'u1', day, '08:00', %s, '{sms}' from generate_series(1, 7) as day",
        [ends_at],
    )
    assert ends(connection, "2026-03-06 12:00Z") is None


def test_a_zone_that_nobody_knows_counts_as_utc(connection: Connection) -> None:
    quiet(connection, "22:00", "07:00")
    assert ends(connection, "2026-03-06 23:00Z", "Mars/Olympus") == "2026-03-07 07:00Z"


def test_a_window_in_a_zone_that_nobody_knows_counts_in_the_persons(
    connection: Connection,
) -> None:
    quiet(connection, "22:00", "07:00")
    connection.execute("update postbell.quiet_hours set time_zone = 'Mars/Olympus'")
    assert ends(connection, "2026-03-06 21:30Z", "Europe/Paris") == "2026-03-07 06:00Z"


def test_a_window_and_a_person_in_zones_that_nobody_knows_count_in_utc(
    connection: Connection,
) -> None:
    quiet(connection, "22:00", "07:00")
    connection.execute("update postbell.quiet_hours set time_zone = 'Mars/Olympus'")
    assert ends(connection, "2026-03-06 23:00Z", "Venus/Ishtar") == "2026-03-07 07:00Z"


@pytest.fixture
def at_night(db: Connection) -> int:
    """An event for u1 in Paris at 23:00, deferred until 07:00 (06:00 in UTC)."""
    given.event_type(db, default_channels=["in_app", "sms"])
    given.recipient(db, time_zone="Europe/Paris")
    quiet(db, "22:00", "07:00")
    given.clock(db, "2026-03-06 22:00Z")
    event = given.emit(db)
    given.route(db)
    return event


def sms(db: Connection, event: int) -> Fate:
    return given.deliveries(db, event)["u1", "sms"]


def release(db: Connection, at: str) -> int:
    given.clock(db, at)
    return int(given.value(db, "select released from postbell_private.release_due()"))


def test_quiet_hours_postpone_but_do_not_drop(db: Connection, at_night: int) -> None:
    assert sms(db, at_night) == Fate("waiting", "quiet_hours")
    assert given.deliveries(db, at_night)["u1", "in_app"] == Fate("queued", "wanted")
    assert release(db, "2026-03-07 05:59Z") == 0
    assert release(db, "2026-03-07 06:00Z") == 1
    assert sms(db, at_night) == Fate("queued", "wanted")


def test_who_moves_east_while_it_waits_is_told_earlier(db: Connection, at_night: int) -> None:
    given.recipient(db, time_zone="Asia/Kathmandu")  # 03:45 there
    assert release(db, "2026-03-06 22:00Z") == 1
    assert sms(db, at_night).state == "waiting"
    assert release(db, "2026-03-07 01:14Z") == 0
    assert release(db, "2026-03-07 01:15Z") == 1
    assert sms(db, at_night).state == "queued"


def test_who_moves_west_while_it_waits_is_not_woken(db: Connection, at_night: int) -> None:
    given.recipient(db, time_zone="America/New_York")
    assert release(db, "2026-03-07 04:00Z") == 1  # 23:00 there
    assert sms(db, at_night).state == "waiting"
    assert release(db, "2026-03-07 11:59Z") == 0
    assert release(db, "2026-03-07 12:00Z") == 1
    assert sms(db, at_night).state == "queued"


def test_who_changes_the_hours_while_it_waits_is_told_by_the_new_ones(
    db: Connection, at_night: int
) -> None:
    quiet(db, "22:00", "09:00")
    assert release(db, "2026-03-07 06:00Z") == 1
    assert sms(db, at_night).state == "waiting"
    assert release(db, "2026-03-07 08:00Z") == 1
    assert sms(db, at_night).state == "queued"


def test_who_ends_the_hours_while_it_waits_is_told_at_once(db: Connection, at_night: int) -> None:
    quiet(db, None, None)
    assert release(db, "2026-03-06 22:00Z") == 1
    assert sms(db, at_night) == Fate("queued", "wanted")


def test_who_switches_off_while_it_waits_is_not_told(db: Connection, at_night: int) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="sms")
    assert release(db, "2026-03-06 22:00Z") == 1
    assert sms(db, at_night) == Fate("skipped", "switched_off")


def test_who_mutes_while_it_waits_is_not_told(db: Connection, at_night: int) -> None:
    given.call(db, "mute", recipient="u1")
    assert release(db, "2026-03-06 22:00Z") == 1
    assert sms(db, at_night) == Fate("skipped", "muted")


def test_who_is_erased_while_it_waits_is_not_told(db: Connection, at_night: int) -> None:
    db.execute("update postbell.recipient set erased_at = now()")
    assert release(db, "2026-03-06 22:00Z") == 1
    assert sms(db, at_night) == Fate("skipped", "recipient_erased")


def test_a_change_of_something_else_wakes_nothing(db: Connection, at_night: int) -> None:
    given.recipient(db, email="new@example.org")
    assert release(db, "2026-03-06 22:00Z") == 0


def test_somebody_elses_change_wakes_nothing(db: Connection, at_night: int) -> None:
    given.recipient(db, "u2")
    quiet(db, "22:00", "09:00", recipient="u2")
    assert release(db, "2026-03-06 22:00Z") == 0


def test_what_expires_while_it_waits_is_not_sent(db: Connection, at_night: int) -> None:
    late = given.emit(db, expires_at="2026-03-07 06:30Z")
    given.route(db)
    assert sms(db, late).state == "waiting"
    assert release(db, "2026-03-07 06:30Z") == 2
    assert sms(db, late) == Fate("expired", "expired")


@pytest.mark.parametrize("table", ["recipient", "quiet_hours", "tenant"])
def test_a_nonsense_zone_in_a_row_stops_nothing(db: Connection, table: str) -> None:
    given.event_type(db, default_channels=["in_app", "sms"])
    given.recipient(db, "u2")
    quiet(db, "22:00", "07:00")
    db.execute(f"update postbell.{table} set time_zone = 'Mars/Olympus'".encode())
    given.clock(db, "2026-03-06 23:00Z")

    events = [given.emit(db), given.emit(db, recipient="u2")]
    given.route(db)

    assert not given.rejections(db)
    assert sms(db, events[0]) == Fate("waiting", "quiet_hours")
    assert given.deliveries(db, events[1])["u2", "sms"] == Fate("queued", "wanted")
    assert given.explain(db, event="order.paid", recipient="u1")
    assert release(db, "2026-03-07 07:00Z") == 1
    assert sms(db, events[0]) == Fate("queued", "wanted")
