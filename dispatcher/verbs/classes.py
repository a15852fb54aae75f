"""Classes: bundles of them, their threads and tickets."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from dispatcher.verbs.place import AsyncPlace, Place, SyncPlace
from dispatcher.verbs.reading import (
    Given,
    as_amount,
    as_id,
    as_message,
    as_number,
    as_person,
    as_text,
    attribute,
    need,
)
from dispatcher.verbs.say import say
from dispatcher.verbs.shapes import (
    Amount,
    ClassBundle,
    ClassTicket,
    ClientProfile,
    Message,
    Options,
    Person,
    Thread,
    Timing,
)


@overload
def notify_class_bundle_created(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_class_bundle_created(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_class_bundle_created(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """class.bundle.created, to the client whose profile it is, or else the bundle's own."""
    given = Given(class_bundle, "class_bundle")
    client = given if client_profile is None else Given(client_profile, "client_profile")
    return say(
        "notify_class_bundle_created",
        on,
        options,
        class_bundle,
        client_id=client.needs(as_id, "client_id"),
        bundle_id=given.has(as_id, "id"),
        bundle_name=given.needs(as_text, "name"),
        total_price=given.needs(as_amount, "total_price"),
        number_of_classes=given.needs(as_number, "number_of_classes"),
        deposit_required=given.has(as_amount, "deposit_required"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_class_deposit_paid(
    *,
    class_bundle: ClassBundle,
    amount: Amount,
    balance_remaining: Amount | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_class_deposit_paid(
    *,
    class_bundle: ClassBundle,
    amount: Amount,
    balance_remaining: Amount | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_class_deposit_paid(
    *,
    class_bundle: ClassBundle,
    amount: Amount,
    balance_remaining: Amount | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """class.bundle.deposit_paid, to the client."""
    given = Given(class_bundle, "class_bundle")
    return say(
        "notify_class_deposit_paid",
        on,
        options,
        class_bundle,
        client_id=given.needs(as_id, "client_id"),
        bundle_id=given.has(as_id, "id"),
        bundle_name=given.needs(as_text, "name"),
        amount=need(as_amount, amount, "amount"),
        balance_remaining=as_amount(balance_remaining, "balance_remaining"),
        currency=given.has(as_text, "currency"),
    )


@overload
def notify_class_bundle_completed(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_class_bundle_completed(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_class_bundle_completed(
    *,
    class_bundle: ClassBundle,
    client_profile: ClientProfile | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """class.bundle.completed, to the client whose profile it is, or else the bundle's own."""
    given = Given(class_bundle, "class_bundle")
    client = given if client_profile is None else Given(client_profile, "client_profile")
    return say(
        "notify_class_bundle_completed",
        on,
        options,
        class_bundle,
        client_id=client.needs(as_id, "client_id"),
        bundle_id=given.has(as_id, "id"),
        bundle_name=given.needs(as_text, "name"),
        number_of_classes=given.needs(as_number, "number_of_classes"),
    )


@overload
def notify_class_message_received(
    *, thread: Thread, sender: Person, message: Message, on: AsyncPlace, **options: Unpack[Timing]
) -> Awaitable[int | None]: ...
@overload
def notify_class_message_received(
    *,
    thread: Thread,
    sender: Person,
    message: Message,
    on: SyncPlace | None = None,
    **options: Unpack[Timing],
) -> int | None: ...
def notify_class_message_received(
    *,
    thread: Thread,
    sender: Person,
    message: Message,
    on: Place | None = None,
    **options: Unpack[Timing],
) -> Any:
    """class.message.received, to the thread's other members.

    Those are its `member_ids`, or else whoever joined the topic `thread:ID`. None: it has none.
    """
    given = Given(thread, "thread")
    members = attribute(thread, "member_ids")
    return say(
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
    )


@overload
def notify_class_ticket_created(
    *, ticket: ClassTicket, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_class_ticket_created(
    *, ticket: ClassTicket, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_class_ticket_created(
    *, ticket: ClassTicket, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """class.ticket.created, to the client."""
    given = Given(ticket, "ticket")
    return say(
        "notify_class_ticket_created",
        on,
        options,
        ticket,
        client_id=given.needs(as_id, "client_id"),
        subject=given.needs(as_text, "subject"),
        bundle_name=given.has(as_text, "bundle_name"),
        ticket_id=given.has(as_id, "id"),
    )
