from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.rendering.contrast import contrast, readable_on, rgb_of

#: WCAG 2.2, 1.4.3.
READABLE = 4.5


@pytest.mark.parametrize(
    ("color", "text"),
    [
        ("#1f6f54", "#ffffff"),
        ("#1D4ED8", "#ffffff"),
        ("#facc15", "#000000"),
        ("#fff", "#000000"),
        ("teal", "#ffffff"),
        ("#12345", "#ffffff"),
        ("", "#ffffff"),
    ],
)
def test_text_is_white_on_dark_colors_and_black_on_light_ones(color: str, text: str) -> None:
    assert readable_on(color) == text


@given(st.integers(0, 0xFFFFFF))
def test_text_is_readable_on_any_color(number: int) -> None:
    color = f"#{number:06x}"
    assert contrast(rgb_of(color), rgb_of(readable_on(color))) >= READABLE


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(rgb_of("#000"), rgb_of("#fff")) == pytest.approx(21)
    assert contrast(rgb_of("#777777"), rgb_of("#ffffff")) == pytest.approx(4.48, abs=0.005)
