"""What templates say, over HTTP and on a page, for operators alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.preview import PreviewService
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection
from tests.support.renderings import event_toml, folder
from tests.support.tokens import SECRET

THING = {
    "thing/happened/event.toml": event_toml("in_app", "email"),
    "thing/happened/sample.json": '{"text": "a sample", "amount": "5.00"}',
    "thing/happened/in_app.json": '{"title": "{{ tenant.name }}: {{ text }}"}',
    "thing/happened/fr/in_app.json": '{"title": "fr {{ amount | money }}"}',
    "thing/happened/email.subject.txt": "Subject",
    "thing/happened/email.txt": "one\ntwo\n{{ text }}\nfour",
    "thing/happened/email.html": "<style>p { color: red }</style><p>{{ text }}</p>",
}


@pytest.fixture(scope="module")
def database_url(module_url: str) -> str:
    return module_url


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own, in the place of all that is shipped."""
    monkeypatch.setattr(Settings, "template_folders", property(lambda own: own.templates))
    return folder(tmp_path, THING)


@pytest.fixture
async def client(sessions: Pool, authenticator: Authenticator, templates: Path) -> Client:
    settings = Settings(token_secret=(SecretStr(SECRET),), templates=(templates,))
    app = application(sessions, settings, authenticator, streams={})
    return Client(app, document=(await Client(app).get("/v1/openapi.json")).json)


async def look(client: Client, **wish: Any) -> Any:
    answer = await client.as_operator().post("/v1/preview", {"event": "thing.happened", **wish})
    assert answer.status == 200, answer.text
    return answer.json


def channel(answer: Any, name: str) -> Any:
    return next(each for each in answer["channels"] if each["channel"] == name)


@pytest.mark.parametrize("path", ["/v1/preview", "/preview", "/preview/mail"])
async def test_only_operators_are_let_in(client: Client, path: str) -> None:
    method, body = ("POST", b"event=a") if path.endswith("mail") else ("GET", None)

    answers = [await who.send(method, path, body) for who in (client, client.as_("u1"))]

    assert [answer.status for answer in answers] == [401, 401]


async def test_every_event_is_listed_with_its_languages_and_fields(client: Client) -> None:
    listed = (await client.as_operator().get("/v1/preview")).json

    (event,) = listed["events"]
    assert (event["event"], event["languages"]) == ("thing.happened", ["en", "fr"])
    assert event["fields"]["amount"] == "amount?"
    assert {tenant["id"] for tenant in listed["tenants"]} == {"default", "other"}


async def test_the_sample_is_shown_unless_a_payload_is_sent(client: Client) -> None:
    sample = await look(client)
    pasted = await look(client, payload='{"text": "pasted"}')

    assert channel(sample, "in_app")["content"]["title"].endswith(": a sample")
    assert channel(pasted, "in_app")["content"]["title"].endswith(": pasted")
    assert sample["payload"] == THING["thing/happened/sample.json"]


async def test_a_reader_gets_their_language_and_the_tenants_currency(
    client: Client, db: Connection
) -> None:
    db.execute("update postbell.tenant set currency = 'GBP' where id = 'other'")

    answer = await look(client, locale="fr-CA", tenant="other")

    assert channel(answer, "in_app")["content"]["title"] == "fr 5,00\xa0£"


async def test_a_payload_that_is_wrong_is_told_by_its_line(client: Client) -> None:
    broken = await look(client, payload='{\n"text": 1,\n}')
    rejected = await look(client, payload='{\n"text": 1\n}')

    assert (broken["payload_faults"][0]["line"], broken["channels"]) == (3, [])
    assert rejected["payload_faults"][0]["line"] == 2
    assert "text is not of type text" in rejected["payload_faults"][0]["sentence"]


async def test_a_template_that_cannot_be_rendered_shows_the_line(client: Client) -> None:
    email = channel(await look(client, payload="{}"), "email")

    (fault,) = email["faults"]
    assert (email["content"], fault["file"], fault["line"]) == (
        None,
        "thing/happened/email.txt",
        3,
    )
    assert fault["excerpt"][2] == {"number": 3, "text": "{{ text }}"}


async def test_a_file_that_changes_shows_at_once_and_its_mistakes_too(
    client: Client, templates: Path
) -> None:
    await look(client)
    file = templates / "thing/happened/in_app.json"

    file.write_text('{"title": "changed"}')
    changed = await look(client)
    file.write_text('{\n"title": "{{ text | shout }}"\n}')
    broken = await look(client)
    listed = (await client.as_operator().get("/v1/preview")).json

    assert channel(changed, "in_app")["content"]["title"] == "changed"
    (fault,) = broken["faults"]
    assert (fault["file"], fault["line"]) == (str(file), 2)
    assert "there is no filter 'shout'" in fault["sentence"]
    assert fault["excerpt"][1]["text"] == '"title": "{{ text | shout }}"'
    assert listed["faults"] == broken["faults"]


async def test_a_tenants_own_texts_are_shown_and_a_faulty_one_is_told(
    client: Client, db: Connection
) -> None:
    given.call(
        db,
        "set_text",
        path="thing/happened/in_app.json",
        content='{"title": "of the other"}',
        tenant_id="other",
    )
    given.call(
        db,
        "set_text",
        path="thing/happened/email.txt",
        content="{{ nothing_like_it }}",
        tenant_id="other",
    )

    others = await look(client, tenant="other")
    ours = await look(client)

    assert channel(others, "in_app")["content"]["title"] == "of the other"
    assert "a sample" in channel(others, "email")["content"]["text"]
    assert "thing/happened/email.txt, version 1" in others["faults"][0]["file"]
    assert channel(ours, "in_app")["content"]["title"].endswith(": a sample")


@pytest.mark.parametrize("wish", [{"event": "thing.gone"}, {"tenant": "nobody"}])
async def test_what_is_not_there_is_named(client: Client, wish: dict[str, str]) -> None:
    answer = await client.as_operator().post("/v1/preview", {"event": "thing.happened", **wish})

    assert answer.status == 404
    assert next(iter(wish.values())) in answer.json["detail"]


async def test_a_payload_has_a_limit(client: Client) -> None:
    wish = {"event": "thing.happened", "payload": '{"text": "' + "x" * 20_000 + '"}'}

    assert (await client.as_operator().post("/v1/preview", wish)).status == 413


async def test_a_mail_is_shown_where_nothing_can_be_run(client: Client) -> None:
    form = urlencode({"event": "thing.happened", "scheme": "dark"}).encode()
    sender = client.as_operator().having(content_type="application/x-www-form-urlencoded")

    answer = await sender.post("/preview/mail", form)

    policy = answer.headers["content-security-policy"]
    assert 'style="color: red;">a sample</p>' in answer.text
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "script-src" not in policy
    assert (await sender.post("/preview/mail", b"event=")).status == 422


async def test_the_page_lets_in_frames_of_its_own_alone(client: Client) -> None:
    answer = await client.as_operator().having(accept_language="fr").get("/preview")

    policy = answer.headers["content-security-policy"]
    assert answer.status == 200
    assert "Aperçu des modèles" in answer.text
    assert "frame-src 'self'" in policy
    assert "unsafe-inline" not in policy


async def test_files_outside_the_folders_are_not_shown(tmp_path: Path) -> None:
    service = PreviewService([folder(tmp_path, THING)], "https://postbell.example")

    assert await service.excerpt(os.devnull, 1) == ()
    assert await service.excerpt(__file__, 1) == ()
