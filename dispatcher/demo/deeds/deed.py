"""One button: what it does, which event comes of it, and how the application tells of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from dispatcher.demo.cast import CLIENTS, SUPPORT, WRITERS, Person
from dispatcher.demo.market.marketplace import Marketplace

#: Who emits: the code beside its statement, or a trigger on the table.
Way = Literal["code", "trigger"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a deed is done: the marketplace, a client, and who else is there."""

    market: Marketplace
    client: Person

    @property
    def writer(self) -> Person:
        """Who writes the orders of the house, and teaches its classes."""
        return WRITERS[self.client.house]

    @property
    def support(self) -> Person:
        return SUPPORT[self.client.house]


@dataclass(frozen=True, slots=True)
class Deed:
    """A button. `play` raises what a constraint raised, where one objects."""

    key: str
    #: What comes of it.
    event: str
    label: str
    way: Way
    play: Callable[[Setting], Awaitable[None]]
    #: The constraint that objects, where the point is that nobody hears of it.
    rolled_back_by: str | None = None


def client_for(person: Person) -> Person:
    """On whose behalf: the person's own, or that of the first client whom a writer works for."""
    if not person.roles:
        return person
    return next(client for client in CLIENTS if client.house == person.house)
