from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.rendering import dates
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.locales import notation

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "zone", "written"),
    [
        ("en", "America/New_York", "July 1, 2026, 8:00\u202fAM EDT"),
        ("en-GB", "Europe/London", "1 July 2026, 13:00 BST"),
        ("fr", "Europe/Paris", "1 juillet 2026, 14:00 CEST"),
        ("en", "Asia/Kathmandu", "July 1, 2026, 5:45\u202fPM UTC+0545"),
        ("ar", "Africa/Cairo", "1 يوليو 2026، 3:00 م EEST"),
        ("ja", "Asia/Tokyo", "2026年7月1日 21:00 JST"),
    ],
)
def test_a_time_is_the_readers(locale: str, zone: str, written: str) -> None:
    assert dates.moment(NOON, "datetime", (zone,), notation(locale)) == written


def test_an_unknown_zone_gives_way_to_the_next() -> None:
    zones = ("../../etc/passwd", "Mars/Olympus", "Europe/Paris")
    assert dates.moment(NOON, "time", zones, notation("fr")) == "14:00 CEST"
    assert dates.moment(NOON, "time", ("nowhere",), notation("fr")) == "12:00 UTC"


def test_a_timestamp_without_an_offset_is_utc() -> None:
    naive = dates.parse("2026-07-01T12:00:00")
    assert isinstance(naive, datetime)
    assert dates.moment(naive, "time", ("Europe/Paris",), notation("fr")) == "14:00 CEST"


def test_the_date_of_a_moment_is_the_readers() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert dates.moment(late, "date", ("Asia/Tokyo",), notation("en")) == "July 2, 2026"


@pytest.mark.parametrize(
    "value", ["yesterday", "", "2026-13-01", "9" * 100, 5, None, [], "2026-02-30"]
)
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(Unrenderable, match="ISO 8601"):
        dates.parse(value)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["Asia/Tokyo", "America/New_York"]))
def test_any_moment_can_be_written(moment: datetime, zone: str) -> None:
    assert dates.moment(moment, "datetime", (zone,), notation("en"))
