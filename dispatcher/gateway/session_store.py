"""The SQL functions that let people in and out: one method each, named alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import tuple_row

from dispatcher.db.connections import Pool
from dispatcher.errors import translated


class Session(NamedTuple):
    """Whose session it is, as postbell_private.session_of() returns it."""

    tenant_id: str
    recipient_id: str
    expires_at: datetime


class OperatorSession(NamedTuple):
    """Which operator's session it is, as postbell_private.operator_session_of() returns it."""

    operator: str
    expires_at: datetime


class UsedTicket(NamedTuple):
    """Whom a ticket let in, as postbell_private.use_ticket() returns it."""

    tenant_id: str
    recipient_id: str
    session_digest: bytes | None
    valid_until: datetime


class Sessions:
    """Cookies and tickets are known here by their SHA-256 alone."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin_session(
        self, digest: bytes, recipient: str, expires_at: datetime, tenant_id: str
    ) -> None:
        """Raises UnknownRecipientError."""
        await self._row(
            "select postbell_private.begin_session(%s, %s, %s, %s)",
            digest, recipient, expires_at, tenant_id,
        )  # fmt: skip

    async def session_of(self, digest: bytes) -> Session | None:
        row = await self._row("select * from postbell_private.session_of(%s)", digest)
        return None if row is None else Session._make(row)

    async def end_session(self, digest: bytes) -> None:
        await self._row("select postbell_private.end_session(%s)", digest)

    async def begin_operator_session(
        self, digest: bytes, operator: str, expires_at: datetime
    ) -> None:
        await self._row(
            "select postbell_private.begin_operator_session(%s, %s, %s)",
            digest,
            operator,
            expires_at,
        )

    async def operator_session_of(self, digest: bytes) -> OperatorSession | None:
        row = await self._row("select * from postbell_private.operator_session_of(%s)", digest)
        return None if row is None else OperatorSession._make(row)

    async def end_operator_session(self, digest: bytes) -> None:
        await self._row("select postbell_private.end_operator_session(%s)", digest)

    async def issue_ticket(
        self,
        digest: bytes,
        recipient: str,
        valid_until: datetime,
        session_digest: bytes | None,
        tenant_id: str,
    ) -> datetime:
        """Until when it may be used. Raises UnknownRecipientError."""
        row = await self._row(
            "select postbell_private.issue_ticket(%s, %s, %s, %s, %s)",
            digest, recipient, valid_until, session_digest, tenant_id,
        )  # fmt: skip
        assert row is not None  # noqa: S101 (a scalar function returns one row)
        expires_at: datetime = row[0]
        return expires_at

    async def use_ticket(self, digest: bytes) -> UsedTicket | None:
        row = await self._row("select * from postbell_private.use_ticket(%s)", digest)
        return None if row is None else UsedTicket._make(row)

    async def require_present(self, recipient: str, tenant_id: str) -> None:
        """Raises UnknownRecipientError unless the person is known, and not erased."""
        await self._row("select postbell_private.require_present(%s, %s)", tenant_id, recipient)

    async def _row(self, statement: str, *arguments: object) -> Any:
        with translated():
            async with self._pool.connection() as connection:
                cursor = connection.cursor(row_factory=tuple_row)
                await cursor.execute(statement.encode(), arguments)
                return await cursor.fetchone()
