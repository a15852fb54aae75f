"""The contrast of two colours, as WCAG 2.2 measures it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: Red, green and blue of sRGB, 0 to 255.
Rgb = tuple[float, float, float]
#: What WCAG 2.2 asks of text (1.4.3).
ENOUGH: Final = 4.5
_HEX: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_LENGTH_OF_SHORT: Final = len("#rgb")
#: Parts of sRGB up to which it is linear (IEC 61966-2-1).
_LINEAR: Final = 0.04045
_BLACK: Final = "#000000"
_WHITE: Final = "#ffffff"


@lru_cache(maxsize=1024)
def readable_on(color: str) -> str:
    """Black or white, whichever has more contrast on a colour such as `#1f6f54` or `#1f5`.

    One of the two always has a contrast of ENOUGH. The answer for a colour in another notation is
    white.
    """
    if not _HEX.fullmatch(color):
        return _WHITE
    return max(_WHITE, _BLACK, key=lambda text: contrast(rgb_of(text), rgb_of(color)))


def rgb_of(color: str) -> Rgb:
    """`#1f6f54` or `#1f5` as numbers."""
    is_short = len(color) == _LENGTH_OF_SHORT
    digits = "".join(each * 2 for each in color[1:]) if is_short else color[1:]
    red, green, blue = (int(digits[place : place + 2], 16) for place in (0, 2, 4))
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio: 1 for equal colours, 21 for black on white."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(rgb: Rgb) -> float:
    """The relative luminance, between 0 and 1."""
    red, green, blue = map(_linear, rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    """Linear light of a part of sRGB."""
    part = value / 255
    if part <= _LINEAR:
        return part / 12.92
    return float(((part + 0.055) / 1.055) ** 2.4)
