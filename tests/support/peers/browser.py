"""What a test does with a browser, whichever it is."""

from __future__ import annotations

import time
from typing import Any, Protocol, Self

_PATIENCE = 30.0
_INTERVAL = 0.05


class Browser(Protocol):
    """A real browser without a window, for as long as a `with` block lasts.

    It blocks: from a test whose own loop serves the page, call it by `asyncio.to_thread`.
    """

    def open(self, url: str) -> None:
        """Returns when the page has loaded."""
        ...

    def run(self, script: str, *arguments: Any) -> Any:
        """What the function body returns, in the page; its arguments are in `arguments`.

        A promise is awaited.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def until(browser: Browser, script: str, *arguments: Any, seconds: float = _PATIENCE) -> Any:
    """What the script returns as soon as that is true. Raises TimeoutError with the script."""
    deadline = time.monotonic() + seconds
    while not (found := browser.run(script, *arguments)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {seconds:g} s: {script}")
        time.sleep(_INTERVAL)
    return found
