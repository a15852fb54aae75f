"""The preference centre in a real browser, with scripts and without."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from dispatcher.gateway.token import login_token
from dispatcher.inbound.links import sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given, waiting
from tests.support.daemon import running
from tests.support.gateway import serving
from tests.support.given import Connection, Fate
from tests.support.peers import axe
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.scripted_provider import ScriptedProvider
from tests.support.tokens import SECRET
from tests.support.waiting import seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SPACE, ENTER, ESCAPE, TAB, UP = " ", "\ue007", "\ue00c", "\ue004", "\ue013"
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium("--lang=en-GB") as browser:
        yield browser


@pytest.fixture
async def gateway(db: Connection, database_url: str) -> AsyncIterator[str]:
    given.tenant(db, "default", name="Fern & Hill", branding={"color": "#ffd000"})
    given.recipient(db, time_zone="UTC", locale="en-GB")
    db.execute("delete from postbell.event_type")
    given.event_type(db, default_channels=["in_app", "email"], label="Order paid")
    port = free_port()
    base = f"http://localhost:{port}"
    async with serving(database_url, gateway_port=port, public_url=base):
        yield base


class Centre:
    """The page, open; its browser waits in a thread, for the gateway is in the test's own loop."""

    def __init__(self, browser: Chromium, base: str) -> None:
        self.browser = browser
        self._base = base

    async def open(self, query: str = "") -> None:
        token = sign_preferences(Signer([SECRET]), "default", "u1", datetime.now(UTC))
        await self.open_at(f"{self._base}/preferences/{token}{query}")

    async def open_at(self, url: str) -> None:
        await asyncio.to_thread(self.browser.open, url)
        # It is gone if the page is loaded anew.
        await self.run("window.isSamePage = true")

    async def run(self, script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self.browser.run, script, *arguments)

    async def shows(self, script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(until, self.browser, script, *arguments)

    async def tell(self, command: str, **arguments: Any) -> Any:
        return await asyncio.to_thread(self.browser.driver.execute_cdp_cmd, command, arguments)

    async def titled(self, start: str) -> None:
        """Returns when the title begins so, which a page says without scripts, too."""
        # In a thread: the driver waits for a page that loads, and the gateway is in this loop.
        driver = self.browser.driver
        await asyncio.to_thread(
            waiting.until, lambda: driver.title.startswith(start), f"the title {start}"
        )

    async def click(self, element_id: str) -> None:
        await self.run("document.getElementById(arguments[0]).click()", element_id)

    async def told(self, what: str) -> str:
        """What the page says was done, once it says this and rests."""
        script = (
            "const said = document.getElementById('told-of').innerText;"
            " return !document.documentElement.hasAttribute('aria-busy')"
            " && said.includes(arguments[0]) && said"
        )
        return str(await self.shows(script, what))

    async def state(self, element_id: str) -> str:
        script = "return document.getElementById(arguments[0]).getAttribute('aria-checked')"
        return str(await self.run(script, element_id))

    async def press(self, element_id: str, *keys: str) -> None:
        await self.run("document.getElementById(arguments[0]).focus()", element_id)
        await self.type(*keys)

    async def type(self, *keys: str) -> None:
        for key in keys:
            focused = self.browser.driver.switch_to.active_element
            await asyncio.to_thread(focused.send_keys, key)

    async def focused(self) -> str:
        return str(await self.run("return document.activeElement.id"))


@pytest.fixture
async def centre(chromium: Chromium, gateway: str) -> AsyncIterator[Centre]:
    centre = Centre(chromium, gateway)
    yield centre
    await centre.tell("Emulation.clearDeviceMetricsOverride")
    await centre.tell("Emulation.setTouchEmulationEnabled", enabled=False)
    await centre.tell("Emulation.setEmulatedMedia", features=[])
    await centre.tell("Emulation.setScriptExecutionDisabled", value=False)


def mailed(db: Connection) -> Fate:
    """What becomes of the mail of an event that happens now."""
    event = given.emit(db)
    given.route(db)
    return given.deliveries(db, event)["u1", "email"]


async def test_a_switch_turns_at_once_without_a_reload_and_is_undone_by_the_keyboard(
    centre: Centre, db: Connection
) -> None:
    await centre.open()

    await centre.press("cell-orders-email", SPACE)
    at_once = await centre.state("cell-orders-email")
    said = await centre.told("Off: Orders, E-mail.")
    off = (await centre.state("cell-orders-email"), await centre.focused(), mailed(db))
    await centre.run(
        "document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'z', ctrlKey: true, bubbles: true}))"
    )
    await centre.told("Undone.")

    assert at_once == "false"
    assert "Order paid: E-mail at once → not sent" in said
    assert off == ("false", "cell-orders-email", Fate("skipped", "switched_off"))
    assert await centre.state("cell-orders-email") == "true"
    assert mailed(db) == Fate("queued", "wanted")
    assert await centre.run("return window.isSamePage")


async def test_a_category_opens_and_one_event_of_it_is_switched(
    centre: Centre, db: Connection
) -> None:
    given.event_type(db, "order.lost", default_channels=["email"], label="Order lost")
    await centre.open()

    await centre.press("category-orders", ENTER)
    await centre.shows("return document.getElementById('cell-order_lost-email')")
    address = await centre.run("return location.search")
    await centre.press("cell-order_lost-email", SPACE)
    await centre.told("Off: Order lost, E-mail.")

    assert address == "?open=orders"
    assert await centre.state("cell-orders-email") == "mixed"
    assert mailed(db) == Fate("queued", "wanted")
    assert await centre.run("return window.isSamePage")


async def test_the_browsers_back_closes_what_was_opened(centre: Centre, db: Connection) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    await centre.open()
    await centre.click("category-orders")
    await centre.shows("return document.getElementById('event-order_paid-row')")

    await centre.click("cell-orders-email")
    await centre.shows("return document.querySelector('dialog:modal')")
    await centre.run("history.back()")
    await centre.shows(
        "return !document.querySelector('dialog') && location.search === '?open=orders'"
    )
    await centre.click("cell-orders-email")
    await centre.shows("return document.querySelector('dialog:modal')")
    await centre.click("ask-only")
    told = await centre.told("On: Orders, E-mail.")
    await centre.shows("return location.search === '?open=orders' && history.state === null")
    still_told = await centre.told("On: Orders, E-mail.")
    await centre.run("history.back()")
    await centre.shows(
        "return location.search === '' && !document.getElementById('event-order_paid-row')"
    )
    await centre.run("history.forward()")
    await centre.shows("return document.getElementById('event-order_paid-row')")

    assert told == still_told
    assert await centre.run("return window.isSamePage")


async def test_the_question_keeps_the_keyboard_and_gives_it_back(
    centre: Centre, db: Connection
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    await centre.open()

    await centre.press("cell-orders-email", SPACE)
    named, inside = await centre.shows(
        "const dialog = document.querySelector('dialog:modal');"
        " const name = dialog && document.getElementById(dialog.getAttribute('aria-labelledby'));"
        " return dialog && [name.innerText, dialog.contains(document.activeElement)]"
    )
    await centre.type(ESCAPE)
    left = await centre.shows("return !document.querySelector('dialog') && location.search === ''")
    after_leaving = (await centre.focused(), await centre.state("cell-orders-email"))
    await centre.press("cell-orders-email", SPACE)
    await centre.shows("return document.querySelector('dialog:modal')")
    await centre.press("ask-only", ENTER)
    await centre.told("On: Orders, E-mail.")

    assert named.startswith("Orders, E-mail: this is off")
    assert (inside, left) == (True, True)
    assert after_leaving == ("cell-orders-email", "false")
    assert await centre.focused() == "cell-orders-email"
    assert mailed(db) == Fate("queued", "wanted")


async def test_the_keyboard_alone_reaches_and_moves_the_end_of_quiet_hours(
    centre: Centre, db: Connection
) -> None:
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00", days=[2])
    await centre.open()

    await centre.press("week-edit-2", ENTER)
    await centre.shows("return location.search === '?day=2'")
    await centre.press("quiet-ends", UP, ENTER)
    await centre.told("Quiet hours set: Tuesday, 22:00 – 08:00.")
    ends = given.value(db, "select ends::text from postbell.quiet_hours where day = 2")
    await centre.press("week-free-2", ENTER)
    await centre.told("No quiet hours: Tuesday.")

    assert ends == "08:00:00"
    assert given.value(db, "select count(*) from postbell.quiet_hours") == 0


async def test_every_control_is_reached_by_tab_in_the_order_in_which_it_is_read(
    centre: Centre,
) -> None:
    await centre.open()

    await centre.type(TAB)
    first = await centre.run("return document.activeElement.className")
    await centre.type(ENTER, TAB)
    second = await centre.focused()
    order = await centre.run(
        "return [...document.querySelectorAll('main :is(button, a[href], input, select)')]"
        ".filter(each => each.tabIndex < 0 || each.getAttribute('tabindex') > 0).length"
    )

    assert first == "skip"
    assert second == "all-in_app"
    assert order == 0


async def test_quiet_hours_set_to_now_hold_an_email_back_and_let_it_go_at_their_end(
    centre: Centre, db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    now = datetime.now(UTC)
    starts, ends = (now + timedelta(minutes=minutes) for minutes in (-30, 30))
    given.clock(db, now)
    await centre.open()
    await centre.run(
        "for (const [id, value] of Object.entries(arguments[0]))"
        " document.getElementById(id).value = value",
        {"quiet-starts": f"{starts:%H:%M}", "quiet-ends": f"{ends:%H:%M}"},
    )
    await centre.click("quiet-channels-sms")
    example = await centre.shows("return document.getElementById('quiet-example').innerText.trim()")
    await centre.click("quiet-set")
    await centre.told("Quiet hours set")

    async with running(database_url, provider, safety_poll_seconds=0.2):
        event = given.emit(db, payload={"order_id": 1, "amount": "5.00"})
        await seen(lambda: ("u1", "email") in given.deliveries(db, event), "it is routed")
        held = given.deliveries(db, event)["u1", "email"]
        assert provider.messages == []
        given.clock(db, now + timedelta(minutes=31))
        await seen(lambda: provider.messages, "the mail goes out")

    assert "Order paid" in example
    assert "E-mail at once →" in example
    assert held == Fate("waiting", "quiet_hours")


async def test_unsubscribe_and_preferences_of_a_caught_mail_work_without_a_login(
    centre: Centre, gateway: str, db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    settings: dict[str, Any] = {"token_secret": (SecretStr(SECRET),), "public_url": gateway}
    async with running(database_url, provider, **settings):
        given.emit(db, payload={"order_id": 1, "amount": "5.00"})
        await seen(lambda: provider.messages, "the mail is caught")
    text = provider.messages[0].text
    choices, leave = (
        str(re.findall(rf"{re.escape(gateway)}{path}\S+", text)[0])
        for path in ("/preferences/", "/v1/unsubscribe/")
    )

    await centre.open_at(choices)
    whose = await centre.run("return document.querySelector('.whose').innerText")
    on = await centre.state("cell-orders-email")
    await centre.open_at(leave)
    asking = await asyncio.to_thread(axe.violations, centre.browser)
    await centre.run("document.querySelector('button').click()")
    await centre.shows("return document.body.innerText.includes('You have unsubscribed')")
    left = await asyncio.to_thread(axe.violations, centre.browser)
    await centre.open_at(choices)

    assert "u…@example.org" in whose
    assert (on, await centre.state("cell-orders-email")) == ("true", "false")
    assert mailed(db) == Fate("skipped", "switched_off")
    assert asking == left == []


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
async def test_quiet_hours_are_drawn_with_the_mouse(
    centre: Centre, db: Connection, locale: str
) -> None:
    given.recipient(db, time_zone="UTC", locale=locale)
    await centre.open()
    left, width, top = await centre.run(
        "const track = document.querySelector('[data-day=\"3\"]');"
        " track.scrollIntoView({block: 'center'});"
        " const {left, width, top, height} = track.getBoundingClientRect();"
        " return [left, width, top + height / 2]"
    )

    async def drag(start: float, *hours: float) -> None:
        for kind, hour in [
            ("mousePressed", start),
            *(("mouseMoved", each) for each in hours),
            ("mouseReleased", hours[-1]),
        ]:
            along = width * hour / 36
            x = left + (width - along if locale == "ar" else along)
            await centre.tell("Input.dispatchMouseEvent", type=kind, x=x, y=top, button="left",
                              clickCount=1, buttons=1)  # fmt: skip

    windows = "select day, starts::text, ends::text from postbell.quiet_hours"
    found: list[list[tuple[Any, ...]]] = []
    for path in ((21, 26, 30), (30, 31), (25, 24)):
        await drag(*path)
        await seen(lambda: given.rows(db, windows) not in ([], *found), "it is saved")
        await centre.told("Quiet hours set")
        found.append(given.rows(db, windows))

    assert found == [
        [(3, "21:00:00", "06:00:00")],
        [(3, "21:00:00", "07:00:00")],
        [(3, "20:00:00", "06:00:00")],
    ]


async def test_what_cannot_be_saved_is_told_and_shown_as_it_is(
    centre: Centre, db: Connection
) -> None:
    await centre.open()
    await centre.run("window.fetch = () => Promise.reject(new TypeError('no network'))")

    await centre.click("cell-orders-email")
    await centre.told("cannot be reached")

    assert await centre.state("cell-orders-email") == "true"
    assert given.value(db, "select count(*) from postbell.preference") == 0


async def test_a_fault_in_a_form_gets_the_focus(centre: Centre) -> None:
    await centre.open()
    await centre.run("document.getElementById('quiet-zone').value = 'Pariss'")

    await centre.click("quiet-set")
    await centre.shows("return document.getElementById('quiet-zone-fault')")

    assert await centre.focused() == "quiet-zone"
    assert await centre.run("return document.getElementById('quiet-zone').value") == "Pariss"


async def test_what_is_typed_in_a_form_outlives_the_turn_of_a_switch(centre: Centre) -> None:
    await centre.open()
    await centre.run(
        "document.getElementById('pause-until').value = '2031-01-01T08:00';"
        " document.getElementById('mute-end').value = 'week';"
        " document.getElementById('quiet-days-3').click()"
    )

    await centre.click("cell-orders-email")
    await centre.told("Off: Orders, E-mail.")

    assert await centre.run(
        "return [document.getElementById('pause-until').value,"
        " document.getElementById('mute-end').value,"
        " document.getElementById('quiet-days-3').checked,"
        " document.getElementById('quiet-days-4').checked]"
    ) == ["2031-01-01T08:00", "week", False, True]


async def test_without_scripts_a_switch_is_turned_and_told(centre: Centre, db: Connection) -> None:
    await centre.tell("Emulation.setScriptExecutionDisabled", value=True)
    driver = centre.browser.driver
    token = sign_preferences(Signer([SECRET]), "default", "u1", datetime.now(UTC))
    await asyncio.to_thread(centre.browser.open, f"{centre._base}/preferences/{token}")

    switch = driver.find_element("id", "cell-orders-email")
    await asyncio.to_thread(switch.click)

    await centre.titled("Off: Orders, E-mail.")
    assert mailed(db) == Fate("skipped", "switched_off")


async def test_a_screen_reader_gets_a_table_of_named_checkboxes_with_reasons(
    centre: Centre, db: Connection
) -> None:
    given.event_type(db, "order.lost", default_channels=["in_app"], forced_channels=["email"])
    db.execute("update postbell.recipient set phone = null")
    await centre.open("?open=orders")

    unnamed, headers, reasons = await centre.run(
        """
        const cells = [...document.querySelectorAll('[role="checkbox"]')];
        const reason = each => document.getElementById(each.getAttribute('aria-describedby'));
        return [
          cells.filter(each => !(each.getAttribute('aria-label') && reason(each).textContent)),
          [...document.querySelectorAll('th')].map(each => each.getAttribute('scope')),
          ['cell-order_lost-email', 'cell-orders-sms']
            .map(id => document.getElementById(id).getAttribute('aria-label')),
        ];
        """
    )

    assert unnamed == []
    assert set(headers) == {"col", "row"}
    assert "always sends this" in reasons[0]
    assert "There is no address for it." in reasons[1]


async def laid_out_for(centre: Centre, device: str, scheme: str) -> None:
    if device == "phone":
        await centre.tell("Emulation.setDeviceMetricsOverride", **PHONE)
    await centre.tell("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": scheme},
                                {"name": "prefers-reduced-motion", "value": "reduce"}])  # fmt: skip


@pytest.mark.parametrize("locale", ["en-GB", "fr", "ar"])
async def test_on_a_phone_nothing_is_wider_than_the_screen(
    centre: Centre, db: Connection, locale: str
) -> None:
    given.recipient(db, time_zone="UTC", locale=locale)
    # All channels there are.
    given.event_type(db, "order.sent", channels=["in_app", "chat"], label="Order sent")
    await laid_out_for(centre, "phone", "light")

    await centre.open("?open=orders")

    assert await centre.run("return document.documentElement.scrollWidth") == 360


async def test_from_right_to_left_an_english_sentence_ends_where_it_should(
    centre: Centre, db: Connection
) -> None:
    given.recipient(db, time_zone="UTC", locale="ar")
    await centre.open("?open=orders")
    await centre.click("cell-orders-email")
    await centre.told("Off: Orders, E-mail.")

    read, wrong = await centre.run(
        """
        const read = [], wrong = [];
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let text; text = texts.nextNode();) {
          const said = text.data.trimEnd(), place = at => {
            const one = document.createRange();
            one.setStart(text, at);
            one.setEnd(text, at + 1);
            return one.getBoundingClientRect();
          };
          if (!/[a-z)][.:?]$/.test(said)) continue;
          const [letter, mark] = [place(said.length - 2), place(said.length - 1)];
          if (mark.width) read.push(said);
          if (mark.width && mark.top === letter.top && mark.left < letter.left) wrong.push(said);
        }
        return [read, wrong];
        """
    )

    assert "You switched it off." in read
    assert "Off: Orders, E-mail." in read
    assert wrong == []


@pytest.mark.parametrize("has_scripts", [True, False])
async def test_on_a_phone_a_tap_of_a_switch_shows_its_reason(
    centre: Centre, has_scripts: bool
) -> None:
    await laid_out_for(centre, "phone", "light")
    await centre.tell("Emulation.setTouchEmulationEnabled", enabled=True)
    await centre.tell("Emulation.setScriptExecutionDisabled", value=not has_scripts)
    driver = centre.browser.driver
    token = sign_preferences(Signer([SECRET]), "default", "u1", datetime.now(UTC))
    await asyncio.to_thread(centre.browser.open, f"{centre._base}/preferences/{token}")

    def reason() -> Any:
        return driver.find_element("id", "cell-orders-email-why")

    before = reason().is_displayed()
    place = driver.find_element("id", "cell-orders-email").location
    point = {"x": place["x"] + 20, "y": place["y"] + 10}
    assert point["y"] < PHONE["height"]
    await centre.tell("Input.dispatchTouchEvent", type="touchStart", touchPoints=[point])
    await centre.tell("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    await centre.titled("Off: Orders, E-mail.")

    assert not before
    assert reason().is_displayed()
    assert "You switched" in reason().text


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "ar"])
async def test_axe_finds_nothing_best_practice_included(
    centre: Centre, db: Connection, device: str, scheme: str, locale: str
) -> None:
    given.recipient(db, time_zone="UTC", locale=locale)
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00", days=[2])
    given.call(db, "mute", recipient="u1")
    await laid_out_for(centre, device, scheme)
    found = {}

    await centre.open("?open=orders")
    found["the page"] = await asyncio.to_thread(axe.violations, centre.browser)
    await centre.click("cell-orders-email")
    await centre.shows("return document.querySelector('dialog:modal')")
    found["a question"] = await asyncio.to_thread(axe.violations, centre.browser)
    await centre.click("ask-only")
    await centre.told("On:")
    found["what was done"] = await asyncio.to_thread(axe.violations, centre.browser)
    await centre.run("document.getElementById('quiet-zone').value = 'Pariss'")
    await centre.click("quiet-set")
    await centre.shows("return document.getElementById('quiet-zone-fault')")
    found["a fault"] = await asyncio.to_thread(axe.violations, centre.browser)

    assert {where: broken for where, broken in found.items() if broken} == {}


async def test_axe_finds_nothing_on_the_pages_that_say_one_thing(
    centre: Centre, gateway: str
) -> None:
    entry = login_token(SECRET, datetime.now(UTC), "u1", "default")
    found = {}
    for path in (f"/login?token={entry}", "/login", "/preferences", "/preferences/x"):
        await centre.open_at(gateway + path)
        has_button = await centre.run("return Boolean(document.querySelector('form button'))")
        assert has_button is (entry in path)
        found[path] = await asyncio.to_thread(axe.violations, centre.browser)

    assert {path: broken for path, broken in found.items() if broken} == {}


async def test_a_session_turns_a_switch_and_stays_on_its_page(
    centre: Centre, gateway: str, db: Connection
) -> None:
    entry = login_token(SECRET, datetime.now(UTC), "u1", "default")
    await centre.open_at(f"{gateway}/login?token={entry}&to=/preferences")
    await centre.run("document.querySelector('form button').click()")
    await centre.shows("return document.getElementById('cell-orders-email')")

    await centre.click("cell-orders-email")
    await centre.told("Off: Orders, E-mail.")

    assert await centre.run("return location.pathname") == "/preferences"
    assert mailed(db) == Fate("skipped", "switched_off")


@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nothing_moves_and_nothing_flashes_while_it_loads(
    centre: Centre, device: str
) -> None:
    await laid_out_for(centre, device, "light")
    watching = await centre.tell(
        "Page.addScriptToEvaluateOnNewDocument",
        source="""
        window.shift = 0;
        new PerformanceObserver(list => list.getEntries().forEach(({value}) => { shift += value; }))
          .observe({type: "layout-shift", buffered: true});
        const styleOfRoot = () => getComputedStyle(document.documentElement);
        new PerformanceObserver(() => {
          window.painted ??= styleOfRoot().getPropertyValue("--strong");
        }).observe({type: "paint", buffered: true});
        """,
    )
    try:
        await centre.open("?open=orders")
        painted = await centre.shows("return window.painted")
        await asyncio.sleep(0.5)
        shift = await centre.run("return window.shift")
        strong = await centre.run(
            "return getComputedStyle(document.documentElement).getPropertyValue('--strong')"
        )
    finally:
        await centre.tell("Page.removeScriptToEvaluateOnNewDocument", **watching)

    # A yellow that nobody could read on white is darker there.
    assert painted == strong
    assert strong not in ("#1d4ed8", "#ffd000")
    assert shift < 0.05
