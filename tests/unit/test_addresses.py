"""An IPv4 address is the same one however it is written, and private or not."""

from __future__ import annotations

import pytest

from dispatcher.addresses import is_public, read_address, read_network


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        # Translated, or deprecated: not the IPv4 host itself.
        ("64:ff9b::c000:201", "64:ff9b::c000:201"),
        ("::192.0.2.1", "::c000:201"),
    ],
)
def test_a_mapped_address_is_the_ipv4_address(written: str, meant: str) -> None:
    assert str(read_address(written)) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.1.0.0/112", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_a_mapped_network_is_the_ipv4_network(written: str, meant: str) -> None:
    assert str(read_network(written)) == meant


@pytest.mark.parametrize("written", ["", "10.1.0.1/16", "::ffff:10.1.0.1/112", "proxy", "1.2.3"])
def test_what_is_no_network_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        read_network(written)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
        "::127.0.0.1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1",
        "ff02::1",
        "2001:db8::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "100::1", "localhost", "",
    ],
)  # fmt: skip
def test_a_private_address_is_not_public_however_it_is_wrapped(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "142.250.74.10", "2a00:1450:4001:82f::200a", "64:ff9b::808:808"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
