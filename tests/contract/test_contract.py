"""What applications, people and operators rely on is what docs/reference and files here say.

A change is a change of the contract: `make contract` writes them anew, and CHANGELOG says what
changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import aiohttp
import psycopg

from tests.support import contract, reference
from tests.support.gateway import serving
from tests.support.written import hold

FOLDER: Final = Path(__file__).parent


def test_functions(connection: psycopg.Connection) -> None:
    hold(reference.FOLDER / "functions.md", reference.functions(connection))


def test_relations(connection: psycopg.Connection) -> None:
    hold(reference.FOLDER / "relations.md", reference.relations(connection))


def test_grants(connection: psycopg.Connection) -> None:
    hold(FOLDER / "grants.txt", contract.grants(connection))


def test_errors() -> None:
    hold(reference.FOLDER / "errors.md", reference.errors())


def test_commands() -> None:
    hold(reference.FOLDER / "commands.md", reference.commands())


def test_settings() -> None:
    hold(reference.FOLDER / "settings.md", reference.settings_page())


async def test_metrics() -> None:
    hold(reference.FOLDER / "metrics.md", await reference.metrics())


async def test_openapi(database_url: str) -> None:
    async with (
        serving(database_url) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/v1/openapi.json") as response,
    ):
        hold(FOLDER / "openapi.json", contract.openapi(await response.json()))


def test_http() -> None:
    hold(reference.FOLDER / "http.md", reference.http())
