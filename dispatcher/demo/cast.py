"""Who is in the demo: two houses and their people, each with a reason to be told differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class House:
    """A website of the marketplace, which to Postbell is a tenant."""

    id: str
    name: str
    locale: str
    currency: str
    time_zone: str
    branding: Mapping[str, str]
    #: Channels that it does not use.
    disabled_channels: tuple[str, ...] = ()
    #: Where its default channels are not the event's.
    default_channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a house. `habit` says what is special about reaching them."""

    house: str
    id: str
    name: str
    email: str | None
    habit: str
    locale: str | None = None
    time_zone: str | None = None
    roles: tuple[str, ...] = ()
    phone: str | None = None
    #: What is in the wallet, in the currency of the house.
    wallet: str = "1000000.00"
    #: SQL that tells Postbell about the habit; %(tenant)s and %(id)s are the person's.
    choices: str = field(default="", repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """House and id: what a person is called in the whole database."""
        return self.house, self.id


FERNHILL: Final = House(
    "default",
    "Fernhill Research",
    locale="en",
    currency="GBP",
    time_zone="Europe/London",
    branding={
        "from_name": "Fernhill Research",
        "from_address": "orders@fernhill.example",
        "support_email": "help@fernhill.example",
        "color": "#1f6f54",
    },
)
MISTRAL: Final = House(
    "mistral",
    "Atelier Mistral",
    locale="fr",
    currency="EUR",
    time_zone="Europe/Paris",
    branding={
        "from_name": "Atelier Mistral",
        "from_address": "commandes@mistral.example",
        "support_email": "aide@mistral.example",
        "color": "#9a3412",
    },
    # It sends texts where the others push.
    disabled_channels=("push",),
    default_channels={"payment.installment_due": ("in_app", "email", "sms", "sse")},
)
HOUSES: Final = (FERNHILL, MISTRAL)

ADA: Final = Person(
    "default",
    "u1",
    "Ada Lindqvist",
    "ada@clients.example",
    "leaves the defaults",
    phone="+447700900101",
)
BEN: Final = Person(
    "default",
    "u2",
    "Ben Okafor",
    "ben@clients.example",
    "wants no e-mail about orders",
    phone="+447700900102",
    choices="select postbell.set_preference(recipient => %(id)s, enabled => false,"
    " channel => 'email', category => 'orders', tenant_id => %(tenant)s)",
)
CHIYO: Final = Person(
    "default",
    "u3",
    "Chiyo Tanaka",
    "chiyo@clients.example",
    "is asleep in Tokyo: no e-mail before morning",
    time_zone="Asia/Tokyo",
    # A night that has just begun, whatever time it is where the demo runs.
    choices="select postbell.set_quiet_hours(recipient => %(id)s,"
    " starts => date_trunc('minute', now() at time zone 'Asia/Tokyo' - interval '1 h')::time,"
    " ends => date_trunc('minute', now() at time zone 'Asia/Tokyo' + interval '8 h')::time,"
    " channels => '{email}', tenant_id => %(tenant)s)",
)
DEV: Final = Person("default", "u4", "Dev Raman", None, "has no e-mail address")
ELIF: Final = Person(
    "default",
    "u5",
    "Elif Demir",
    "elif@bounces.example",
    "has an address that bounced",
    choices="select postbell.suppress(channel => 'email', address => 'elif@bounces.example',"
    " reason => 'bounce', tenant_id => %(tenant)s)",
)
FARID: Final = Person(
    "default",
    "u6",
    "Farid Haddad",
    "farid@clients.example",
    "reads Arabic, and muted everything about orders",
    locale="ar",
    choices="select postbell.mute(recipient => %(id)s, category => 'orders',"
    " tenant_id => %(tenant)s)",
)
GUS: Final = Person(
    "default",
    "u7",
    "Gus Petersen",
    "gus@clients.example",
    "has spent nearly all that was in his wallet",
    wallet="20.00",
)
GRETA: Final = Person(
    "default",
    "w1",
    "Greta Nowak",
    "greta@writers.example",
    "writes, and teaches",
    phone="+447700900108",
    roles=("writer",),
)
SOL: Final = Person(
    "default",
    "s1",
    "Sol Vega",
    "sol@fernhill.example",
    "answers tickets",
    phone="+447700900109",
    roles=("support",),
)
HELENE: Final = Person(
    "mistral",
    "c1",
    "Hélène Marchand",
    "helene@clients.example",
    "reads French",
    phone="+33639980101",
)
IMRAN: Final = Person(
    "mistral",
    "c2",
    "Imran Siddiqui",
    "imran@clients.example",
    "reads English",
    phone="+33639980102",
    locale="en",
)
JULES: Final = Person(
    "mistral",
    "w1",
    "Jules Ferrand",
    "jules@writers.example",
    "writes, and teaches",
    phone="+33639980103",
    roles=("writer",),
)
NOE: Final = Person(
    "mistral",
    "s1",
    "Noé Garnier",
    "noe@mistral.example",
    "answers tickets",
    phone="+33639980104",
    roles=("support",),
)
PEOPLE: Final = (
    ADA, BEN, CHIYO, DEV, ELIF, FARID, GUS, GRETA, SOL, HELENE, IMRAN, JULES, NOE
)  # fmt: skip
CLIENTS: Final = tuple(person for person in PEOPLE if not person.roles)
WRITERS: Final = {person.house: person for person in PEOPLE if "writer" in person.roles}
SUPPORT: Final = {person.house: person for person in PEOPLE if "support" in person.roles}

BY_KEY: Final[Mapping[tuple[str, str], Person]] = {person.key: person for person in PEOPLE}
NAMES: Final[Mapping[tuple[str, str], str]] = {person.key: person.name for person in PEOPLE}


def introduce_houses(connection: psycopg.Connection[Any], page_url: str) -> None:
    """Tell Postbell about the houses. Links in messages lead to the page."""
    for house in HOUSES:
        connection.execute(
            "insert into postbell.tenant"
            " (id, name, base_url, locale, currency, time_zone, branding, disabled_channels)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (id) do update set name = excluded.name, base_url = excluded.base_url,"
            " locale = excluded.locale, currency = excluded.currency,"
            " time_zone = excluded.time_zone, branding = excluded.branding,"
            " disabled_channels = excluded.disabled_channels",
            [
                house.id,
                house.name,
                f"{page_url}/shops/{house.id}",
                house.locale,
                house.currency,
                house.time_zone,
                Jsonb(dict(house.branding)),
                list(house.disabled_channels),
            ],
        )
        for event, channels in house.default_channels.items():
            connection.execute(
                "insert into postbell.tenant_event (tenant_id, event, default_channels)"
                " values (%s, %s, %s)",
                [house.id, event, list(channels)],
            )


def state_choices(connection: psycopg.Connection[Any]) -> None:
    """Tell Postbell what the people want, once they are there."""
    for person in PEOPLE:
        if person.choices:
            connection.execute(person.choices.encode(), {"tenant": person.house, "id": person.id})
