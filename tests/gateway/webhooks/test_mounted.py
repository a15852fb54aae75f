"""The gateway as a whole: webhooks and tracking stand open, and to nobody in particular."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.auth import Authenticator
from dispatcher.gateway.tracking import PICTURE
from dispatcher.inbound.links import DeliveryRef, Links
from dispatcher.inbound.signing import Signer
from dispatcher.settings import Settings, SettingsError
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection
from tests.support.sendgrid_webhook import PRIVATE, body_of, event, post, public
from tests.support.tokens import SECRET
from tests.support.webhooks import delivered_by, state


def settings_with(tmp_path: Path, key: str) -> Settings:
    (tmp_path / "providers.toml").write_text(
        f'[mails]\nurl = "sendgrid://:SG.key@api.sendgrid.com"\nwebhook_key = "{key}"\n'
    )
    return Settings(token_secret=(SecretStr(SECRET),), providers=tmp_path / "providers.toml")


async def test_a_post_of_sendgrids_finds_its_way(
    sessions: Pool, authenticator: Authenticator, tmp_path: Path, db: Connection
) -> None:
    settings = settings_with(tmp_path, public(PRIVATE))
    client = Client(application(sessions, settings, authenticator, streams={}))
    delivery = delivered_by(db, "mails", "abc")
    answer = await post(client, body_of(event(delivery, "delivered")), at=int(time.time()))
    assert answer.status == 204
    assert state(db, delivery) == "delivered"
    assert (await post(client, b"[]", at=1)).status == 403


async def test_a_picture_may_be_shown_on_somebody_elses_page(
    client: Client, db: Connection
) -> None:
    given.tenant(db, tracking=["opens"])
    delivery = delivered_by(db, "mails", "abc")
    answer = await client.get(
        Links("", Signer([SECRET])).opened(DeliveryRef(delivery, given.identity(db, delivery)))
    )
    assert answer.body == PICTURE
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert given.value(db, "select opened_at is not null from postbell.delivery_log")


def test_a_key_that_verifies_nothing_ends_the_start_with_a_sentence(
    sessions: Pool, authenticator: Authenticator, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="POSTBELL_PROVIDERS: the webhook key of mails"):
        application(sessions, settings_with(tmp_path, "abc"), authenticator, streams={})
