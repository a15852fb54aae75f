"""Verbs with a rule of their own; `postbell verbs` writes the others."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from dispatcher.errors import InvalidArgumentError
from postbell.connection import AnyConnection, AsyncConnection, SyncConnection
from postbell.emit import emit
from postbell.types import (
    ClassBundle,
    Id,
    Installment,
    Message,
    Options,
    Person,
    Thread,
    Ticket,
    WithActor,
)
from postbell.validation import (
    Given,
    as_amount,
    as_day,
    as_id,
    as_message,
    as_number,
    as_person,
    as_text,
    attribute,
    need,
)


@overload
def notify_installment_due(
    *,
    installment: Installment,
    order_id: Id | None = None,
    special_order_id: Id | None = None,
    class_bundle: ClassBundle | None = None,
    on: AsyncConnection,
    **options: Unpack[WithActor],
) -> Awaitable[int]: ...
@overload
def notify_installment_due(
    *,
    installment: Installment,
    order_id: Id | None = None,
    special_order_id: Id | None = None,
    class_bundle: ClassBundle | None = None,
    on: SyncConnection | None = None,
    **options: Unpack[WithActor],
) -> int: ...
def notify_installment_due(
    *,
    installment: Installment,
    order_id: Id | None = None,
    special_order_id: Id | None = None,
    class_bundle: ClassBundle | None = None,
    on: AnyConnection | None = None,
    **options: Unpack[WithActor],
) -> Any:
    """class.installment.due for a class bundle, else payment.installment_due, to the client.

    Its subject is `installment:ID`: cancel that when it is paid before `deliver_at`.
    """
    if sum(each is not None for each in (order_id, special_order_id, class_bundle)) > 1:
        raise InvalidArgumentError("an installment is of one order, special order or class bundle")
    given, bundle = Given(installment, "installment"), Given(class_bundle, "class_bundle")
    client = given if attribute(installment, "client_id") or class_bundle is None else bundle
    has_currency = given if attribute(installment, "currency") else bundle
    return emit(
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


@overload
def notify_ticket_created(
    *, ticket: Ticket, creator: Person, on: AsyncConnection, **options: Unpack[Options]
) -> Awaitable[list[int]]: ...
@overload
def notify_ticket_created(
    *, ticket: Ticket, creator: Person, on: SyncConnection | None = None, **options: Unpack[Options]
) -> list[int]: ...
def notify_ticket_created(
    *, ticket: Ticket, creator: Person, on: AnyConnection | None = None, **options: Unpack[Options]
) -> Any:
    """ticket.created, to the creator and the support role; ticket.assigned, to the assignee."""
    given = Given(ticket, "ticket")
    return emit(
        "notify_ticket_created",
        on,
        options,
        ticket,
        ticket_number=given.needs(as_text, "ticket_number"),
        creator_id=need(as_person, creator, "creator"),
        subject=given.has(as_text, "subject"),
        ticket_id=given.has(as_id, "id"),
        assignee_id=given.has(as_id, "assignee_id"),
        assignee_name=given.has(as_text, "assignee_name"),
        actor=None,
    )


@overload
def notify_ticket_reply(
    *,
    ticket: Ticket,
    message: Message,
    replier: Person,
    on: AsyncConnection,
    **options: Unpack[Options],
) -> Awaitable[int | None]: ...
@overload
def notify_ticket_reply(
    *,
    ticket: Ticket,
    message: Message,
    replier: Person,
    on: SyncConnection | None = None,
    **options: Unpack[Options],
) -> int | None: ...
def notify_ticket_reply(
    *,
    ticket: Ticket,
    message: Message,
    replier: Person,
    on: AnyConnection | None = None,
    **options: Unpack[Options],
) -> Any:
    """ticket.replied, to the creator and the assignee, never the replier.

    The creator does not hear of a message that `is_internal`. None: there is nobody else.
    """
    given = Given(ticket, "ticket")
    note = Given(message, "message")
    return emit(
        "notify_ticket_reply",
        on,
        options,
        ticket,
        ticket_number=given.needs(as_text, "ticket_number"),
        creator_id=given.needs(as_id, "creator_id"),
        replier_id=need(as_person, replier, "replier"),
        replier_name=Given(replier, "replier").has(as_text, "name"),
        message=as_message(message, "message"),
        assignee_id=given.has(as_id, "assignee_id"),
        ticket_id=given.has(as_id, "id"),
        message_id=note.has(as_id, "id"),
        is_internal=bool(attribute(message, "is_internal")),
        actor=None,
    )


@overload
def notify_class_message_received(
    *,
    thread: Thread,
    sender: Person,
    message: Message,
    on: AsyncConnection,
    **options: Unpack[Options],
) -> Awaitable[int | None]: ...
@overload
def notify_class_message_received(
    *,
    thread: Thread,
    sender: Person,
    message: Message,
    on: SyncConnection | None = None,
    **options: Unpack[Options],
) -> int | None: ...
def notify_class_message_received(
    *,
    thread: Thread,
    sender: Person,
    message: Message,
    on: AnyConnection | None = None,
    **options: Unpack[Options],
) -> Any:
    """class.message.received, to the thread's other members.

    Those are its `member_ids`, or else whoever joined the topic `thread:ID`. None: it has none.
    """
    given = Given(thread, "thread")
    members = attribute(thread, "member_ids")
    return emit(
        "notify_class_message_received",
        on,
        options,
        thread,
        thread_id=given.needs(as_id, "id"),
        sender_id=need(as_person, sender, "sender"),
        sender_name=Given(sender, "sender").needs(as_text, "name"),
        message=as_message(message, "message"),
        bundle_id=given.has(as_id, "bundle_id"),
        bundle_name=given.has(as_text, "bundle_name"),
        members=None if members is None else [as_id(each, "thread.member_ids") for each in members],
        actor=None,
    )
