"""The operator's pages in a browser: by mouse, by keyboard, on a phone, and without JavaScript."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from dispatcher.gateway.token import operator_login_token
from tests.support import given
from tests.support.failed_deliveries import refused
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.tokens import SECRET

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
async def gateway(db: Connection, database_url: str) -> AsyncIterator[str]:
    given.event_type(db, "order.moved", default_channels=["in_app", "email"])
    port = free_port()
    base = f"http://localhost:{port}"
    async with serving(database_url, gateway_port=port, public_url=base):
        yield base


VIEWS = ("", "/deliveries", "/rejections", "/dead-letters", "/figures")
#: The keys, as WebDriver has them (17.4.2).
TAB, ENTER = "\ue004", "\ue007"
#: Layout shift since the page began to load (Layout Instability API), without those that follow a
#: key or a click.
SHIFT = """
const moved = list => list.filter(each => !each.hadRecentInput).reduce((sum, each) => sum + each.value, 0);
return new Promise(resolve => {
  new PerformanceObserver(list => resolve(moved(list.getEntries()))).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(0), 300);
});
"""  # noqa: E501
READY = "return document.documentElement.dataset.ready"


async def walk(gateway: str, steps: Callable[[Chromium, str], None], *flags: str) -> None:
    """The browser waits in a thread, for the gateway is in the test's own loop."""

    def go() -> None:
        with Chromium(*flags) as browser:
            token = operator_login_token(SECRET, datetime.now(UTC), "olga")
            enter(browser, gateway, token, "/operator")
            until(browser, READY)
            steps(browser, f"{gateway}/operator")

    await asyncio.to_thread(go)


def says(browser: Chromium, selector: str, what: str) -> None:
    """Returns once an element that the selector finds has the words."""
    script = (
        "return [...document.querySelectorAll(arguments[0])]"
        ".some(each => each.innerText.includes(arguments[1]))"
    )
    until(browser, script, selector, what)


def press(browser: Chromium, key: str, times: int = 1) -> None:
    for _ in range(times):
        browser.driver.switch_to.active_element.send_keys(key)


async def test_a_view_is_drawn_anew_while_somebody_looks(gateway: str, db: Connection) -> None:
    refused(db, "order.moved")

    def steps(browser: Chromium, base: str) -> None:
        # The browser's time zone is known from the second page on.
        zone = browser.run("return Intl.DateTimeFormat().resolvedOptions().timeZone")
        says(browser, "#fresh", zone)
        browser.open(f"{base}/dead-letters")
        until(browser, READY)
        # Of two stops on one page, that without an id is harder to find again.
        link = browser.run(
            "window.same = true; const link = document.querySelector('tbody a:not([id])');"
            " link.focus(); return link.href"
        )
        (second,) = refused(db, "order.moved")
        until(browser, "return document.getElementById(arguments[0])", f"d{second}-email")
        # Neither the page nor the place of the keyboard is lost.
        assert browser.run("return [window.same, document.activeElement.href]") == [True, link]
        # What is being confirmed stays as it is.
        browser.run("document.querySelector('summary').click()")
        browser.run("document.getElementById('live').click()")
        assert browser.run("return document.getElementById('live').ariaPressed") == "false"

    await walk(gateway, steps)


async def test_addresses_of_the_former_page_lead_to_those_of_today(gateway: str) -> None:
    def steps(browser: Chromium, base: str) -> None:
        browser.open("about:blank")
        browser.open(f"{base}#/deliveries?recipient=u1&state=refused")
        until(browser, "return location.pathname === '/operator/deliveries'")
        assert browser.run("return location.search") == "?recipient=u1&state=refused"

    await walk(gateway, steps)


async def test_what_failed_is_sent_again_by_the_keyboard_alone(
    gateway: str, db: Connection
) -> None:
    refused(db, "order.moved", 2)

    def steps(browser: Chromium, base: str) -> None:
        browser.open(f"{base}/dead-letters")
        until(browser, READY)
        press(browser, TAB)
        # The first stop is the way past the navigation.
        assert browser.run("return document.activeElement.className") == "skip"
        press(browser, ENTER)
        reached = "return document.activeElement.tagName === 'SUMMARY'"
        for _ in range(20):
            press(browser, TAB)
            if browser.run(reached):
                break
        assert browser.run(reached)
        press(browser, ENTER)
        press(browser, TAB)
        assert "Send 2 again" in browser.run("return document.activeElement.innerText")
        press(browser, ENTER)
        says(browser, ".message", "2 deliveries are on their way again.")
        # It is said once.
        browser.driver.refresh()
        until(browser, READY)
        assert not browser.run("return document.querySelector('.message')")

    await walk(gateway, steps)
    assert given.value(db, "select count(*) from postbell.dead_letters") == 0


async def test_on_a_phone_a_row_is_a_few_lines_and_a_search_opens_when_it_is_asked_for(
    gateway: str, db: Connection
) -> None:
    (delivery_id,) = refused(db, "order.moved")
    tallest = "return Math.max(...[...document.querySelectorAll('#view > div tbody tr')].map(each => each.clientHeight))"  # noqa: E501
    at = """
        const { x, y } = document.querySelector(arguments[0]).getBoundingClientRect();
        return document.elementFromPoint(x + 9, y + 9).id;
    """
    is_open = "return document.getElementById('search').checkVisibility()"

    def steps(browser: Chromium, base: str) -> None:
        browser.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
        )
        for view in ("/deliveries", "/dead-letters"):
            browser.open(f"{base}{view}")
            until(browser, READY)
            assert 40 < browser.run(tallest) < 120, view
            assert browser.run("return document.documentElement.scrollWidth") == 360, view
            assert not browser.run(is_open)
        browser.run("document.querySelector('.asking a').click()")
        assert browser.run(is_open)
        browser.run("history.back()")
        until(browser, is_open.replace("return ", "return !"))
        # All of a row leads to what it is about, but for its button.
        pressed = [browser.run(at, f"#view > div tbody {each}") for each in ("td", "button")]
        assert pressed == [f"d{delivery_id}-email", f"r{delivery_id}"]

    await walk(gateway, steps)


async def test_it_works_without_javascript(gateway: str, db: Connection) -> None:
    (delivery_id,) = refused(db, "order.moved")

    def steps(browser: Chromium, base: str) -> None:
        driver = browser.driver
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        browser.open(f"{base}/deliveries")
        driver.find_element("name", "recipient").send_keys("u1@example.org")
        driver.find_element("css selector", "form.search button").click()
        # Two people have it, one of each tenant.
        driver.find_element("link text", "u1").click()
        driver.find_element("link text", str(delivery_id)).click()
        assert "550 no <address> here" in driver.find_element("css selector", ".timeline").text
        driver.find_element("id", "retry").click()
        assert "1 delivery is on its way" in driver.find_element("css selector", ".message").text
        driver.find_element("css selector", ".who button").click()
        assert "postbell login --operator" in driver.find_element("css selector", "main").text

    await walk(gateway, steps)


async def test_nothing_moves_and_nothing_is_too_wide(gateway: str, db: Connection) -> None:
    refused(db, "order.moved", 30)
    (delivery_id,) = refused(db, "order.moved")

    def steps(browser: Chromium, base: str) -> None:
        for width in (390, 1100):
            browser.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
            )
            for view in (*VIEWS, f"/deliveries/{delivery_id}"):
                browser.open(f"{base}{view}")
                until(browser, READY)
                assert browser.run(SHIFT) < 0.05, view
                assert browser.run("return document.documentElement.scrollWidth") <= width, view

    await walk(gateway, steps)
