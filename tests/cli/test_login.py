"""An address that lets somebody in, as it is asked for by hand."""

from __future__ import annotations

import getpass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from dispatcher.cli.errors import ExitCode
from dispatcher.gateway.token import Claims, OperatorClaims, TokenReader
from tests.support import given
from tests.support.cli import Cli

SECRET = "a secret of enough characters for a hash"


@pytest.fixture
def signing(cli: Cli, database: given.Connection, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", SECRET)
    monkeypatch.setenv("POSTBELL_PUBLIC_URL", "https://notify.example")
    return cli


def test_the_address_is_the_whole_answer_and_names_the_person(signing: Cli) -> None:
    result = signing("login", "u1")

    assert result.exit_code == ExitCode.OK
    address = urlsplit(result.stdout.strip())
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://notify.example/login"
    query = parse_qs(address.query)
    assert query["to"] == ["/preferences"]
    claims = TokenReader([SECRET]).read_login(query["token"][0])
    assert isinstance(claims, Claims)
    assert (claims.tenant_id, claims.recipient_id) == ("default", "u1")
    assert "It works until" in result.stderr


def test_a_script_learns_until_when_it_works(signing: Cli) -> None:
    told = signing.json("login", "u1", "--to", "/operator")

    assert told["address"].endswith("&to=/operator")
    assert datetime.fromisoformat(told["works_until"]).tzinfo is not None


def test_an_operator_is_named_as_on_this_machine(signing: Cli) -> None:
    query = parse_qs(urlsplit(signing.json("login", "--operator")["address"]).query)

    assert query["to"] == ["/operator"]
    claims = TokenReader([SECRET]).read_login(query["token"][0])
    assert isinstance(claims, OperatorClaims)
    assert claims.operator == getpass.getuser()


@pytest.mark.parametrize("words", [[], ["u1", "--operator"]])
def test_it_is_for_a_person_or_an_operator(signing: Cli, words: list[str]) -> None:
    assert signing("login", *words).exit_code == ExitCode.USAGE


def test_whom_nobody_knows_gets_no_address(signing: Cli) -> None:
    result = signing("login", "u1", "--tenant", "elsewhere")

    assert result.exit_code == ExitCode.BAD
    assert result.stdout == ""
    assert "upsert_recipient" in result.stderr


def test_an_address_leads_to_no_other_site(signing: Cli) -> None:
    result = signing("login", "u1", "--to", "//evil.example")

    assert result.exit_code == ExitCode.USAGE
    assert "a path of the gateway" in result.stderr


def test_without_a_secret_it_says_how_to_make_one(
    signing: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTBELL_TOKEN_SECRET")

    result = signing("login", "u1")

    assert result.exit_code == ExitCode.CONFIGURATION
    assert "openssl rand -hex 32" in result.stderr
