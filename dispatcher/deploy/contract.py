"""Compares the contract number of the schema with this package's."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors

from dispatcher import CONTRACT
from dispatcher.db import monitoring


class SchemaError(Exception):
    """The schema cannot be deployed or used. The text says why, and has the remedy."""


def check_contract(connection: psycopg.Connection[Any]) -> None:
    """Raise SchemaError unless the schema has the contract of this package."""
    try:
        found = monitoring.contract(connection)
    except (errors.InvalidSchemaName, errors.UndefinedFunction):
        found = None
    compare_contract(found)


def compare_contract(found: int | None) -> None:
    """Raise SchemaError unless `found`, which is `postbell.contract()`, is this package's."""
    if found is None:
        raise SchemaError("This database has no Postbell schema: run `postbell deploy` first.")
    if found != CONTRACT:
        remedy = "deploy the schema" if found < CONTRACT else "upgrade this package"
        raise SchemaError(
            f"The schema has contract {found} and this package contract {CONTRACT}: {remedy}."
        )
