"""When a browser replaces its subscription, the gateway's worker tells of the new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dispatcher.gateway.pages.assets import FOLDER
from tests.support import given
from tests.support.given import Connection
from tests.support.login import enter
from tests.support.peers.chromium import Chromium
from tests.support.shopfront import GatewayThread
from tests.support.tokens import token

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

OLD, NEW = "https://push.example/old", "https://push.example/new"

#: The worker's script, on a page of the gateway instead of in a worker: no push service is needed.
_WORKER = """
const [said, pathname] = arguments;
const heard = {};
const subscription = (endpoint) => endpoint && {
  endpoint, options: { applicationServerKey: "key" }, toJSON: () => ({ endpoint, keys: said.keys }),
};
const subscribed = [];
const self = {
  location: { pathname },
  addEventListener: (name, listener) => { heard[name] = listener; },
  registration: { pushManager: {
    getSubscription: async () => null,
    subscribe: async (options) => {
      subscribed.push(options);
      if (!said.subscribes) throw new DOMException("not allowed", "NotAllowedError");
      return subscription(said.subscribes);
    },
  } },
};
/* the script */
let done;
heard.pushsubscriptionchange({
  oldSubscription: subscription(said.old), newSubscription: subscription(said.new),
  waitUntil: (promise) => { done = promise; },
});
return done.then(() => subscribed);
""".replace("/* the script */", (FOLDER / "worker.js").read_text(encoding="utf-8"))


@pytest.fixture
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def gateway(db: Connection, database_url: str) -> Iterator[GatewayThread]:
    given.device(db, endpoint=OLD)
    with GatewayThread(database_url) as gateway:
        gateway.start()
        yield gateway


def change(browser: Chromium, pathname: str = "/postbell-worker.js", **said: Any) -> list[Any]:
    """What the worker subscribed with by itself."""
    keys = {"p256dh": given.P256DH, "auth": given.AUTH}
    subscribed: list[Any] = browser.run(_WORKER, {"keys": keys, **said}, pathname)
    return subscribed


def test_the_gateway_has_what_the_browser_has_and_without_a_session_a_page_is_left_to_tell_it(
    browser: Chromium, gateway: GatewayThread, db: Connection
) -> None:
    def known_after(pathname: str = "/postbell-worker.js", **said: Any) -> list[str]:
        db.execute("delete from postbell.push_subscription")
        given.device(db, endpoint=OLD)
        change(browser, pathname, **said)
        return given.column(db, "select endpoint from postbell.push_subscription order by id")

    browser.open(f"{gateway.address}/login")
    assert change(browser, old=OLD, subscribes=NEW) == [{"applicationServerKey": "key"}]
    assert known_after(old=OLD, subscribes=NEW) == [OLD]

    enter(browser, gateway.address, token(), "/preferences")
    assert known_after(old=OLD, new=NEW) == [NEW]
    assert known_after(old=OLD, subscribes=NEW) == [NEW]
    assert known_after(old=OLD, new=OLD) == [OLD]
    # No longer allowed.
    assert known_after(old=OLD) == []
    # Not every browser says which it was: its service tells of its end.
    assert known_after(subscribes=NEW) == [OLD, NEW]
    # On another site's address there is no session.
    assert known_after("/worker.js", old=OLD, subscribes=NEW) == [OLD]
