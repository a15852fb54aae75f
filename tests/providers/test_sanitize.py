"""What a server says may be long, hostile, or repeat what we must not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.providers.sanitize import LONGEST, LONGEST_ID, sanitize, sanitize_id


@given(st.text(), st.text(min_size=3))
def test_a_quotation_is_one_printable_line_that_fits(text: str, secret: str) -> None:
    line = sanitize(text, secret)

    assert line.isprintable()
    assert len(line) <= LONGEST


def test_a_secret_is_left_out_in_any_case() -> None:
    line = sanitize("no ANN@example.org here,\r\n 'h(unter2' either", "ann@example.org", "h(unter2")

    assert line == "no … here, '…' either"


def test_a_long_text_ends_visibly() -> None:
    assert sanitize("x" * 1000) == "x" * (LONGEST - 1) + "…"


@pytest.mark.parametrize(
    "said", [None, 7, "", " ", "SM\0", "SM\ud800", "clé", "two\nlines", ["SM1"]]
)
def test_what_can_be_no_id_is_none(said: object) -> None:
    assert sanitize_id(said) is None


def test_an_id_is_kept_up_to_a_length() -> None:
    assert sanitize_id(" SM1 ") == "SM1"
    assert sanitize_id("x" * 1000) == "x" * LONGEST_ID
