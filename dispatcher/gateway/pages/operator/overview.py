"""`/operator`: how things stand."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from dispatcher.db.connections import Pool
from dispatcher.gateway.operator.overview import (
    ChannelHealth,
    FiguresApi,
    HealthTable,
    OperatorOverviewApi,
    Overview,
)
from dispatcher.gateway.pages.operator.views import HOME, OperatorViews, Visit
from dispatcher.gateway.pages.operator.wording import Wording

#: Seconds between two drawings.
_EVERY: Final = 5
#: Seconds for which health is kept: it looks through a day of attempts.
_HEALTH_SECONDS: Final = 60.0
#: A queue whose oldest delivery is older is worth a look.
_LATE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure, what it means, and where to read on. `mood` is good, bad, warn or plain."""

    name: str
    figure: str
    note: str
    mood: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class HealthRow:
    """A channel, or one of its several providers: the last day beside the last hour."""

    day: ChannelHealth
    hour: ChannelHealth | None
    #: The channel's only provider, which has no row of its own.
    only: str | None


class OverviewView:
    def __init__(self, pool: Pool, views: OperatorViews) -> None:
        self._views: Final = views
        self._overview: Final = OperatorOverviewApi(pool)
        self._figures: Final = FiguresApi(pool)
        self._health: tuple[float, HealthTable] | None = None

    @property
    def routes(self) -> list[Route]:
        return [self._views.get(HOME, self.show)]

    async def show(self, visit: Visit) -> Response:
        """Tiles first, then what is behind them."""
        now = await self._overview.show_overview(visit.operator)
        health = await self._health_of(visit)
        return self._views.render(
            visit,
            "overview",
            every=_EVERY,
            stands=now,
            tiles=_tiles(visit.say, now),
            health=health_rows(health.channels),
        )

    async def _health_of(self, visit: Visit) -> HealthTable:
        kept = self._health
        if kept is None or time.monotonic() - kept[0] > _HEALTH_SECONDS:
            kept = time.monotonic(), await self._figures.show_channels(visit.operator)
            self._health = kept
        return kept[1]


def health_rows(lines: Iterable[ChannelHealth]) -> list[HealthRow]:
    """Channels that had something to do. A single provider is told of with its channel."""
    listed = list(lines)
    hours = {(each.channel, each.provider): each for each in listed if each.period == "hour"}
    days = [each for each in listed if each.period == "day" and (each.attempts or each.suppressed)]
    rows = []
    for day in days:
        providers = [
            each.provider for each in days if each.channel == day.channel and each.provider
        ]
        if day.provider is None or len(providers) > 1:
            only = providers[0] if day.provider is None and len(providers) == 1 else None
            rows.append(HealthRow(day, hours.get((day.channel, day.provider)), only))
    return rows


def _tiles(say: Wording, now: Overview) -> list[Tile]:
    router = now.router
    ill = [each.provider for each in now.providers if each.state != "ready"]
    ready = len(now.providers) - len(ill)
    if not router.is_running:
        leader = Tile("router", say("router.none"), say("router.remedy"), "bad")
    else:
        state = say("router.asleep" if router.is_asleep else "router.busy")
        leader = Tile("router", state, say("router.fine"), "good")
    if not now.providers:
        providers = Tile("providers", "–", say("providers.none"), "warn")
    else:
        providers = Tile(
            "providers",
            say("providers.ready", ready=say.number(ready), all=say.number(len(now.providers))),
            ", ".join(ill) or say("providers.fine"),
            "bad" if ill else "good",
        )
    return [
        leader,
        _queued(say, now),
        _waiting(say, now),
        providers,
        _count(say, "dead", now.dead_letters, "deliveries", "bad", f"{HOME}/dead-letters"),
        _count(say, "rejected", now.rejections, "events", "warn", f"{HOME}/rejections"),
    ]


def _queued(say: Wording, now: Overview) -> Tile:
    since = _first(line.queued_since for line in now.queue)
    is_late = since is not None and now.at - since > _LATE
    note = say("queued.since", time=say.length(now.at - since)) if since else say("queued.none")
    count = say.number(sum(line.queued for line in now.queue))
    href = f"{HOME}/deliveries?state=queued"
    return Tile("queued", count, note, "warn" if is_late else "plain", href)


def _waiting(say: Wording, now: Overview) -> Tile:
    due = _first(line.next_due_at for line in now.queue)
    note = say("waiting.due", time=say.moment(due)) if due else say("waiting.none")
    count = say.number(sum(line.waiting for line in now.queue))
    return Tile("waiting", count, note, "plain", f"{HOME}/deliveries?state=waiting")


def _count(say: Wording, name: str, lines: list[Any], counted: str, mood: str, href: str) -> Tile:
    """A tile that is good while there are none."""
    count = sum(getattr(line, counted) for line in lines)
    if not count:
        return Tile(name, "0", say(f"{name}.none"), "good", href)
    # The latest comes first.
    note = say(f"{name}.last", time=say.moment(lines[0].last_at))
    return Tile(name, say.number(count), note, mood, href)


def _first(times: Iterable[datetime | None]) -> datetime | None:
    return min((each for each in times if each is not None), default=None)
