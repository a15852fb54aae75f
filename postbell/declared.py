"""Verbs, written by `postbell verbs` from the tables `verb` of event.toml."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from postbell.connection import AnyConnection, AsyncConnection, SyncConnection
from postbell.emit import emit
from postbell.types import (
    Amount,
    ClassBundle,
    ClassTicket,
    ClientProfile,
    Invoice,
    Options,
    Order,
    Payment,
    Person,
    Purchase,
    Redemption,
    Refund,
    Ticket,
    Wallet,
    WithActor,
)
from postbell.validation import (
    Given,
    as_amount,
    as_day,
    as_id,
    as_moment,
    as_number,
    as_person,
    as_text,
    either,
    first_given,
    need,
)

__all__ = [
    "notify_badge_awarded",
    "notify_class_bundle_completed",
    "notify_class_bundle_created",
    "notify_class_deposit_paid",
    "notify_class_ticket_created",
    "notify_invoice_generated",
    "notify_loyalty_points_awarded",
    "notify_milestone_reached",
    "notify_order_assigned",
    "notify_order_completed",
    "notify_order_created",
    "notify_order_paid",
    "notify_payment_completed",
    "notify_payment_failed",
    "notify_redemption_approved",
    "notify_redemption_rejected",
    "notify_refund_processed",
    "notify_ticket_assigned",
    "notify_ticket_escalated",
    "notify_ticket_reopened",
    "notify_ticket_resolved",
    "notify_tier_upgraded",
    "notify_wallet_loaded",
]


@overload
def notify_class_bundle_completed(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_class_bundle_completed(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_class_bundle_completed(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """class.bundle.completed, to the client."""
    of_class_bundle = Given(class_bundle, "class_bundle")
    of_client_profile = Given(client_profile, "client_profile")
    return emit(
        "notify_class_bundle_completed",
        on,
        options,
        class_bundle,
        client_id=first_given(of_client_profile, of_class_bundle).needs(as_id, "client_id"),
        bundle_name=of_class_bundle.needs(as_text, "name"),
        number_of_classes=of_class_bundle.needs(as_number, "number_of_classes"),
        bundle_id=of_class_bundle.has(as_id, "id"),
    )


@overload
def notify_class_bundle_created(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_class_bundle_created(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_class_bundle_created(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """class.bundle.created, to the client."""
    of_class_bundle = Given(class_bundle, "class_bundle")
    of_client_profile = Given(client_profile, "client_profile")
    return emit(
        "notify_class_bundle_created",
        on,
        options,
        class_bundle,
        client_id=first_given(of_client_profile, of_class_bundle).needs(as_id, "client_id"),
        bundle_name=of_class_bundle.needs(as_text, "name"),
        total_price=of_class_bundle.needs(as_amount, "total_price"),
        number_of_classes=of_class_bundle.needs(as_number, "number_of_classes"),
        deposit_required=of_class_bundle.has(as_amount, "deposit_required"),
        bundle_id=of_class_bundle.has(as_id, "id"),
        currency=of_class_bundle.has(as_text, "currency"),
    )


@overload
def notify_class_deposit_paid(
    *,
    class_bundle: ClassBundle,
    amount: Amount,
    balance_remaining: Amount | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_class_deposit_paid(
    *,
    class_bundle: ClassBundle,
    amount: Amount,
    balance_remaining: Amount | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_class_deposit_paid(
    *,
    class_bundle: ClassBundle,
    amount: Amount,
    balance_remaining: Amount | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """class.bundle.deposit_paid, to the client."""
    of_class_bundle = Given(class_bundle, "class_bundle")
    return emit(
        "notify_class_deposit_paid",
        on,
        options,
        class_bundle,
        client_id=of_class_bundle.needs(as_id, "client_id"),
        bundle_name=of_class_bundle.needs(as_text, "name"),
        amount=need(as_amount, amount, "amount"),
        balance_remaining=as_amount(balance_remaining, "balance_remaining"),
        bundle_id=of_class_bundle.has(as_id, "id"),
        currency=of_class_bundle.has(as_text, "currency"),
    )


@overload
def notify_class_ticket_created(
    *,
    ticket: ClassTicket,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_class_ticket_created(
    *,
    ticket: ClassTicket,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_class_ticket_created(
    *,
    ticket: ClassTicket,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """class.ticket.created, to the client."""
    of_ticket = Given(ticket, "ticket")
    return emit(
        "notify_class_ticket_created",
        on,
        options,
        ticket,
        client_id=of_ticket.needs(as_id, "client_id"),
        subject=of_ticket.needs(as_text, "subject"),
        bundle_name=of_ticket.has(as_text, "bundle_name"),
        ticket_id=of_ticket.has(as_id, "id"),
    )


@overload
def notify_badge_awarded(
    *,
    client_profile: ClientProfile,
    badge_name: str,
    description: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_badge_awarded(
    *,
    client_profile: ClientProfile,
    badge_name: str,
    description: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_badge_awarded(
    *,
    client_profile: ClientProfile,
    badge_name: str,
    description: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """loyalty.badge_awarded, to the client."""
    of_client_profile = Given(client_profile, "client_profile")
    return emit(
        "notify_badge_awarded",
        on,
        options,
        client_profile,
        client_id=of_client_profile.needs(as_id, "client_id"),
        badge_name=need(as_text, badge_name, "badge_name"),
        description=as_text(description, "description"),
    )


@overload
def notify_milestone_reached(
    *,
    client_profile: ClientProfile,
    milestone_name: str,
    reward_points: int | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_milestone_reached(
    *,
    client_profile: ClientProfile,
    milestone_name: str,
    reward_points: int | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_milestone_reached(
    *,
    client_profile: ClientProfile,
    milestone_name: str,
    reward_points: int | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """loyalty.milestone_reached, to the client."""
    of_client_profile = Given(client_profile, "client_profile")
    return emit(
        "notify_milestone_reached",
        on,
        options,
        client_profile,
        client_id=of_client_profile.needs(as_id, "client_id"),
        milestone_name=need(as_text, milestone_name, "milestone_name"),
        reward_points=as_number(reward_points, "reward_points"),
    )


@overload
def notify_loyalty_points_awarded(
    *,
    client_profile: ClientProfile,
    points: int,
    reason: str | None = None,
    total_points: int | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_loyalty_points_awarded(
    *,
    client_profile: ClientProfile,
    points: int,
    reason: str | None = None,
    total_points: int | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_loyalty_points_awarded(
    *,
    client_profile: ClientProfile,
    points: int,
    reason: str | None = None,
    total_points: int | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """loyalty.points_awarded, to the client."""
    of_client_profile = Given(client_profile, "client_profile")
    return emit(
        "notify_loyalty_points_awarded",
        on,
        options,
        client_profile,
        client_id=of_client_profile.needs(as_id, "client_id"),
        points=need(as_number, points, "points"),
        reason=as_text(reason, "reason"),
        total_points=as_number(total_points, "total_points"),
    )


@overload
def notify_redemption_approved(
    *,
    redemption_request: Redemption,
    fulfillment_code: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_redemption_approved(
    *,
    redemption_request: Redemption,
    fulfillment_code: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_redemption_approved(
    *,
    redemption_request: Redemption,
    fulfillment_code: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """loyalty.redemption.approved, to the client.

    `fulfillment_code` is the redemption_request's own if it is not given.
    """
    of_redemption_request = Given(redemption_request, "redemption_request")
    return emit(
        "notify_redemption_approved",
        on,
        options,
        redemption_request,
        client_id=of_redemption_request.needs(as_id, "client_id"),
        item_name=of_redemption_request.needs(as_text, "item_name"),
        points_used=of_redemption_request.needs(as_number, "points_used"),
        fulfillment_code=as_text(
            either(fulfillment_code, of_redemption_request, "fulfillment_code"), "fulfillment_code"
        ),
        redemption_id=of_redemption_request.has(as_id, "id"),
    )


@overload
def notify_redemption_rejected(
    *,
    redemption_request: Redemption,
    reason: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_redemption_rejected(
    *,
    redemption_request: Redemption,
    reason: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_redemption_rejected(
    *,
    redemption_request: Redemption,
    reason: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """loyalty.redemption.rejected, to the client."""
    of_redemption_request = Given(redemption_request, "redemption_request")
    return emit(
        "notify_redemption_rejected",
        on,
        options,
        redemption_request,
        client_id=of_redemption_request.needs(as_id, "client_id"),
        item_name=of_redemption_request.needs(as_text, "item_name"),
        points_used=of_redemption_request.needs(as_number, "points_used"),
        reason=as_text(reason, "reason"),
        redemption_id=of_redemption_request.has(as_id, "id"),
    )


@overload
def notify_tier_upgraded(
    *,
    client_profile: ClientProfile,
    tier_name: str,
    perks: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_tier_upgraded(
    *,
    client_profile: ClientProfile,
    tier_name: str,
    perks: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_tier_upgraded(
    *,
    client_profile: ClientProfile,
    tier_name: str,
    perks: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """loyalty.tier_upgraded, to the client."""
    of_client_profile = Given(client_profile, "client_profile")
    return emit(
        "notify_tier_upgraded",
        on,
        options,
        client_profile,
        client_id=of_client_profile.needs(as_id, "client_id"),
        tier_name=need(as_text, tier_name, "tier_name"),
        perks=as_text(perks, "perks"),
    )


@overload
def notify_order_assigned(
    *,
    order: Order,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_order_assigned(
    *,
    order: Order,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_order_assigned(
    *,
    order: Order,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """order.assigned, to the writer and the client.

    The actor, such as a writer who took the order, is not notified.
    """
    of_order = Given(order, "order")
    return emit(
        "notify_order_assigned",
        on,
        options,
        order,
        order_id=of_order.needs(as_id, "id"),
        client_id=of_order.needs(as_id, "client_id"),
        writer_id=of_order.needs(as_id, "writer_id"),
        order_topic=of_order.has(as_text, "topic"),
        writer_name=of_order.has(as_text, "writer_name"),
        deadline=of_order.has(as_moment, "deadline"),
    )


@overload
def notify_order_completed(
    *,
    order: Order,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_order_completed(
    *,
    order: Order,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_order_completed(
    *,
    order: Order,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """order.completed, to the client and the writer, if there is one."""
    of_order = Given(order, "order")
    return emit(
        "notify_order_completed",
        on,
        options,
        order,
        order_id=of_order.needs(as_id, "id"),
        client_id=of_order.needs(as_id, "client_id"),
        writer_id=of_order.has(as_id, "writer_id"),
        order_topic=of_order.has(as_text, "topic"),
    )


@overload
def notify_order_created(
    *,
    order: Order,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_order_created(
    *,
    order: Order,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_order_created(
    *,
    order: Order,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """order.created, to the client."""
    of_order = Given(order, "order")
    return emit(
        "notify_order_created",
        on,
        options,
        order,
        order_id=of_order.needs(as_id, "id"),
        client_id=of_order.needs(as_id, "client_id"),
        order_topic=of_order.has(as_text, "topic"),
        amount=of_order.has(as_amount, "amount"),
        currency=of_order.has(as_text, "currency"),
    )


@overload
def notify_order_paid(
    *,
    order: Order,
    payment_amount: Amount,
    payment_method: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_order_paid(
    *,
    order: Order,
    payment_amount: Amount,
    payment_method: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_order_paid(
    *,
    order: Order,
    payment_amount: Amount,
    payment_method: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """order.paid, to the client and the assigned writer, if there is one.

    Do not emit payment.completed too, which is for a payment without an order.
    """
    of_order = Given(order, "order")
    return emit(
        "notify_order_paid",
        on,
        options,
        order,
        order_id=of_order.needs(as_id, "id"),
        client_id=of_order.needs(as_id, "client_id"),
        amount=need(as_amount, payment_amount, "payment_amount"),
        payment_method=as_text(payment_method, "payment_method"),
        order_topic=of_order.has(as_text, "topic"),
        writer_id=of_order.has(as_id, "writer_id"),
        currency=of_order.has(as_text, "currency"),
    )


@overload
def notify_payment_completed(
    *,
    payment: Payment,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_payment_completed(
    *,
    payment: Payment,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_payment_completed(
    *,
    payment: Payment,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """payment.completed, to the client, for a payment without an order.

    For the payment of an order, call notify_order_paid().
    """
    of_payment = Given(payment, "payment")
    return emit(
        "notify_payment_completed",
        on,
        options,
        payment,
        client_id=of_payment.needs(as_id, "client_id"),
        amount=of_payment.needs(as_amount, "amount"),
        payment_method=of_payment.has(as_text, "payment_method"),
        payment_id=of_payment.has(as_id, "id"),
        order_id=of_payment.has(as_id, "order_id"),
        order_topic=of_payment.has(as_text, "order_topic"),
        currency=of_payment.has(as_text, "currency"),
    )


@overload
def notify_payment_failed(
    *,
    order: Purchase,
    amount: Amount,
    reason: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_payment_failed(
    *,
    order: Purchase,
    amount: Amount,
    reason: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_payment_failed(
    *,
    order: Purchase,
    amount: Amount,
    reason: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """payment.failed, to the client."""
    of_order = Given(order, "order")
    return emit(
        "notify_payment_failed",
        on,
        options,
        order,
        client_id=of_order.needs(as_id, "client_id"),
        amount=need(as_amount, amount, "amount"),
        reason=as_text(reason, "reason"),
        order_id=of_order.has(as_id, "id"),
        order_topic=of_order.has(as_text, "topic"),
        currency=of_order.has(as_text, "currency"),
    )


@overload
def notify_invoice_generated(
    *,
    invoice: Invoice,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_invoice_generated(
    *,
    invoice: Invoice,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_invoice_generated(
    *,
    invoice: Invoice,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """payment.invoice_generated, to the client."""
    of_invoice = Given(invoice, "invoice")
    return emit(
        "notify_invoice_generated",
        on,
        options,
        invoice,
        client_id=of_invoice.needs(as_id, "client_id"),
        invoice_number=of_invoice.needs(as_id, "invoice_number"),
        amount=of_invoice.needs(as_amount, "amount"),
        due_date=of_invoice.has(as_day, "due_date"),
        invoice_id=of_invoice.has(as_id, "id"),
        currency=of_invoice.has(as_text, "currency"),
    )


@overload
def notify_refund_processed(
    *,
    order: Purchase | None = None,
    refund: Refund,
    amount: Amount | None = None,
    reason: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_refund_processed(
    *,
    order: Purchase | None = None,
    refund: Refund,
    amount: Amount | None = None,
    reason: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_refund_processed(
    *,
    order: Purchase | None = None,
    refund: Refund,
    amount: Amount | None = None,
    reason: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """payment.refunded, to the client.

    `amount` is the refund's own if it is not given.
    """
    of_order = Given(order, "order")
    of_refund = Given(refund, "refund")
    return emit(
        "notify_refund_processed",
        on,
        options,
        order or refund,
        client_id=first_given(of_order, of_refund).needs(as_id, "client_id"),
        amount=need(as_amount, either(amount, of_refund, "amount"), "amount"),
        reason=as_text(reason, "reason"),
        refund_id=of_refund.has(as_id, "id"),
        order_id=of_order.has(as_id, "id"),
        currency=first_given(of_order, of_refund).has(as_text, "currency"),
    )


@overload
def notify_wallet_loaded(
    *,
    wallet: Wallet,
    amount: Amount,
    balance: Amount | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_wallet_loaded(
    *,
    wallet: Wallet,
    amount: Amount,
    balance: Amount | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_wallet_loaded(
    *,
    wallet: Wallet,
    amount: Amount,
    balance: Amount | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """payment.wallet_loaded, to the client.

    `balance` is the wallet's own if it is not given.
    """
    of_wallet = Given(wallet, "wallet")
    return emit(
        "notify_wallet_loaded",
        on,
        options,
        wallet,
        client_id=of_wallet.needs(as_id, "client_id"),
        amount=need(as_amount, amount, "amount"),
        balance=need(as_amount, either(balance, of_wallet, "balance"), "balance"),
        wallet_id=of_wallet.has(as_id, "id"),
        currency=of_wallet.has(as_text, "currency"),
    )


@overload
def notify_ticket_assigned(
    *,
    ticket: Ticket,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_ticket_assigned(
    *,
    ticket: Ticket,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_ticket_assigned(
    *,
    ticket: Ticket,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """ticket.assigned, to the assignee."""
    of_ticket = Given(ticket, "ticket")
    return emit(
        "notify_ticket_assigned",
        on,
        options,
        ticket,
        ticket_number=of_ticket.needs(as_id, "ticket_number"),
        assignee_id=of_ticket.needs(as_id, "assignee_id"),
        assignee_name=of_ticket.has(as_text, "assignee_name"),
        ticket_id=of_ticket.has(as_id, "id"),
    )


@overload
def notify_ticket_escalated(
    *,
    ticket: Ticket,
    escalated_to: str | None = None,
    reason: str | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_ticket_escalated(
    *,
    ticket: Ticket,
    escalated_to: str | None = None,
    reason: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_ticket_escalated(
    *,
    ticket: Ticket,
    escalated_to: str | None = None,
    reason: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """ticket.escalated, to the creator and the assignee, if there is one."""
    of_ticket = Given(ticket, "ticket")
    return emit(
        "notify_ticket_escalated",
        on,
        options,
        ticket,
        ticket_number=of_ticket.needs(as_id, "ticket_number"),
        creator_id=of_ticket.needs(as_id, "creator_id"),
        escalated_to=as_text(escalated_to, "escalated_to"),
        reason=as_text(reason, "reason"),
        assignee_id=of_ticket.has(as_id, "assignee_id"),
        ticket_id=of_ticket.has(as_id, "id"),
    )


@overload
def notify_ticket_reopened(
    *,
    ticket: Ticket,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_ticket_reopened(
    *,
    ticket: Ticket,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_ticket_reopened(
    *,
    ticket: Ticket,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """ticket.reopened, to the creator and the assignee, if there is one."""
    of_ticket = Given(ticket, "ticket")
    return emit(
        "notify_ticket_reopened",
        on,
        options,
        ticket,
        ticket_number=of_ticket.needs(as_id, "ticket_number"),
        creator_id=of_ticket.needs(as_id, "creator_id"),
        assignee_id=of_ticket.has(as_id, "assignee_id"),
        ticket_id=of_ticket.has(as_id, "id"),
    )


@overload
def notify_ticket_resolved(
    *,
    ticket: Ticket,
    resolver: Person | None = None,
    resolution: str | None = None,
    on: AsyncConnection,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_ticket_resolved(
    *,
    ticket: Ticket,
    resolver: Person | None = None,
    resolution: str | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_ticket_resolved(
    *,
    ticket: Ticket,
    resolver: Person | None = None,
    resolution: str | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[Options],
) -> Any:
    """ticket.resolved, to the creator."""
    of_ticket = Given(ticket, "ticket")
    of_resolver = Given(resolver, "resolver")
    return emit(
        "notify_ticket_resolved",
        on,
        options,
        ticket,
        ticket_number=of_ticket.needs(as_id, "ticket_number"),
        creator_id=of_ticket.needs(as_id, "creator_id"),
        resolver_name=of_resolver.has(as_text, "name"),
        resolution=as_text(resolution, "resolution"),
        ticket_id=of_ticket.has(as_id, "id"),
        actor=as_person(resolver, "resolver"),
    )
