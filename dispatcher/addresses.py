"""IP addresses and networks, as text that somebody wrote.

A dual-stack socket shows an IPv4 peer as `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2). That is the IPv4
address, so it is read as one here and compared as one everywhere.
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def read_address(text: str) -> IPAddress:
    """Raises ValueError."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def read_network(text: str) -> IPNetwork:
    """An address alone is a network of one. Raises ValueError, also for bits behind the prefix."""
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        inner = IPv4Address(network.network_address.packed[-4:])
        return IPv4Network((inner, network.prefixlen - _MAPPED.prefixlen))
    return network
