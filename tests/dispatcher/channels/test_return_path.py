"""The address that a bounce comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.channels.return_path import Returned, ReturnPath
from dispatcher.signing import BadToken, Signer

SIGNER = Signer(["what we sign with, and nobody else"])


def test_it_names_its_delivery() -> None:
    path = ReturnPath()
    assert path.of(42, "shop.example") == "bounces+42@shop.example"
    assert path.read("bounces+42@shop.example") == Returned(42, is_signed=False)


@pytest.mark.parametrize("number", [1, 42, 10**18 - 1])
def test_a_signed_one_is_read_back_and_fits_before_the_at(number: int) -> None:
    path = ReturnPath(signer=SIGNER)
    address = path.of(number, "shop.example")
    assert path.read(address) == Returned(number, is_signed=True)
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    "written", [str.upper, str.title, lambda address: f" <{address}> ", lambda a: a + ".lan"]
)
def test_what_servers_make_of_it_is_read_all_the_same(written: object) -> None:
    path = ReturnPath("b-{delivery}@{domain}", SIGNER)
    assert callable(written)
    assert path.read(written(path.of(42, "shop.example"))) == Returned(42, is_signed=True)


def test_a_mark_of_another_delivery_or_maker_is_refused() -> None:
    path = ReturnPath(signer=SIGNER)
    mark = path.of(42, "shop.example").partition("-")[2]
    for forged in (
        f"bounces+43-{mark}",
        ReturnPath(signer=Signer(["x" * 32])).of(42, "shop.example"),
        "bounces+42-aaaaaaaaaaaaaaaa@shop.example",
    ):
        with pytest.raises(BadToken):
            path.read(forged)


def test_a_former_secret_still_counts() -> None:
    address = ReturnPath(signer=SIGNER).of(42, "shop.example")
    now = Signer(["y" * 32, "what we sign with, and nobody else"])
    assert ReturnPath(signer=now).read(address) == Returned(42, is_signed=True)


@given(st.text(max_size=80))
def test_any_other_address_is_none_of_ours(text: str) -> None:
    assert ReturnPath(signer=SIGNER).read(text) is None
