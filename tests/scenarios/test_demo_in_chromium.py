"""The demo's page in real browsers: a button in one, the bell in the other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: What a script begins with that asks the bell.
_BELL = "const bell = document.querySelector('postbell-inbox');"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """The address of a demo whose story is over: what comes now was pressed."""
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
            last = next((line for line in process.stdout if "is escalated to" in line), None)
            assert last is not None, "the demo ended before its story"
            yield address
        finally:
            process.terminate()
            process.communicate(timeout=60)


def opened(browser: Chromium, page: str) -> int:
    """The page, as Ada; how many the bell counts when it has."""
    browser.open(f"{page}/#default%2Fu1")
    until(browser, f"{_BELL} return bell?.unread > 0")
    return int(browser.run(f"{_BELL} return bell.unread"))


def shows(browser: Chromium, selector: str, text: str) -> None:
    """Waits until one of these elements has the text."""
    until(
        browser,
        "return [...document.querySelectorAll(arguments[0])]"
        ".some(element => element.textContent.startsWith(arguments[1]))",
        selector,
        text,
    )


def press(browser: Chromium, selector: str) -> None:
    until(browser, "return document.querySelector(arguments[0])", selector)
    browser.run("document.querySelector(arguments[0]).click()", selector)


@pytest.mark.timeout(300)
def test_an_order_is_paid_in_one_window_and_the_bell_rings_in_another(page: str) -> None:
    with Chromium() as shop, Chromium() as phone:
        # Both are Ada's.
        opened(shop, page)
        press(shop, "[data-deed=place]")
        shows(shop, "#result.good b", "Ada Lindqvist places order")
        shows(shop, "#items h4", "Order #1012 received")
        before = opened(phone, page)
        phone.run(
            "window.heard = [];"
            "addEventListener('postbell:notification', event => heard.push(event.detail.title))"
        )
        press(shop, "[data-deed=pay]")
        shows(shop, "#result.good b", "Ada Lindqvist pays order 1012")
        until(phone, f"{_BELL} return bell.unread === {before + 1}")
        assert until(phone, "return heard.length && heard") == ["Order #1012 paid"]
        shows(phone, "#items h4", "Order #1012 paid")

        # Read there, read everywhere.
        phone.run(f"{_BELL} bell.open(); bell.shadowRoot.querySelector('header button').click()")
        until(phone, f"{_BELL} return bell.unread === 0")
        until(shop, f"{_BELL} return bell.unread === 0")
        until(shop, "return !document.querySelector('#items .unread')")


@pytest.mark.timeout(300)
def test_a_what_if_is_answered_before_anything_is_sent_and_then_comes_true(page: str) -> None:
    with Chromium() as browser:
        before = opened(browser, page)
        press(browser, "[data-what=overspend]")
        shows(browser, "#what-if-end", "wallet_is_not_overdrawn would object")
        press(browser, "#what-if [data-close]")

        press(browser, "[data-what=place]")
        until(browser, "return document.querySelectorAll('#what-if .chip.good').length === 3")
        assert browser.run(f"{_BELL} return bell.unread") == before
        press(browser, "#do-it")
        until(browser, f"{_BELL} return bell.unread === {before + 1}")
