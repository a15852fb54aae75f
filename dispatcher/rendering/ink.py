"""What can be read on a colour of a tenant's choosing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_HEX: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_BLACK: Final = "#000000"
_WHITE: Final = "#ffffff"


@lru_cache(maxsize=1024)
def ink_on(color: str) -> str:
    """Black or white, whichever stands out more on `#1f6f54` or `#1f5`; white on other spellings.

    One of the two always has the contrast of 4.5 that WCAG 2.2 asks of text (1.4.3).
    """
    if not _HEX.fullmatch(color):
        return _WHITE
    return max(_WHITE, _BLACK, key=lambda ink: contrast(ink, color))


def contrast(one: str, other: str) -> float:
    """Between 1, the same, and 21, black on white (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    """Between 0 and 1 (WCAG 2.2, relative luminance)."""
    digits = color[1:] if len(color) == len(_BLACK) else "".join(each * 2 for each in color[1:])
    red, green, blue = (_linear(int(digits[place : place + 2], 16) / 255) for place in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    """Light, from what sRGB calls it (IEC 61966-2-1)."""
    if channel <= 0.04045:  # noqa: PLR2004 # where the standard has its bend
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)
