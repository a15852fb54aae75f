"""The files that pages load: kept, packed, and the same for every origin."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatcher.gateway.pages.assets import FOLDER, Asset, Assets, bundled, minified, shipped
from tests.support.client import Client


@pytest.fixture
def client() -> Client:
    return Client(Starlette(routes=shipped().routes))


async def test_a_file_is_asked_for_by_its_name(client: Client) -> None:
    answer = await client.get("/assets/page.css")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert b":root" in answer.body


async def test_under_its_version_it_is_kept_for_good(client: Client) -> None:
    answer = await client.get(shipped().path("page.css"))

    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]


async def test_a_page_of_another_release_gets_what_there_is_and_does_not_keep_it(
    client: Client,
) -> None:
    answer = await client.get("/assets/0123456789ab/page.css")

    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, no-cache"


async def test_it_is_packed_for_those_who_can_unpack_it(client: Client) -> None:
    plain = await client.get("/assets/page.css")
    packed = await client.having(accept_encoding="br, gzip").get("/assets/page.css")

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_what_a_browser_has_is_not_sent_again(client: Client, encoding: str) -> None:
    browser = client.having(accept_encoding=encoding)
    tag = (await browser.get("/assets/page.css")).headers["etag"]

    answer = await browser.having(if_none_match=f'"other", {tag}').get("/assets/page.css")

    assert answer.status == 304
    assert answer.body == b""
    assert answer.headers["etag"] == tag
    assert (await browser.having(if_none_match='"other"').get("/assets/page.css")).status == 200


async def test_a_page_of_any_origin_may_load_it(client: Client) -> None:
    answer = await client.having(origin="https://shop.example").get("/assets/page.css")

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("name", ["nothing.css", "page.html", "assets.py", "../auth.py", ""])
async def test_nothing_else_of_the_folder_is_served(client: Client, name: str) -> None:
    assert (await client.get(f"/assets/{name}")).status == 404
    assert (await client.get(f"/assets/{shipped().version}/{name}")).status == 404


def test_a_script_is_sent_without_comments_indentation_and_empty_lines() -> None:
    written = "/** What\n * it does. */\nlet a = 1; // so\n  // why\n  a *= 2;\n\n/* b */ a;\n"

    assert minified(written) == "let a = 1; // so\na *= 2;\n/* b */ a;\n"


def test_modules_become_one_script_in_which_each_comes_once_after_what_it_imports(
    tmp_path: Path,
) -> None:
    for name, text in {
        "entry.js": 'import { b } from "./b.js";\nimport { a } from "./a.js";\n'
        "export const c = a + b;\n",
        "a.js": "export const a = 1;\n",
        "b.js": 'import { a } from "./a.js";\nexport const b = a;\n',
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    script = bundled(tmp_path / "entry.js")

    assert script == "const a = 1;\nconst b = a;\nexport const c = a + b;\n"


def test_no_text_over_several_lines_depends_on_what_begins_them() -> None:
    """Styles may be such texts: they mean the same without."""
    for path in FOLDER.rglob("*.js"):
        texts = path.read_text(encoding="utf-8").split("`")[1::2]
        assert all("\n" not in text or path.name == "style.js" for text in texts), path


def test_the_version_is_another_as_soon_as_one_file_is() -> None:
    before, after = (
        Assets({"a.js": Asset.of(b"1", "text/javascript"), "b.js": Asset.of(content, "")})
        for content in (b"1", b"2")
    )

    assert before.version != after.version
