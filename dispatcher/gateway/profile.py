"""Who somebody is, as far as a page needs it to speak to them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Field

from dispatcher.database import Pool
from dispatcher.gateway.auth import Identity
from dispatcher.gateway.fields import Model
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.person import row_as


class Profile(Model):
    """The person who is let in, and their website."""

    tenant_id: str
    recipient_id: str
    name: str = Field(description="Of the website.")
    locale: str = Field(description="The person's own, else the website's: fr, or pt-BR.")
    time_zone: str = Field(description="IANA; the person's own, else the website's.")
    expires_at: datetime = Field(description="Until when the person is let in.")


class ProfilePages:
    def __init__(self, pool: Pool) -> None:
        self._pool: Final = pool

    @property
    def operations(self) -> list[Operation]:
        return [Operation.of("GET", "/v1/profile", "session", self.show_profile)]

    async def show_profile(self, identity: Identity) -> Profile:
        """Whom a page is for, in which language and time zone."""
        found = await row_as(
            self._pool,
            identity,
            "select site.name,"
            " replace(coalesce(person.locale, site.locale), '_', '-') as locale,"
            " coalesce(person.time_zone, site.time_zone) as time_zone"
            " from postbell.recipient as person"
            " join postbell.tenant as site on site.id = person.tenant_id"
            " where person.tenant_id = %(tenant)s and person.id = %(recipient)s",
        )
        return Profile(
            tenant_id=identity.tenant_id,
            recipient_id=identity.recipient_id,
            expires_at=identity.expires_at,
            **found,
        )
