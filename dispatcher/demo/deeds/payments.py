"""Deeds about money."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from dispatcher.demo.deeds.deed import Deed, Setting
from dispatcher.demo.deeds.orders import some_order
from dispatcher.demo.market import orders
from dispatcher.demo.market.orders import Order

#: How long one has to pay an installment before the reminder goes out.
_LATER: Final = timedelta(seconds=30)


async def _paid_order(at: Setting) -> Order:
    order = await at.market.orders.find(at.client, orders.UNREFUNDED)
    if order is None:
        order = await some_order(at, orders.PAYABLE)
        await at.market.payments.pay(order)
    return order


async def _donate(at: Setting) -> None:
    await at.market.payments.donate(at.client, "25.00")


async def _bank(at: Setting) -> None:
    order = await some_order(at)
    for _ in range(2):
        await at.market.payments.hear_of_payment(order, key=f"bank:{order.id}")


async def _fail(at: Setting) -> None:
    await at.market.payments.fail(await some_order(at, orders.PAYABLE), "The card has expired.")


async def _refund(at: Setting) -> None:
    await at.market.payments.refund(await _paid_order(at), "You changed your mind.")


async def _refund_twice(at: Setting) -> None:
    order = await _paid_order(at)
    for _ in range(2):
        await at.market.payments.refund(order, "You changed your mind.")


async def _due(at: Setting) -> None:
    order = await some_order(at, orders.PAYABLE)
    await at.market.installments.agree(order, "40.00", number=2)


async def _due_later(at: Setting) -> None:
    order = await some_order(at, orders.PAYABLE)
    await at.market.installments.agree(order, "40.00", number=2, remind_in=_LATER)


async def _pay_in_time(at: Setting) -> None:
    order = await some_order(at, orders.PAYABLE)
    agreed = await at.market.installments.find(at.client) or await at.market.installments.agree(
        order, "40.00", number=2, remind_in=_LATER
    )
    await at.market.installments.pay(agreed)


async def _load(at: Setting) -> None:
    await at.market.payments.load_wallet(at.client, "50.00")


async def _invoice(at: Setting) -> None:
    await at.market.payments.invoice(await some_order(at, orders.UNINVOICED))


DEEDS: Final = (
    Deed("donate", "payment.completed", "Pay without an order", "code", _donate),
    Deed("bank", "payment.completed", "The bank reports it twice", "code", _bank),
    Deed("fail", "payment.failed", "Have a card declined", "code", _fail),
    Deed("refund", "payment.refunded", "Refund an order", "code", _refund),
    Deed(
        "refund-twice",
        "payment.refunded",
        "Refund it twice",
        "code",
        _refund_twice,
        rolled_back_by="payment_is_refunded_once",
    ),
    Deed("due", "payment.installment_due", "An installment is due", "code", _due),
    Deed("due-later", "payment.installment_due", "One is due in 30 s", "code", _due_later),
    Deed("pay-in-time", "payment.installment_due", "Pay it before then", "code", _pay_in_time),
    Deed("load", "payment.wallet_loaded", "Load the wallet", "code", _load),
    Deed("invoice", "payment.invoice_generated", "Write an invoice", "code", _invoice),
)
