"""Every statement that Python sends stands in dispatcher/db."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.db import batches

PACKAGE = Path(batches.__file__).parent.parent

#: What an application imports loads nothing of the daemon; the sample application has tables of
#: its own; a deploy writes statements from what it finds in the catalogue.
ELSEWHERE = ("db", "deploy", "demo", "verbs")

SQL = re.compile(
    r"\s*(select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\(|"
    r"(un)?listen\s+\w+$|notify\s+\w+|set\s+(local\s+|session\s+)?\w+(\.\w+)?\s*(=|to)\s|truncate\s)"
)
SENDING = ("execute", "executemany", "cursor")
#: What writes statements, and rows that are no class.
WRITING = ("psycopg.sql", "psycopg.types.json")


def modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in ELSEWHERE
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_statement_stands_elsewhere(path: Path) -> None:
    assert list(statements_in(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        'await connection.execute("select 1")',
        'ASKED = "select id from postbell.tenant"',
        "ASKED = f'update {table} set x = 1'",
        'LISTEN = "listen postbell_wake"',
        "from psycopg import sql",
        "from psycopg.types.json import Jsonb",
    ],
)
def test_a_statement_is_found(code: str) -> None:
    assert list(statements_in(ast.parse(code)))


def test_a_sentence_is_no_statement() -> None:
    code = '''
"""select a tenant"""
log.info("Select a tenant with a name")
wish = "with a smile"
'''

    assert list(statements_in(ast.parse(code))) == []


def statements_in(tree: ast.Module) -> Iterator[str]:
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documentation:
                if SQL.match(text):
                    yield f"line {node.lineno}: {text.strip()[:60]}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in SENDING:
                yield f"line {node.lineno}: .{name}()"
            case ast.Import(names=names):
                yield from (f"import {each.name}" for each in names if each.name in WRITING)
            case ast.ImportFrom(module=str(module), names=names):
                imported = [module, *(f"{module}.{each.name}" for each in names)]
                yield from (f"import {name}" for name in imported if name in WRITING)
