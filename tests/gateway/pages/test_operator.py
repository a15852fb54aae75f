"""The operator's page: for operators alone, in two languages, and of parts that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dispatcher.explanations import LADDER, LATER, REJECTIONS
from dispatcher.gateway.pages.assets import FOLDER
from dispatcher.gateway.pages.page import words
from tests.support import given
from tests.support.client import Client, cookies_of
from tests.support.given import Connection

REASONS = {**LADDER, **LATER, **REJECTIONS}
README = Path(__file__).parents[3] / "README.md"
#: Its section.
FOR_OPERATORS = (
    README.read_text(encoding="utf-8").split("\n## For operators\n")[1].split("\n## ")[0]
)
SCRIPTS = [FOLDER / "operator.js", *sorted((FOLDER / "operator").glob("*.js"))]


@pytest.fixture
def database_url(module_url: str) -> str:
    return module_url


async def browser_of(client: Client) -> Client:
    cookie = cookies_of(await client.as_operator("olga").post("/v1/operator/session"))
    return client.having(cookie=f"postbell_operator={cookie['postbell_operator'].value}")


async def test_an_operator_gets_the_page(client: Client) -> None:
    answer = await (await browser_of(client)).get("/operator")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "olga" in answer.text


async def test_a_person_and_a_stranger_are_told_how_operators_log_in(client: Client) -> None:
    cookie = cookies_of(await client.as_().post("/v1/session"))["postbell"].value
    person = client.having(cookie=f"postbell={cookie}; postbell_operator={cookie}")

    for visitor in (client, client.as_(), person):
        answer = await visitor.get("/operator")
        assert answer.status == 401
        assert "postbell login --operator" in answer.text
        assert "olga" not in answer.text


async def test_it_speaks_the_language_of_the_browser(client: Client) -> None:
    browser = await browser_of(client)

    french = await browser.having(accept_language="fr-CA, en;q=0.5").get("/operator")

    assert '<html lang="fr">' in french.text
    assert "Vue d’ensemble" in french.text
    told = re.search(r'id="told">(.*?)</script>', french.text, re.DOTALL)
    assert told is not None
    assert json.loads(told[1])["why.switched_off"] == "La personne l’a désactivé."


def test_every_reason_is_said_in_every_other_language() -> None:
    said = words("reasons", "fr")

    assert {f"why.{name}" for name in REASONS} <= set(said)
    assert {f"way.{name}" for name, reason in REASONS.items() if reason.remedy} <= set(said)


def test_every_text_that_a_script_says_by_its_name_is_there() -> None:
    said = words("operator", "en")
    source = "".join(script.read_text() for script in SCRIPTS)
    whole = set(re.findall(r'say\("([\w.-]+)"', source))
    counted = set(re.findall(r'sayCount\("([\w.-]+)"', source))

    assert whole <= set(said)
    assert {f"{name}.{form}" for name in counted for form in ("one", "other")} <= set(said)


def test_scripts_turn_nothing_that_they_are_told_into_markup() -> None:
    source = "".join(script.read_text() for script in SCRIPTS)

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source)


def test_support_may_ask_all_that_readme_names_for_operators(connection: Connection) -> None:
    connection.execute("set local role postbell_support")

    for view in re.findall(r"`postbell\.(\w+)`", FOR_OPERATORS):
        connection.execute(f"select from postbell.{view} limit 0".encode())
    for function in re.findall(r"`postbell\.(\w+)\(", FOR_OPERATORS):
        assert given.value(
            connection,
            "select bool_or(has_function_privilege(oid, 'execute')) from pg_proc"
            " where pronamespace = 'postbell'::regnamespace and proname = %s",
            function,
        )
