"""How an operator's page writes numbers, times and lengths of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dispatcher.gateway.operator.overview import Figures
from dispatcher.gateway.pages.operator.figures import Chart
from dispatcher.gateway.pages.operator.wording import Wording, zone_of

NIGHT = datetime(2026, 12, 31, 23, 30, 5, tzinfo=UTC)


def wording(lang: str = "en", zone: str | None = None) -> Wording:
    return Wording(lang, zone_of(zone))


def test_a_moment_is_in_the_pages_zone_and_back() -> None:
    say = wording(zone="Asia/Tokyo")

    assert say.moment(NIGHT) == "2027-01-01 08:30:05"
    assert say.local(NIGHT) == "2027-01-01T08:30"
    assert say.instant("2027-01-01T08:30") == NIGHT.replace(second=0)


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd", "a" * 5000])
def test_an_unknown_zone_is_utc(name: str | None) -> None:
    assert wording(zone=name).moment(NIGHT) == "2026-12-31 23:30:05"


def test_a_length_is_in_its_largest_unit() -> None:
    lengths = [timedelta(seconds=-1), timedelta(seconds=59), timedelta(hours=2), timedelta(days=3)]

    assert [wording().length(each) for each in lengths] == ["0 sec", "59 sec", "2 hr", "3 days"]


def test_numbers_and_counts_are_those_of_the_language() -> None:
    say = wording("fr")

    assert say.number(12345) == "12\u202f345"
    assert say.share(0.0234) == "2,3\xa0%"
    assert say.count("tries", 0) == say.count("tries", 1).replace("1", "0")


def test_a_chart_has_a_bar_for_each_day_of_parts_that_do_not_overlap() -> None:
    days = [date(2026, 12, day) for day in (1, 2, 3)]
    line = Figures(
        day=days[1], channel="email", wanted=10, skipped=2, pending=1, sent=6, delivered=5,
        bounced=1, failed=1, opened=0, clicked=0, read=0,
    )  # fmt: skip

    chart = Chart.of(wording(), days, [line])

    assert [len(bar.blocks) for bar in chart.bars] == [0, 4, 0]
    heights = [block.height for block in chart.bars[1].blocks]
    assert sum(heights) == pytest.approx(Chart.HEIGHT - Chart.TOP - Chart.BOTTOM)
    assert [text for _, text in chart.scale] == ["0", "5", "10"]
    assert chart.bars[1].said.startswith("2 Dec: Sent or delivered: 5")
