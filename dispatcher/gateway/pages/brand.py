"""A tenant's colour as CSS: made darker or lighter until text in it can be read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

#: As WCAG 2.2 asks of text (1.4.3).
_CONTRAST: Final = 4.5
#: What the colour stands on, in light and in dark; `--page` and `--raised` of page.css.
_LIGHT: Final = (0xF3, 0xF4, 0xF6)
_DARK: Final = (0x1D, 0x24, 0x32)
#: Parts of sRGB up to which it is linear (WCAG 2.2, relative luminance).
_LINEAR: Final = 0.04045
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")

_Rgb = tuple[float, float, float]


def color_of(branding: dict[str, Any]) -> str | None:
    """The `color` of a tenant's branding, if it is one: `#1f6f4a`."""
    color = branding.get("color")
    return color if isinstance(color, str) and _COLOR.fullmatch(color) else None


@lru_cache(maxsize=1024)
def style_of(color: str) -> str:
    """The style sheet that sets `--strong` and `--on-strong` for `#rrggbb`, in light and dark."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    light, dark = (_rules(_readable((red, green, blue), ground)) for ground in (_LIGHT, _DARK))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _rules(strong: _Rgb) -> str:
    on_strong = "#fff" if _contrast(strong, (255, 255, 255)) >= _CONTRAST else "#0b0f17"
    written = "".join(f"{round(value):02x}" for value in strong)
    return f"--strong:#{written};--on-strong:{on_strong}"


def _readable(rgb: _Rgb, ground: _Rgb) -> _Rgb:
    """The colour, a step darker or lighter until it stands out enough from what it stands on."""
    end = 0 if _luminance(ground) > _luminance((128, 128, 128)) else 255
    while _contrast(rgb, ground) < _CONTRAST:
        red, green, blue = (value + (end - value) * 0.12 for value in rgb)
        rgb = (red, green, blue)
    return rgb


def _contrast(one: _Rgb, other: _Rgb) -> float:
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: _Rgb) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = map(_linear, rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    part = value / 255
    return part / 12.92 if part <= _LINEAR else float(((part + 0.055) / 1.055) ** 2.4)
