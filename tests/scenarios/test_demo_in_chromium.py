"""The demo's page in real browsers: a button in one, the bell in the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.peers import axe
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


@contextmanager
def running() -> Iterator[Demo]:
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


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demo for all tests that leave it running; each is somebody else there."""
    with running() as demo:
        yield demo


def opened(browser: Chromium, url: str, who: str, unread: int = 0) -> None:
    """Somebody's page, when the bell counts that many."""
    browser.open(f"{url}/?as={who}")
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


def weighs(browser: Chromium, name: str, most: int) -> None:
    """Prints what the open page weighs, as tests/gateway/pages/test_weights.py does, and bounds it.

    Counts bytes as they were sent, headers included, on a first visit.
    """
    sizes: dict[str, int] = browser.run(
        "return Object.fromEntries([...performance.getEntriesByType('navigation'),"
        " ...performance.getEntriesByType('resource')].map(e => [e.name, e.transferSize]))"
    )
    weight, scripts = sum(sizes.values()), sum(sizes[each] for each in sizes if ".js" in each)
    html = next(iter(sizes.values()))
    kilobytes = [size / 1000 for size in (weight, html, scripts, weight - html - scripts)]
    print("\n{}: {:.1f} KB: HTML {:.1f}, scripts {:.1f}, the rest {:.1f}".format(name, *kilobytes))
    assert 0 < html < weight < most


def requests(browser: Chromium) -> list[str]:
    """The addresses of those that the page has made."""
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    return list(browser.run(script))


@pytest.mark.timeout(300)
def test_an_order_is_paid_in_one_window_and_the_bell_rings_in_another(demo: Demo) -> None:
    with Chromium() as shop, Chromium() as phone:
        # Both are Ada's.
        opened(shop, demo.url, "ada")
        press(shop, "#do-place")
        shows(shop, "Ada Lindqvist places order")
        rings(shop, 1)
        opened(phone, demo.url, "ada", 1)
        phone.run(
            "window.heard = [];"
            "addEventListener('postbell:notification', event => heard.push(event.detail.title))"
        )
        press(shop, "#lead .first")
        shows(shop, "Ada Lindqvist pays order")
        rings(phone, 2)
        (heard,) = until(phone, "return heard.length && heard")
        assert heard.endswith(" paid")
        shows(phone, heard)

        # The mail that was caught, in the dialog.
        shows(shop, "Payment of £")
        press(shop, "#cards a[href^='/messages/']")
        until(shop, "return document.querySelector('dialog[open] iframe')")

        # Whoever follows a link to the gateway logs in there.
        for page in ("preferences", "operator", "preview"):
            phone.open(f"{demo.url}/go/{page}?as=ada")
            # Templates are the operator's, who is logged in by then.
            if page != "preview":
                press(phone, "main button")
            until(phone, "return location.pathname === arguments[0]", f"/{page}")
        opened(phone, demo.url, "ada", 2)

        # Read there, read everywhere.
        read_all = "[title='Mark all read']"
        phone.run(f'{_BELL} bell.open(); bell.shadowRoot.querySelector("{read_all}").click()')
        rings(phone, 0)
        rings(shop, 0)


@pytest.mark.timeout(300)
def test_everybody_can_use_the_page_wide_or_narrow_light_or_dark_with_a_script_or_without(
    demo: Demo,
) -> None:
    with Chromium("--lang=en-GB") as browser:
        tell = browser.driver.execute_cdp_cmd
        opened(browser, demo.url, "gus")
        weighs(browser, "demo", most=120_000)
        press(browser, "#do-place")
        shows(browser, "Gus Petersen places order")
        press(browser, "#cards summary")
        shows(browser, "insert into shop.customer_order")
        for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")):
            phone = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width < 500}
            tell("Emulation.setDeviceMetricsOverride", phone)
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            tell("Emulation.setEmulatedMedia", {"features": features})
            assert axe.violations(browser) == []
            assert browser.run("return document.documentElement.scrollWidth <= innerWidth")

        # On a phone the toasts do not cover the card that says the same, and the card is in sight.
        press(browser, "#do-donate")
        shows(browser, "Gus Petersen pays without an order")
        toasts = f"{_BELL} return bell.shadowRoot.querySelector('.toasts').checkVisibility()"
        assert not browser.run(toasts)
        top = "document.querySelector('#cards > *').getBoundingClientRect().top"
        until(browser, f"return {top} >= 0 && {top} < innerHeight / 2")

        tell("Emulation.setScriptExecutionDisabled", {"value": True})
        browser.open(f"{demo.url}/?as=gus")
        browser.driver.find_element("css selector", "#lead .back").click()
        assert "Gus Petersen orders and pays the whole library" in browser.driver.page_source


@pytest.mark.timeout(300)
def test_a_connection_that_is_lost_is_called_that_and_comes_back(demo: Demo) -> None:
    with Chromium() as browser:
        opened(browser, demo.url, "imran")
        tell = browser.driver.execute_cdp_cmd
        offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        tell("Network.enable", {})
        tell("Network.emulateNetworkConditions", {**offline, "offline": True})
        # What is open stays so; the page connects anew when it is looked at again.
        browser.run("document.dispatchEvent(new Event('visibilitychange'))")
        says(browser, "The connection to the demo is lost. This page tries again by itself.")
        tell("Network.emulateNetworkConditions", {**offline, "offline": False})
        until(browser, "return document.getElementById('status').hidden")
        press(browser, "#do-place")
        shows(browser, "Imran Siddiqui places order")


@pytest.mark.timeout(300)
def test_an_idle_page_asks_for_nothing_and_says_what_is_and_when_it_has_ended() -> None:
    with running() as demo, Chromium() as browser:
        opened(browser, demo.url, "ada")
        assert browser.run("return document.querySelector('.empty').checkVisibility()")
        press(browser, "#do-place")
        shows(browser, "Order #1001 received")
        shows(browser, "We have received your order")
        rings(browser, 1)
        # What the bell asks for then has come.
        time.sleep(3)
        before = requests(browser)
        time.sleep(_IDLE)
        assert requests(browser) == before

        press(browser, "#do-take-back")
        says(browser, "Press “Complete it, tell in 30 s” first.")
        demo.process.send_signal(signal.SIGTERM)
        says(browser, "The demo has ended.")
        assert demo.process.wait(60) == 0
