"""Formats numbers, money, plurals and dates for the reader's locale (Unicode CLDR)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.dates import parse_pattern
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)

from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.locales import Notation

#: Without exponent, because `1e999999999` would take a gigabyte when written out.
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?")
_ISO_4217 = re.compile(r"[A-Z]{3}")
_LENGTH_OF_CODE: Final = 3
#: In place of -0, which is equal to it, and would share its place in a cache.
_ZERO: Final = Decimal(0)
#: Between letters and a digit CLDR's currencySpacing puts a space, which babel leaves out.
_TOUCHING = re.compile(r"(?<=[^\W\d_])(?=[0-9])")


def decimal(value: object) -> Decimal:
    """The number of a decimal string or an integer. Raises Unrenderable, for floats as well."""
    if type(value) is int:
        value = str(value) if -(10**18) < value < 10**18 else ""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise Unrenderable("an amount must be a decimal string such as '19.90'")


def money(value: object, currency: object, notation: Notation) -> str:
    """`19.90`, `EUR` → `€19.90`. Another currency than an ISO 4217 code is kept: `19.90 gold`."""
    return _money(decimal(value) or _ZERO, currency if isinstance(currency, str) else "", notation)


# A message says its amount several times, and so do those of an event on its other channels.
@lru_cache(maxsize=4096)
def _money(number: Decimal, currency: str, notation: Notation) -> str:
    code = currency.strip().upper()
    layout = _layout(notation, code) if len(code) == _LENGTH_OF_CODE else None
    if layout is not None:
        return layout.write(number)
    if not _ISO_4217.fullmatch(code):
        name = " ".join(currency.split())[:12]
        return f"{format_decimal(number, locale=notation.locale)}\N{NO-BREAK SPACE}{name}".rstrip()
    return _TOUCHING.sub(
        "\N{NO-BREAK SPACE}", format_currency(number, code, locale=notation.locale)
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a locale writes one currency. Cached, because babel takes 40 µs for each amount."""

    quantum: Decimal
    symbols: dict[int, str]
    positive: tuple[str, str]
    negative: tuple[str, str]

    def write(self, number: Decimal) -> str:
        before, after = self.negative if number.is_signed() else self.positive
        digits = f"{abs(number).quantize(self.quantum):,f}".translate(self.symbols)
        return f"{before}{digits}{after}"


@lru_cache(maxsize=1024)
def _layout(notation: Notation, currency: str) -> _Layout | None:
    """None where digits are not grouped by three, as in India's lakh, and for what is no code."""
    locale = notation.locale
    if not _ISO_4217.fullmatch(currency):
        return None
    if locale.currency_formats["standard"].grouping != (3, 3):
        return None
    precision = get_currency_precision(currency)
    point = get_decimal_symbol(locale)
    one = f"1{point}{'0' * precision}" if precision else "1"
    sides = []
    for number in (Decimal(1), Decimal(-1)):
        before, found, after = format_currency(number, currency, locale=locale).partition(one)
        if not found:
            return None
        sides.append((_TOUCHING.sub("\N{NO-BREAK SPACE}", f"{before}0")[:-1], after))
    return _Layout(
        quantum=Decimal(1).scaleb(-precision),
        symbols={ord(","): get_group_symbol(locale), ord("."): point},
        positive=sides[0],
        negative=sides[1],
    )


def number(value: object, notation: Notation) -> str:
    """`1234.5` → `1,234.5`. Takes integers, finite floats and decimal strings."""
    if type(value) is float:
        value = f"{value:.12f}".rstrip("0").rstrip(".")
    return _number(decimal(value) or _ZERO, notation)


@lru_cache(maxsize=4096)  # As _money() is.
def _number(value: Decimal, notation: Notation) -> str:
    return format_decimal(value, locale=notation.locale)


def plural(value: object, forms: dict[str, str], notation: Notation) -> str:
    """The form of a word for the count `value`.

    `forms` has CLDR's categories: zero, one, two, few, many, other. `other` is required and is the
    fallback. Raises Unrenderable.
    """
    if "other" not in forms:
        raise Unrenderable("plural needs at least the form other='…'")
    form: str = notation.locale.plural_form(decimal(value))
    return forms.get(form, forms["other"])


Style = Literal["date", "time", "datetime"]

_LONGEST: Final = len("2026-03-01T09:00:00.000000+00:00:00.000000")
_DATE_LENGTH: Final = len("2026-03-01")
#: Words in a pattern of CLDR are quoted: `{1} 'at' {0}`.
_QUOTED: Final = re.compile("'([^']*)'")


@lru_cache(maxsize=1024)
def time_zone(name: str) -> tzinfo | None:
    """The IANA time zone of this name, or None."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return None


def parse_date(value: object) -> date | datetime:
    """Parse an ISO 8601 date or timestamp. Raises Unrenderable."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        try:
            return (
                date.fromisoformat(value)
                if len(value) == _DATE_LENGTH
                else datetime.fromisoformat(value)
            )
        except ValueError:
            pass
    raise Unrenderable("a date must be ISO 8601, such as '2026-03-01' or '2026-03-01T09:00:00Z'")


def timestamp(value: datetime, style: Style, zones: tuple[str, ...], notation: Notation) -> str:
    """Format a timestamp in the first of `zones` that exists; a time of day names the zone.

    A timestamp without an offset is in UTC.
    """
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    place = next((found for name in zones if (found := time_zone(name))), UTC)
    try:
        local = value.astimezone(place)
    except OverflowError:
        local = value
    if style == "date":
        return day(local.date(), notation)
    hour = f"{_hour(local.hour, local.minute, notation)} {_abbreviation(local)}"
    if style == "time":
        return hour
    return _both(notation).replace("{1}", day(local.date(), notation)).replace("{0}", hour)


@lru_cache(maxsize=4096)
def day(value: date, notation: Notation) -> str:
    """Format a date. It has no time zone."""
    pattern = notation.locale.date_formats["long"].pattern
    return parse_pattern(pattern).apply(value, notation.locale)


# Days and times are cached separately: babel takes 30 µs for both, and there are few of each.
@lru_cache(maxsize=8192)
def _hour(hour: int, minute: int, notation: Notation) -> str:
    pattern = notation.locale.time_formats["short"].pattern
    return parse_pattern(pattern).apply(time(hour, minute), notation.locale)


@lru_cache(maxsize=1024)
def _both(notation: Notation) -> str:
    return _QUOTED.sub(lambda word: word[1] or "'", notation.locale.datetime_formats["long"])


def _abbreviation(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
