"""Erasing a person, and giving out what is held about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from dispatcher.db.statement import statement


class Certificate(NamedTuple):
    """A row of postbell.erasure."""

    id: UUID
    tenant_id: str
    #: In place of the person's id, in the delivery log.
    pseudonym: str
    #: Rows that were deleted or emptied, by table.
    removed: dict[str, Any]
    erased_by: str
    erased_at: datetime
    #: None while housekeeping looks for the rest.
    completed_at: datetime | None


@statement(
    "select id, tenant_id, pseudonym, removed, erased_by, erased_at, completed_at"
    " from postbell.erase_recipient(%(recipient)s, %(tenant_id)s)"
)
def erase_recipient(recipient: str, tenant_id: str) -> Certificate:
    """Erase a person; housekeeping completes it."""


@statement("select postbell.export_recipient(%(recipient)s, %(tenant_id)s)")
def export_recipient(recipient: str, tenant_id: str) -> dict[str, Any]:
    """Everything that is held about a person: rows by table."""
