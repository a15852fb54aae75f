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
#: RFC 6052, 2.1: IPv4 addresses behind a translator stand in the last four bytes.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


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


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet could reach (RFC 6890)."""
    try:
        found = read_address(address)
    except ValueError:
        # With a zone (fe80::1%eth0) it is of one link, and what is no address is not public.
        return False
    if isinstance(found, IPv6Address):
        if found in _TRANSLATED:
            return _is_global(IPv4Address(found.packed[-4:]))
        inner = found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None:
            return _is_global(inner)
        if found.is_site_local:
            # RFC 3879: fec0::/10 means nothing any more, except where it is still in use.
            return False
    return _is_global(found)


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
