"""Support tickets."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from dispatcher.verbs.place import AsyncPlace, Place, SyncPlace
from dispatcher.verbs.reading import Given, as_id, as_message, as_person, as_text, attribute, need
from dispatcher.verbs.say import say
from dispatcher.verbs.shapes import Message, Options, Person, Ticket, Timing


@overload
def notify_ticket_created(
    *, ticket: Ticket, creator: Person, on: AsyncPlace, **options: Unpack[Timing]
) -> Awaitable[list[int]]: ...
@overload
def notify_ticket_created(
    *, ticket: Ticket, creator: Person, on: SyncPlace | None = None, **options: Unpack[Timing]
) -> list[int]: ...
def notify_ticket_created(
    *, ticket: Ticket, creator: Person, on: Place | None = None, **options: Unpack[Timing]
) -> Any:
    """ticket.created, to the creator and the support role; ticket.assigned, to the assignee."""
    given = Given(ticket, "ticket")
    return say(
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
    )


@overload
def notify_ticket_assigned(
    *, ticket: Ticket, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_ticket_assigned(
    *, ticket: Ticket, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_ticket_assigned(
    *, ticket: Ticket, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """ticket.assigned, to the assignee: the ticket has an `assignee_id`."""
    given = Given(ticket, "ticket")
    return say(
        "notify_ticket_assigned",
        on,
        options,
        ticket,
        ticket_number=given.needs(as_text, "ticket_number"),
        assignee_id=given.needs(as_id, "assignee_id"),
        assignee_name=given.has(as_text, "assignee_name"),
        ticket_id=given.has(as_id, "id"),
    )


@overload
def notify_ticket_reply(
    *, ticket: Ticket, message: Message, replier: Person, on: AsyncPlace, **options: Unpack[Timing]
) -> Awaitable[int | None]: ...
@overload
def notify_ticket_reply(
    *,
    ticket: Ticket,
    message: Message,
    replier: Person,
    on: SyncPlace | None = None,
    **options: Unpack[Timing],
) -> int | None: ...
def notify_ticket_reply(
    *,
    ticket: Ticket,
    message: Message,
    replier: Person,
    on: Place | None = None,
    **options: Unpack[Timing],
) -> Any:
    """ticket.replied, to the creator and the assignee, never the replier.

    The creator does not hear of a message that `is_internal`. None: there is nobody else.
    """
    given = Given(ticket, "ticket")
    note = Given(message, "message")
    return say(
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
    )


@overload
def notify_ticket_resolved(
    *,
    ticket: Ticket,
    resolver: Person | None = None,
    resolution: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Timing],
) -> Awaitable[int]: ...
@overload
def notify_ticket_resolved(
    *,
    ticket: Ticket,
    resolver: Person | None = None,
    resolution: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Timing],
) -> int: ...
def notify_ticket_resolved(
    *,
    ticket: Ticket,
    resolver: Person | None = None,
    resolution: str | None = None,
    on: Place | None = None,
    **options: Unpack[Timing],
) -> Any:
    """ticket.resolved, to the creator, unless it is the resolver."""
    given = Given(ticket, "ticket")
    return say(
        "notify_ticket_resolved",
        on,
        options,
        ticket,
        ticket_number=given.needs(as_text, "ticket_number"),
        creator_id=given.needs(as_id, "creator_id"),
        resolver_name=Given(resolver, "resolver").has(as_text, "name"),
        resolution=as_text(resolution, "resolution"),
        ticket_id=given.has(as_id, "id"),
        actor=as_person(resolver, "resolver"),
    )


@overload
def notify_ticket_reopened(
    *, ticket: Ticket, on: AsyncPlace, **options: Unpack[Options]
) -> Awaitable[int]: ...
@overload
def notify_ticket_reopened(
    *, ticket: Ticket, on: SyncPlace | None = None, **options: Unpack[Options]
) -> int: ...
def notify_ticket_reopened(
    *, ticket: Ticket, on: Place | None = None, **options: Unpack[Options]
) -> Any:
    """ticket.reopened, to the creator and the assignee, if there is one."""
    given = Given(ticket, "ticket")
    return say(
        "notify_ticket_reopened",
        on,
        options,
        ticket,
        ticket_number=given.needs(as_text, "ticket_number"),
        creator_id=given.needs(as_id, "creator_id"),
        assignee_id=given.has(as_id, "assignee_id"),
        ticket_id=given.has(as_id, "id"),
    )


@overload
def notify_ticket_escalated(
    *,
    ticket: Ticket,
    escalated_to: str | None = None,
    reason: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_ticket_escalated(
    *,
    ticket: Ticket,
    escalated_to: str | None = None,
    reason: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_ticket_escalated(
    *,
    ticket: Ticket,
    escalated_to: str | None = None,
    reason: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """ticket.escalated, to the creator and the assignee, if there is one."""
    given = Given(ticket, "ticket")
    return say(
        "notify_ticket_escalated",
        on,
        options,
        ticket,
        ticket_number=given.needs(as_text, "ticket_number"),
        creator_id=given.needs(as_id, "creator_id"),
        escalated_to=as_text(escalated_to, "escalated_to"),
        reason=as_text(reason, "reason"),
        assignee_id=given.has(as_id, "assignee_id"),
        ticket_id=given.has(as_id, "id"),
    )
