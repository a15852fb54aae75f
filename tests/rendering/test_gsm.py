"""Counting text messages, against the standard read letter by letter."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatcher.rendering.gsm import (
    BASIC,
    EXTENSION,
    Encoding,
    Measure,
    measure,
    not_in_gsm,
    simplified,
)

#: GSM 03.38, table 6.2.1, column by column: the code of each character, 0x1b being the escape.
TABLE = {
    character: code
    for code, character in enumerate(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    if character != "\x1b"
}
#: Table 6.2.1.1: what the same codes mean behind an escape.
ESCAPED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip

GSM_TEXT = st.text(st.sampled_from([*TABLE, *ESCAPED]))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def model(text: str) -> Measure:
    """Writes the text as a phone would, then cuts it into messages."""
    if all(character in TABLE or character in ESCAPED for character in text):
        encoding, alone, each = Encoding.GSM, 160, 153
        coded = [
            [TABLE[character]] if character in TABLE else [0x1B, ESCAPED[character]]
            for character in text
        ]
    else:
        encoding, alone, each = Encoding.UCS2, 70, 67
        coded = [list(memoryview(character.encode("utf-16-be")).cast("H")) for character in text]
    whole = [unit for units in coded for unit in units]
    if len(whole) <= alone:
        return Measure(encoding, len(whole), 1)
    messages: list[list[int]] = [[]]
    for units in coded:
        if len(messages[-1]) + len(units) > each:
            messages.append([])
        messages[-1] += units
    assert [unit for message in messages for unit in message] == whole
    return Measure(encoding, len(whole), len(messages))


def test_the_alphabet_is_the_standards() -> None:
    assert set(TABLE) == BASIC
    assert set(ESCAPED) == EXTENSION
    assert (TABLE["@"], TABLE["Δ"], TABLE[" "], TABLE["¡"], TABLE["à"]) == (0, 16, 32, 64, 127)


@given(GSM_TEXT)
@example("€" * 80)
@example("x" * 160)
@example("x" * 161)
@example("x" * 152 + "€" + "x" * 7)
def test_a_gsm_text_is_counted_as_the_standard_has_it(text: str) -> None:
    assert measure(text) == model(text)


@given(ANY_TEXT)
@example("\N{PARTY POPPER}" * 35)
@example("ж" * 66 + "\N{PARTY POPPER}" + "ж" * 3)
def test_any_text_is_counted_as_the_standard_has_it(text: str) -> None:
    assert measure(text) == model(text)


@given(st.sampled_from(["x", "€", "ж", "\N{PARTY POPPER}", "e\u0301"]), st.integers(1, 400))
def test_long_texts_of_one_kind_are_counted_as_the_standard_has_it(each: str, count: int) -> None:
    assert measure(each * count) == model(each * count)


@pytest.mark.parametrize(
    ("text", "units", "segments"),
    [
        ("", 0, 1),
        ("x" * 160, 160, 1),
        ("x" * 161, 161, 2),
        ("x" * 306, 306, 2),
        ("x" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        # 153 is odd: the last septet of each message stays empty.
        ("€" * 152, 304, 2),
        ("€" * 153, 306, 3),
        ("ж" * 70, 70, 1),
        ("ж" * 71, 71, 2),
        ("ж" * 134, 134, 2),
        ("ж" * 135, 135, 3),
        ("\N{PARTY POPPER}" * 35, 70, 1),
        # 67 is odd too.
        ("\N{PARTY POPPER}" * 66, 132, 2),
        ("\N{PARTY POPPER}" * 67, 134, 3),
    ],
)
def test_the_bounds_are_exact(text: str, units: int, segments: int) -> None:
    assert (measure(text).units, measure(text).segments) == (units, segments)


def test_a_curly_quote_turns_160_characters_into_70() -> None:
    assert measure("It's" + "x" * 156).segments == 1
    assert measure("It’s" + "x" * 156).segments == 3


def test_what_gsm_does_not_have_is_named_each_once_and_whole() -> None:
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"

    assert not_in_gsm(f"Août, ça va ? {family} Août") == ("û", "ç", family)
    assert not_in_gsm("e\u0301 is two code points") == ("e\u0301",)
    assert not_in_gsm("Payé : 20 € [ok]") == ()


def test_typography_gives_way_where_it_alone_is_in_the_way() -> None:
    assert simplified("“It’s paid” – 149,00\u00a0€…") == '"It\'s paid" - 149,00 €...'


def test_typography_stays_where_giving_it_up_gains_nothing() -> None:
    assert simplified("“It’s paid” 🎉") == "“It’s paid” 🎉"


@given(ANY_TEXT)
@example("…" * 70)
def test_a_plainer_text_never_costs_more_segments(text: str) -> None:
    assert measure(simplified(text)).segments <= measure(text).segments
    assert simplified(simplified(text)) == simplified(text)
