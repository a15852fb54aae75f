"""axe-core, which looks for what keeps people with disabilities from using a page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

#: Names the script: `npm install axe-core` brings node_modules/axe-core/axe.min.js.
SCRIPT = "POSTBELL_TEST_AXE"

_RUN = """
const done = arguments[arguments.length - 1];
const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe.run(document, {runOnly: {type: "tag", values}}).then(({violations}) => done(
  violations.flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target.join(" ")}`))));
"""


def violations(driver: Any) -> list[str]:
    """Rules of WCAG 2.2 AA, and axe's best practices, that the open page breaks, each with where.

    `driver` is Selenium's. Skips the test if axe-core is absent.
    """
    path = os.environ.get(SCRIPT)
    if not path:
        pytest.skip(f"{SCRIPT} names no axe.min.js: npm install axe-core")
    driver.execute_script(Path(path).read_text(encoding="utf-8"))
    found: list[str] = driver.execute_async_script(_RUN)
    return found
