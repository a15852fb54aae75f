"""Who reads a page: what it calls them, whose notifications they are, and in which language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dispatcher.database import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.person import row_as
from dispatcher.masking import hint_of


@dataclass(frozen=True, slots=True)
class Reader:
    """A person, as a page names them."""

    recipient_id: str
    email: str | None
    tenant_name: str
    branding: dict[str, Any]
    #: Theirs, else the tenant's.
    locale: str | None

    @property
    def address(self) -> str:
        """By what they know themselves: the e-mail address, else the application's id."""
        return self.email or self.recipient_id

    @property
    def hint(self) -> str:
        """The same for who may be somebody else."""
        return hint_of(self.email) if self.email else self.recipient_id


async def reader_of(pool: Pool, identity: Identity) -> Reader:
    """Raises UnknownRecipientError if they are gone."""
    row = await row_as(
        pool,
        identity,
        "select person.id as recipient_id, person.email, site.name as tenant_name, site.branding,"
        " coalesce(person.locale, site.locale) as locale"
        " from postbell.recipient as person join postbell.tenant as site"
        " on site.id = person.tenant_id"
        " where person.tenant_id = %(tenant)s and person.id = %(recipient)s",
    )
    return Reader(**row)
