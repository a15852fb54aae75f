"""axe-core, which finds what keeps people with disabilities from using a page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.peers.browser import Browser

_INSTALLED = Path(__file__).parents[3] / ".ci/peers/node_modules/axe-core/axe.min.js"
_RUN = """
return axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.flatMap(
  ({id, nodes}) => nodes.map(node => `${id}: ${node.target.join(" ")}: ${node.failureSummary}`)));
"""


def violations(browser: Browser) -> list[str]:
    """What breaks a rule on the open page, best practices included.

    Skips the test if axe-core is absent.
    """
    given = os.environ.get("POSTBELL_TEST_AXE")
    script = Path(given) if given else _INSTALLED
    if not given and not script.exists():
        pytest.skip("axe-core is not installed: npm install axe-core")
    browser.run(script.read_text(encoding="utf-8"))
    found: list[str] = browser.run(_RUN)
    return found
