"""One secret is written in several ways, and both ends read all of them."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from dispatcher.gateway.webhooks.handler import Intake
from dispatcher.gateway.webhooks.standard import StandardWebhook
from dispatcher.metrics import Metrics
from dispatcher.providers.base import ProviderUrlError
from dispatcher.providers.webhook import WebhookEndpoint

KEY = bytes([0xFF, 0xEF, 0x3E]) * 9
WRITTEN = [
    "whsec_" + text
    for padded in (b64encode(KEY + b"x").decode(), urlsafe_b64encode(KEY + b"x").decode())
    for text in (padded, padded.rstrip("="))
]


def sending(secret: str) -> tuple[bytes, ...]:
    escaped = secret.replace("+", "%2B").replace("/", "%2F")
    return WebhookEndpoint.from_url(f"webhook+https://:{escaped}@h?channel=sms").secrets


def receiving(secret: str) -> tuple[bytes, ...]:
    metrics = Metrics()
    door = StandardWebhook({"fax": secret}, Intake(None, metrics), metrics)  # type: ignore[arg-type]
    return door._secrets["fax"]


@pytest.mark.parametrize("written", [*WRITTEN, f"{WRITTEN[0]},{WRITTEN[3]}"])
def test_a_secret_is_the_same_at_both_ends(written: str) -> None:
    assert set(sending(written)) == set(receiving(written)) == {KEY + b"x"}


@pytest.mark.parametrize(
    "written",
    [
        "hunter22",
        "whsec_",
        "whsec_AAAA",
        "whsec_!!!",
        "whsec_" + "A" * 88,
        "whsec_" + "A" * 41,
        ",",
    ],
)
def test_what_is_no_secret_is_refused_at_both_ends_by_one_sentence(written: str) -> None:
    with pytest.raises(ProviderUrlError) as sent:
        sending(written)
    with pytest.raises(ValueError, match="the webhook key of fax") as received:
        receiving(written)

    assert str(sent.value).removeprefix("the secret in the webhook URL") == str(
        received.value
    ).removeprefix("the webhook key of fax")
