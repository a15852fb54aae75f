"""The sample application: it places, assigns, pays and completes orders, each in one transaction.

It is what an application of yours would be: its own tables, its own login, and where something is
worth telling, an INSERT into postbell.outbox beside the others.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, errors
from psycopg.types.json import Jsonb

from dispatcher.demo.cast import PEOPLE, Person

#: The login of the shop: postbell_producer, and owner of its own schema.
LOGIN: Final = "shop"

#: Moments that are not forgotten.
REMEMBERED: Final = 500


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the shop knows it. Its number is unique across houses."""

    id: int
    client: Person
    topic: str
    amount: str

    @property
    def subject(self) -> str:
        """What Postbell calls it."""
        return f"order:{self.id}"


@dataclass(slots=True)
class Moment:
    """One transaction: what it was for, how it ended, and the events that it emitted."""

    number: int
    house: str
    title: str
    at: datetime
    #: None if it committed.
    rolled_back_by: str | None = None
    #: Ids in postbell.outbox; of a transaction rolled back, ids that never were.
    outbox_ids: list[int] = field(default_factory=list)


def open_shop(connection: psycopg.Connection[Any]) -> None:
    """Create the shop's login and tables, as the database's owner."""
    connection.execute((Path(__file__).parent / "shop.sql").read_bytes())
    for person in PEOPLE:
        connection.execute(
            "insert into shop.customer (house, id, name, credit) values (%s, %s, %s, %s)",
            [person.house, person.id, person.name, person.credit],
        )


class Shop:
    """The shop at work, on a connection of its own login."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._numbers = count(1)
        #: What happened lately, oldest first.
        self.moments: deque[Moment] = deque(maxlen=REMEMBERED)
        #: How many transactions were committed and rolled back.
        self.counts: Counter[str] = Counter()

    def latest(self, most: int) -> list[Moment]:
        """The last so many moments, oldest first."""
        return list(self.moments)[-most:]

    async def place(self, client: Person, topic: str, amount: str) -> Order:
        async with self._transaction(client.house) as moment:
            cursor = await self._connection.execute(
                "insert into shop.customer_order (house, customer_id, topic, amount)"
                " values (%s, %s, %s, %s) returning id",
                [client.house, client.id, topic, amount],
            )
            ((number,),) = await cursor.fetchall()
            order = Order(number, client, topic, amount)
            moment.title = f"{client.name} places order {number}"
            await self._emit(moment, "order.created", order, order_topic=topic, amount=amount)
        return order

    async def pay(self, order: Order, *, key: str | None = None) -> None:
        """Pay by credit, which may not suffice: the last statement is then the one to fail."""
        with suppress(errors.IntegrityError):
            await self._pay(order, key=key)

    async def hear_of_payment(self, order: Order, *, key: str) -> None:
        """The bank's webhook, which calls as often as it likes: the key makes it one event."""
        async with self._transaction(order.client.house) as moment:
            moment.title = f"the bank reports the payment of order {order.id}"
            await self._emit(
                moment,
                "payment.completed",
                order,
                key=key,
                order_topic=order.topic,
                amount=order.amount,
            )

    async def assign(self, order: Order, writer: Person, *, by: Person | None = None) -> None:
        """Assign a writer; client and writer hear of it, but not whoever did it."""
        async with self._transaction(order.client.house) as moment:
            taker = "takes" if by == writer else "is assigned"
            moment.title = f"{writer.name} {taker} order {order.id}"
            await self._connection.execute(
                "update shop.customer_order set writer_id = %s where id = %s", [writer.id, order.id]
            )
            await self._emit(
                moment,
                "order.assigned",
                order,
                audience={"recipients": [order.client.id, writer.id]},
                actor=by.id if by else None,
                order_topic=order.topic,
                writer_name=writer.name,
            )

    async def complete(self, order: Order, *, tell_in: timedelta | None = None) -> int:
        """Complete an order; the client is told at once, or later. Returns the event's id."""
        async with self._transaction(order.client.house) as moment:
            moment.title = f"order {order.id} is completed"
            if tell_in:
                moment.title += f", to be told in {_spoken(tell_in)}"
            await self._connection.execute(
                "update shop.customer_order set completed_at = now() where id = %s", [order.id]
            )
            return await self._emit(
                moment, "order.completed", order, tell_in=tell_in, order_topic=order.topic
            )

    async def reopen(self, order: Order, completion: int) -> None:
        """Take back the completion, and the event that would tell of it."""
        async with self._transaction(order.client.house) as moment:
            moment.title = f"order {order.id} is reopened, and its completion cancelled"
            await self._connection.execute(
                "update shop.customer_order set completed_at = null where id = %s", [order.id]
            )
            await self._connection.execute("select postbell.cancel(outbox_id => %s)", [completion])

    async def send_receipt(self, order: Order) -> None:
        """A receipt, which the law wants in writing: by e-mail, whatever the person prefers."""
        async with self._transaction(order.client.house) as moment:
            moment.title = f"{order.client.name} must get a receipt for order {order.id}"
            await self._emit(
                moment, "order.paid", order, forced=["email"], channels=[], amount=order.amount
            )

    async def blunder(self, order: Order) -> None:
        """A mistake of the shop's: the amount as a number, where the event declares a string."""
        async with self._transaction(order.client.house) as moment:
            moment.title = f"a faulty release reports order {order.id} as paid"
            await self._emit(moment, "order.paid", order, amount=float(order.amount))

    async def _pay(self, order: Order, *, key: str | None) -> None:
        async with self._transaction(order.client.house) as moment:
            moment.title = f"{order.client.name} pays order {order.id}"
            await self._connection.execute(
                "insert into shop.payment (order_id, method, amount) values (%s, 'credit', %s)",
                [order.id, order.amount],
            )
            await self._emit(
                moment,
                "order.paid",
                order,
                key=key,
                order_topic=order.topic,
                amount=order.amount,
                payment_method="Credit",
            )
            await self._connection.execute(
                "update shop.customer set credit = credit - %s where (house, id) = (%s, %s)",
                [order.amount, order.client.house, order.client.id],
            )

    async def _emit(
        self,
        moment: Moment,
        event: str,
        order: Order,
        *,
        audience: dict[str, Any] | None = None,
        actor: str | None = None,
        channels: Iterable[str] | None = None,
        forced: Iterable[str] | None = None,
        key: str | None = None,
        tell_in: timedelta | None = None,
        **fields: object,
    ) -> int:
        cursor = await self._connection.execute(
            "insert into postbell.outbox (event, tenant_id, recipient, payload, audience, actor,"
            " channels, forced_channels, idempotency_key, subject, deliver_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s) returning id",
            [
                event,
                order.client.house,
                None if audience else order.client.id,
                Jsonb({"order_id": order.id, **fields}),
                Jsonb(audience) if audience else None,
                actor,
                None if channels is None else list(channels),
                None if forced is None else list(forced),
                key,
                order.subject,
                tell_in,
            ],
        )
        ((outbox_id,),) = await cursor.fetchall()
        moment.outbox_ids.append(outbox_id)
        return int(outbox_id)

    @asynccontextmanager
    async def _transaction(self, house: str) -> AsyncIterator[Moment]:
        """One business transaction. If a constraint objects, nothing of it ever happened."""
        moment = Moment(next(self._numbers), house, "", datetime.now().astimezone())
        try:
            async with self._connection.transaction():
                yield moment
        except errors.IntegrityError as objection:
            moment.rolled_back_by = objection.diag.constraint_name or str(objection)
            raise
        finally:
            self.moments.append(moment)
            self.counts["committed" if moment.rolled_back_by is None else "rolled back"] += 1


def _spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"  # noqa: PLR2004 - a minute
