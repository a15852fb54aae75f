from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from babel import Locale
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.rendering import formats
from dispatcher.rendering.errors import Unrenderable
from dispatcher.rendering.locales import notation

LOCALES = ["en", "fr", "de", "de-ch", "es", "pl", "pt-pt", "hi", "ar", "he", "ja", "nl", "sv", "fa"]


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "written"),
    [
        ("en", "1234.5", "USD", "$1,234.50"),
        ("fr", "1234.5", "EUR", "1\u202f234,50\xa0€"),
        ("de", "-1234.5", "EUR", "-1.234,50\xa0€"),
        ("en", "1500", "JPY", "¥1,500"),
        ("en", "1.2345", "KWD", "KWD\xa01.234"),
        ("en", "19.90", "eur", "€19.90"),
        ("hi", "1234567", "INR", "₹12,34,567.00"),
        ("ar", "1234.5", "EUR", "\u200f1,234.50\xa0€"),
    ],
)
def test_money_is_written_as_the_locale_does(
    locale: str, amount: str, currency: str, written: str
) -> None:
    assert formats.money(amount, currency, notation(locale)) == written


@given(
    amount=st.decimals("-1e15", "1e15", places=4),
    currency=st.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF", "XYZ", "INR"]),
    locale=st.sampled_from(LOCALES),
)
def test_it_is_what_babel_writes(amount: Decimal, currency: str, locale: str) -> None:
    babel = format_currency(amount, currency, locale=Locale.parse(locale, sep="-"))
    # CLDR's space between a code and a digit, which babel leaves out.
    spaced = re.sub(r"(?<=[^\W\d_])(?=[0-9])", "\xa0", babel)
    assert formats.money(f"{amount:f}", currency, notation(locale)) == spaced


@pytest.mark.parametrize("currency", ["gold coins", "€", "EURO", "x" * 100, "a\r\nb"])
def test_what_is_no_currency_is_written_as_it_came(currency: str) -> None:
    written = formats.money("1234.50", currency, notation("en"))
    assert written.startswith("1,234.5")
    assert len(written) <= 21
    assert "\n" not in written


@pytest.mark.parametrize("amount", ["1e5", "Infinity", "٣", "1" * 19, 1.5, None, 10**18, " 1"])
def test_what_is_no_exact_decimal_is_refused(amount: object) -> None:
    with pytest.raises(Unrenderable):
        formats.money(amount, "EUR", notation("en"))


def test_numbers_are_grouped() -> None:
    assert formats.number(1234567, notation("fr")) == "1\u202f234\u202f567"
    assert formats.number(0.5, notation("en")) == "0.5"
    assert formats.number(20.0, notation("en")) == "20"


def test_plurals_follow_the_language() -> None:
    forms = {"one": "commande", "other": "commandes"}
    assert formats.plural(0, forms, notation("fr")) == "commande"
    assert formats.plural(0, forms, notation("en")) == "commandes"
    assert formats.plural(2, {"few": "dwa", "other": "inne"}, notation("pl")) == "dwa"
    six = {form: form for form in ("zero", "one", "two", "few", "many", "other")}
    assert [formats.plural(n, six, notation("ar")) for n in (0, 1, 2, 3, 11, 100)] == list(six)
    with pytest.raises(Unrenderable, match="other"):
        formats.plural(1, {"one": "x"}, notation("en"))


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
    assert formats.timestamp(NOON, "datetime", (zone,), notation(locale)) == written


def test_an_unknown_zone_gives_way_to_the_next() -> None:
    zones = ("../../etc/passwd", "Mars/Olympus", "Europe/Paris")
    assert formats.timestamp(NOON, "time", zones, notation("fr")) == "14:00 CEST"
    assert formats.timestamp(NOON, "time", ("nowhere",), notation("fr")) == "12:00 UTC"


def test_a_timestamp_without_an_offset_is_utc() -> None:
    naive = formats.parse_date("2026-07-01T12:00:00")
    assert isinstance(naive, datetime)
    assert formats.timestamp(naive, "time", ("Europe/Paris",), notation("fr")) == "14:00 CEST"


def test_the_date_of_a_moment_is_the_readers() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert formats.timestamp(late, "date", ("Asia/Tokyo",), notation("en")) == "July 2, 2026"


@pytest.mark.parametrize(
    "value", ["yesterday", "", "2026-13-01", "9" * 100, 5, None, [], "2026-02-30"]
)
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(Unrenderable, match="ISO 8601"):
        formats.parse_date(value)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["Asia/Tokyo", "America/New_York"]))
def test_any_moment_can_be_written(moment: datetime, zone: str) -> None:
    assert formats.timestamp(moment, "datetime", (zone,), notation("en"))


def test_zero_has_no_sign_whichever_was_written_first() -> None:
    english = notation("en")
    written = {formats.money(amount, "EUR", english) for amount in ("-0.00", "0", "0.00")}

    assert written == {"€0.00"}
    assert {formats.number(number, english) for number in ("-0", 0, -0.0)} == {"0"}
