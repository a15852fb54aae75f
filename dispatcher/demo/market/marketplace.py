"""The marketplace as a whole: its tables, its people, and its services over one connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from dispatcher.demo.cast import PEOPLE
from dispatcher.demo.market.classes import Classes
from dispatcher.demo.market.installments import Installments
from dispatcher.demo.market.ledger import Diary, Ledger
from dispatcher.demo.market.loyalty import Loyalty
from dispatcher.demo.market.orders import Orders
from dispatcher.demo.market.payments import Payments
from dispatcher.demo.market.tickets import Tickets

#: The login: postbell_producer, and owner of its own schema.
LOGIN: Final = "marketplace"

_TABLES: Final = Path(__file__).parent / "tables"
#: Of a recipient what, and in which column of shop.person it is.
_PERSON_IN_POSTBELL: Final = {
    **{name: name for name in ("id", "email", "phone", "locale", "time_zone", "roles")},
    "tenant_id": "house",
    "attributes": {"name": "name", "habit": "habit"},
}


def open_market(connection: psycopg.Connection[Any]) -> None:
    """Create the login, the tables and the people, as the database's owner."""
    for file in sorted(_TABLES.glob("*.sql")):
        connection.execute(file.read_bytes())
    connection.execute("reset role")
    # From now on whoever is in our table is a recipient, and whoever leaves it is erased.
    connection.execute(
        "select postbell.mirror_recipients('shop.person', %s)", [Jsonb(_PERSON_IN_POSTBELL)]
    )
    connection.execute(f"set role {LOGIN}".encode())
    for person in PEOPLE:
        connection.execute(
            "insert into shop.person"
            " (house, id, name, email, phone, locale, time_zone, roles, habit)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                person.house,
                person.id,
                person.name,
                person.email,
                person.phone,
                person.locale,
                person.time_zone,
                list(person.roles),
                person.habit,
            ],
        )
        connection.execute(
            "insert into shop.wallet (house, person_id, balance) values (%s, %s, %s)",
            [person.house, person.id, person.wallet],
        )
        connection.execute(
            "insert into shop.loyalty_account (house, person_id) values (%s, %s)",
            [person.house, person.id],
        )
    connection.execute("reset role")


class Marketplace:
    """Everything that it does, each deed one transaction."""

    def __init__(
        self,
        connection: AsyncConnection[TupleRow],
        witness: AsyncConnection[TupleRow] | None,
        diary: Diary,
    ) -> None:
        """As `Ledger` takes them."""
        self.ledger = ledger = Ledger(connection, witness, diary)
        self.diary = diary
        self.orders = Orders(ledger)
        self.payments = Payments(ledger)
        self.installments = Installments(ledger)
        self.loyalty = Loyalty(ledger)
        self.classes = Classes(ledger)
        self.tickets = Tickets(ledger)
