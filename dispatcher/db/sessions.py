"""Sessions and tickets of the gateway. Of a cookie or a ticket the database has the SHA-256."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from dispatcher.db.statement import statement


class Session(NamedTuple):
    """A recipient's session."""

    tenant_id: str
    recipient_id: str
    expires_at: datetime


class OperatorSession(NamedTuple):
    """An operator's session."""

    operator: str
    expires_at: datetime


class UsedTicket(NamedTuple):
    """The recipient that a ticket was issued to, and the session that asked for it, if any."""

    tenant_id: str
    recipient_id: str
    session_digest: bytes | None
    valid_until: datetime


@statement("select postbell_private.require_present(%(tenant_id)s, %(recipient)s)")
def require_present(tenant_id: str, recipient: str) -> None:
    """Raise UnknownRecipientError unless the recipient exists and was not erased."""


@statement(
    "select postbell_private.begin_session(%(digest)s, %(recipient)s, %(expires_at)s,"
    " %(tenant_id)s)"
)
def begin_session(digest: bytes, recipient: str, expires_at: datetime, tenant_id: str) -> None:
    """Begin a recipient's session. Raises UnknownRecipientError."""


@statement(
    "select tenant_id, recipient_id, expires_at from postbell_private.session_of(%(digest)s)"
)
def session_of(digest: bytes) -> Session | None:
    """The session of a cookie; None if it has ended."""


@statement("select postbell_private.end_session(%(digest)s)")
def end_session(digest: bytes) -> None:
    """End a session. Gateways are notified, and end the streams that it opened."""


@statement(
    "select postbell_private.begin_operator_session(%(digest)s, %(operator)s, %(expires_at)s)"
)
def begin_operator_session(digest: bytes, operator: str, expires_at: datetime) -> None:
    """Begin an operator's session."""


@statement("select operator, expires_at from postbell_private.operator_session_of(%(digest)s)")
def operator_session_of(digest: bytes) -> OperatorSession | None:
    """The operator's session of a cookie; None if it has ended."""


@statement("select postbell_private.end_operator_session(%(digest)s)")
def end_operator_session(digest: bytes) -> None:
    """End an operator's session."""


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
    """Issue a ticket. Returns the time until which it may be used.

    `valid_until` is the end of the session or token that asked for it. Raises
    UnknownRecipientError.
    """


@statement(
    "select tenant_id, recipient_id, session_digest, valid_until"
    " from postbell_private.use_ticket(%(digest)s)"
)
def use_ticket(digest: bytes) -> UsedTicket | None:
    """Use up a ticket. Returns whom it was issued to; None if it is used, expired or unknown."""
