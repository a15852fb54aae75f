"""/v1/openapi.json: whole, about everything, and true: these tests hold every answer to it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from dispatcher.db import connections
from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.app import authenticator as authenticator_of
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.stream.endpoint import StreamEndpoint
from dispatcher.inbound.links import sign_dated
from dispatcher.inbound.signing import Signer
from dispatcher.settings import Settings
from tests.support import given, openapi
from tests.support.client import Client
from tests.support.given import Connection
from tests.support.request_bodies import Bodies
from tests.support.tokens import SECRET


@pytest.fixture
async def document(
    sessions: Pool, settings: Settings, authenticator: Authenticator, database_url: str
) -> dict[str, Any]:
    streams = {"/v1/stream": StreamEndpoint(database_url, sessions, authenticator)}
    client = Client(application(sessions, settings, authenticator, streams=streams))
    found: dict[str, Any] = (await client.get("/v1/openapi.json")).json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_it_is_of_the_form_that_openapi_3_1_asks_for(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(document["info"])
    assert document["servers"] == [{"url": "http://localhost:8000"}]
    for path, method, operation in operations(document):
        assert path.startswith("/")
        assert method in {"get", "post", "put", "delete"}
        assert operation["responses"]
        for parameter in operation["parameters"]:
            assert parameter["in"] in {"path", "query", "header"}
            assert parameter["schema"]
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert all(f"{{{name}}}" in path for name in in_path)
        assert path.count("{") == len(in_path)
        for answer in operation["responses"].values():
            assert answer["description"]


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(
    document: dict[str, Any],
) -> None:
    names = [
        operation["operationId"]
        for _, _, operation in operations(document)
        if "operationId" in operation
    ]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = document["components"]["schemas"]
    assert {ref.rpartition("/")[2] for ref in references(document)} == set(known)


def test_what_needs_no_login_is_what_is_meant_to(document: dict[str, Any]) -> None:
    public = {path for path, _, operation in operations(document) if operation["security"] == []}

    assert public == {
        "/healthz", "/readyz", "/v1/openapi.json", "/v1/push/key", "/v1/unsubscribe/{token}",
        "/o/{token}", "/c/{token}",
    }  # fmt: skip


#: Where what people see is. Programs are told of the rest.
PAGES = "dispatcher.gateway.pages."


async def test_every_route_is_described(
    sessions: Pool,
    settings: Settings,
    authenticator: Authenticator,
    document: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: list[Route] = []

    def spy(*, routes: list[Route], **others: Any) -> Starlette:
        served.extend(routes)
        return Starlette(routes=routes, **others)

    monkeypatch.setattr("dispatcher.gateway.app.Starlette", spy)
    application(sessions, settings, authenticator, streams={})

    methods = {
        (route.path, method.lower())
        for route in served
        for method in route.methods or ()
        if method != "HEAD" and not route.endpoint.__module__.startswith(PAGES)
    }
    assert methods | {("/v1/stream", "get")} == {
        (path, method) for path, method, _ in operations(document)
    }


async def test_the_webhooks_of_the_providers_that_are_there_are_described(
    sessions: Pool, authenticator: Authenticator, tmp_path: Path
) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(
        '[texts]\nurl = "twilio://AC'
        + "0" * 32
        + ":"
        + "1" * 32
        + '@api.twilio.com?from=%2B15005550006"\n'
    )
    with_texts = Settings(token_secret=(SecretStr(SECRET),), providers=file)
    client = Client(application(sessions, with_texts, authenticator, streams={}))

    paths = (await client.get("/v1/openapi.json")).json["paths"]

    assert any(path.startswith("/v1/webhooks/twilio/") for path in paths)


def test_an_answer_that_is_not_as_described_is_found(document: dict[str, Any]) -> None:
    def found(status: int, body: bytes, kind: str = "application/json") -> list[str]:
        return openapi.faults(document, "GET", "/v1/counts", status, kind, body)

    assert found(200, b'{"unread": 3}') == []
    assert found(200, b'{"unread": "3"}')
    assert found(200, b"{}")
    assert found(200, b'{"unread": 3, "more": 1}')
    assert found(200, b"<p>", "text/html")
    assert found(418, b"{}")


ENDPOINT = "https://push.example/1"
#: Its token is signed when it is called.
UNSUBSCRIBE = "/v1/unsubscribe/{token}"
#: A call of each operation, in an order in which all of them come to something.
FOR_OPERATORS = ("/v1/operator/", "/v1/preview")
CALLS: dict[str, tuple[str, str, Any]] = {
    "log_in": ("POST", "/v1/session", None),
    "who_am_i": ("GET", "/v1/session", None),
    "show_profile": ("GET", "/v1/profile", None),
    "issue_ticket": ("POST", "/v1/ticket", None),
    "list_items": ("GET", "/v1/inbox", None),
    "get_item": ("GET", "/v1/inbox/1", None),
    "count": ("GET", "/v1/counts", None),
    "mark_seen": ("POST", "/v1/inbox/seen", {"items": ["1"]}),
    "mark_read": ("POST", "/v1/inbox/read", {"all": True}),
    "mark_unread": ("POST", "/v1/inbox/unread", {"items": ["1"]}),
    "archive": ("POST", "/v1/inbox/archive", {"items": ["1"]}),
    "unarchive": ("POST", "/v1/inbox/unarchive", {"items": ["1"]}),
    "pin": ("POST", "/v1/inbox/pin", {"items": ["1"]}),
    "unpin": ("POST", "/v1/inbox/unpin", {"items": ["1"]}),
    "show_catalogue": ("GET", "/v1/catalogue", None),
    "set_preference": ("PUT", "/v1/preferences", {"channel": "email", "enabled": True}),
    "list_preferences": ("GET", "/v1/preferences", None),
    "show_outlook": ("GET", "/v1/preferences/outlook", None),
    "foresee": (
        "POST",
        "/v1/preferences/foresee",
        {"changes": [{"kind": "unmute"}]},
    ),
    "change": (
        "POST",
        "/v1/preferences/changes",
        {"changes": [{"kind": "mute", "until": "2999-01-01T00:00:00Z"}]},
    ),
    "take_back_preference": ("DELETE", "/v1/preferences?channel=email", None),
    "refuse_tracking": ("PUT", "/v1/tracking", {"refuses": True}),
    "set_quiet_hours": ("PUT", "/v1/quiet-hours", {"starts": "22:00", "ends": "07:00"}),
    "list_quiet_hours": ("GET", "/v1/quiet-hours", None),
    "remove_quiet_hours": ("DELETE", "/v1/quiet-hours", None),
    "mute": ("PUT", "/v1/mutes", {"subject": "order:7"}),
    "list_mutes": ("GET", "/v1/mutes", None),
    "unmute": ("DELETE", "/v1/mutes?subject=order:7", None),
    "pause": ("PUT", "/v1/pause", {"until": "2999-01-01T00:00:00Z"}),
    "resume": ("DELETE", "/v1/pause", None),
    "show_key": ("GET", "/v1/push/key", None),
    "add_browser": (
        "PUT",
        "/v1/push/subscriptions",
        {"endpoint": ENDPOINT, "keys": {"p256dh": "B" + "a" * 86, "auth": "b" * 22}},
    ),
    "list_browsers": ("GET", "/v1/push/subscriptions", None),
    "remove_browser": ("DELETE", f"/v1/push/subscriptions?endpoint={ENDPOINT}", None),
    "ask": ("GET", UNSUBSCRIBE, None),
    "unsubscribe": ("POST", UNSUBSCRIBE, b""),
    "describe_all": ("GET", "/v1/openapi.json", None),
    "healthz": ("GET", "/healthz", None),
    "readyz": ("GET", "/readyz", None),
    "log_out": ("DELETE", "/v1/session", None),
    "log_operator_in": ("POST", "/v1/operator/session", None),
    "which_operator_am_i": ("GET", "/v1/operator/session", None),
    "show_overview": ("GET", "/v1/operator/overview", None),
    "list_names": ("GET", "/v1/operator/names", None),
    "show_figures": ("GET", "/v1/operator/figures", None),
    "show_channels": ("GET", "/v1/operator/channels", None),
    "find_deliveries": ("GET", "/v1/operator/deliveries", None),
    "export_deliveries": ("GET", "/v1/operator/deliveries.csv", None),
    "find_recipients": (
        "POST",
        "/v1/operator/recipients/search",
        {"email": "u1@example.org"},
    ),
    "get_delivery": ("GET", "/v1/operator/deliveries/1", None),
    "explain_event": ("GET", "/v1/operator/events/1", None),
    "list_rejections": ("GET", "/v1/operator/rejections", None),
    "list_dead_letters": ("GET", "/v1/operator/dead-letters", None),
    "group_dead_letters": ("GET", "/v1/operator/dead-letters/groups", None),
    "retry_dead_letters": ("POST", "/v1/operator/dead-letters/retry", {"delivery_id": "1"}),
    "list_previews": ("GET", "/v1/preview", None),
    "preview": ("POST", "/v1/preview", {"event": "order.paid"}),
    "send_test": (
        "POST",
        "/v1/preview/test",
        {"event": "order.paid", "to": "olga@example.org"},
    ),
    "log_operator_out": ("DELETE", "/v1/operator/session", None),
}


#: By the names of their fields, what the database knows or takes.
SAMPLES = {
    "event": "order.paid",
    "category": "orders",
    "subject": "order:7",
    "tenant": "default",
    "channel": "email",
    "channels": ["sms"],
    "time_zone": "Europe/Paris",
    "starts": "22:00",
    "ends": "07:00",
    "until": "2999-01-01T00:00:00Z",
    "read_at": "2030-01-01T00:00:00Z",
    "endpoint": ENDPOINT,
    "p256dh": "B" + "a" * 86,
    "auth": "b" * 22,
    "locale": "en",
    "email": "u1@example.org",
    "to": "olga@example.org",
    "reason": "550 no such user",
    "payload": '{"order_id": 7}',
}
#: Of the operations that take the same body, one.
BODIES = (
    "mark_read", "mark_unread", "unarchive", "set_preference", "foresee", "refuse_tracking",
    "set_quiet_hours", "mute", "pause", "add_browser", "retry_dead_letters",
    "find_recipients", "preview", "send_test",
)  # fmt: skip


def body_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    operation = document["paths"][path.partition("?")[0]][method.lower()]
    if "requestBody" not in operation:
        return None
    schema: dict[str, Any] = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema


def test_every_body_is_tried(document: dict[str, Any]) -> None:
    every = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for _, _, operation in operations(document)
        if "requestBody" in operation
    ]
    tried = [body_of(document, *CALLS[name][:2]) for name in BODIES]

    assert all(body in tried for body in every)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] if name in ("foresee", "preview", "send_test") else []
        )
        for name in BODIES
    ],
)
async def test_a_body_is_taken_if_it_is_as_described_and_else_refused(
    client: Client, db: Connection, name: str
) -> None:
    given.event_type(db)
    method, path, _ = CALLS[name]
    assert client.document is not None
    schema = body_of(client.document, method, path)
    assert schema is not None
    caller = client.as_operator() if path.startswith(FOR_OPERATORS) else client.as_()
    known = {json.dumps(body): body for body in Bodies(client.document, SAMPLES).candidates(schema)}

    answers = Counter[int]()
    for body in known.values():
        is_described = not openapi.schema_faults(client.document, schema, body)
        answer = await caller.send(method, path, body)

        is_refused = answer.status == 422 and answer.json["code"] == "invalid_request"
        assert is_refused != is_described or answer.status == 413, (body, answer.text)
        answers[answer.status] += 1

    assert answers[422] > 10, answers
    assert answers[200] + answers[204] + answers[404] > 0, answers


async def test_what_a_path_does_not_take_is_answered_with_what_it_takes(
    client: Client, document: dict[str, Any]
) -> None:
    for path, methods in client.document["paths"].items() if client.document else ():
        for method in {"get", "post", "put", "delete", "patch"} - set(methods):
            answer = await client.as_().send(method.upper(), path.replace("{", "").replace("}", ""))

            assert answer.status == 405, (method, path)
            allowed = {each.strip().lower() for each in answer.headers["allow"].split(",")}
            assert allowed - {"head"} == set(methods)


@pytest.fixture
async def as_gateway(database_url: str, db: Connection) -> AsyncIterator[Pool]:
    """Sessions of a login that is a gateway's, and nothing more."""
    db.execute(
        "do $$ begin create role postbell_test_web login password 'web';"
        " exception when duplicate_object then null; end $$"
    )
    db.execute("grant postbell_gateway to postbell_test_web")
    url = make_conninfo(database_url, user="postbell_test_web", password="web")
    async with connections.pool(url, "gateway", 4) as opened:
        yield opened


async def test_every_operation_answers_as_it_is_described_to_a_gateways_own_login(
    as_gateway: Pool, settings: Settings, db: Connection
) -> None:
    given.event_type(db)
    given.inbox_item(db, id=1)
    given.emit(db, channels=["email"])
    given.route(db)
    delivery_id = given.value(db, "select max(id) from postbell.delivery")
    db.execute("insert into postbell.dead_letter values (%s)", [delivery_id])
    doorkeeper = authenticator_of(as_gateway, settings)
    app = application(as_gateway, settings, doorkeeper, streams={}, vapid_key="BKey")
    document = (await Client(app).get("/v1/openapi.json")).json
    client = Client(app, document=document)

    assert set(CALLS) == {
        operation["operationId"]
        for _, _, operation in operations(document)
        if "operationId" in operation
    }
    token = sign_dated(
        Signer([SECRET]), "unsubscribe", datetime.now(UTC), "default", "u1", "orders"
    )
    for name, (method, template, body) in CALLS.items():
        path = template.replace("{token}", token)
        caller = client.as_operator() if path.startswith(FOR_OPERATORS) else client.as_()
        assert (await caller.send(method, path, body)).status in (200, 204), name
