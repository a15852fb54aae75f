"""Browsers that may be pushed to, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from pydantic import ValidationError

from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.push import PushSubscription
from dispatcher.gateway.server import vapid_key
from dispatcher.providers.vapid import VapidKey
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection

PATH = "/v1/push/subscriptions"
ENDPOINT = "https://push.example/send/1"
SUBSCRIPTION: dict[str, Any] = {
    "endpoint": ENDPOINT,
    "expirationTime": None,
    "keys": {"p256dh": "B" + "a" * 86, "auth": "b" * 22},
}


async def test_a_browser_is_added_and_removed(client: Client) -> None:
    reader = client.as_().having(user_agent="Firefox")

    added = await reader.put(PATH, SUBSCRIPTION)
    again = await reader.put(PATH, SUBSCRIPTION)
    (browser,) = (await reader.get(PATH)).json["browsers"]
    removed = await reader.delete(f"{PATH}?endpoint={ENDPOINT}")

    assert (added.status, again.status, removed.status) == (204, 204, 204)
    assert (browser["endpoint"], browser["user_agent"]) == (ENDPOINT, "Firefox")
    assert (await reader.get(PATH)).json == {"browsers": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/1"},
        {"endpoint": ""},
        {"endpoint": "https://" + "x" * 3000},
        {"keys": {"p256dh": "x", "auth": "b" * 22}},
        {"keys": {"p256dh": "B" + "a" * 86}},
        {"keys": None},
    ],
)
async def test_what_is_no_subscription_is_refused(
    client: Client, db: Connection, wrong: dict[str, Any]
) -> None:
    answer = await client.as_().put(PATH, {**SUBSCRIPTION, **wrong})

    assert answer.status == 422
    assert answer.json["remedy"]
    assert given.value(db, "select count(*) from postbell.push_subscription") == 0


#: What may be said of an address or a key, in pieces that are almost right.
ENDPOINTS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["https://", "http://", "HTTPS://", "https:/", ""]),
        st.text("aé0.:-_[]@?#\\\\ \t", max_size=4),
        st.sampled_from(["/", "", "x" * 1988 + "/", "x" * 1992 + "/"]),
        st.text("a/?#é~! ", max_size=4),
    ),
)


def keys(first: str, digits: int) -> st.SearchStrategy[str]:
    """As base64 of so many digits, or almost."""
    return st.builds(
        "".join,
        st.tuples(
            st.sampled_from([first, "", "C"]),
            st.sampled_from(["a" * each for each in range(digits - 3, digits + 1)]),
            st.text("a0_-+/=.é \n", max_size=3),
            st.sampled_from(["", "=", "=="]),
        ),
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@hypothesis.given(endpoint=ENDPOINTS, p256dh=keys("B", 86), auth=keys("", 22))
def test_the_gateway_and_the_schema_take_the_same_subscriptions(
    db: Connection, endpoint: str, p256dh: str, auth: str
) -> None:
    keys_given = {"p256dh": p256dh, "auth": auth}

    assert is_described(endpoint, keys_given) == is_stored(db, endpoint, keys_given)
    # Most draws are wrong in some way: each part alone, too.
    right = {"p256dh": "B" + "a" * 86, "auth": "b" * 22}
    assert is_described(endpoint, right) == is_stored(db, endpoint, right)
    for name, value in keys_given.items():
        mixed = {**right, name: value}
        assert is_described(ENDPOINT, mixed) == is_stored(db, ENDPOINT, mixed)


def is_described(endpoint: str, keys_given: dict[str, str]) -> bool:
    try:
        PushSubscription.model_validate({"endpoint": endpoint, "keys": keys_given})
    except ValidationError:
        return False
    return True


def is_stored(db: Connection, endpoint: str, keys_given: dict[str, str]) -> bool:
    try:
        with db.transaction(force_rollback=True):
            given.call(db, "add_push_subscription", recipient="u1", endpoint=endpoint, **keys_given)
    except psycopg.Error:
        return False
    return True


async def test_another_users_browser_is_neither_seen_nor_removed(client: Client) -> None:
    await client.as_().put(PATH, SUBSCRIPTION)
    other = client.as_("u2")

    assert (await other.get(PATH)).json == {"browsers": []}
    assert (await other.delete(f"{PATH}?endpoint={ENDPOINT}")).status == 404
    assert len((await client.as_().get(PATH)).json["browsers"]) == 1


async def test_a_page_is_given_the_key_to_subscribe_with(
    sessions: Pool, settings: Settings, authenticator: Authenticator
) -> None:
    app = application(sessions, settings, authenticator, streams={}, vapid_key="BKey")

    assert (await Client(app).get("/v1/push/key")).json == {"key": "BKey"}


async def test_without_a_key_there_is_no_push(client: Client) -> None:
    answer = await client.get("/v1/push/key")

    assert (answer.status, answer.json["code"]) == (404, "no_push")


def test_the_key_is_that_of_the_provider_which_pushes(tmp_path: Path) -> None:
    key = VapidKey.create(tmp_path / "vapid.pem")
    subject = "mailto:ops@shop.example"
    file = tmp_path / "providers.toml"
    file.write_text(
        f'[pushes]\nurl = "webpush:?key={tmp_path / "vapid.pem"}&subject={subject}"\n',
        encoding="utf-8",
    )

    assert vapid_key(Settings(providers=file)) == key.public
    assert vapid_key(Settings()) is None
