"""What an operator's page says: words, numbers and times, in a language and a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from dispatcher.gateway.pages.page import words
from dispatcher.gateway.schemas import Decision

#: Set by the script, because only the browser knows it: an IANA name.
ZONE_COOKIE: Final = "postbell_zone"
_NOTHING: Final = "–"
_GOOD: Final = frozenset({"sent", "delivered", "ready", "now"})
_BAD: Final = frozenset({"failed", "refused", "bounced", "misconfigured"})
_UNSURE: Final = frozenset({"waiting", "unknown", "open", "later"})
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def zone_of(name: str | None) -> ZoneInfo:
    """The time zone of that name; UTC for none, and for one that is unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


class Wording:
    """The words of `operator.LANG.json`, with what goes into them. Templates call it `say`."""

    def __init__(self, lang: str, zone: ZoneInfo) -> None:
        self.lang: Final = lang
        self.zone: Final = zone
        self._locale: Final = Locale.parse(lang)
        # What the API explains is English; other languages have it by the names of reasons.
        explained = {} if lang == "en" else words("reasons", lang)
        self._words: Final = {**words("channels", lang), **explained, **words("operator", lang)}

    def __call__(self, name: str, **values: object) -> str:
        """A text by its name. Raises KeyError."""
        return self._words[name].format(**values)

    def count(self, name: str, count: int) -> str:
        """The text for so many: `NAME.one`, `NAME.other`."""
        form = f"{name}.{self._locale.plural_form(count)}"
        chosen = form if form in self._words else f"{name}.other"
        return self._words[chosen].format(count=self.number(count))

    def number(self, value: int | None) -> str:
        return format_decimal(value or 0, locale=self._locale)

    def share(self, value: float | None) -> str:
        """Of one, as a percentage."""
        if value is None:
            return _NOTHING
        return format_percent(round(value, 3), locale=self._locale, decimal_quantization=False)

    def milliseconds(self, value: float | None) -> str:
        return (
            _NOTHING
            if value is None
            else f"{format_decimal(round(value, 1), locale=self._locale)} ms"
        )

    def moment(self, at: datetime | None) -> str:
        """In the page's zone, as logs have it: 2026-12-31 22:00:05."""
        return _NOTHING if at is None else f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def day(self, day: date) -> str:
        return format_date(day, "d MMM", self._locale)

    def length(self, length: timedelta) -> str:
        """How long it is, in its largest unit: 3 min."""
        seconds = max(0, int(length.total_seconds()))
        unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
        return format_unit(seconds // size, unit, "short", locale=self._locale)

    def channel(self, channel: str) -> str:
        return self._words.get(f"channel.{channel}", channel)

    def state(self, state: str | Decision) -> str:
        return self._words.get(f"state.{state}", state)

    def mood(self, state: str) -> str:
        """The class of a chip; the word says the same without the colour."""
        moods = (("good", _GOOD), ("bad", _BAD), ("warn", _UNSURE))
        return next((mood for mood, states in moods if state in states), "plain")

    def step(self, what: str) -> str:
        """What a timeline calls a step, such as `attempt: sent`."""
        return self._words.get(f"step.{what}", what)

    def why(self, reason: str, sentence: str | None) -> str:
        """Why something is as it is. What a provider said is left as it is."""
        if self.lang == "en":
            return sentence or reason
        return self._words.get(f"why.{reason}", reason)

    def remedy(self, line: Any) -> str:
        """What to do about something that has a reason, and perhaps a state."""
        if self.lang == "en" or not line.remedy:
            return str(line.remedy)
        by_state = self._words.get(f"way_of.{getattr(line, 'state', '')}", str(line.remedy))
        return self._words.get(f"way.{line.reason}", by_state)

    def local(self, at: datetime | None) -> str:
        """For a field of type datetime-local."""
        return "" if at is None else f"{at.astimezone(self.zone):%Y-%m-%dT%H:%M}"

    def instant(self, local: str) -> datetime:
        """What somebody put into such a field. Raises ValueError."""
        return datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)
