"""What applications, people and operators rely on is what the files beside this say.

A change of it is a change of the contract: `make contract` writes the files anew, and CHANGELOG
says what changed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import aiohttp
import psycopg
import pytest

from tests.support import contract
from tests.support.gateway import serving

FOLDER: Final = Path(__file__).parent
#: Set to write instead of compare.
WRITE: Final = "POSTBELL_TEST_WRITE_CONTRACT"


def hold(name: str, now: str) -> None:
    file = FOLDER / name
    if os.environ.get(WRITE):
        file.write_text(now, encoding="utf-8")
        pytest.skip(f"{name} is written")
    assert now == file.read_text(encoding="utf-8"), (
        f"tests/contract/{name} says otherwise. If the contract is meant to change: make contract,"
        " and a line in CHANGELOG.md."
    )


def test_functions(connection: psycopg.Connection) -> None:
    hold("functions.txt", contract.functions(connection))


def test_relations(connection: psycopg.Connection) -> None:
    hold("relations.txt", contract.relations(connection))


def test_grants(connection: psycopg.Connection) -> None:
    hold("grants.txt", contract.grants(connection))


def test_errors() -> None:
    hold("errors.txt", contract.errors())


def test_commands() -> None:
    hold("commands.txt", contract.commands())


def test_settings() -> None:
    hold("settings.txt", contract.settings())


async def test_metrics() -> None:
    hold("metrics.txt", await contract.metrics())


async def test_openapi(database_url: str) -> None:
    async with (
        serving(database_url) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/v1/openapi.json") as response,
    ):
        hold("openapi.json", contract.openapi(await response.json()))
