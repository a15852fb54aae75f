"""What a page weighs on its first visit; `pytest -s` prints it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from posixpath import dirname, join, normpath
from typing import Final

import pytest

from dispatcher.gateway.pages.assets import COMPONENT, labelled
from dispatcher.gateway.token import login_token
from dispatcher.inbound.links import UnsubscribeLinks, sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.client import Client
from tests.support.deliveries import a_delivery
from tests.support.failed_deliveries import refused
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog, shipped_labels
from tests.support.tokens import SECRET

#: What a page loads by its HTML: assets, and the mail in a frame; and what a script does.
_LOADED = re.compile(r'(?:src|href)="(/assets/[^"]+)"|<iframe [^>]*src="([^"]+)"')
_IMPORTED = re.compile(r'from "(\.[^"]+)"')


def preferences() -> list[str]:
    token = sign_preferences(Signer([SECRET]), "default", "u1", datetime.now(UTC))
    return [f"/preferences/{token}?open=orders"]


def unsubscribe() -> list[str]:
    links = UnsubscribeLinks(Signer([SECRET]), "")
    return [str(links.of(a_delivery(), datetime.now(UTC)))]


def login() -> list[str]:
    return [f"/login?token={login_token(SECRET, datetime.now(UTC), 'u1', 'default')}"]


def operator() -> list[str]:
    return ["/operator"]


def dead_letters() -> list[str]:
    return ["/operator/dead-letters"]


def preview() -> list[str]:
    return ["/preview?event=order.paid&channel=email"]


def inbox() -> list[str]:
    """On an application's page: the script, and the longest of its words."""
    return [COMPONENT, labelled(shipped_labels()).path("inbox.fr.json")]


#: Bytes as they are sent.
MOST: Final = {
    preferences: 64_000,
    unsubscribe: 6_000,
    login: 6_000,
    operator: 32_000,
    dead_letters: 64_000,
    preview: 48_000,
    inbox: 20_000,
}


async def sizes(client: Client, *addresses: str) -> dict[str, int]:
    """The bytes of these and of each file that they load, as they are sent."""
    found: dict[str, int] = {}
    wanted = list(addresses)
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        answer = await client.get(path)
        assert answer.status == 200
        found[path] = len((await client.having(accept_encoding="gzip").get(path)).body)
        if answer.headers["content-type"].startswith("text/html"):
            wanted += [asset or frame for asset, frame in _LOADED.findall(answer.text)]
        if answer.headers["content-type"].startswith("text/javascript"):
            wanted += [
                normpath(join(dirname(path), name)) for name in _IMPORTED.findall(answer.text)
            ]
    return found


@pytest.mark.parametrize("page", MOST, ids=lambda page: page.__name__)
async def test_a_page_weighs_no_more_than_this(
    client: Client, db: Connection, page: Callable[[], list[str]]
) -> None:
    db.execute("delete from postbell.event_type")
    for event in shipped_catalog().events.values():
        given.event_type(db, event.key, label=event.label, category=event.category)
    refused(db, "order.paid", 30)

    loaded = await sizes(client.as_operator(), *page())

    scripts = sum(size for path, size in loaded.items() if path.endswith(".js"))
    styles = sum(size for path, size in loaded.items() if path.endswith(".css"))
    weight = sum(loaded.values())
    kilobytes = [size / 1000 for size in (weight, scripts, styles, weight - scripts - styles)]
    table = "\n{:12} {:5.1f} KB: scripts {:4.1f}, styles {:4.1f}, the rest {:4.1f}"
    print(table.format(page.__name__, *kilobytes))
    assert weight < MOST[page]
