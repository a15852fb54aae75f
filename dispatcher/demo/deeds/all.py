"""Every deed, by key and in the order of the page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dispatcher.demo.deeds import classes, loyalty, orders, payments, tickets
from dispatcher.demo.deeds.deed import Deed

DEEDS: Final[Mapping[str, Deed]] = MappingProxyType(
    {
        deed.key: deed
        for part in (orders, payments, loyalty, classes, tickets)
        for deed in part.DEEDS
    }
)
