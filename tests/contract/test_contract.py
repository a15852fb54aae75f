"""What applications, people and operators rely on is what the files beside this say.

A change of it is a change of the contract: `make contract` writes the files anew, and CHANGELOG
says what changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import aiohttp
import psycopg

from tests.support import contract
from tests.support.gateway import serving
from tests.support.written import hold

FOLDER: Final = Path(__file__).parent


def test_functions(connection: psycopg.Connection) -> None:
    hold(FOLDER / "functions.txt", contract.functions(connection))


def test_relations(connection: psycopg.Connection) -> None:
    hold(FOLDER / "relations.txt", contract.relations(connection))


def test_grants(connection: psycopg.Connection) -> None:
    hold(FOLDER / "grants.txt", contract.grants(connection))


def test_errors() -> None:
    hold(FOLDER / "errors.txt", contract.errors())


def test_commands() -> None:
    hold(FOLDER / "commands.txt", contract.commands())


def test_settings() -> None:
    hold(FOLDER / "settings.txt", contract.settings())


async def test_metrics() -> None:
    hold(FOLDER / "metrics.txt", await contract.metrics())


async def test_openapi(database_url: str) -> None:
    async with (
        serving(database_url) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/v1/openapi.json") as response,
    ):
        hold(FOLDER / "openapi.json", contract.openapi(await response.json()))
