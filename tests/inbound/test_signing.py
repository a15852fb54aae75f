"""A signature lets in to what was signed, and to nothing else."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis.strategies import lists, text

from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.gateway.webhooks.standard import StandardWebhook
from dispatcher.inbound.signing import BadToken, Signer
from dispatcher.metrics import Metrics
from dispatcher.providers.base import ProviderUrlError
from dispatcher.providers.webhook import WebhookEndpoint

OLD, NEW = "an old secret of enough characters", "a new secret of enough characters"
PART = text(alphabet=[chr(c) for c in range(256)] + ["é", "漢", "🔔", "."])


@given(lists(PART, min_size=1, max_size=4))
def test_what_was_signed_is_read_back(parts: list[str]) -> None:
    signer = Signer([OLD])

    assert signer.verify("unsubscribe", signer.sign("unsubscribe", *parts)) == tuple(parts)


@given(lists(PART, min_size=1, max_size=3), lists(PART, min_size=1, max_size=3))
def test_different_parts_are_never_written_alike(one: list[str], other: list[str]) -> None:
    signer = Signer([OLD])

    assert (signer.sign("x", *one) == signer.sign("x", *other)) == (one == other)


def test_a_token_may_stand_in_an_address_as_it_is() -> None:
    token = Signer([OLD]).sign("unsubscribe", "default", "a/b?c=d&e", "größe")

    assert re.fullmatch(r"[A-Za-z0-9._-]+", token)


def test_a_token_serves_no_other_purpose() -> None:
    signer = Signer([OLD])

    with pytest.raises(BadToken):
        signer.verify("open", signer.sign("unsubscribe", "default", "u1"))


@pytest.mark.parametrize("token", ["", ".", "..", "u1", "u1.", ".u1", "dTE.é", "dTE.AAAA"])
def test_what_we_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        Signer([OLD]).verify("unsubscribe", token)


def test_a_changed_token_is_refused_wherever_it_was_changed() -> None:
    signer = Signer([OLD])
    token = signer.sign("unsubscribe", "default", "u1")

    for position, character in enumerate(token):
        other = "A" if character != "A" else "B"
        with pytest.raises(BadToken):
            signer.verify("unsubscribe", token[:position] + other + token[position + 1 :])


def test_a_link_outlives_the_secret_that_signed_it_while_that_is_listed() -> None:
    link = Signer([OLD]).sign("unsubscribe", "u1")

    assert Signer([NEW, OLD]).verify("unsubscribe", link) == ("u1",)
    assert Signer([NEW, OLD]).sign("unsubscribe", "u1") == Signer([NEW]).sign("unsubscribe", "u1")
    with pytest.raises(BadToken):
        Signer([NEW]).verify("unsubscribe", link)


@pytest.mark.parametrize(
    "secrets", [[], [""], ["short"], [NEW, "short"], [NEW, f"ssh-ed25519 {NEW}"]]
)
def test_a_short_secret_or_half_of_a_key_pair_signs_nothing(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match=r"secret|shorter|key pair"):
        Signer(secrets)


def test_a_signer_does_not_show_its_secrets() -> None:
    assert repr(Signer([OLD, NEW])) == "Signer(2 secrets)"


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
    door = StandardWebhook({"fax": secret}, ReceiptStore(None, metrics), metrics)  # type: ignore[arg-type]
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
