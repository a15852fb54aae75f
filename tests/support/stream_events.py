"""What a stream is to show, put into the database."""

from __future__ import annotations

from tests.support import given
from tests.support.given import Connection


def tell(db: Connection, number: int, who: str = "u1", tenant_id: str = "default") -> None:
    """A notification of that number, as record_stream() writes it."""
    with db.transaction():
        given.rows(
            db,
            "insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)"
            " values (%s, 'notification', %s, json_build_object('id', %s::int))",
            tenant_id, who, number,
        )  # fmt: skip
        given.call(db, "notify_gateways")
