"""Masking: the net under logs and terminals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.masking import mask, mask_url, printable


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("smtp://u:hunter2@h:25/ is down", "smtp://u:***@h:25/ is down"),
        ("postgresql://u:p@ss/w@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u@h/d?password=hunter2&a=1", "postgresql://u@h/d?password=***&a=1"),
        ("host=h password=hunter2 dbname=d", "host=h password=*** dbname=d"),
        ("host=h password='hun ter\\'2' dbname=d", "host=h password=*** dbname=d"),
        ("550 <bob.b+x@example.org> unknown", "550 <<address>> unknown"),
        ("to jürgen@bücher.example", "to <address>"),
        ("call +33612345678 now", "call <phone> now"),
        ("at 2026-01-01T10:00:00+02:00", "at 2026-01-01T10:00:00+02:00"),
        ("postgresql://postgres@/postgres?host=/tmp", "postgresql://postgres@/postgres?host=/tmp"),
        ("routed 500 events", "routed 500 events"),
    ],
)
def test_passwords_and_addresses_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=8))
def test_no_password_survives_in_a_url(secret: str) -> None:
    assert secret not in mask_url(f"smtp://user:{secret}@host:25").removeprefix("smtp://user:***@")


@given(st.text())
def test_any_text_can_be_masked(text: str) -> None:
    assert mask(mask(text)) is not None


def test_a_terminal_is_shown_the_marks_of_arabic_amounts_and_no_overrides() -> None:
    assert printable("\u200f149.00\xa0\u20ac") == "\u200f149.00\xa0\u20ac"
    assert printable("\u202e\x1b[31m") == "\ufffd\ufffd[31m"
