"""The demo's page in real browsers: a button in one, the bell in the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: What a script begins with that asks the bell.
_BELL = "const bell = document.querySelector('postbell-inbox');"
#: How long nothing may be asked for while nothing happens.
_IDLE = 8.0


@dataclass
class Demo:
    """A running demo."""

    url: str
    process: subprocess.Popen[str]


@pytest.fixture
def demo() -> Iterator[Demo]:
    address = f"http://127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [sys.executable, "-c", "from dispatcher.cli import main; main()", "demo"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "POSTBELL_PUBLIC_URL": address,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        try:
            ready = next((line for line in process.stdout if "press a button" in line), None)
            assert ready is not None, "the demo ended before it was ready"
            yield Demo(address, process)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def opened(browser: Chromium, url: str, unread: int = 0) -> None:
    """The page, as Ada, when the bell counts that many."""
    browser.open(f"{url}/?as=ada")
    rings(browser, unread)


def rings(browser: Chromium, unread: int) -> None:
    """Waits until the bell counts that many."""
    until(browser, f"{_BELL} return bell?.unread === {unread}")


def press(browser: Chromium, selector: str) -> None:
    until(browser, "return document.querySelector(arguments[0])", selector)
    browser.run("document.querySelector(arguments[0]).click()", selector)


def shows(browser: Chromium, text: str) -> None:
    """Waits until a card says so."""
    until(browser, "return document.getElementById('cards').innerText.includes(arguments[0])", text)


def says(browser: Chromium, text: str) -> None:
    """Waits until the line for what concerns the whole page says so."""
    until(
        browser,
        "const said = document.getElementById('status');"
        "return !said.hidden && said.textContent.includes(arguments[0])",
        text,
    )


def requests(browser: Chromium) -> int:
    """How many the page has made."""
    return int(browser.run("return performance.getEntriesByType('resource').length"))


@pytest.mark.timeout(300)
def test_an_order_is_paid_in_one_window_and_the_bell_rings_in_another(demo: Demo) -> None:
    with Chromium() as shop, Chromium() as phone:
        # Both are Ada's.
        opened(shop, demo.url)
        assert shop.run("return document.querySelector('.empty').checkVisibility()")
        press(shop, "#do-place")
        shows(shop, "Order #1001 received")
        rings(shop, 1)
        opened(phone, demo.url, 1)
        phone.run(
            "window.heard = [];"
            "addEventListener('postbell:notification', event => heard.push(event.detail.title))"
        )
        press(shop, "#lead .primary")
        shows(shop, "Ada Lindqvist pays order 1001")
        rings(phone, 2)
        assert until(phone, "return heard.length && heard") == ["Order #1001 paid"]
        shows(phone, "Order #1001 paid")

        # The mail that was caught, in the dialog.
        shows(shop, "Payment of £")
        press(shop, "#cards a[href^='/messages/']")
        until(shop, "return document.querySelector('dialog[open] iframe')")

        # Whoever follows a link to the gateway is logged in there.
        for page in ("preferences", "operator", "preview"):
            phone.open(f"{demo.url}/?as=ada")
            phone.run("document.querySelector(arguments[0]).target = ''", f"[href^='/go/{page}']")
            press(phone, f"[href^='/go/{page}']")
            until(phone, "return location.pathname === arguments[0]", f"/{page}")
        opened(phone, demo.url, 2)

        # Read there, read everywhere.
        read_all = "[title='Mark all read']"
        phone.run(f'{_BELL} bell.open(); bell.shadowRoot.querySelector("{read_all}").click()')
        rings(phone, 0)
        rings(shop, 0)


@pytest.mark.timeout(300)
def test_a_what_if_is_answered_before_anything_is_sent_and_then_comes_true(demo: Demo) -> None:
    with Chromium() as browser:
        opened(browser, demo.url)
        press(browser, "#what-if-overspend")
        until(
            browser,
            "return document.querySelector('dialog[open]')"
            "?.innerText.includes('wallet_is_not_overdrawn would object')",
        )
        press(browser, "dialog > button")

        press(browser, "#what-if-place")
        until(browser, "return document.querySelectorAll('dialog[open] .chip.good').length === 3")
        assert browser.run(f"{_BELL} return bell.unread") == 0
        press(browser, "dialog .primary")
        rings(browser, 1)


@pytest.mark.timeout(300)
def test_an_idle_page_asks_for_nothing_and_says_what_is_and_when_it_has_ended(demo: Demo) -> None:
    with Chromium() as browser:
        opened(browser, demo.url)
        press(browser, "#do-place")
        shows(browser, "Order #1001 received")
        shows(browser, "We have received your order")
        time.sleep(2)
        before = requests(browser)
        time.sleep(_IDLE)
        assert requests(browser) == before

        press(browser, "#do-take-back")
        says(browser, "Press “Complete it, tell in 30 s” first.")
        demo.process.send_signal(signal.SIGTERM)
        says(browser, "The demo has ended.")


@pytest.mark.timeout(300)
def test_a_connection_that_is_lost_is_called_that_and_comes_back(demo: Demo) -> None:
    with Chromium() as browser:
        opened(browser, demo.url)
        demo.process.send_signal(signal.SIGSTOP)
        try:
            # Nothing is lost yet: the page does not know, and says nothing.
            time.sleep(1)
            assert browser.run("return document.getElementById('status').hidden")
        finally:
            demo.process.send_signal(signal.SIGCONT)
        demo.process.kill()
        says(browser, "The connection to the demo is lost. This page tries again by itself.")
