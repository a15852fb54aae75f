"""Pictures of pages, as a person with a certain screen and taste has them."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from tests.peers.chromium import Chromium

Scheme = Literal["light", "dark"]

#: CSS pixels: a desktop's window and a phone held upright.
WIDTHS: Final = {"desktop": 1100, "phone": 390}
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
#: A page that scrolls without end would make a picture that nobody looks at.
_TALLEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at. `width` is in CSS pixels."""

    device: str
    width: int
    scheme: Scheme


LOOKS: Final = tuple(
    Look(device, width, scheme) for device, width in WIDTHS.items() for scheme in SCHEMES
)


class Camera:
    """A Chromium that writes PNGs into a folder, for as long as a `with` block lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closing = ExitStack()
        self.browser = Chromium("--hide-scrollbars", "--force-device-scale-factor=1")

    def photograph(self, name: str, url: str, *looks: Look) -> list[Path]:
        """The whole page, once for each look (all, if none is named): `NAME-phone-dark.png`."""
        taken = []
        for look in looks or LOOKS:
            self.dress(look)
            self.browser.open(url)
            taken.append(self.take(f"{name}-{look.device}-{look.scheme}"))
        return taken

    def dress(self, look: Look) -> None:
        """Gives the browser the screen and the taste; a page that is open sees them change."""
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            width=look.width,
            height=844,
            deviceScaleFactor=1,
            mobile=look.device == "phone",
        )
        self._tell(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": look.scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )

    def take(self, name: str) -> Path:
        """What is open now, from top to bottom."""
        size = self._tell("Page.getLayoutMetrics")["cssContentSize"]
        picture = self._tell(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={
                "x": 0,
                "y": 0,
                "width": size["width"],
                "height": min(size["height"], _TALLEST),
                "scale": 1,
            },
        )
        file = self._folder / f"{name}.png"
        file.write_bytes(base64.b64decode(picture["data"]))
        return file

    def _tell(self, command: str, **arguments: Any) -> Any:
        return self.browser.driver.execute_cdp_cmd(command, arguments)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._closing.enter_context(self.browser)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
