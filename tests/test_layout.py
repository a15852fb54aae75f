"""Helpers live in tests/support, and no test module imports another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
#: Programs of their own beside the tests: `python -m tests.benchmarks`.
PROGRAMS = {"benchmarks", "screenshots"}


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, `from tests.support import given` as one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{a.name}" for a in node.names)


def is_collected(module: str) -> bool:
    return module.startswith(("test_", "conftest"))


def test_no_module_imports_a_test_module_or_a_conftest() -> None:
    wrong = [
        f"{path.relative_to(TESTS)} imports {name}"
        for path in sorted(TESTS.rglob("*.py"))
        for name in imported(path)
        if name.startswith(("tests.", ".")) and any(map(is_collected, name.split(".")[:-1]))
    ]

    assert wrong == []


def test_helpers_live_in_support() -> None:
    wrong = [
        str(path.relative_to(TESTS))
        for path in sorted(TESTS.rglob("*.py"))
        if path.relative_to(TESTS).parts[0] not in PROGRAMS | {"support"}
        and not is_collected(path.name)
    ]

    assert wrong == []


def test_an_event_in_two_languages_is_at_most_ten_files() -> None:
    templates = TESTS.parent / "templates"
    many = {
        str(event.parent.relative_to(templates)): len(files)
        for event in templates.rglob("event.toml")
        if len(files := [*event.parent.glob("*.*"), *event.parent.glob("fr/*")]) > 10
    }

    assert many == {}
    assert len([each for each in templates.rglob("*") if each.is_file()]) < 270
