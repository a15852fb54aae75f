"""An IPv4 address is the same one however it is written."""

from __future__ import annotations

import pytest

from dispatcher.addresses import read_address, read_network


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
