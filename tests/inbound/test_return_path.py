"""The address that a bounce comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.inbound.links import ReturnPath, ReturnPathMatch
from dispatcher.inbound.signing import BadToken, Signer

SIGNER = Signer(["what we sign with, and nobody else"])
IDENTITY = "0123456789abcdef" * 2


def test_it_names_its_delivery() -> None:
    path = ReturnPath()
    assert path.of(42, IDENTITY, "shop.example") == "bounces+42@shop.example"
    assert path.read("bounces+42@shop.example") == ReturnPathMatch(42, is_signed=False)


@pytest.mark.parametrize("number", [1, 42, 10**18 - 1])
def test_a_signed_one_is_read_back_and_fits_before_the_at(number: int) -> None:
    path = ReturnPath(signer=SIGNER)
    address = path.of(number, IDENTITY, "shop.example")
    assert path.read(address) == ReturnPathMatch(number, is_signed=True, identity=IDENTITY[:10])
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    "written", [str.upper, str.title, lambda address: f" <{address}> ", lambda a: a + ".lan"]
)
def test_what_servers_make_of_it_is_read_all_the_same(written: object) -> None:
    path = ReturnPath("b-{delivery}@{domain}", SIGNER)
    assert callable(written)
    assert path.read(written(path.of(42, IDENTITY, "shop.example"))) == ReturnPathMatch(
        42, is_signed=True, identity=IDENTITY[:10]
    )


def test_a_mark_of_another_delivery_identity_or_maker_is_refused() -> None:
    path = ReturnPath(signer=SIGNER)
    mark = path.of(42, IDENTITY, "shop.example").partition("-")[2]
    for forged in (
        f"bounces+43-{mark}",
        ReturnPath(signer=Signer(["x" * 32])).of(42, IDENTITY, "shop.example"),
        f"bounces+42-{IDENTITY[:10]}-aaaaaaaaaaaaaaaa@shop.example",
        f"bounces+42-0000000000-{mark.partition('-')[2]}",
    ):
        with pytest.raises(BadToken):
            path.read(forged)


def test_a_former_secret_still_counts() -> None:
    address = ReturnPath(signer=SIGNER).of(42, IDENTITY, "shop.example")
    now = Signer(["y" * 32, "what we sign with, and nobody else"])
    assert ReturnPath(signer=now).read(address) == ReturnPathMatch(
        42, is_signed=True, identity=IDENTITY[:10]
    )


@given(st.text(max_size=80))
def test_any_other_address_is_none_of_ours(text: str) -> None:
    assert ReturnPath(signer=SIGNER).read(text) is None
