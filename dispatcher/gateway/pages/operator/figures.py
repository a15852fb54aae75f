"""`/operator/figures`: what became of the events of some days, drawn and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.gateway.operator.overview import Figures, FiguresApi, FiguresQuery, Sums
from dispatcher.gateway.pages.operator.views import HOME, OperatorViews, Visit, read_query
from dispatcher.gateway.pages.operator.wording import Wording

PATH: Final = f"{HOME}/figures"
_EVERY: Final = 60
#: Days to choose from.
SPANS: Final = (7, 14, 30, 90)
#: What a bar is made of, from the ground up.
PARTS: Final = ("reached", "pending", "skipped", "failed")
#: Columns of the tables, with whether they are figures.
_NUMBERS: Final = [(name, True) for name in Sums.model_fields]


class FiguresView:
    def __init__(self, pool: Pool, views: OperatorViews) -> None:
        self._views: Final = views
        self._figures: Final = FiguresApi(pool)

    @property
    def routes(self) -> list[Route]:
        return [self._views.get(PATH, self.show)]

    async def show(self, visit: Visit) -> Response:
        """A chart for each channel; by day and by event as tables."""
        query = read_query(FiguresQuery, visit.query)
        told = await self._figures.show_figures(visit.operator, query)
        by_channel: dict[str, list[Figures]] = {}
        for line in told.figures:
            by_channel.setdefault(line.channel, []).append(line)
        last = query.until or datetime.now(UTC).date()
        # In a zone that is ahead a day may have begun that this one does not have yet.
        last = max([last, *(line.day for line in told.figures)])
        days = [last - timedelta(days=back) for back in reversed(range(query.days))]
        return self._views.render(
            visit,
            "figures",
            every=_EVERY,
            told=told,
            charts=[Chart.of(visit.say, days, lines) for _, lines in sorted(by_channel.items())],
            parts=PARTS,
            numbers=_NUMBERS,
            spans=sorted({*SPANS, query.days}),
            asked=query,
            names=await self._views.names(visit),
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle: one part of one day. Lengths are those of the chart."""

    part: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: its place, what it is made of, and the same in words."""

    x: float
    width: float
    blocks: list[Block]
    said: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of a channel. `scale` has the heights of rules and what they are for."""

    channel: str
    said: str
    bars: list[Bar]
    scale: list[tuple[float, str]]
    days: list[tuple[float, str, str]]

    WIDTH = 320
    HEIGHT = 120
    LEFT = 34
    TOP = 8
    BOTTOM = 18

    @classmethod
    def of(cls, say: Wording, days: Sequence[date], lines: Sequence[Figures]) -> Chart:
        """`lines` are of one channel, one for each day on which anything happened."""
        by_day = {line.day: _parts(line) for line in lines}
        most = _round_up(max([sum(parts.values()) for parts in by_day.values()], default=1))
        wide = (cls.WIDTH - cls.LEFT) / len(days)
        high = cls.HEIGHT - cls.TOP - cls.BOTTOM
        bars = []
        for at, day in enumerate(days):
            x, y = cls.LEFT + at * wide, float(cls.TOP + high)
            parts = by_day.get(day, {})
            blocks = []
            for part, count in parts.items():
                height = high * count / most
                y -= height
                if count:
                    blocks.append(Block(part, x + wide * 0.12, y, wide * 0.76, height))
            said = ", ".join(
                f"{say(f'part.{part}')}: {say.number(n)}" for part, n in parts.items() if n
            )
            bars.append(Bar(x, wide, blocks, f"{say.day(day)}: {said or '–'}"))
        middle = (len(days) - 1) // 2
        labels: list[tuple[float, str, date]] = [
            (cls.LEFT, "start", days[0]),
            (cls.WIDTH, "end", days[-1]),
        ]
        if middle > 0:
            labels.append((cls.LEFT + (middle + 0.5) * wide, "middle", days[middle]))
        return cls(
            channel=lines[0].channel,
            said=say(
                "chart",
                channel=say.channel(lines[0].channel),
                wanted=say.number(sum(line.wanted for line in lines)),
                sent=say.number(sum(line.sent for line in lines)),
                failed=say.number(sum(line.failed + line.bounced for line in lines)),
            ),
            bars=bars,
            scale=[
                (cls.TOP + high * (1 - share), say.number(round(most * share)))
                for share in (0, 0.5, 1)
            ],
            days=[(x, anchor, say.day(day)) for x, anchor, day in labels],
        )


def _parts(line: Figures) -> dict[str, int]:
    """What became of a channel's deliveries on a day, in parts that do not overlap."""
    failed = line.failed + line.bounced
    reached = line.wanted - line.skipped - line.pending - failed
    return {"reached": reached, "pending": line.pending, "skipped": line.skipped, "failed": failed}


def _round_up(most: int) -> int:
    """An even number that is easily read, and no less."""
    size = int("1".ljust(len(str(max(most, 10))), "0"))
    steps = (size * tenth // 10 for tenth in (2, 4, 6, 10, 20, 30, 40, 60, 80, 100))
    return next(step for step in steps if step >= most)
