"""From a commit to an open page, through a proxy that buffers and compresses where it may."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.daemon import running
from tests.support.gateway import page_at, serving
from tests.support.given import Connection
from tests.support.peers.nginx import Nginx
from tests.support.producer import PAYLOAD
from tests.support.scripted_provider import ScriptedProvider

pytestmark = pytest.mark.slow


async def test_what_is_committed_shows_on_an_open_page_at_once(
    db: Connection, database_url: str
) -> None:
    async with serving(database_url) as gateway, running(database_url, ScriptedProvider()):
        with Nginx(gateway) as nginx:
            async with page_at(nginx.url) as page:
                for number in range(1, 4):
                    given.emit(db, payload=PAYLOAD, channels=["in_app"])
                    # The page stays open, so what was held back would never come.
                    await page.until(lambda now: now.of("state")[-1]["unread"] == number)  # noqa: B023
                told = dict.fromkeys(state["unread"] for state in page.of("state"))
                assert list(told) == [0, 1, 2, 3]
