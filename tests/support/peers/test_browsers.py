"""The browsers that the tests drive do what the tests ask of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.peers.browser import Browser, until
from tests.support.peers.chromium import Chromium
from tests.support.peers.firefox import Firefox
from tests.support.peers.site import opened

pytestmark = pytest.mark.slow

_PAGE = b"""<!doctype html>
<title>Bell</title>
<script>
var heard = [];
var source = new EventSource("/stream");
source.onmessage = frame => heard.push(frame.data);
navigator.serviceWorker.register("/worker.js");
</script>
"""
_PAGES = {
    "/": ("text/html", _PAGE),
    "/worker.js": ("text/javascript", b"self.addEventListener('push', () => {});"),
    "/stream": ("text/event-stream", b"data: ding\n\n"),
}


@pytest.fixture
def site() -> Iterator[str]:
    with opened(_PAGES) as origin:
        yield f"{origin}/"


@pytest.fixture(params=[Chromium, Firefox])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with request.param() as browser:
        yield browser


def test_a_browser_shows_a_page_hears_its_stream_and_runs_its_worker(
    browser: Browser, site: str
) -> None:
    browser.open(site)

    assert browser.run("return document.title + arguments[0]", "!") == "Bell!"
    assert until(browser, "return heard[0]") == "ding"
    assert browser.run("return navigator.serviceWorker.ready.then(found => found.scope)") == site


def test_a_page_keeps_what_a_script_left_in_it(browser: Browser, site: str) -> None:
    browser.open(site)

    browser.run("window.kept = {number: arguments[0]}", 7)

    assert browser.run("return window.kept.number") == 7


def test_a_script_that_stays_false_is_told_of(browser: Browser, site: str) -> None:
    browser.open(site)

    with pytest.raises(TimeoutError, match="return false"):
        until(browser, "return false", seconds=0.2)
