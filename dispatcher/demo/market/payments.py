"""Money: what is paid, what fails, what is given back, and what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import postbell as verbs
from dispatcher.demo.cast import Person
from dispatcher.demo.market.ledger import Ledger
from dispatcher.demo.market.orders import Order

#: Days until an invoice is due.
DUE_IN: Final = 14


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a client has been asked for in writing."""

    id: int
    invoice_number: str
    order: Order
    due_date: date

    @property
    def client_id(self) -> str:
        return self.order.client.id

    @property
    def amount(self) -> str:
        return self.order.amount

    @property
    def subject(self) -> str:
        """What Postbell calls it."""
        return f"invoice:{self.id}"


class Payments:
    """The marketplace's till."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def pay(self, order: Order) -> None:
        """Pay an order from the wallet, which may not suffice: then the last statement fails.

        Raises IntegrityError for that, and for an order that is paid already.
        """
        client = order.client
        title = f"{client.name} pays order {order.id}"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                insert into shop.payment (house, client_id, order_id, method, amount)
                values (%s, %s, %s, 'wallet', %s)
                """,
                client.house,
                client.id,
                order.id,
                order.amount,
            )
            await self._ledger.tell(
                verbs.notify_order_paid,
                client.house,
                order=order,
                payment_amount=order.amount,
                payment_method="Wallet",
            )
            await self._ledger.rows(
                """
                update shop.wallet set balance = balance - %s
                where (house, person_id) = (%s, %s)
                """,
                order.amount,
                client.house,
                client.id,
            )

    async def hear_of_payment(self, order: Order, *, key: str) -> None:
        """The bank's webhook, which calls as often as it likes: the key makes it one event."""
        title = f"the bank reports the payment of order {order.id}"
        async with self._ledger.transaction(order.client.house, title):
            payment = {
                "client_id": order.client.id,
                "amount": order.amount,
                "order_id": order.id,
                "order_topic": order.topic,
            }
            await self._ledger.tell(
                verbs.notify_payment_completed,
                order.client.house,
                payment=payment,
                idempotency_key=key,
            )

    async def donate(self, client: Person, amount: str) -> None:
        """A payment without an order."""
        title = f"{client.name} pays without an order"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                insert into shop.payment (house, client_id, method, amount)
                values (%s, %s, 'card', %s)
                """,
                client.house,
                client.id,
                amount,
            )
            payment = {
                "client_id": client.id,
                "amount": amount,
                "payment_method": "Visa ending in 4242",
            }
            await self._ledger.tell(verbs.notify_payment_completed, client.house, payment=payment)

    async def fail(self, order: Order, reason: str) -> None:
        """The bank declines a card: that is worth a row, and worth telling."""
        client = order.client
        title = f"the bank declines the card of {client.name} for order {order.id}"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                insert into shop.payment
                    (house, client_id, order_id, method, amount, failed_because)
                values (%s, %s, %s, 'card', %s, %s)
                """,
                client.house,
                client.id,
                order.id,
                order.amount,
                reason,
            )
            await self._ledger.tell(
                verbs.notify_payment_failed,
                client.house,
                order=order,
                amount=order.amount,
                reason=reason,
            )

    async def refund(self, order: Order, reason: str) -> None:
        """Give back what was paid for an order. Raises IntegrityError the second time."""
        client = order.client
        title = f"{client.name} gets the money for order {order.id} back"
        async with self._ledger.transaction(client.house, title):
            ((number,),) = await self._ledger.rows(
                """
                insert into shop.refund (payment_id, amount, reason)
                select id, amount, %s
                from shop.payment
                where order_id = %s and failed_because is null
                returning id
                """,
                reason,
                order.id,
            )
            await self._ledger.tell(
                verbs.notify_refund_processed,
                client.house,
                refund={"id": number},
                order=order,
                amount=order.amount,
                reason=reason,
            )

    async def load_wallet(self, client: Person, amount: str) -> None:
        title = f"{client.name} loads the wallet"
        async with self._ledger.transaction(client.house, title):
            ((balance,),) = await self._ledger.rows(
                """
                update shop.wallet set balance = balance + %s
                where (house, person_id) = (%s, %s)
                returning balance
                """,
                amount,
                client.house,
                client.id,
            )
            await self._ledger.tell(
                verbs.notify_wallet_loaded,
                client.house,
                wallet={"client_id": client.id, "balance": balance},
                amount=amount,
            )

    async def invoice(self, order: Order) -> Invoice:
        """Write the invoice of an order. Raises IntegrityError if it has one."""
        client = order.client
        due_on = date.today() + timedelta(days=DUE_IN)  # noqa: DTZ011 - a day at the counter
        async with self._ledger.transaction(client.house) as moment:
            ((number, written),) = await self._ledger.rows(
                """
                insert into shop.invoice (order_id, amount, due_on)
                values (%s, %s, %s)
                returning id, number
                """,
                order.id,
                order.amount,
                due_on,
            )
            moment.title = f"invoice {written} is written for order {order.id}"
            invoice = Invoice(number, written, order, due_on)
            await self._ledger.tell(verbs.notify_invoice_generated, client.house, invoice=invoice)
        return invoice

    async def send_receipt(self, order: Order) -> None:
        """A receipt, which the law wants in writing: by e-mail, whatever the person prefers."""
        title = f"{order.client.name} must get a receipt for order {order.id}"
        async with self._ledger.transaction(order.client.house, title):
            await self._ledger.notify(
                "order.paid",
                order.client.id,
                {"order_id": order.id, "amount": order.amount},
                channels=[],
                forced_channels=["email"],
                tenant_id=order.client.house,
                subject=order.subject,
            )

    async def blunder(self, order: Order) -> None:
        """A mistake of the marketplace's: the amount as a number, where a string is declared."""
        title = f"a faulty release reports order {order.id} as paid"
        async with self._ledger.transaction(order.client.house, title):
            await self._ledger.notify(
                "order.paid",
                order.client.id,
                {"order_id": order.id, "amount": float(order.amount)},
                tenant_id=order.client.house,
                subject=order.subject,
            )
