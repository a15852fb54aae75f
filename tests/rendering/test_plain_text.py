"""A text is cut between what people see as characters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.rendering.plain_text import cut, graphemes, one_line, paragraphs

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"
FRANCE, SPAIN = "\U0001f1eb\U0001f1f7", "\U0001f1ea\U0001f1f8"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("abc", ["a", "b", "c"]),
        ("e\u0301a", ["e\u0301", "a"]),
        (f"a{FAMILY}b", ["a", FAMILY, "b"]),
        ("\N{THUMBS UP SIGN}\U0001f3fd!", ["\N{THUMBS UP SIGN}\U0001f3fd", "!"]),
        ("\u2764\ufe0f!", ["\u2764\ufe0f", "!"]),
        (f"{FRANCE}{SPAIN}", [FRANCE, SPAIN]),
        (f"a{FRANCE}{SPAIN}b", ["a", FRANCE, SPAIN, "b"]),
        (SCOTLAND, [SCOTLAND]),
        ("\r\n", ["\r\n"]),
        ("\u1112\u1161\u11ab", ["\u1112\u1161\u11ab"]),
        ("नि", ["नि"]),
    ],
)
def test_a_character_is_what_a_reader_sees(text: str, pieces: list[str]) -> None:
    assert list(graphemes(text)) == pieces


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    assert "".join(graphemes(text)) == text


@given(
    st.lists(st.sampled_from(["a", "e\u0301", FAMILY, FRANCE, SCOTLAND, " "])), st.integers(8, 40)
)
def test_no_character_is_cut_in_halves(pieces: list[str], length: int) -> None:
    kept = cut("".join(pieces), length)

    assert len(kept) <= length
    assert list(graphemes(kept)) == list(graphemes("".join(pieces)))[: len(list(graphemes(kept)))]


def test_a_bound_holds_even_for_a_character_with_a_thousand_accents() -> None:
    assert len(cut("e" + "\u0301" * 1000, 10)) == 10


@pytest.mark.parametrize("clean", [lambda text: one_line(text, 100), paragraphs])
def test_half_a_character_is_removed(clean: Callable[[str], str]) -> None:
    assert clean("paid \ud83d today") == "paid  today"
