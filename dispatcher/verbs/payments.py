"""Payments: by card, from a wallet, by invoice, in installments."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from dispatcher.errors import InvalidArgumentError
from dispatcher.verbs.place import AsyncPlace, Place, SyncPlace
from dispatcher.verbs.reading import (
    Given,
    as_amount,
    as_day,
    as_id,
    as_number,
    as_text,
    attribute,
    need,
)
from dispatcher.verbs.say import say
from dispatcher.verbs.shapes import (
    Amount,
    ClassBundle,
    Id,
    Installment,
    Invoice,
    Options,
    Payment,
    Purchase,
    Refund,
    Wallet,
)


@overload
def notify_payment_completed(
    *, payment: Payment, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_payment_completed(
    *, payment: Payment, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_payment_completed(
    *, payment: Payment, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """payment.completed, to the client, for a payment that is not of an order."""
    given = Given(payment, "payment")
    return say(
        "notify_payment_completed",
        on,
        options,
        payment,
        client_id=given.needs(as_id, "client_id"),
        amount=given.needs(as_amount, "amount"),
        payment_method=given.has(as_text, "payment_method"),
        payment_id=given.has(as_id, "id"),
        order_id=given.has(as_id, "order_id"),
        order_topic=given.has(as_text, "order_topic"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_payment_failed(
    *,
    order: Purchase,
    amount: Amount,
    reason: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_payment_failed(
    *,
    order: Purchase,
    amount: Amount,
    reason: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_payment_failed(
    *,
    order: Purchase,
    amount: Amount,
    reason: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """payment.failed, to the client."""
    given = Given(order, "order")
    return say(
        "notify_payment_failed",
        on,
        options,
        order,
        client_id=given.needs(as_id, "client_id"),
        amount=need(as_amount, amount, "amount"),
        reason=as_text(reason, "reason"),
        order_id=given.has(as_id, "id"),
        order_topic=given.has(as_text, "topic"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_refund_processed(
    *,
    refund: Refund,
    order: Purchase | None = None,
    amount: Amount | None = None,
    reason: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_refund_processed(
    *,
    refund: Refund,
    order: Purchase | None = None,
    amount: Amount | None = None,
    reason: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_refund_processed(
    *,
    refund: Refund,
    order: Purchase | None = None,
    amount: Amount | None = None,
    reason: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """payment.refunded, to the client of the order, or without one of the refund.

    `amount` is the refund's own if it is not given.
    """
    returned, bought = Given(refund, "refund"), Given(order, "order")
    known = returned if order is None else bought
    paid = attribute(refund, "amount") if amount is None else amount
    return say(
        "notify_refund_processed",
        on,
        options,
        order or refund,
        client_id=known.needs(as_id, "client_id"),
        amount=need(as_amount, paid, "amount"),
        reason=as_text(reason, "reason"),
        refund_id=returned.has(as_id, "id"),
        order_id=bought.has(as_id, "id"),
        currency=known.has(as_text, "currency"),
    )


@overload
def notify_wallet_loaded(
    *,
    wallet: Wallet,
    amount: Amount,
    balance: Amount | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_wallet_loaded(
    *,
    wallet: Wallet,
    amount: Amount,
    balance: Amount | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_wallet_loaded(
    *,
    wallet: Wallet,
    amount: Amount,
    balance: Amount | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """payment.wallet_loaded, to the client. `balance` is the wallet's own if it is not given."""
    given = Given(wallet, "wallet")
    left = attribute(wallet, "balance") if balance is None else balance
    return say(
        "notify_wallet_loaded",
        on,
        options,
        wallet,
        client_id=given.needs(as_id, "client_id"),
        amount=need(as_amount, amount, "amount"),
        balance=need(as_amount, left, "balance"),
        wallet_id=given.has(as_id, "id"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_invoice_generated(
    *, invoice: Invoice, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_invoice_generated(
    *, invoice: Invoice, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_invoice_generated(
    *, invoice: Invoice, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """payment.invoice_generated, to the client."""
    given = Given(invoice, "invoice")
    return say(
        "notify_invoice_generated",
        on,
        options,
        invoice,
        client_id=given.needs(as_id, "client_id"),
        invoice_number=given.needs(as_text, "invoice_number"),
        amount=given.needs(as_amount, "amount"),
        due_date=given.has(as_day, "due_date"),
        invoice_id=given.has(as_id, "id"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_installment_due(
    *,
    installment: Installment,
    order_id: Id | None = None,
    special_order_id: Id | None = None,
    class_bundle: ClassBundle | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_installment_due(
    *,
    installment: Installment,
    order_id: Id | None = None,
    special_order_id: Id | None = None,
    class_bundle: ClassBundle | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_installment_due(
    *,
    installment: Installment,
    order_id: Id | None = None,
    special_order_id: Id | None = None,
    class_bundle: ClassBundle | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """class.installment.due for a class bundle, else payment.installment_due, to the client.

    Its subject is `installment:ID`: cancel that when it is paid before `deliver_at`.
    """
    if sum(each is not None for each in (order_id, special_order_id, class_bundle)) > 1:
        raise InvalidArgumentError("an installment is of one order, special order or class bundle")
    given, bundle = Given(installment, "installment"), Given(class_bundle, "class_bundle")
    client = given if attribute(installment, "client_id") or class_bundle is None else bundle
    has_currency = given if attribute(installment, "currency") else bundle
    return say(
        "notify_installment_due",
        on,
        options,
        installment,
        client_id=client.needs(as_id, "client_id"),
        amount=given.needs(as_amount, "amount"),
        due_date=given.has(as_day, "due_date"),
        installment_number=given.has(as_number, "installment_number"),
        total_installments=given.has(as_number, "total_installments"),
        installment_id=given.has(as_id, "id"),
        order_id=as_id(order_id, "order_id"),
        special_order_id=as_id(special_order_id, "special_order_id"),
        bundle_id=bundle.has(as_id, "id"),
        bundle_name=None if class_bundle is None else bundle.needs(as_text, "name"),
        currency=has_currency.has(as_text, "currency"),
    )
