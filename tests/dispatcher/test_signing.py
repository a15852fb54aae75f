"""Signed links: nobody else makes them, for no other purpose, and they survive a new secret."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis.strategies import lists, text

from dispatcher.inbound.signing import BadToken, Signer

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
