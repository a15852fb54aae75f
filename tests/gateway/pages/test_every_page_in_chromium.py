"""What holds for all pages alike: axe, keyboard, no shift.

One browser for all of them. The preference centre has its own tests of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from dispatcher.inbound.links import UnsubscribeLinks
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.deliveries import a_delivery
from tests.support.failed_deliveries import refused
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers import axe
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.shopfront import GatewayThread, Shopfront, arrive, opened
from tests.support.tokens import SECRET, token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

#: Sums the layout shift since a page began to load.
WATCH: Final = """
window.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(({value}) => { shift += value; }))
  .observe({type: "layout-shift", buffered: true});
"""
#: What is wrong with the element that has the focus. A frame shows the focus of what is in it.
STOP: Final = """
const it = document.activeElement, last = window.last;
window.last = it;
const {width, height, top, bottom} = it.getBoundingClientRect();
const isRinged = each => each && (getComputedStyle(each).outlineStyle !== "none"
  && parseFloat(getComputedStyle(each).outlineWidth) >= 2 || isRinged(each.parentElement));
return [
  it === document.body && "nothing has the focus",
  it.tagName !== "IFRAME" && !isRinged(it) && `no ring: ${it.outerHTML.slice(0, 200)}`,
  !(width && height && bottom > 0 && top < innerHeight) && `out of view: ${it.outerHTML.slice(0, 200)}`,
  last?.isConnected && last !== it && !(last.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING)
    && `before ${last.outerHTML.slice(0, 200)}: ${it.outerHTML.slice(0, 200)}`,
].filter(Boolean);
"""  # noqa: E501
SCREENS: Final = {"desktop": (1100, 800), "phone": (360, 740)}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium("--lang=en-GB") as chromium:
        yield chromium


@pytest.fixture
def shop(database_url: str, chromium: Chromium) -> Iterator[Shopfront]:
    with GatewayThread(database_url) as gateway, opened(gateway, chromium) as shop:
        enter(chromium, gateway.address, token("olga", scope="operator"), "/operator")
        yield shop


def tell(shop: Shopfront, command: str, **arguments: Any) -> Any:
    return shop.browser.driver.execute_cdp_cmd(command, arguments)


def look_at(shop: Shopfront, screen: str) -> None:
    width, height = SCREENS[screen]
    tell(shop, "Emulation.setDeviceMetricsOverride", width=width, height=height,
         deviceScaleFactor=1, mobile=screen == "phone")  # fmt: skip


def violations(shop: Shopfront, where: str) -> list[str]:
    """What axe finds on the open page, in light and in dark."""
    found = []
    for scheme, rules in (("light", ()), ("dark", axe.COLORS)):
        dress(shop, scheme)
        found += [f"{where}, {scheme}: {each}" for each in axe.violations(shop.browser, *rules)]
    return found


def dress(shop: Shopfront, scheme: str) -> None:
    tell(shop, "Emulation.setEmulatedMedia",
         features=[{"name": "prefers-color-scheme", "value": scheme},
                   {"name": "prefers-reduced-motion", "value": "reduce"}])  # fmt: skip


def visit(shop: Shopfront, path: str) -> None:
    shop.browser.open(shop.gateway.address + path)
    shows(shop, "true")


def shows(shop: Shopfront, what: str) -> None:
    """Returns once a page whose scripts have run shows what the expression asks for."""
    until(shop.browser, f"return document.documentElement.dataset.ready && ({what})")


def test_axe_finds_nothing_on_any_page(shop: Shopfront, db: Connection) -> None:
    given.event_type(db, "order.moved", default_channels=["in_app", "email"])
    given.recipient(db, locale="ar")
    leave = str(UnsubscribeLinks(Signer([SECRET]), "").of(a_delivery(), datetime.now(UTC)))
    *_, delivery_id = refused(db, "order.moved", 2)
    given.emit(db, "order.lost")
    given.emit(db, "order.moved", recipient="nobody")
    given.route(db)
    db.execute(
        "select postbell_private.report_providers('web-1 4711', jsonb_build_array("
        "jsonb_build_object('provider', 'texts', 'channel', 'sms', 'state', 'misconfigured',"
        " 'reason', '20003', 'changed_at', now(), 'opens_at', now() + interval '5 minutes')))"
    )
    found = []
    for screen in SCREENS:
        look_at(shop, screen)
        for path in (
            "/operator",
            "/operator/deliveries?recipient=u1",
            "/operator/deliveries?outbox_id=x",
            f"/operator/deliveries/{delivery_id}",
            "/operator/rejections",
            "/operator/dead-letters",
            "/operator/figures",
            "/preview",
            "/preview?event=order.paid&channel=push&locale=ar&scheme=dark",
        ):
            visit(shop, path)
            shop.browser.run(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            found += violations(shop, f"{path} on a {screen}")
        # Of somebody who reads from right to left.
        for path in (leave, f"/login?token={token()}"):
            shop.browser.open(shop.gateway.address + path)
            assert shop.browser.run("return document.dir") == "rtl"
            found += violations(shop, f"{path[:6]} on a {screen}")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_any_state_of_the_inbox(shop: Shopfront, db: Connection) -> None:
    given.event_type(db, "order.paid")
    given.event_type(db, "ticket.replied")
    found = []
    for writing, screen in (("ltr", "desktop"), ("rtl", "phone")):
        look_at(shop, screen)
        dress(shop, "light")

        def check(state: str, where: str = f"{writing} on a {screen}") -> None:
            found.extend(violations(shop, f"{state}, {where}"))

        db.execute("delete from postbell.inbox_item")
        shop.open(shop.page(writing=writing))
        shop.run("inbox.open()")
        shop.until("return one('.empty').textContent.includes('Nothing')")
        check("nothing there")
        shop.run("inbox.close()")
        arrive(db, "Order #1 paid", actions='[{"label": "Show", "link": "https://shop.example/1"}]')
        pinned = arrive(db, "Order #2 paid", image="https://shop.example/2.png")
        given.call(db, "pin", recipient="u1", item_ids=[pinned])
        shop.until("return one('.badge').textContent === '2' && one('.toast')")
        check("the bell and a toast")
        shop.run("inbox.open()")
        shop.until("return shown().length === 2")
        check("a list")
        shop.run("one('.item [data-deed=archive]').click()")
        shop.until("return one('.undo')")
        check("undo")
        shop.run("one('#tab-archived').click()")
        shop.until("return shown().length === 1")
        check("the archive")
        shop.run("one('[part=preferences]').click()")
        shop.until("return one('.choices input')")
        check("preferences")
        with shop.without_answers("inbox"):
            shop.run("one('.header > .deed').click(); one('#tab-unread').click()")
            shop.until("return !one('[part=trouble] button').hidden")
            check("an error")
        with shop.without_answers():
            shop.open(shop.page(writing=writing))
            shop.run("inbox.open()")
            shop.until("return !one('[part=trouble]').hidden")
            check("offline")
        shop.let_in(None)
        shop.open(shop.origin)
        shop.run("inbox.open()")
        shop.until("return one('[part=trouble]').textContent.includes('no longer')")
        check("logged out")
    assert not found, "\n".join(found)


def test_nothing_moves_in_the_preview_and_the_inbox(shop: Shopfront, db: Connection) -> None:
    """Layout shift (Layout Instability API): of the preview while it loads, of the inbox in use."""
    for number in range(70):
        given.inbox_item(db, title=f"Item {number}")
    watching = tell(shop, "Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    moved = {}

    def note(what: str) -> None:
        # Reported after the frame in which it happened.
        shop.browser.run("return new Promise(drawn => setTimeout(drawn, 300))")
        moved[what] = shop.browser.run("const sum = shift; shift = 0; return sum")

    for screen in SCREENS:
        look_at(shop, screen)
        visit(shop, "/preview")
        note(f"preview, {screen}")
        shop.open(shop.page())
        shop.run("inbox.open()")
        shop.until("return shown().length === 30")
        note(f"opening, {screen}")
        # The next page is there before the end is in view.
        shop.run("const it = one('.items'); it.scrollTop = it.scrollHeight - 1.9 * it.clientHeight")
        shop.until("return shown().length > 30")
        note(f"a second page, {screen}")
        shop.run("one('.items').scrollTop = 0")
        arrive(db, f"New on a {screen}")
        shop.until("return shown()[0] === arguments[0]", f"New on a {screen}")
        note(f"a new item, {screen}")

    tell(shop, "Page.removeScriptToEvaluateOnNewDocument", **watching)
    assert len(moved) == 4 * len(SCREENS)
    assert {what: shift for what, shift in moved.items() if shift >= 0.05} == {}


class Keyboard:
    """Somebody without a mouse."""

    def __init__(self, shop: Shopfront) -> None:
        self._shop = shop

    def press(self, key: str, code: int, *, text: str = "") -> None:
        """Wherever the focus is, also inside a frame."""
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            tell(self._shop, "Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text,
                 windowsVirtualKeyCode=code)  # fmt: skip

    def enter(self) -> None:
        self.press("Enter", 13, text="\r")

    def type(self, text: str) -> None:
        """In the field that has the focus, in place of what is in it."""
        self._shop.browser.run("document.activeElement.select()")
        tell(self._shop, "Input.insertText", text=text)

    def tab_to(self, selector: str) -> None:
        """Presses Tab until it has the focus. Each stop on the way is seen, and after the last."""
        for _ in range(100):
            self.press("Tab", 9)
            assert self._shop.browser.run(STOP) == [], "this stop is not seen, or out of order"
            if self._shop.browser.run(
                "return document.activeElement.matches(arguments[0])", selector
            ):
                return
        raise AssertionError(f"no Tab leads to {selector}")

    def go_round(self) -> int:
        """Presses Tab until the focus is back on the first stop; how many stops there are."""
        self.tab_to(".skip")
        for count in range(1, 100):
            self.press("Tab", 9)
            if self._shop.browser.run("return document.activeElement.matches('.skip')"):
                return count
        raise AssertionError("the focus does not come out again")


def test_a_person_is_found_and_a_delivery_sent_again_by_the_keyboard_alone(
    shop: Shopfront, db: Connection
) -> None:
    given.event_type(db, "order.moved", default_channels=["in_app", "email"])
    (delivery_id,) = refused(db, "order.moved")
    keyboard = Keyboard(shop)
    look_at(shop, "desktop")
    visit(shop, "/operator")

    keyboard.tab_to("nav a[href$='/deliveries']")
    keyboard.enter()
    shows(shop, "location.pathname === '/operator/deliveries'")
    keyboard.tab_to("[name=recipient]")
    keyboard.type("u1@example.org")
    keyboard.enter()
    # Two people have it, one of each tenant.
    shows(shop, "document.querySelector('#people')")
    keyboard.tab_to("section a[href*='tenant=default']")
    keyboard.enter()
    shows(shop, "document.querySelector('tbody')")
    keyboard.tab_to(f"a[href$='/{delivery_id}']")
    keyboard.enter()
    shows(shop, "document.querySelector('#retry')")
    assert keyboard.go_round() > 8
    keyboard.tab_to("#retry")
    keyboard.enter()

    shows(shop, "document.querySelector('.message')?.innerText.includes('1 delivery')")
    assert delivery_id not in given.column(db, "select delivery_id from postbell.dead_letters")


def test_event_language_and_channel_of_a_preview_are_chosen_by_the_keyboard_alone(
    shop: Shopfront, db: Connection
) -> None:
    keyboard = Keyboard(shop)
    look_at(shop, "desktop")
    visit(shop, "/preview")

    keyboard.tab_to("#search")
    keyboard.type("order.paid")
    keyboard.tab_to("nav a[href*='order.paid']")
    keyboard.enter()
    shows(shop, "location.search.includes('order.paid')")
    assert keyboard.go_round() > 40
    keyboard.tab_to("#locale")
    keyboard.type("fr")
    shows(shop, "location.search.includes('locale=fr')")
    keyboard.tab_to("#tab-sms")
    keyboard.enter()

    shows(shop, "document.querySelector('.bubble')?.innerText.includes('commande')")
    # The tab that was pressed is built anew, and still has the focus.
    assert shop.browser.run("return document.activeElement.id") == "tab-sms"


def test_without_javascript_event_language_and_channel_of_a_preview_are_chosen(
    shop: Shopfront, db: Connection
) -> None:
    driver = shop.browser.driver
    look_at(shop, "desktop")
    tell(shop, "Emulation.setScriptExecutionDisabled", value=True)
    try:
        shop.browser.open(f"{shop.gateway.address}/preview")
        # What only a script does is not offered.
        assert not driver.find_element("id", "search").is_displayed()
        driver.find_element("css selector", "nav a[href*='order.paid']").click()
        driver.find_element("id", "locale").clear()
        driver.find_element("id", "locale").send_keys("fr")
        driver.find_element("css selector", "[name=width][value=phone]").click()
        driver.find_element("css selector", ".tools button").click()
        assert driver.find_element("css selector", "#stage").get_attribute("data-width") == "phone"
        assert "commande" in driver.find_element("css selector", ".subject").text
        driver.find_element("id", "tab-sms").click()
        assert "commande" in driver.find_element("css selector", ".bubble").text
        assert driver.find_element("id", "locale").get_attribute("value") == "fr"
    finally:
        tell(shop, "Emulation.setScriptExecutionDisabled", value=False)
