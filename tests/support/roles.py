"""The roles of the schema, and acting as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from tests.support.given import Connection

VERBS = {
    "emit", "require_value", "exact_amount", "is_of_type", "is_iso_date", "notify_badge_awarded",
    "notify_class_bundle_completed", "notify_class_bundle_created", "notify_class_deposit_paid",
    "notify_class_message_received", "notify_class_ticket_created", "notify_installment_due",
    "notify_invoice_generated", "notify_loyalty_points_awarded", "notify_milestone_reached",
    "notify_order_assigned", "notify_order_completed", "notify_order_created", "notify_order_paid",
    "notify_payment_completed", "notify_payment_failed", "notify_redemption_approved",
    "notify_redemption_rejected", "notify_refund_processed", "notify_ticket_assigned",
    "notify_ticket_created", "notify_ticket_escalated", "notify_ticket_reopened",
    "notify_ticket_reply", "notify_ticket_resolved", "notify_tier_upgraded", "notify_wallet_loaded",
}  # fmt: skip


@contextmanager
def acting_as(connection: Connection, role: str, **settings: str) -> Iterator[None]:
    """Everything in the block is done by the role, with its settings."""
    for name, setting in settings.items():
        connection.execute("select set_config(%s, %s, true)", [f"postbell.{name}", setting])
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(f"postbell_{role}")))
    yield
    connection.execute("reset role")
    for name in settings:
        connection.execute("select set_config(%s, '', true)", [f"postbell.{name}"])
