"""What templates say, over HTTP and on a page, for operators alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.auth import Authenticator
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection
from tests.support.mailbox import mail_of
from tests.support.renderings import event_toml, folder
from tests.support.smtp_peer import SmtpPeer
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


async def test_an_event_without_texts_is_neither_listed_nor_shown(
    client: Client, db: Connection
) -> None:
    key = given.event_type(db, "thing.registered", default_channels=["in_app"])
    path = "thing/happened/sample.json"
    given.call(db, "set_text", path=path, content=THING[path], tenant_id="other")

    listed = (await client.as_operator().get("/v1/preview?tenant=other")).json
    shown = await client.as_operator().post("/v1/preview", {"event": key, "tenant": "other"})

    assert [each["event"] for each in listed["events"]] == ["thing.happened"]
    assert shown.status == 404


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


# --- what a mail looks like in a list, what it is made of, and a test of it


async def test_a_mail_says_its_sender_and_preheader(client: Client, db: Connection) -> None:
    db.execute(
        "update postbell.tenant set branding = %s where id = 'other'",
        ['{"from_name": "Other Shop", "from_address": "hello@other.example"}'],
    )
    filler = "\u2007\u034f" * 9
    given.call(
        db,
        "set_text",
        path="thing/happened/email.html",
        content=f'<div class="preheader">Soon &amp; {{{{ text }}}} {filler}</div><p>x</p>',
        tenant_id="other",
    )

    others = channel(await look(client, tenant="other"), "email")
    ours = channel(await look(client), "email")

    assert others["sender"] == "Other Shop <hello@other.example>"
    assert others["content"]["preheader"] == "Soon & a sample"
    assert ours["sender"] == "notifications@postbell.example"
    assert ours["content"]["preheader"] is None


async def test_a_message_says_what_it_is_made_of(client: Client, db: Connection) -> None:
    path = "thing/happened/in_app.json"
    given.call(db, "set_text", path=path, content='{"title": "own"}', tenant_id="other")

    ours = channel(await look(client, locale="fr"), "in_app")
    others = channel(await look(client, tenant="other"), "in_app")

    assert ours["sources"] == [
        {
            "file": "thing/happened/fr/in_app.json",
            "language": "fr",
            "version": None,
            "owner": None,
        }
    ]
    (source,) = others["sources"]
    assert (source["file"], source["version"], source["owner"]) == (path, 1, "tenant other")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", "Nothing is written in de: its readers get en"),
        ("xx", "xx is no known locale: its readers get en"),
    ],
)
async def test_a_locale_without_texts_is_told(client: Client, locale: str, said: str) -> None:
    (fault,) = (await look(client, locale=locale))["faults"]

    assert (fault["severity"], fault["sentence"]) == ("warning", said)


@pytest.mark.parametrize("locale", ["xx!!", "", "e", "../en"])
async def test_what_is_no_locale_is_refused(client: Client, locale: str) -> None:
    wish = {"event": "thing.happened", "locale": locale}

    answer = await client.as_operator().post("/v1/preview", wish)

    assert answer.status == 422
    assert answer.json["errors"][0]["field"] == "body.locale"


@pytest.fixture
async def peer() -> AsyncIterator[SmtpPeer]:
    server = SmtpPeer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def mailing(
    sessions: Pool, authenticator: Authenticator, templates: Path, peer: SmtpPeer
) -> Client:
    """An operator at a gateway with a mail server."""
    settings = Settings(
        token_secret=(SecretStr(SECRET),),
        templates=(templates,),
        smtp_url=SecretStr(f"smtp://127.0.0.1:{peer.port}"),
    )
    app = application(sessions, settings, authenticator, streams={})
    return Client(app, document=(await Client(app).get("/v1/openapi.json")).json).as_operator()


async def test_a_test_goes_to_one_address_by_the_configured_provider_and_is_logged(
    mailing: Client, peer: SmtpPeer
) -> None:
    wish = {"event": "thing.happened", "to": "olga@example.org", "payload": '{"text": "typed"}'}

    with capture_logs() as logged:
        answer = await mailing.post("/v1/preview/test", wish)

    assert answer.json["is_sent"], answer.text
    (taken,) = peer.mails
    mail = mail_of(taken.data)
    assert (mail["To"], mail["Subject"]) == ("olga@example.org", "[Test] Subject")
    assert b"typed" in taken.data
    (entry,) = [each for each in logged if each["event"] == "an operator sent a test"]
    assert (entry["operator"], entry["to"]) == ("olga", "o…@example.org")


async def test_tests_are_few(mailing: Client, peer: SmtpPeer) -> None:
    wish = {"event": "thing.happened", "to": "olga@example.org"}

    answers = [await mailing.post("/v1/preview/test", wish) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 429]
    assert len(peer.mails) == 1


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"to": "nobody"}, "not an e-mail address"),
        ({"payload": '{"text": 1}'}, "text is not of type text"),
        ({"payload": "{}"}, "email.txt:3"),
    ],
)
async def test_what_cannot_be_sent_says_why(
    mailing: Client, peer: SmtpPeer, wish: dict[str, str], said: str
) -> None:
    asked = {"event": "thing.happened", "to": "olga@example.org", **wish}

    answer = await mailing.post("/v1/preview/test", asked)

    assert not answer.json["is_sent"]
    assert said in answer.json["said"]
    assert peer.mails == []


async def test_without_a_mail_server_nothing_is_sent(client: Client) -> None:
    wish = {"event": "thing.happened", "to": "olga@example.org"}

    answer = await client.as_operator().post("/v1/preview/test", wish)

    assert answer.json == {
        "is_sent": False,
        "provider": None,
        "said": "This gateway has no mail server: set POSTBELL_SMTP_URL",
    }


# --- the page, without any script


async def test_an_address_names_event_channel_tenant_and_locale(client: Client) -> None:
    page = await client.as_operator().get(
        "/preview?event=thing.happened&channel=in_app&tenant=other&locale=fr"
    )

    assert page.status == 200
    assert "<h3>fr " in page.text
    assert "thing/happened/fr/in_app.json" in page.text
    assert "a sample" in page.text


async def test_a_form_shows_what_was_written_and_its_mistakes(client: Client) -> None:
    operator = client.as_operator()
    good = {"event": "thing.happened", "channel": "in_app", "payload": '{"text": "<i>typed</i>"}'}
    bad = {**good, "payload": '{\n"text": 1\n}'}

    shown = await operator.post("/preview", urlencode(good).encode())
    told = await operator.post("/preview", urlencode(bad).encode())

    assert ": &lt;i&gt;typed&lt;/i&gt;</h3>" in shown.text
    assert 'aria-invalid="true"' in told.text
    assert '<span class="marked">2</span>' in told.text
    assert "text is not of type text" in told.text


async def test_a_mails_frame_shows_what_was_written(client: Client) -> None:
    form = {"event": "thing.happened", "payload": '{"text": "typed & sent"}'}
    operator = client.as_operator()

    page = await operator.post("/preview", urlencode(form).encode())
    frame = await operator.get(unescape(re.findall(r'<iframe[^>]* src="([^"]+)"', page.text)[0]))

    assert "typed &amp; sent</p>" in frame.text
    assert "sandbox" in frame.headers["content-security-policy"]


async def test_a_locale_that_is_none_is_told_on_the_page(client: Client) -> None:
    page = await client.as_operator().get("/preview?event=thing.happened&locale=xx!!")

    assert page.status == 422
    assert "form.locale" in page.text
    assert 'value="xx!!"' in page.text


async def test_a_test_is_sent_from_the_page(mailing: Client, peer: SmtpPeer) -> None:
    form = {"event": "thing.happened", "payload": '{"text": "typed"}', "to": "olga@example.org"}

    page = await mailing.post("/preview/test", urlencode(form).encode())
    again = await mailing.post("/preview/test", urlencode({**form, "to": ""}).encode())

    assert "A test is on its way to olga@example.org" in page.text
    assert '"text": "typed"' in unescape(page.text)
    assert len(peer.mails) == 1
    assert "form.to" in again.text


async def test_the_page_lets_in_frames_of_its_own_alone(client: Client) -> None:
    answer = await client.as_operator().having(accept_language="fr").get("/preview")

    policy = answer.headers["content-security-policy"]
    assert answer.status == 200
    assert "Aperçu des modèles" in answer.text
    assert "frame-src 'self'" in policy
    assert "unsafe-inline" not in policy
