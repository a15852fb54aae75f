"""Each page in Firefox: it is drawn, its scripts run, and nothing is written to the console."""

from __future__ import annotations

import pytest

from tests.support import given
from tests.support.failed_deliveries import refused
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers.browser import until
from tests.support.peers.firefox import Firefox
from tests.support.shopfront import GatewayThread, arrive, opened
from tests.support.tokens import token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FAULT = """
const script = document.createElement("script");
script.textContent = "nothing.there";
document.head.append(script);
"""


def test_each_page_is_drawn_and_complains_of_nothing(db: Connection, database_url: str) -> None:
    given.event_type(db, "order.moved", default_channels=["in_app", "email"])
    refused(db, "order.moved")
    with (
        Firefox() as firefox,
        GatewayThread(database_url) as gateway,
        opened(gateway, firefox) as shop,
    ):
        enter(firefox, gateway.address, token(), "/preferences")
        until(firefox, "return document.getElementById('week').classList.contains('drawn')")
        enter(firefox, gateway.address, token("olga", scope="operator"), "/operator")
        for path in (
            "/operator",
            "/operator/deliveries?recipient=u1",
            "/operator/dead-letters",
            "/operator/figures",
            "/preview?event=order.paid&channel=in_app",
        ):
            firefox.open(gateway.address + path)
            until(firefox, "return document.documentElement.dataset.ready")
        firefox.open(shop.page())
        arrive(db, "Order #1 paid")
        shop.until("return one('.badge')?.textContent === '1'")
        shop.run("inbox.open()")
        shop.until("return shown().join() === 'Order #1 paid'")
        found = firefox.complaints()
        firefox.run(FAULT)
        heard = firefox.complaints()

    assert found == []
    # It would have been heard.
    assert len(heard) == 1
