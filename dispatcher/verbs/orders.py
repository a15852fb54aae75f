"""Orders."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from dispatcher.verbs.place import AsyncPlace, Place, SyncPlace
from dispatcher.verbs.reading import Given, as_amount, as_id, as_moment, as_text, need
from dispatcher.verbs.say import say
from dispatcher.verbs.shapes import Amount, Options, Order


@overload
def notify_order_created(
    *, order: Order, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_order_created(
    *, order: Order, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_order_created(
    *, order: Order, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """order.created, to the client."""
    given = Given(order, "order")
    return say(
        "notify_order_created",
        on,
        options,
        order,
        order_id=given.needs(as_id, "id"),
        client_id=given.needs(as_id, "client_id"),
        order_topic=given.has(as_text, "topic"),
        amount=given.has(as_amount, "amount"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_order_assigned(
    *, order: Order, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_order_assigned(
    *, order: Order, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_order_assigned(
    *, order: Order, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """order.assigned, to the writer and the client; the order has a `writer_id`."""
    given = Given(order, "order")
    return say(
        "notify_order_assigned",
        on,
        options,
        order,
        order_id=given.needs(as_id, "id"),
        client_id=given.needs(as_id, "client_id"),
        writer_id=given.needs(as_id, "writer_id"),
        order_topic=given.has(as_text, "topic"),
        writer_name=given.has(as_text, "writer_name"),
        deadline=given.has(as_moment, "deadline"),
    )


@overload
def notify_order_completed(
    *, order: Order, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_order_completed(
    *, order: Order, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_order_completed(
    *, order: Order, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """order.completed, to the client and the writer, if there is one."""
    given = Given(order, "order")
    return say(
        "notify_order_completed",
        on,
        options,
        order,
        order_id=given.needs(as_id, "id"),
        client_id=given.needs(as_id, "client_id"),
        writer_id=given.has(as_id, "writer_id"),
        order_topic=given.has(as_text, "topic"),
    )


@overload
def notify_order_paid(
    *,
    order: Order,
    payment_amount: Amount,
    payment_method: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_order_paid(
    *,
    order: Order,
    payment_amount: Amount,
    payment_method: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_order_paid(
    *,
    order: Order,
    payment_amount: Amount,
    payment_method: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """order.paid, to the client and the assigned writer, if there is one."""
    given = Given(order, "order")
    return say(
        "notify_order_paid",
        on,
        options,
        order,
        order_id=given.needs(as_id, "id"),
        client_id=given.needs(as_id, "client_id"),
        amount=need(as_amount, payment_amount, "payment_amount"),
        payment_method=as_text(payment_method, "payment_method"),
        order_topic=given.has(as_text, "topic"),
        writer_id=given.has(as_id, "writer_id"),
        currency=given.has(as_text, "currency"),
    )
