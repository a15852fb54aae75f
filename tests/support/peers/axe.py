"""axe-core, which finds what keeps people with disabilities from using a page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.peers.browser import Browser

_INSTALLED = Path(__file__).parents[3] / ".ci/peers/node_modules/axe-core/axe.min.js"
_RUN = """
const chosen = arguments[0] ? {runOnly: arguments[0]} : {};
return axe.run(document, {resultTypes: ["violations"], ...chosen}).then(({violations}) => violations.flatMap(
  ({id, nodes}) => nodes.map(node => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`)));
"""  # noqa: E501
#: What a colour scheme can break (axe's category cat.color).
COLORS = ("color-contrast", "link-in-text-block")


def violations(browser: Browser, *rules: str) -> list[str]:
    """What breaks one of these rules on the open page; without any, all, best practices included.

    Skips the test if axe-core is absent.
    """
    given = os.environ.get("POSTBELL_TEST_AXE")
    script = Path(given) if given else _INSTALLED
    if not given and not script.exists():
        pytest.skip("axe-core is not installed: npm install axe-core")
    if not browser.run("return Boolean(window.axe)"):
        browser.run(script.read_text(encoding="utf-8"))
    found: list[str] = browser.run(_RUN, list(rules) or None)
    return found
