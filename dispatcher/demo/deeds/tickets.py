"""Deeds about support tickets. The tables' triggers tell of them."""

from __future__ import annotations

from typing import Final

from dispatcher.demo.deeds.deed import Deed, Setting
from dispatcher.demo.market import tickets
from dispatcher.demo.market.tickets import Ticket

_ANSWER: Final = "Thank you for asking. The parcel left us this morning, and you will have it soon."


async def _open_ticket(at: Setting) -> Ticket:
    found = await at.market.tickets.find(at.client, tickets.OPEN)
    return found or await at.market.tickets.open(at.client, "Where is my parcel?")


async def _assigned_ticket(at: Setting) -> Ticket:
    found = await at.market.tickets.find(at.client, tickets.ASSIGNED)
    return found or await at.market.tickets.assign(await _open_ticket(at), at.support)


async def _open(at: Setting) -> None:
    await at.market.tickets.open(at.client, "Where is my parcel?")


async def _assign(at: Setting) -> None:
    found = await at.market.tickets.find(at.client, tickets.UNASSIGNED)
    ticket = found or await at.market.tickets.open(at.client, "Where is my parcel?")
    await at.market.tickets.assign(ticket, at.support)


async def _support_replies(at: Setting) -> None:
    await at.market.tickets.reply(await _assigned_ticket(at), at.support, _ANSWER)


async def _client_replies(at: Setting) -> None:
    await at.market.tickets.reply(await _assigned_ticket(at), at.client, "It has come. Thank you!")


async def _say_nothing(at: Setting) -> None:
    await at.market.tickets.reply(await _assigned_ticket(at), at.support, "")


async def _leave_note(at: Setting) -> None:
    ticket = await _assigned_ticket(at)
    await at.market.tickets.reply(ticket, at.writer, "Between us: I forgot it.", is_internal=True)


async def _resolve(at: Setting) -> None:
    await at.market.tickets.resolve(await _assigned_ticket(at), at.support, "The parcel has come.")


async def _reopen(at: Setting) -> None:
    ticket = await at.market.tickets.find(at.client, tickets.RESOLVED)
    if ticket is None:
        ticket = await _assigned_ticket(at)
        await at.market.tickets.resolve(ticket, at.support, "The parcel has come.")
    await at.market.tickets.reopen(ticket)


async def _escalate(at: Setting) -> None:
    ticket = await at.market.tickets.open(at.client, "My parcel came empty", assignee=at.support)
    await at.market.tickets.escalate(ticket, "The head of support", "A parcel was lost.")


DEEDS: Final = (
    Deed("open", "ticket.created", "Open a ticket", "trigger", _open),
    Deed("ticket-assign", "ticket.assigned", "Assign it", "trigger", _assign),
    Deed("reply", "ticket.replied", "Support replies", "trigger", _support_replies),
    Deed("answer", "ticket.replied", "Answer support", "trigger", _client_replies),
    Deed("note", "ticket.replied", "Leave an internal note", "trigger", _leave_note),
    Deed(
        "say-nothing",
        "ticket.replied",
        "Reply without a word",
        "trigger",
        _say_nothing,
        rolled_back_by="message_says_something",
    ),
    Deed("resolve", "ticket.resolved", "Resolve it", "trigger", _resolve),
    Deed("ticket-reopen", "ticket.reopened", "Reopen it", "trigger", _reopen),
    Deed("escalate", "ticket.escalated", "Escalate a ticket", "trigger", _escalate),
)
