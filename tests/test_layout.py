"""Helpers live in tests/support, and no test module imports another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
#: Programs of their own beside the tests: `python -m tests.benchmarks`.
PROGRAMS = {"benchmarks", "screenshots"}
#: What asks how late it is, or signs something that is good for a while.
CLOCKS = re.compile(
    r"(datetime\.)?(datetime\.(now|utcnow|today)|date\.today)"
    r"|time\.(time|time_ns|monotonic|perf_counter|localtime|gmtime)|(tokens\.)?token"
)


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, `from tests.support import given` as one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{a.name}" for a in node.names)


def at_import(module: ast.Module) -> Iterator[ast.AST]:
    """What runs when a module is imported: no bodies of functions, but their defaults."""
    left: list[ast.AST] = [module]
    while left:
        node = left.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            left += [each for each in (*node.args.defaults, *node.args.kw_defaults) if each]
            left += getattr(node, "decorator_list", [])
        else:
            left += ast.iter_child_nodes(node)


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


def clocks_of(module: ast.Module) -> set[str]:
    """The functions of a module that read a clock."""
    return {
        function.name
        for function in module.body
        if isinstance(function, ast.FunctionDef)
        and any(
            isinstance(node, ast.Call) and CLOCKS.fullmatch(ast.unparse(node.func))
            for node in ast.walk(function)
        )
    }


# A test may run an hour after its module was imported, and on another day.
def test_no_clock_is_read_when_a_module_is_imported() -> None:
    wrong = [
        f"{path.relative_to(TESTS)}:{node.lineno} calls {called}"
        for path in sorted(TESTS.rglob("*.py"))
        for module in [ast.parse(path.read_text("utf-8"))]
        for own in [clocks_of(module)]
        for node in at_import(module)
        if isinstance(node, ast.Call)
        and (CLOCKS.fullmatch(called := ast.unparse(node.func)) or called in own)
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
