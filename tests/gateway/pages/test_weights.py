"""What a page weighs on its first visit; `pytest -s` prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from posixpath import dirname, join, normpath

import pytest

from dispatcher.gateway.token import login_token
from dispatcher.inbound.links import UnsubscribeLinks, sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.client import Client
from tests.support.deliveries import a_delivery
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog
from tests.support.tokens import SECRET

_LOADED = re.compile(r'(?:src|href)="(/assets/[^"]+)"')
_IMPORTED = re.compile(r'from "(\.[^"]+)"')


@pytest.fixture
def database_url(module_url: str) -> str:
    return module_url


def preferences() -> str:
    token = sign_preferences(Signer([SECRET]), "default", "u1", datetime.now(UTC))
    return f"/preferences/{token}?open=orders"


def unsubscribe() -> str:
    links = UnsubscribeLinks(Signer([SECRET]), "")
    return str(links.of(a_delivery(), datetime.now(UTC)))


def login() -> str:
    return f"/login?token={login_token(SECRET, datetime.now(UTC), 'u1', 'default')}"


async def assets(client: Client, html: str) -> dict[str, int]:
    """The bytes of each file that a page loads, as they are sent."""
    sizes: dict[str, int] = {}

    def imported(path: str, script: str) -> Iterator[str]:
        for name in _IMPORTED.findall(script):
            yield normpath(join(dirname(path), name))

    wanted = _LOADED.findall(html)
    while wanted:
        path = wanted.pop()
        if path in sizes:
            continue
        sizes[path] = len((await client.having(accept_encoding="gzip").get(path)).body)
        if path.endswith(".js"):
            wanted += imported(path, (await client.get(path)).text)
    return sizes


@pytest.mark.parametrize(
    ("name", "most"), [("preferences", 64_000), ("unsubscribe", 6_000), ("login", 6_000)]
)
async def test_a_page_weighs_no_more_than_this(
    client: Client, db: Connection, name: str, most: int
) -> None:
    db.execute("delete from postbell.event_type")
    for event in shipped_catalog().events.values():
        given.event_type(db, event.key, label=event.label, category=event.category)
    path = {"preferences": preferences, "unsubscribe": unsubscribe, "login": login}[name]()

    answer = await client.get(path)
    loaded = await assets(client, answer.text)

    html, scripts = len(answer.body), sum(loaded[each] for each in loaded if ".js" in each)
    weight = html + sum(loaded.values())
    kilobytes = [size / 1000 for size in (weight, html, scripts, weight - html - scripts)]
    print("\n{}: {:.1f} KB: HTML {:.1f}, scripts {:.1f}, the rest {:.1f}".format(name, *kilobytes))
    assert answer.status == 200
    assert weight < most
