from __future__ import annotations

import psycopg
import pytest

from dispatcher import CONTRACT
from dispatcher.deploy import contract


def test_a_schema_of_this_contract_is_accepted(connection: psycopg.Connection) -> None:
    contract.check_contract(connection)

    assert connection.execute("select postbell.contract()").fetchone() == (CONTRACT,)


@pytest.mark.parametrize(
    ("found", "remedy"),
    [(CONTRACT + 1, "upgrade this package"), (CONTRACT - 1, "deploy the schema")],
)
def test_another_contract_is_refused_naming_both(
    connection: psycopg.Connection, found: int, remedy: str
) -> None:
    connection.execute(
        f"create or replace function postbell.contract() returns integer return {found}".encode()
    )

    with pytest.raises(
        contract.SchemaError, match=f"contract {found} .* contract {CONTRACT}: {remedy}"
    ):
        contract.check_contract(connection)


def test_a_database_without_a_schema_is_told_to_deploy(empty_url: str) -> None:
    with (
        psycopg.connect(empty_url) as connection,
        pytest.raises(contract.SchemaError, match="run `postbell deploy` first"),
    ):
        contract.check_contract(connection)
