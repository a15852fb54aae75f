"""Which webhooks there are: those of the providers that have a key."""

from __future__ import annotations

from base64 import b64encode

import pytest

from dispatcher.gateway.webhooks import routes
from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.inbound.signing import Signer
from dispatcher.providers.config import ProviderConfig
from tests.support.webhooks import Counted

TEXTS = f"twilio://AC{'0' * 32}:token@api.twilio.com?from=%2B12025550123"
WITH_KEY = f"twilio://SK{'0' * 32}:secret@api.twilio.com?account=AC{'0' * 32}&from=%2B12025550123"


@pytest.fixture
def paths(receipt_store: ReceiptStore, counted: Counted, signer: Signer) -> Paths:
    return Paths(receipt_store, counted, signer)


class Paths:
    def __init__(self, receipt_store: ReceiptStore, counted: Counted, signer: Signer) -> None:
        self._receipts, self._counted, self._signer = receipt_store, counted, signer

    def __call__(self, *entries: ProviderConfig) -> list[str]:
        made = routes.routes(
            entries, self._receipts, self._counted, public_url="", signer=self._signer
        )
        return [route.path for route in made]


def test_twilios_own_token_verifies(paths: Paths) -> None:
    assert paths(ProviderConfig("texts", "sms", TEXTS)) == [
        "/v1/webhooks/twilio/{provider}/status/{token}",
        "/v1/webhooks/twilio/{provider}/status",
        "/v1/webhooks/twilio/{provider}/message",
    ]


def test_an_api_key_does_not_but_a_webhook_key_beside_it_does(paths: Paths) -> None:
    assert paths(ProviderConfig("texts", "sms", WITH_KEY)) == []
    assert len(paths(ProviderConfig("texts", "sms", WITH_KEY, webhook_key="token"))) == 3


def test_a_provider_without_a_key_has_no_webhook(paths: Paths) -> None:
    assert paths(ProviderConfig("mails", "email", "sendgrid://:SG.x@api.sendgrid.com")) == []
    assert paths(ProviderConfig("mails", "email", "smtp://localhost")) == []


@pytest.mark.parametrize("scheme", ["webhook", "webhook+https"])
def test_what_is_attached_by_a_webhook_answers_by_one(paths: Paths, scheme: str) -> None:
    key = f"whsec_{b64encode(bytes(24)).decode()}"
    entry = ProviderConfig("fax", "sms", f"{scheme}://fax.example", webhook_key=key)
    assert paths(entry) == ["/v1/webhooks/standard/{provider}"]


def test_a_key_that_is_none_is_named(paths: Paths) -> None:
    with pytest.raises(ValueError, match="the webhook key of mails is no SendGrid"):
        paths(ProviderConfig("mails", "email", "sendgrid://x", webhook_key="abc"))
