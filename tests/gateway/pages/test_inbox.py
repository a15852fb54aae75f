"""The scripts of <postbell-inbox>: where they are, and who may load them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatcher.gateway.pages.assets import FOLDER, InboxScripts, labelled
from dispatcher.gateway.pages.page import LANGUAGES, words
from tests.support.client import Answer, Client
from tests.support.renderings import shipped_labels

LABELS = shipped_labels()
FILES = labelled(LABELS)
MODULES = sorted(FOLDER.glob("inbox/*.js"))


@pytest.fixture
def client() -> Client:
    routes = [*InboxScripts(FILES).routes, *FILES.routes]
    return Client(Starlette(routes=routes), headers={"accept-encoding": "gzip"})


async def loaded(client: Client, lang: str) -> dict[str, Answer]:
    """What a browser loads for the component, by path."""
    plain = client.having(accept_encoding="identity")
    found: dict[str, Answer] = {}
    waiting = [FILES.path(f"inbox.{lang}.json"), "/postbell-inbox.js"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = await client.get(path)
        text = (await plain.get(path)).text
        folder = path.rpartition("/")[0]
        waiting += [f"{folder}/{name}" for name in re.findall(r'from "\./(.+)"', text)]
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_inbox_is_one_script_and_its_words(client: Client, lang: str) -> None:
    files = await loaded(client, lang)

    assert all(answer.status == 200 for answer in files.values())
    assert len(files) == len(["the address", "the script", "its words"])


async def test_one_script_tag_names_this_releases_script_which_is_kept_for_good(
    client: Client,
) -> None:
    entry, *others = (await loaded(client, "en")).values()

    assert entry.headers["cache-control"] == "public, no-cache"
    assert entry.headers["content-type"].startswith("text/javascript")
    assert all("immutable" in answer.headers["cache-control"] for answer in others)


@pytest.mark.parametrize("path", ["/postbell-inbox.js", "/postbell-worker.js"])
async def test_a_page_of_another_origin_may_load_it(client: Client, path: str) -> None:
    answer = await client.having(origin="https://shop.example").get(path)

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_the_worker_may_ask_the_gateway_and_nobody_else(client: Client) -> None:
    answer = await client.get("/postbell-worker.js")

    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; connect-src 'self'"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_that_comes_from_outside_becomes_markup_or_code(path: Path) -> None:
    dangerous = "innerHTML|outerHTML|insertAdjacentHTML|document.write|eval\\(|Function\\(|srcdoc"

    assert not re.search(dangerous, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_categories_are_called_as_in_mails_and_preferences(client: Client, lang: str) -> None:
    said = (
        await client.having(accept_encoding="identity").get(FILES.path(f"inbox.{lang}.json"))
    ).json

    assert {name: text for name, text in said.items() if "category." in name} == {
        f"category.{key}": LABELS.category(key, lang) for key in LABELS.categories
    }
    assert LABELS.categories
    assert said["title"] == words("inbox", lang)["title"]
