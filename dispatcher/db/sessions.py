"""Sessions and tickets of the gateway: cookies and tickets are known by their SHA-256 alone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from dispatcher.db.statement import statement


class Session(NamedTuple):
    """Whose session it is."""

    tenant_id: str
    recipient_id: str
    expires_at: datetime


class OperatorSession(NamedTuple):
    """Which operator's session it is."""

    operator: str
    expires_at: datetime


class UsedTicket(NamedTuple):
    """Whom a ticket let in."""

    tenant_id: str
    recipient_id: str
    session_digest: bytes | None
    valid_until: datetime


@statement("select postbell_private.require_present(%(tenant_id)s, %(recipient)s)")
def require_present(tenant_id: str, recipient: str) -> None:
    """Raises UnknownRecipientError unless the person is known, and not erased."""


@statement(
    "select postbell_private.begin_session(%(digest)s, %(recipient)s, %(expires_at)s,"
    " %(tenant_id)s)"
)
def begin_session(digest: bytes, recipient: str, expires_at: datetime, tenant_id: str) -> None:
    """Raises UnknownRecipientError."""


@statement(
    "select tenant_id, recipient_id, expires_at from postbell_private.session_of(%(digest)s)"
)
def session_of(digest: bytes) -> Session | None:
    """Whose session it is; None if it has ended."""


@statement("select postbell_private.end_session(%(digest)s)")
def end_session(digest: bytes) -> None:
    """End a session, and every stream that it opened."""


@statement(
    "select postbell_private.begin_operator_session(%(digest)s, %(operator)s, %(expires_at)s)"
)
def begin_operator_session(digest: bytes, operator: str, expires_at: datetime) -> None:
    """Begin a session of an operator's."""


@statement("select operator, expires_at from postbell_private.operator_session_of(%(digest)s)")
def operator_session_of(digest: bytes) -> OperatorSession | None:
    """Which operator's session it is; None if it has ended."""


@statement("select postbell_private.end_operator_session(%(digest)s)")
def end_operator_session(digest: bytes) -> None:
    """End a session of an operator's."""


@statement(
    "select postbell_private.issue_ticket(%(digest)s, %(recipient)s, %(valid_until)s,"
    " %(session_digest)s, %(tenant_id)s)"
)
def issue_ticket(
    digest: bytes,
    recipient: str,
    valid_until: datetime,
    session_digest: bytes | None,
    tenant_id: str,
) -> datetime:
    """Until when the ticket may be used. Raises UnknownRecipientError."""


@statement(
    "select tenant_id, recipient_id, session_digest, valid_until"
    " from postbell_private.use_ticket(%(digest)s)"
)
def use_ticket(digest: bytes) -> UsedTicket | None:
    """Whom a ticket lets in, once; None if it is used, too old, or none of ours."""
