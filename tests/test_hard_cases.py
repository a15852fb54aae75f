"""The tables of tests/README.md name what exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_README = (Path(__file__).parent / "README.md").read_text("utf-8")
_ROW = re.compile(r"^\| ([^|]+) \| (.*) \|$", re.MULTILINE)
_CASES = [
    (row[1], row[2])
    for row in _ROW.finditer(_README.partition("## Hard cases")[2])
    if row[1] not in ("case", "---")
]


@cache
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize(("case", "shown_by"), _CASES, ids=[case for case, _ in _CASES])
def test_a_hard_case_is_shown_by_tests_that_exist(case: str, shown_by: str) -> None:
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", shown_by)

    assert named, f"nothing shows {case}"
    for path, function in named:
        assert function in _functions(_ROOT / path), f"{path} has no {function}"


def test_a_hard_case_is_listed_once() -> None:
    cases = [case for case, _ in _CASES]

    assert len(cases) == len(set(cases)) > 25


def test_every_module_of_a_peer_is_listed() -> None:
    listed = set(re.findall(r"`(tests/support/peers/\w+\.py)`", _README))
    # What several of them share is no peer.
    shared = {"browser", "program", "server_process", "site"}
    there = {
        f"tests/support/peers/{path.name}"
        for path in (_ROOT / "tests" / "support" / "peers").glob("*.py")
        if path.stem not in shared and not path.stem.startswith("test_")
    }

    assert listed == there
