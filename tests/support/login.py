"""Logging in as a person does: by an address, and the button of the page that it opens."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.support.peers.browser import Browser, until


def enter(browser: Browser, base: str, token: str, to: str) -> None:
    """Returns when `to` is open. `base` is the gateway's origin."""
    browser.open(f"{base}/login?{urlencode({'token': token, 'to': to})}")
    browser.run("document.querySelector('form button').click()")
    until(browser, "return location.href.startsWith(arguments[0])", f"{base}{to}")
