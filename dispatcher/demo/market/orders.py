"""Orders: placed, assigned, completed. The code tells of them beside the statement that changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, LiteralString

from psycopg.sql import SQL

import postbell as verbs
from dispatcher.demo.cast import NAMES, Person
from dispatcher.demo.market.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the marketplace knows it. Its number is unique across houses."""

    id: int
    client: Person
    topic: str
    amount: str
    writer_id: str | None = None
    deadline: datetime | None = None

    @property
    def client_id(self) -> str:
        return self.client.id

    @property
    def writer_name(self) -> str | None:
        return NAMES[self.client.house, self.writer_id] if self.writer_id else None

    @property
    def subject(self) -> str:
        """What Postbell calls it."""
        return f"order:{self.id}"


#: What one may ask of an order, `wanted`; `payment` is the one that paid it.
PAYABLE: Final = (
    "payment.id is null and wanted.amount <= (select balance from shop.wallet"
    " where (wallet.house, wallet.person_id) = (wanted.house, wanted.client_id))"
)
PAID: Final = "payment.id is not null"
UNASSIGNED: Final = "writer_id is null and completed_at is null"
UNFINISHED: Final = "completed_at is null"
COMPLETED: Final = "completed_at is not null"
UNREFUNDED: Final = (
    "payment.id is not null"
    " and not exists (select from shop.refund where refund.payment_id = payment.id)"
)
UNINVOICED: Final = "not exists (select from shop.invoice where invoice.order_id = wanted.id)"


class Orders:
    """The marketplace's orders."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def find(self, client: Person, condition: LiteralString) -> Order | None:
        """The client's latest order of which this is true."""
        rows = await self._ledger.rows(
            SQL(
                "select wanted.id, topic, wanted.amount, writer_id"
                " from shop.customer_order as wanted"
                " left join shop.payment on order_id = wanted.id and failed_because is null"
                " where (wanted.house, wanted.client_id) = (%s, %s) and {}"
                " order by wanted.id desc limit 1"
            ).format(SQL(condition)),
            client.house,
            client.id,
        )
        for number, topic, amount, writer_id in rows:
            return Order(number, client, topic, str(amount), writer_id)
        return None

    async def place(self, client: Person, topic: str, amount: str) -> Order:
        async with self._ledger.transaction(client.house) as moment:
            ((number,),) = await self._ledger.rows(
                """
                insert into shop.customer_order (house, client_id, topic, amount)
                values (%s, %s, %s, %s)
                returning id
                """,
                client.house,
                client.id,
                topic,
                amount,
            )
            order = Order(number, client, topic, amount)
            moment.title = f"{client.name} places order {number}"
            await self._ledger.tell(verbs.notify_order_created, client.house, order=order)
        return order

    async def assign(
        self,
        order: Order,
        writer: Person,
        *,
        by: Person | None = None,
        deadline: datetime | None = None,
    ) -> Order:
        """Assign a writer; client and writer hear of it, but not whoever did it."""
        taker = "takes" if by == writer else "is assigned"
        title = f"{writer.name} {taker} order {order.id}"
        async with self._ledger.transaction(order.client.house, title):
            await self._ledger.rows(
                "update shop.customer_order set writer_id = %s, deadline = %s where id = %s",
                writer.id,
                deadline,
                order.id,
            )
            assigned = replace(order, writer_id=writer.id, deadline=deadline)
            await self._ledger.tell(
                verbs.notify_order_assigned,
                order.client.house,
                order=assigned,
                actor=by.id if by else None,
            )
        return assigned

    async def complete(self, order: Order, *, tell_in: timedelta | None = None) -> None:
        """Complete an order; client and writer are told at once, or later."""
        title = f"order {order.id} is completed"
        if tell_in:
            title += f", to be told in {spoken(tell_in)}"
        async with self._ledger.transaction(order.client.house, title):
            told_by = await self._ledger.tell(
                verbs.notify_order_completed,
                order.client.house,
                order=order,
                deliver_at=datetime.now().astimezone() + tell_in if tell_in else None,
            )
            await self._ledger.rows(
                """
                update shop.customer_order
                set completed_at = now(), completion_event = %s
                where id = %s
                """,
                told_by,
                order.id,
            )

    async def reopen(self, order: Order) -> None:
        """Take back the completion, and the event that tells, or would tell, of it."""
        title = f"order {order.id} is reopened, and its completion cancelled"
        async with self._ledger.transaction(order.client.house, title):
            await self._ledger.rows(
                """
                select cancelled.*
                from shop.customer_order
                cross join lateral postbell.cancel(outbox_id => completion_event) as cancelled
                where id = %s
                """,
                order.id,
            )
            await self._ledger.rows(
                """
                update shop.customer_order
                set completed_at = null, completion_event = null
                where id = %s
                """,
                order.id,
            )


def spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"  # noqa: PLR2004 - a minute
