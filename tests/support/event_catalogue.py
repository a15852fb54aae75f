"""The catalogue of events: what callers emit, as they rely on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `channels` are the defaults; a field with a ? is optional.

    `links` are paths, best first: the one that is taken has all its fields in the payload.
    """

    category: str
    priority: str
    channels: str
    fields: str
    links: tuple[str, ...]

    def link(self, base_url: str, payload: Mapping[str, Any]) -> str | None:
        """Where a message with this payload leads, if anywhere."""
        for path in self.links:
            if all(payload.get(name) is not None for name in _NAME.findall(path)):
                return base_url + path.format_map(payload)
        return None


_ORDER: Final = ("/orders/{order_id}",)
_BUNDLE: Final = ("/classes/{bundle_id}",)
_TICKET: Final = ("/tickets/{ticket_id}",)

ENTRIES: Final[Mapping[str, Entry]] = {
    "payment.completed": Entry(
        "payments", "normal", "in_app email sse",
        "order_id? order_topic? amount currency? payment_method?",
        _ORDER,
    ),
    "payment.failed": Entry(
        "payments", "critical", "in_app email push sse",
        "order_id? order_topic? amount currency? reason?",
        ("/orders/{order_id}/pay", "/support"),
    ),
    "payment.refunded": Entry(
        "payments", "high", "in_app email sse",
        "order_id? refund_id? amount currency? reason?",
        (*_ORDER, "/account/payments"),
    ),
    "payment.installment_due": Entry(
        "payments", "critical", "in_app email push sse",
        "amount currency? due_date? installment_number? total_installments? order_id?"
        " special_order_id? bundle_id? bundle_name? installment_id?",
        ("/special-orders/{special_order_id}/pay", "/orders/{order_id}/pay", "/payments"),
    ),
    "payment.wallet_loaded": Entry(
        "payments", "normal", "in_app email sse",
        "amount currency? balance",
        ("/account/wallet",),
    ),
    "payment.invoice_generated": Entry(
        "payments", "normal", "in_app email",
        "invoice_number amount currency? due_date? invoice_id?",
        ("/invoices/{invoice_id}",),
    ),
    "loyalty.points_awarded": Entry(
        "loyalty", "low", "in_app sse",
        "points reason? total_points?",
        ("/account/loyalty",),
    ),
    "loyalty.tier_upgraded": Entry(
        "loyalty", "normal", "in_app email push sse",
        "tier_name perks?",
        ("/account/loyalty",),
    ),
    "loyalty.redemption.approved": Entry(
        "loyalty", "normal", "in_app email sse",
        "item_name points_used fulfillment_code? redemption_id?",
        ("/account/loyalty/redemptions/{redemption_id}", "/account/loyalty/redemptions"),
    ),
    "loyalty.redemption.rejected": Entry(
        "loyalty", "normal", "in_app email sse",
        "item_name points_used rejection_reason? redemption_id?",
        ("/account/loyalty/redemptions",),
    ),
    "loyalty.milestone_reached": Entry(
        "loyalty", "low", "in_app sse",
        "milestone_name reward_points?",
        ("/account/loyalty/milestones",),
    ),
    "loyalty.badge_awarded": Entry(
        "loyalty", "low", "in_app sse",
        "badge_name description?",
        ("/account/badges",),
    ),
    "class.bundle.created": Entry(
        "classes", "normal", "in_app email",
        "bundle_id? bundle_name total_price currency? number_of_classes deposit_required?",
        _BUNDLE,
    ),
    "class.bundle.deposit_paid": Entry(
        "classes", "normal", "in_app email sse",
        "bundle_id? bundle_name amount currency? balance_remaining?",
        _BUNDLE,
    ),
    "class.installment.due": Entry(
        "classes", "critical", "in_app email push sse",
        "bundle_id? bundle_name amount currency? due_date? installment_number?"
        " total_installments? installment_id?",
        ("/classes/{bundle_id}/installments/{installment_id}/pay", *_BUNDLE),
    ),
    "class.bundle.completed": Entry(
        "classes", "normal", "in_app email",
        "bundle_id? bundle_name number_of_classes",
        _BUNDLE,
    ),
    "class.message.received": Entry(
        "classes", "normal", "in_app push sse",
        "sender_name bundle_name? message_preview? thread_id? bundle_id?",
        ("/communications/threads/{thread_id}", *_BUNDLE),
    ),
    "class.ticket.created": Entry(
        "classes", "normal", "in_app email",
        "subject bundle_name? ticket_id?",
        _TICKET,
    ),
    "ticket.created": Entry(
        "tickets", "normal", "in_app email",
        "ticket_number subject? ticket_id?",
        _TICKET,
    ),
    "ticket.assigned": Entry(
        "tickets", "high", "in_app email push sse",
        "ticket_number assignee_name? ticket_id?",
        _TICKET,
    ),
    "ticket.replied": Entry(
        "tickets", "high", "in_app email push sse",
        "ticket_number replier_name? message_preview? ticket_id? message_id?",
        ("/tickets/{ticket_id}#message-{message_id}", *_TICKET),
    ),
    "ticket.resolved": Entry(
        "tickets", "normal", "in_app email sse",
        "ticket_number resolver_name? resolution? ticket_id?",
        _TICKET,
    ),
    "ticket.reopened": Entry(
        "tickets", "normal", "in_app email",
        "ticket_number ticket_id?",
        _TICKET,
    ),
    "ticket.escalated": Entry(
        "tickets", "high", "in_app email sms push sse",
        "ticket_number escalated_to? reason? ticket_id?",
        _TICKET,
    ),
    "order.created": Entry(
        "orders", "normal", "in_app email sse",
        "order_id order_topic? amount? currency?",
        _ORDER,
    ),
    "order.assigned": Entry(
        "orders", "high", "in_app email push sse",
        "order_id order_topic? writer_name? deadline?",
        _ORDER,
    ),
    "order.completed": Entry(
        "orders", "high", "in_app email push sse",
        "order_id order_topic?",
        _ORDER,
    ),
    "order.paid": Entry(
        "orders", "normal", "in_app email sse",
        "order_id order_topic? amount currency? payment_method?",
        _ORDER,
    ),
}  # fmt: skip
