"""Firefox, driven by Marionette, its own protocol; with Web Push through a server of the test's."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.peers import program

_SOURCE = "apt-get install firefox-esr"
_STARTUP = 60
_PREFERENCES = {
    # Nothing is looked up but what is on this machine.
    "network.proxy.type": 0,
    "network.prefetch-next": False,
    "network.captive-portal-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "dom.serviceWorkers.enabled": True,
}
#: Errors of pages and of their security policies; each begins with the script's address.
_COMPLAINTS = """
const { warningFlag } = Ci.nsIScriptError;
return Services.console.getMessageArray()
  .filter(each => each instanceof Ci.nsIScriptError && !(each.flags & warningFlag))
  .map(each => `${each.sourceName}: ${each.errorMessage}`)
  .filter(each => /^https?:/.test(each));
"""


def push_preferences(server: str) -> dict[str, Any]:
    """What lets a page subscribe through the push server at this WebSocket address, unasked."""
    return {
        "dom.push.enabled": True,
        "dom.push.connection.enabled": True,
        "dom.push.serverURL": server,
        "dom.push.testing.allowInsecureServerURL": True,
        "dom.push.userAgentID": "",
        "dom.push.alwaysConnect": True,
        "dom.webnotifications.enabled": True,
        "dom.webnotifications.serviceworker.enabled": True,
        # Allow: there is nobody to ask.
        "permissions.default.desktop-notification": 1,
        # Firefox shows notifications itself. Handed to the desktop by D-Bus where there is one, a
        # headless Firefox lists none.
        "alerts.useSystemBackend": False,
    }


class Firefox:
    """A fresh profile each time; see tests/support/peers/browser.py. `driver` is Marionette's."""

    def __init__(
        self, *, push_server: str | None = None, preferences: Mapping[str, Any] | None = None
    ) -> None:
        """Skips the test if Firefox or Marionette's client is absent.

        `push_server` is the `ws://127.0.0.1:…` address of what plays the browser vendor.
        """
        with warnings.catch_warnings():
            # Mozilla's packages use what later Pythons and setuptools deprecate.
            warnings.simplefilter("ignore")
            self._marionette = pytest.importorskip(
                "marionette_driver.marionette",
                reason="marionette-driver is not installed: make browsers",
            )
        self._binary = program.path_of("firefox-esr", "firefox", source=_SOURCE)
        self._preferences = {
            **_PREFERENCES,
            **(push_preferences(push_server) if push_server else {}),
            **(preferences or {}),
        }
        self._closing = ExitStack()
        self.driver: Any = None

    def open(self, url: str) -> None:
        self.driver.navigate(url)

    def run(self, script: str, *arguments: Any) -> Any:
        # No sandbox of Marionette's: the page's own objects, as Chromium shows them.
        return self.driver.execute_script(script, script_args=arguments, sandbox=None)

    def complaints(self) -> list[str]:
        """Errors of the pages that were open until now, as the console shows them.

        What they wrote by console.error() is not among them.
        """
        with self.driver.using_context("chrome"):
            found: list[str] = self.driver.execute_script(_COMPLAINTS)
        return found

    def start(self) -> None:
        folder = self._closing.enter_context(
            tempfile.TemporaryDirectory(prefix="postbell_firefox_", ignore_cleanup_errors=True)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.driver = self._marionette.Marionette(
                bin=self._binary,
                port=0,
                # For complaints(): the console is the browser's own.
                app_args=["-remote-allow-system-access"],
                headless=True,
                prefs=self._preferences,
                workspace=folder,
                gecko_log=str(Path(folder) / "gecko.log"),
                startup_timeout=_STARTUP,
            )
            self._closing.callback(self._quit)
            self.driver.start_session()

    def close(self) -> None:
        self._closing.close()

    def _quit(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.driver.cleanup()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
