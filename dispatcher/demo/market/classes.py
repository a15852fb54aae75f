"""Classes: sold in bundles, paid for with a deposit, held, and talked about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString

from psycopg.sql import SQL

import postbell as verbs
from dispatcher.demo.cast import Person
from dispatcher.demo.market.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many classes for one price."""

    id: int
    client: Person
    name: str
    number_of_classes: int
    total_price: str
    deposit_required: str

    @property
    def client_id(self) -> str:
        return self.client.id

    @property
    def subject(self) -> str:
        """What Postbell calls it."""
        return f"bundle:{self.id}"


class Classes:
    """The marketplace's classes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def find(self, client: Person, condition: LiteralString = "true") -> Bundle | None:
        """The client's latest bundle of which this is true."""
        rows = await self._ledger.rows(
            SQL(
                "select id, name, number_of_classes, total_price, deposit from shop.bundle"
                " where (house, client_id) = (%s, %s) and {} order by id desc limit 1"
            ).format(SQL(condition)),
            client.house,
            client.id,
        )
        for number, name, many, price, deposit in rows:
            return Bundle(number, client, name, many, str(price), str(deposit))
        return None

    async def sell(
        self, client: Person, name: str, number_of_classes: int, price: str, deposit: str
    ) -> Bundle:
        """Sell a bundle. Raises IntegrityError for a deposit above the price."""
        title = f"{client.name} books {number_of_classes} classes: {name}"
        async with self._ledger.transaction(client.house, title):
            ((number,),) = await self._ledger.rows(
                """
                insert into shop.bundle
                    (house, client_id, name, number_of_classes, total_price, deposit)
                values (%s, %s, %s, %s, %s, %s)
                returning id
                """,
                client.house,
                client.id,
                name,
                number_of_classes,
                price,
                deposit,
            )
            bundle = Bundle(number, client, name, number_of_classes, price, deposit)
            await self._ledger.tell(
                verbs.notify_class_bundle_created, client.house, class_bundle=bundle
            )
        return bundle

    async def pay_deposit(self, bundle: Bundle) -> None:
        client = bundle.client
        title = f"{client.name} pays the deposit for “{bundle.name}”"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                "update shop.bundle set deposit_paid_at = now() where id = %s", bundle.id
            )
            left = Decimal(bundle.total_price) - Decimal(bundle.deposit_required)
            await self._ledger.tell(
                verbs.notify_class_deposit_paid,
                client.house,
                class_bundle=bundle,
                amount=bundle.deposit_required,
                balance_remaining=left,
            )

    async def hold_all(self, bundle: Bundle) -> None:
        """Hold what is left of the classes; with the last one the bundle is completed."""
        client = bundle.client
        title = f"the last class of “{bundle.name}” has been held"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                update shop.bundle
                set classes_held = number_of_classes, completed_at = now()
                where id = %s
                """,
                bundle.id,
            )
            await self._ledger.tell(
                verbs.notify_class_bundle_completed, client.house, class_bundle=bundle
            )

    async def hold_one_too_many(self, bundle: Bundle) -> None:
        """A mistake at the counter, to which the table objects. Raises IntegrityError."""
        title = f"somebody counts one class too many of “{bundle.name}”"
        async with self._ledger.transaction(bundle.client.house, title):
            await self._ledger.tell(
                verbs.notify_class_bundle_completed, bundle.client.house, class_bundle=bundle
            )
            await self._ledger.rows(
                "update shop.bundle set classes_held = number_of_classes + 1 where id = %s",
                bundle.id,
            )

    async def write(self, bundle: Bundle, sender: Person, teacher: Person, body: str) -> None:
        """Write into the bundle's thread, of its client and its teacher; the other one hears."""
        house = bundle.client.house
        title = f"{sender.name} writes about “{bundle.name}”"
        async with self._ledger.transaction(house, title):
            thread = await self._thread(bundle, teacher)
            await self._ledger.rows(
                "insert into shop.message (thread_id, sender_id, body) values (%s, %s, %s)",
                thread,
                sender.id,
                body,
            )
            about = {
                "id": thread,
                "bundle_id": bundle.id,
                "bundle_name": bundle.name,
                "member_ids": [bundle.client.id, teacher.id],
            }
            await self._ledger.tell(
                verbs.notify_class_message_received,
                house,
                thread=about,
                sender=sender,
                message=body,
            )

    async def _thread(self, bundle: Bundle, teacher: Person) -> int:
        rows = await self._ledger.rows("select id from shop.thread where bundle_id = %s", bundle.id)
        if not rows:
            rows = await self._ledger.rows(
                "insert into shop.thread (bundle_id) values (%s) returning id", bundle.id
            )
            await self._ledger.rows(
                """
                insert into shop.thread_member (thread_id, house, person_id)
                select %s, %s, unnest(%s::text[])
                """,
                rows[0][0],
                bundle.client.house,
                [bundle.client.id, teacher.id],
            )
        return int(rows[0][0])
