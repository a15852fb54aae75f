"""A tenant's colour as CSS: made darker or lighter until text in it can be read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from dispatcher.rendering.contrast import ENOUGH, Rgb, contrast, luminance, rgb_of

#: What the colour stands on, in light and in dark; `--page` and `--raised` of page.css.
_LIGHT: Final = (0xF3, 0xF4, 0xF6)
_DARK: Final = (0x1D, 0x24, 0x32)
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def color_of(branding: dict[str, Any]) -> str | None:
    """The `color` of a tenant's branding, if it is one: `#1f6f4a`."""
    color = branding.get("color")
    return color if isinstance(color, str) and _COLOR.fullmatch(color) else None


@lru_cache(maxsize=1024)
def style_of(color: str) -> str:
    """The style sheet that sets `--strong` and `--on-strong` for `#rrggbb`, in light and dark."""
    light, dark = (_rules(_readable(rgb_of(color), ground)) for ground in (_LIGHT, _DARK))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _rules(strong: Rgb) -> str:
    on_strong = "#fff" if contrast(strong, (255, 255, 255)) >= ENOUGH else "#0b0f17"
    written = "".join(f"{round(value):02x}" for value in strong)
    return f"--strong:#{written};--on-strong:{on_strong}"


def _readable(rgb: Rgb, ground: Rgb) -> Rgb:
    """The colour, a step darker or lighter until it stands out enough from what it stands on."""
    end = 0 if luminance(ground) > luminance((128, 128, 128)) else 255
    while contrast(rgb, ground) < ENOUGH:
        red, green, blue = (value + (end - value) * 0.12 for value in rgb)
        rgb = (red, green, blue)
    return rgb
