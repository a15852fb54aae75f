"""The preview page in a real browser: what is chosen and typed is rendered at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dispatcher.settings import Settings
from tests.support.gateway import serving
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers.browser import until
from tests.support.peers.chromium import Chromium
from tests.support.peers.server_process import free_port
from tests.support.renderings import event_toml, folder
from tests.support.tokens import token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

THING = {
    "thing/happened/event.toml": event_toml("in_app", "email"),
    "thing/happened/sample.json": '{\n  "text": "a sample"\n}',
    "thing/happened/in_app.json": '{"title": "{{ text }}"}',
    "thing/happened/fr/in_app.json": '{"title": "fr {{ text }}"}',
    "thing/happened/email.subject.txt": "Subject",
    "thing/happened/email.txt": "one\n{{ text }}",
    "thing/happened/email.html": (
        "<html><style>p { color: rgb(1, 2, 3) }"
        " @media (prefers-color-scheme: dark) { p { color: rgb(9, 8, 7) !important } }</style>"
        "<p id='said' onclick='x()'>{{ text }}</p><script>document.title = 'run'</script></html>"
    ),
}
TYPE = """
const field = document.getElementById(arguments[0]);
field.value = arguments[1];
field.dispatchEvent(new Event('input', { bubbles: true }));
"""
CHOOSE = "document.querySelector(`input[value='${arguments[0]}']`).click()"
NOTE = "const note = document.querySelector('.note h3'); return note && note.innerText"
COLOR = "return getComputedStyle(document.getElementById('said')).color"


async def test_what_is_chosen_and_typed_is_rendered_at_once(
    db: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "template_folders", property(lambda own: own.templates))
    port = free_port()
    base = f"http://localhost:{port}"
    own = (folder(tmp_path, THING),)
    async with serving(database_url, gateway_port=port, public_url=base, templates=own):
        await asyncio.to_thread(_look_around, base)


def _look_around(base: str) -> None:
    with Chromium() as browser:
        enter(browser, base, token("olga", scope="operator"), "/preview")

        until(browser, "return document.documentElement.dataset.ready")
        assert _in_frame(browser, "return document.getElementById('said').innerText") == "a sample"
        assert _in_frame(browser, COLOR) == "rgb(1, 2, 3)"
        assert _in_frame(browser, "return document.title") != "run"
        browser.run(CHOOSE, "dark")
        until(browser, "return document.querySelector('iframe')?.src.includes('scheme=dark')")
        assert _in_frame(browser, COLOR) == "rgb(9, 8, 7)"

        browser.run("window.same = true; document.getElementById('tab-in_app').click()")
        assert until(browser, NOTE) == "a sample"
        browser.run(TYPE, "payload", '{\n  "text": "typed"\n}')
        until(browser, NOTE.replace("note &&", "") + " === 'typed'")
        browser.run(TYPE, "locale", "fr-CA")
        until(browser, NOTE.replace("note &&", "") + " === 'fr typed'")

        browser.run(TYPE, "payload", '{\n  "text": 5\n}')
        until(browser, "return document.querySelector('.marked')?.innerText === '2'")
        assert "text is not of type text" in until(
            browser, "return document.getElementById('payload-faults').innerText"
        )
        # All of that on one page, whose address says what is chosen, and nothing that was written.
        assert browser.run("return window.same")
        address = browser.run("return location.search")
        assert "channel=in_app" in address
        assert "locale=fr-CA" in address
        assert "payload" not in address
        browser.run(TYPE, "search", "nothing like it")
        assert browser.run("return document.querySelector('.events li').hidden")
        # What the mail's own policy keeps out is no mistake of the page's.
        assert [each for each in _complaints(browser) if "/preview/mail" not in each] == []

        driver = browser.driver
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        browser.open(f"{base}/preview")
        driver.find_element("id", "payload").clear()
        driver.find_element("id", "payload").send_keys('{"text": "by hand"}')
        driver.find_element("id", "tab-in_app").click()
        assert driver.find_element("css selector", ".note h3").text == "by hand"


def _in_frame(browser: Chromium, script: str) -> Any:
    until(browser, "return document.querySelector('iframe')")
    browser.driver.switch_to.frame(browser.driver.find_element("css selector", "iframe"))
    try:
        until(browser, "return document.getElementById('said')")
        return browser.run(script)
    finally:
        browser.driver.switch_to.default_content()


def _complaints(browser: Chromium) -> list[str]:
    return [entry["message"] for entry in browser.driver.get_log("browser")]
