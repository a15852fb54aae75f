"""What sql/ declares, by name."""

from __future__ import annotations

import re
from functools import cache

from dispatcher import package_data
from dispatcher.deploy.declarations import code_files, statements, table_files

_TABLE = re.compile(r"create (?:unlogged )?table (\w+)\.(\w+)")


def source(name: str) -> str:
    """The statements that create a function or view of this name, without its schema."""
    return "\n".join(
        statement.body
        for file in code_files(package_data.folder("sql"))
        for statement in file.statements
        if (statement.creates or "").rpartition(".")[2] == name
    )


def qualified(name: str) -> tuple[str, str]:
    """A declared function, view or table, with its schema; postbell if no file declares it."""
    return _schemas().get(name, "postbell"), name


def name(unqualified: str) -> str:
    """The same as SQL: postbell_private.route."""
    return ".".join(qualified(unqualified))


@cache
def _schemas() -> dict[str, str]:
    found = {}
    for file in code_files(package_data.folder("sql")):
        for statement in file.statements:
            if statement.creates:
                schema, _, own = statement.creates.partition(".")
                found[own] = schema
    for path in table_files(package_data.folder("sql")):
        for each in statements(path.read_text(encoding="utf-8")):
            if match := _TABLE.match(each.body):
                found[match[2]] = match[1]
    return found
