"""Support tickets. As in loyalty.py, the tables' triggers tell people of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg.sql import SQL

from dispatcher.demo.cast import BY_KEY, Person
from dispatcher.demo.market.classes import Bundle
from dispatcher.demo.market.ledger import Ledger

#: What one may ask of a ticket.
OPEN: Final = "resolved_at is null"
RESOLVED: Final = "resolved_at is not null"
ASSIGNED: Final = "resolved_at is null and assignee_id is not null"
UNASSIGNED: Final = "resolved_at is null and assignee_id is null"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question, and who looks after it."""

    id: int
    number: str
    creator: Person
    assignee: Person | None = None


class Tickets:
    """The marketplace's support."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def find(self, creator: Person, condition: LiteralString) -> Ticket | None:
        """The person's latest ticket of which this is true."""
        rows = await self._ledger.rows(
            SQL(
                "select id, number, assignee_id from shop.ticket"
                " where (house, creator_id) = (%s, %s) and {} order by id desc limit 1"
            ).format(SQL(condition)),
            creator.house,
            creator.id,
        )
        for number, written, assignee in rows:
            return Ticket(
                number, written, creator, BY_KEY[creator.house, assignee] if assignee else None
            )
        return None

    async def open(
        self,
        creator: Person,
        subject: str,
        *,
        about: Bundle | None = None,
        assignee: Person | None = None,
    ) -> Ticket:
        """Ask something, in general or about classes; perhaps somebody looks after it at once."""
        async with self._ledger.transaction(creator.house) as moment:
            ((number, written),) = await self._ledger.rows(
                """
                insert into shop.ticket (house, creator_id, subject, bundle_id, assignee_id)
                values (%s, %s, %s, %s, %s)
                returning id, number
                """,
                creator.house,
                creator.id,
                subject,
                about.id if about else None,
                assignee.id if assignee else None,
            )
            moment.title = f"{creator.name} opens ticket {written}"
        return Ticket(number, written, creator, assignee)

    async def assign(self, ticket: Ticket, assignee: Person) -> Ticket:
        title = f"{assignee.name} is to look after ticket {ticket.number}"
        async with self._ledger.transaction(ticket.creator.house, title):
            await self._ledger.rows(
                "update shop.ticket set assignee_id = %s where id = %s", assignee.id, ticket.id
            )
        return Ticket(ticket.id, ticket.number, ticket.creator, assignee)

    async def reply(
        self, ticket: Ticket, author: Person, body: str, *, is_internal: bool = False
    ) -> None:
        """Answer, or leave a note for the staff. Raises IntegrityError for nothing at all."""
        deed = "leaves a note at" if is_internal else "replies to"
        title = f"{author.name} {deed} ticket {ticket.number}"
        async with self._ledger.transaction(ticket.creator.house, title):
            await self._ledger.rows(
                """
                insert into shop.ticket_message (ticket_id, author_id, body, is_internal)
                values (%s, %s, %s, %s)
                """,
                ticket.id,
                author.id,
                body,
                is_internal,
            )

    async def resolve(self, ticket: Ticket, resolver: Person, resolution: str) -> None:
        title = f"{resolver.name} resolves ticket {ticket.number}"
        async with self._ledger.transaction(ticket.creator.house, title):
            await self._ledger.rows(
                """
                update shop.ticket
                set resolved_at = now(), resolver_id = %s, resolution = %s
                where id = %s
                """,
                resolver.id,
                resolution,
                ticket.id,
            )

    async def reopen(self, ticket: Ticket) -> None:
        title = f"ticket {ticket.number} is reopened"
        async with self._ledger.transaction(ticket.creator.house, title):
            await self._ledger.rows(
                """
                update shop.ticket
                set resolved_at = null, resolver_id = null, resolution = null
                where id = %s
                """,
                ticket.id,
            )

    async def escalate(self, ticket: Ticket, to: str, reason: str) -> None:
        title = f"ticket {ticket.number} is escalated to {to}"
        async with self._ledger.transaction(ticket.creator.house, title):
            await self._ledger.rows(
                "update shop.ticket set escalated_to = %s, escalated_because = %s where id = %s",
                to,
                reason,
                ticket.id,
            )
