"""The preference centre in a real browser: what is chosen there is what happens next."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from dispatcher.inbound.links import sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.daemon import running
from tests.support.gateway import serving
from tests.support.given import Connection, Fate
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.scripted_provider import ScriptedProvider
from tests.support.tokens import SECRET
from tests.support.waiting import seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
async def gateway(db: Connection, database_url: str) -> AsyncIterator[str]:
    given.recipient(db, time_zone="UTC")
    db.execute("delete from postbell.event_type")
    given.event_type(db, default_channels=["in_app", "email"], label="Order paid")
    port = free_port()
    base = f"http://localhost:{port}"
    async with serving(database_url, gateway_port=port, public_url=base):
        yield base


class Centre:
    """The page, open; its browser waits in a thread, for the gateway is in the test's own loop."""

    def __init__(self, browser: Chromium, base: str) -> None:
        self._browser = browser
        self._base = base

    async def open(self) -> None:
        token = sign_preferences(Signer([SECRET]), "default", "u1", NOW)
        await self.open_at(f"{self._base}/preferences/{token}")

    async def open_at(self, url: str) -> None:
        await asyncio.to_thread(self._browser.open, url)
        await self.shows("return document.documentElement.dataset.ready")

    async def run(self, script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self._browser.run, script, *arguments)

    async def shows(self, script: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(until, self._browser, script, *arguments)

    async def click(self, element_id: str) -> None:
        await self.run("document.getElementById(arguments[0]).click()", element_id)

    async def told(self, what: str) -> str:
        """What the page says was done, once it says this."""
        script = (
            "const said = document.getElementById('told-of').innerText;"
            " return said.includes(arguments[0]) && said"
        )
        return str(await self.shows(script, what))

    async def state(self, element_id: str) -> str:
        script = "return document.getElementById(arguments[0]).getAttribute('aria-checked')"
        return str(await self.run(script, element_id))

    async def press(self, element_id: str, *keys: str) -> None:
        await self.run("document.getElementById(arguments[0]).focus()", element_id)
        focused = self._browser.driver.switch_to.active_element
        await asyncio.to_thread(focused.send_keys, *keys)


@pytest.fixture
async def centre(chromium: Chromium, gateway: str) -> Centre:
    return Centre(chromium, gateway)


def mailed(db: Connection) -> Fate:
    """What becomes of the mail of an event that happens now."""
    event = given.emit(db)
    given.route(db)
    return given.deliveries(db, event)["u1", "email"]


async def test_preferences_changed_in_the_centre_change_what_happens_next(
    centre: Centre, db: Connection
) -> None:
    await centre.open()
    before = (await centre.state("cell-orders-email"), mailed(db))

    await centre.click("cell-orders-email")
    said = await centre.told("Off: Orders, E-mail.")
    off = (await centre.state("cell-orders-email"), mailed(db))
    await centre.click("undo")
    await centre.told("Undone.")

    assert before == ("true", Fate("queued", "wanted"))
    assert "Order paid: E-mail at once → not sent" in said
    assert off == ("false", Fate("skipped", "switched_off"))
    assert await centre.state("cell-orders-email") == "true"
    assert mailed(db) == Fate("queued", "wanted")


async def test_one_event_of_a_category_that_is_off_can_come_all_the_same(
    centre: Centre, db: Connection
) -> None:
    given.event_type(db, "order.lost", default_channels=["email"], label="Order lost")
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email",
               category="orders")  # fmt: skip
    await centre.open()
    await centre.click("category-orders")

    await centre.click("cell-order_lost-email")
    await centre.click("ask-only")
    await centre.told("On: Order lost, E-mail.")

    assert await centre.state("cell-orders-email") == "mixed"
    assert mailed(db) == Fate("skipped", "switched_off")
    lost = given.emit(db, "order.lost")
    given.route(db)
    assert given.deliveries(db, lost)["u1", "email"] == Fate("queued", "wanted")


async def test_what_is_off_with_more_asks_whether_only_it_or_all_is_to_come(
    centre: Centre, db: Connection
) -> None:
    given.event_type(db, "ticket.created", category="tickets", default_channels=["email"])
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    await centre.open()
    states = ("all-email", "cell-orders-email", "cell-tickets-email")

    async def shown() -> list[str]:
        return [await centre.state(each) for each in states]

    await centre.click("cell-orders-email")
    asked = await centre.shows("return document.getElementById('question')?.innerText")
    await centre.click("ask-none")
    unchanged = await shown()
    await centre.click("cell-orders-email")
    await centre.click("ask-only")
    await centre.told("On: Orders, E-mail.")
    only = (await shown(), mailed(db))
    await centre.click("undo")
    await centre.told("Undone.")
    await centre.click("cell-orders-email")
    await centre.click("ask-all")
    await centre.told("No longer off as a whole: E-mail.")

    assert "Orders, E-mail" in asked
    assert unchanged == ["false", "false", "false"]
    assert only == (["mixed", "true", "false"], Fate("queued", "wanted"))
    assert await shown() == ["true", "true", "true"]


async def test_the_switch_of_a_channel_shows_that_some_of_it_comes_and_asks_what_is_to(
    centre: Centre, db: Connection
) -> None:
    given.event_type(db, "ticket.created", category="tickets", default_channels=["in_app"])
    await centre.open()
    before = await centre.state("all-email")

    await centre.click("all-email")
    await centre.click("ask-on")
    await centre.told("On: Everything, E-mail.")
    on = [await centre.state(each) for each in ("all-email", "cell-tickets-email")]
    await centre.click("all-email")
    await centre.told("Off: Everything, E-mail.")

    assert (before, on) == ("mixed", ["true", "true"])
    assert await centre.state("all-email") == "false"
    assert mailed(db) == Fate("skipped", "switched_off")


async def test_the_question_is_read_out_and_answered_by_the_keyboard(
    centre: Centre, db: Connection
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    await centre.open()

    await centre.press("cell-orders-email", " ")
    named, inside = await centre.shows(
        "const dialog = document.querySelector('dialog[open]');"
        " const name = dialog && document.getElementById(dialog.getAttribute('aria-labelledby'));"
        " return dialog && [name.innerText, dialog.contains(document.activeElement)]"
    )
    await centre.press("ask-only", "\ue00c")
    asking = await centre.shows(
        "return !document.querySelector('dialog') && document.activeElement.id"
    )
    await centre.press("cell-orders-email", " ")
    await centre.press("ask-only", "\ue007")
    await centre.told("On: Orders, E-mail.")

    assert named.startswith("Orders, E-mail: this is off")
    assert inside
    assert asking == "cell-orders-email"
    assert await centre.run("return document.activeElement.id") == "cell-orders-email"


async def test_quiet_hours_set_to_now_hold_an_email_back_and_let_it_go_at_their_end(
    centre: Centre, db: Connection, database_url: str
) -> None:
    provider = ScriptedProvider()
    starts, ends = (NOW + timedelta(minutes=minutes) for minutes in (-30, 30))
    given.clock(db, NOW)
    await centre.open()
    await centre.run(
        "for (const [id, value] of Object.entries(arguments[0]))"
        " document.getElementById(id).value = value",
        {"quiet-starts": f"{starts:%H:%M}", "quiet-ends": f"{ends:%H:%M}"},
    )
    await centre.click("quiet-holds-email")
    await centre.shows("return document.getElementById('week-example').innerText.trim()")
    example = await centre.run("return document.getElementById('week-example').innerText")
    await centre.click("quiet-set")
    await centre.told("Quiet hours set")

    async with running(database_url, provider, safety_poll_seconds=0.2):
        event = given.emit(db, payload={"order_id": 1, "amount": "5.00"})
        await seen(lambda: ("u1", "email") in given.deliveries(db, event), "it is routed")
        held = given.deliveries(db, event)["u1", "email"]
        assert provider.messages == []
        given.clock(db, NOW + timedelta(minutes=31))
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
    await asyncio.to_thread(centre._browser.open, leave)
    await centre.run("document.querySelector('button').click()")
    await centre.shows("return document.body.innerText.includes('You have unsubscribed')")
    await centre.open_at(choices)

    assert "u…@example.org" in whose
    assert (on, await centre.state("cell-orders-email")) == ("true", "false")
    assert mailed(db) == Fate("skipped", "switched_off")


async def test_the_end_of_quiet_hours_is_moved_by_the_keyboard(
    centre: Centre, db: Connection
) -> None:
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00", days=[2])
    await centre.open()

    await centre.press("week-2-end", "\ue014", "\ue014")
    await centre.told("Quiet hours set: Tuesday, 22:00 – 07:30.")
    ends = given.value(db, "select ends::text from postbell.quiet_hours where day = 2")
    focused = await centre.run("return document.activeElement.id")
    await centre.press("week-2-end", "\ue017")
    await centre.told("No quiet hours: Tuesday.")

    assert ends == "07:30:00"
    assert focused == "week-2-end"
    assert given.value(db, "select count(*) from postbell.quiet_hours") == 0


async def test_quiet_hours_are_drawn_with_the_mouse(centre: Centre, db: Connection) -> None:
    await centre.open()
    left, width, top = await centre.run(
        "const track = document.querySelector('[data-day=\"3\"]');"
        " track.scrollIntoView({block: 'center'});"
        " const {left, width, top, height} = track.getBoundingClientRect();"
        " return [left, width, top + height / 2]"
    )

    def mouse(kind: str, hour: float) -> None:
        centre._browser.driver.execute_cdp_cmd(
            "Input.dispatchMouseEvent",
            {"type": kind, "x": left + width * hour / 36, "y": top, "button": "left",
             "clickCount": 1, "buttons": 1},
        )  # fmt: skip

    for kind, hour in (("mousePressed", 21), ("mouseMoved", 26), ("mouseMoved", 30),
                       ("mouseReleased", 30)):  # fmt: skip
        await asyncio.to_thread(mouse, kind, hour)
    await centre.told("Quiet hours set: Wednesday, 21:00 – 06:00.")

    windows = "select day, starts::text, ends::text from postbell.quiet_hours"
    assert given.rows(db, windows) == [(3, "21:00:00", "06:00:00")]


async def test_the_form_says_what_is_missing_and_what_lasts_all_day(centre: Centre) -> None:
    await centre.open()
    await centre.run("for (const box of document.getElementsByName('days')) box.checked = false")

    await centre.click("quiet-set")
    missing = await centre.run("return document.getElementById('quiet-days-1').validationMessage")
    await centre.click("quiet-days-1")
    await centre.run("for (const end of ['starts', 'ends']) window[`quiet-${end}`].value = '00:00'")
    await centre.click("quiet-set")

    assert missing == "Choose at least one."
    await centre.told("Quiet hours set: Monday, all day.")


async def test_a_mute_and_a_pause_begin_and_end_there(centre: Centre, db: Connection) -> None:
    await centre.open()

    await centre.click("mute-set")
    await centre.told("Muted until")
    muted = mailed(db)
    await centre.click("unmute-0")
    await centre.told("No longer muted: Orders")
    await centre.click("pause-tomorrow")
    await centre.told("Paused until")
    paused = mailed(db)
    await centre.click("resume")
    await centre.told("The pause is over.")

    assert muted == paused == Fate("skipped", "muted")
    assert mailed(db) == Fate("queued", "wanted")


async def test_what_cannot_be_saved_is_told_and_shown_as_it_is(
    centre: Centre, db: Connection
) -> None:
    await centre.open()
    await centre.run("window.fetch = () => Promise.reject(new TypeError('no network'))")

    await centre.click("cell-orders-email")
    await centre.told("nothing was changed")

    assert await centre.state("cell-orders-email") == "true"
    assert given.value(db, "select count(*) from postbell.preference") == 0


async def test_a_screen_reader_gets_a_table_of_named_checkboxes_with_reasons(
    centre: Centre, db: Connection
) -> None:
    given.event_type(db, "order.lost", default_channels=["in_app"], forced_channels=["email"])
    db.execute("update postbell.recipient set phone = null")
    await centre.open()

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


async def test_on_a_phone_nothing_is_wider_than_the_screen(centre: Centre) -> None:
    driver = centre._browser.driver
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    await asyncio.to_thread(driver.execute_cdp_cmd, "Emulation.setDeviceMetricsOverride", size)
    try:
        await centre.open()
        assert await centre.run("return document.documentElement.scrollWidth") == 360
    finally:
        await asyncio.to_thread(driver.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})


#: The switches of the page, as the scope that each is about.
SWITCHES: dict[str, dict[str, str]] = {
    "all-email": {},
    "cell-orders-email": {"category": "orders"},
    "cell-order_paid-email": {"event": "order.paid"},
}


def stays_off(db: Connection, scope: dict[str, str]) -> bool:
    """Whether mails of this scope are off after they were switched on. Nothing is kept."""
    with db.transaction(force_rollback=True):
        if scope:
            given.call(db, "switch_channel", recipient="u1", enabled=True, channel="email", **scope)
        else:
            given.call(db, "set_preference", recipient="u1", enabled=None, channel="email")
        category = "orders" if scope else None
        return bool(
            given.value(
                db,
                "select is_off from postbell.is_switched_off('default', 'u1', 'email', %s, %s)",
                category,
                scope.get("event"),
            )
        )


@pytest.mark.parametrize(
    "off",
    [
        {},
        {"channel": "email"},
        {"category": "orders"},
        {"event": "order.paid"},
        {"channel": "email", "category": "orders"},
        {"channel": "email", "event": "order.paid"},
    ],
)
async def test_the_page_asks_where_a_switch_alone_would_not_help(
    centre: Centre, db: Connection, off: dict[str, str]
) -> None:
    asked, helpless = {}, {}
    for switch, scope in SWITCHES.items():
        db.execute("delete from postbell.preference")
        given.call(db, "set_preference", recipient="u1", enabled=False, **off)
        helpless[switch] = stays_off(db, scope)
        await centre.open()
        await centre.click("category-orders")
        await centre.click(switch)
        asked[switch] = await centre.shows(
            "const dialog = document.getElementById('question');"
            " const done = document.getElementById('told-of').innerText;"
            " return dialog ? 'yes' : done.includes('On:') || done.includes('Off:') ? 'no' : ''"
        )

    assert asked == {switch: "yes" if off else "no" for switch, off in helpless.items()}
