"""The reference pages of docs/ say what the schema and the code say.

`make contract` writes them anew, together with the files beside this.
"""

from __future__ import annotations

import psycopg

from tests.support import reference
from tests.support.written import hold


def test_functions(connection: psycopg.Connection) -> None:
    hold(reference.FOLDER / "functions.md", reference.functions(connection))


def test_relations(connection: psycopg.Connection) -> None:
    hold(reference.FOLDER / "relations.md", reference.relations(connection))


def test_errors() -> None:
    hold(reference.FOLDER / "errors.md", reference.errors())


def test_commands() -> None:
    hold(reference.FOLDER / "commands.md", reference.commands())


def test_settings() -> None:
    hold(reference.FOLDER / "settings.md", reference.settings_page())


async def test_metrics() -> None:
    hold(reference.FOLDER / "metrics.md", await reference.metrics())


def test_http() -> None:
    hold(reference.FOLDER / "http.md", reference.http())
