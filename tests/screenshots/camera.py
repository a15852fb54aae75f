"""Pictures of pages, as a person with a certain screen and taste has them."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from tests.support.peers.chromium import Chromium

Scheme = Literal["light", "dark"]

#: CSS pixels: a desktop's window and a phone held upright.
WIDTHS: Final = {"desktop": 1100, "phone": 390}
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
#: What is seen of a page without scrolling, in CSS pixels.
_SCREEN: Final = 844
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
        self._look = LOOKS[0]
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
        self._look = look
        self._screen(_SCREEN)
        self._tell(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": look.scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )

    def take(self, name: str) -> Path:
        """What is open now, from top to bottom."""
        # Chromium's captureBeyondViewport shifts pages that are written from right to left.
        height = self._tell("Page.getLayoutMetrics")["cssContentSize"]["height"]
        self._screen(min(max(height, _SCREEN), _TALLEST))
        picture = self._tell("Page.captureScreenshot")
        self._screen(_SCREEN)
        file = self._folder / f"{name}.png"
        file.write_bytes(base64.b64decode(picture["data"]))
        return file

    def _screen(self, height: int) -> None:
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            width=self._look.width,
            height=height,
            deviceScaleFactor=1,
            mobile=self._look.device == "phone",
        )

    def _tell(self, command: str, **arguments: Any) -> Any:
        return self.browser.driver.execute_cdp_cmd(command, arguments)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._closing.enter_context(self.browser)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
