from __future__ import annotations

import re
from decimal import Decimal

import pytest
from babel import Locale
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.rendering import amounts
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
    assert amounts.money(amount, currency, notation(locale)) == written


@given(
    amount=st.decimals("-1e15", "1e15", places=4),
    currency=st.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF", "XYZ", "INR"]),
    locale=st.sampled_from(LOCALES),
)
def test_it_is_what_babel_writes(amount: Decimal, currency: str, locale: str) -> None:
    babel = format_currency(amount, currency, locale=Locale.parse(locale, sep="-"))
    # CLDR's space between a code and a digit, which babel leaves out.
    spaced = re.sub(r"(?<=[^\W\d_])(?=[0-9])", "\xa0", babel)
    assert amounts.money(f"{amount:f}", currency, notation(locale)) == spaced


@pytest.mark.parametrize("currency", ["gold coins", "€", "EURO", "x" * 100, "a\r\nb"])
def test_what_is_no_currency_is_written_as_it_came(currency: str) -> None:
    written = amounts.money("1234.50", currency, notation("en"))
    assert written.startswith("1,234.5")
    assert len(written) <= 21
    assert "\n" not in written


@pytest.mark.parametrize("amount", ["1e5", "Infinity", "٣", "1" * 19, 1.5, None, 10**18, " 1"])
def test_what_is_no_exact_decimal_is_refused(amount: object) -> None:
    with pytest.raises(Unrenderable):
        amounts.money(amount, "EUR", notation("en"))


def test_numbers_are_grouped() -> None:
    assert amounts.number(1234567, notation("fr")) == "1\u202f234\u202f567"
    assert amounts.number(0.5, notation("en")) == "0.5"
    assert amounts.number(20.0, notation("en")) == "20"


def test_plurals_follow_the_language() -> None:
    forms = {"one": "commande", "other": "commandes"}
    assert amounts.counted(0, forms, notation("fr")) == "commande"
    assert amounts.counted(0, forms, notation("en")) == "commandes"
    assert amounts.counted(2, {"few": "dwa", "other": "inne"}, notation("pl")) == "dwa"
    six = {form: form for form in ("zero", "one", "two", "few", "many", "other")}
    assert [amounts.counted(n, six, notation("ar")) for n in (0, 1, 2, 3, 11, 100)] == list(six)
    with pytest.raises(Unrenderable, match="other"):
        amounts.counted(1, {"one": "x"}, notation("en"))
