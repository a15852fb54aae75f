"""What sql/ declares, by name."""

from __future__ import annotations

from dispatcher import package_data
from dispatcher.deploy.declarations import code_files


def source(name: str) -> str:
    """The statements that create a function or view of this name, without its schema."""
    return "\n".join(
        statement.body
        for file in code_files(package_data.folder("sql"))
        for statement in file.statements
        if (statement.creates or "").rpartition(".")[2] == name
    )
