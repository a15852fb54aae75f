"""The link in a mail opens its reader's choices without a login, and nothing else of anybody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from dispatcher.inbound.links import sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection
from tests.support.tokens import SECRET, token


@pytest.fixture(autouse=True)
def events(db: Connection) -> None:
    given.event_type(db, default_channels=["in_app", "email"])


def link(recipient: str = "u1", *, secret: str = SECRET, age: timedelta = timedelta(0)) -> str:
    return sign_preferences(Signer([secret]), "default", recipient, datetime.now(UTC) - age)


def bearing(client: Client, shown: str) -> Client:
    return client.having(authorization=f"Link {shown}")


async def test_it_reads_and_changes_the_choices_of_its_reader(
    client: Client, db: Connection
) -> None:
    reader = bearing(client, link())
    body = {"changes": [{"kind": "preference", "channel": "email", "enabled": False}]}

    changed = await reader.post("/v1/preferences/changes", body)
    shown = await reader.get("/v1/preferences/outlook")

    assert (changed.status, shown.status) == (200, 200)
    assert given.rows(db, "select recipient_id, enabled from postbell.preference") == [
        ("u1", False)
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/inbox", None),
        ("GET", "/v1/counts", None),
        ("POST", "/v1/inbox/read", {"all": True}),
        ("GET", "/v1/push/subscriptions", None),
        ("PUT", "/v1/push/subscriptions",
         {"endpoint": "https://push.example/1", "keys": {"p256dh": "x", "auth": "y"}}),
        ("POST", "/v1/session", None),
        ("POST", "/v1/ticket", None),
    ],
)  # fmt: skip
async def test_it_opens_neither_the_inbox_nor_a_device_nor_a_session(
    client: Client, method: str, path: str, body: object
) -> None:
    assert (await bearing(client, link()).send(method, path, body)).status == 401


def mixed() -> str:
    """The name of one person with the signature of another's link."""
    mine, theirs = link().split("."), link("u2").split(".")
    return ".".join([*mine[:3], theirs[3]])


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: link(age=timedelta(days=61)), "it has expired"),
        (
            lambda: link(secret="somebody else's secret, long enough"),
            "was not signed for preferences",
        ),
        (mixed, "was not signed for preferences"),
        (lambda: Signer([SECRET]).sign("unsubscribe", "default", "u1", "orders"), "was not signed"),
        (lambda: token("u1"), "was not signed for preferences"),
        (lambda: "x" * 5000, "more than"),
        (lambda: "", "no token"),
        (lambda: link("gone"), "unknown_recipient"),
    ],
)
async def test_a_link_that_is_old_forged_or_somebody_elses_is_refused_and_logged(
    client: Client, made: Callable[[], str], reason: str
) -> None:
    shown = made()
    with capture_logs() as logged:
        answer = await bearing(client, shown).get("/v1/preferences/outlook")

    assert answer.status == 401
    (line,) = logged
    assert line["event"] == "refused a link"
    assert reason in line["reason"]
    assert shown not in str(line) or not shown


async def test_an_erased_persons_link_opens_nothing(client: Client, db: Connection) -> None:
    db.execute("update postbell.recipient set erased_at = now() where id = 'u1'")

    assert (await bearing(client, link()).get("/v1/preferences/outlook")).status == 401


async def test_the_applications_token_is_none_of_the_links_scheme(client: Client) -> None:
    answer = await client.having(authorization=f"Bearer {link()}").get("/v1/preferences/outlook")

    assert answer.status == 401
