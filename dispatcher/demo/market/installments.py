"""Payment by installments, of an order or of classes: agreed, reminded of, and paid in time.

The reminder is emitted when the installment is agreed, and waits. Whoever pays before it is due
takes it back in the same transaction: nobody is reminded of what they have paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import postbell as verbs
from dispatcher.demo.cast import Person
from dispatcher.demo.market.classes import Bundle
from dispatcher.demo.market.ledger import Ledger
from dispatcher.demo.market.orders import Order, spoken


@dataclass(frozen=True, slots=True)
class Installment:
    """One part of a price."""

    id: int
    client: Person
    of: Order | Bundle
    installment_number: int
    total_installments: int
    amount: str
    due_date: date

    @property
    def client_id(self) -> str:
        return self.client.id

    @property
    def subject(self) -> str:
        """What Postbell calls it."""
        return f"installment:{self.id}"


class Installments:
    """The marketplace's installments."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def agree(
        self,
        of: Order | Bundle,
        amount: str,
        *,
        number: int = 1,
        total: int = 3,
        remind_in: timedelta = timedelta(0),
    ) -> Installment:
        """Agree on one installment, of which the client is reminded at its time."""
        client = of.client
        reminded_at = datetime.now().astimezone() + remind_in
        is_of_order = isinstance(of, Order)
        async with self._ledger.transaction(client.house) as moment:
            ((key,),) = await self._ledger.rows(
                """
                insert into shop.installment
                    (order_id, bundle_id, number, total, amount, due_on, reminded_at)
                values (%s, %s, %s, %s, %s, %s, %s)
                returning id
                """,
                of.id if is_of_order else None,
                None if is_of_order else of.id,
                number,
                total,
                amount,
                reminded_at.date(),
                reminded_at,
            )
            made = Installment(key, client, of, number, total, amount, reminded_at.date())
            moment.title = _title(made, remind_in)
            whole = {"order_id": of.id} if isinstance(of, Order) else {"class_bundle": of}
            await self._ledger.tell(
                verbs.notify_installment_due,
                client.house,
                installment=made,
                deliver_at=reminded_at if remind_in else None,
                **whole,
            )
        return made

    async def find(self, client: Person) -> Installment | None:
        """The latest of an order of the client's that is not paid and will be reminded of."""
        rows = await self._ledger.rows(
            """
            select installment.id, number, total, installment.amount, due_on,
                wanted.id, topic, wanted.amount, writer_id
            from shop.installment
            join shop.customer_order as wanted on wanted.id = order_id
            where (house, client_id) = (%s, %s) and paid_at is null and reminded_at > now()
            order by installment.id desc
            limit 1
            """,
            client.house,
            client.id,
        )
        for key, number, total, amount, due_on, order_id, topic, price, writer_id in rows:
            order = Order(order_id, client, topic, str(price), writer_id)
            return Installment(key, client, order, number, total, str(amount), due_on)
        return None

    async def pay(self, installment: Installment) -> None:
        """Pay one; a reminder that has not gone out never will."""
        client = installment.client
        title = f"{client.name} pays installment {installment.id}, and is not reminded of it"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                "update shop.installment set paid_at = now() where id = %s", installment.id
            )
            await self._ledger.rows(
                "select * from postbell.cancel(subject => %s, tenant_id => %s)",
                installment.subject,
                client.house,
            )


def _title(installment: Installment, remind_in: timedelta) -> str:
    of = installment.of
    whole = f"order {of.id}" if isinstance(of, Order) else f"the classes “{of.name}”"
    when = f"in {spoken(remind_in)}" if remind_in else "now"
    return f"installment {installment.id} of {whole} is due {when}"
