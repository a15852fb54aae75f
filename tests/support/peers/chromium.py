"""Chromium, driven by Selenium through chromedriver."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import Any, Self

import pytest

from tests.support.peers import program

_SOURCE = "apt-get install chromium chromium-driver"
_FLAGS = (
    "--headless=new",
    # Chromium refuses its sandbox to root, and has none inside most containers.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
    # Whatever a page or the browser itself would like to look up is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class Chromium:
    """A fresh profile each time; see tests/support/peers/browser.py. `driver` is Selenium's."""

    def __init__(self, *flags: str) -> None:
        """Skips the test if Chromium, its driver or Selenium is absent."""
        self._flags = flags
        self._webdriver = pytest.importorskip(
            "selenium.webdriver", reason="selenium is not installed: make browsers"
        )
        self._binary = program.path_of("chromium", "google-chrome", source=_SOURCE)
        self._chromedriver = program.path_of("chromedriver", source=_SOURCE)
        self._closing = ExitStack()
        self.driver: Any = None

    def open(self, url: str) -> None:
        self.driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def start(self) -> None:
        options = self._webdriver.ChromeOptions()
        options.binary_location = self._binary
        profile = self._closing.enter_context(
            tempfile.TemporaryDirectory(prefix="postbell_chromium_", ignore_cleanup_errors=True)
        )
        for flag in (*_FLAGS, f"--user-data-dir={profile}", *self._flags):
            options.add_argument(flag)
        # Named, so that Selenium downloads none.
        service = self._webdriver.ChromeService(executable_path=self._chromedriver)
        self.driver = self._webdriver.Chrome(options=options, service=service)
        self._closing.callback(self.driver.quit)

    def close(self) -> None:
        self._closing.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
