"""Every business moment: how SQL and Python name it, and what the outbox has of it afterwards.

Who is told what is written out here from the catalogue, not derived from the verbs. Amounts are
money of the application, ids those of its tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Said:
    """One row of the outbox. `to` is one person, several, or an audience."""

    event: str
    to: str | list[str] | Mapping[str, Any]
    payload: Mapping[str, Any]
    subject: str | None = None
    actor: str | None = None

    @property
    def row(self) -> tuple[Any, ...]:
        """(event, recipient, audience, payload, subject, actor), as the outbox has them."""
        recipient = self.to if isinstance(self.to, str) else None
        audience = {"recipients": self.to} if isinstance(self.to, list) else self.to
        return (
            self.event,
            recipient,
            None if recipient else audience,
            dict(self.payload),
            self.subject,
            self.actor,
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """A verb, the arguments that SQL gives it and those of Python, and what is said."""

    verb: str
    sql: Mapping[str, Any]
    python: Mapping[str, Any]
    said: tuple[Said, ...]
    #: Where a verb has several.
    variant: str = ""

    @property
    def id(self) -> str:
        return f"{self.verb}{self.variant and ' ' + self.variant}"


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the application, as an ORM would have it."""

    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.attributes[name]
        except KeyError:
            raise AttributeError(name) from None


ORDER: Final = Thing({"id": 42, "client_id": 7, "topic": "Bees", "writer_id": "w1"})
PROFILE: Final = Thing({"client_id": "u1"})
BUNDLE: Final = {
    "id": "b1", "name": "Pottery", "client_id": "u1", "total_price": "240.00",
    "number_of_classes": 8, "deposit_required": "40.00", "currency": "GBP",
}  # fmt: skip
REDEMPTION: Final = {"id": 3, "client_id": "u1", "item_name": "Mug", "points_used": 500}
TICKET: Final = Thing(
    {
        "id": 9, "ticket_number": "T-9", "creator_id": "u1", "assignee_id": "s1",
        "assignee_name": "Sam", "subject": "No bees",
    }
)  # fmt: skip
SAM: Final = {"id": "s1", "name": "Sam"}
TICKET_IN_SQL: Final = {
    "ticket_id": "9", "ticket_number": "T-9", "creator_id": "u1", "assignee_id": "s1",
}  # fmt: skip
NUMBERED: Final = {"ticket_number": "T-9", "ticket_id": "9"}

MOMENTS: Final = (
    Moment(
        "notify_order_created",
        {"order_id": "42", "client_id": "7", "order_topic": "Bees", "amount": "19.90"},
        {"order": {"id": 42, "client_id": 7, "topic": "Bees", "amount": "19.90"}},
        (Said("order.created", "7",
              {"order_id": "42", "order_topic": "Bees", "amount": "19.90"}, "order:42"),),
    ),
    Moment(
        "notify_order_assigned",
        {"order_id": "42", "client_id": "7", "writer_id": "w1", "order_topic": "Bees"},
        {"order": ORDER},
        (Said("order.assigned", ["w1", "7"],
              {"order_id": "42", "order_topic": "Bees"}, "order:42"),),
    ),
    Moment(
        "notify_order_completed",
        {"order_id": "42", "client_id": "7", "writer_id": "w1", "order_topic": "Bees"},
        {"order": ORDER},
        (Said("order.completed", ["7", "w1"],
              {"order_id": "42", "order_topic": "Bees"}, "order:42"),),
    ),
    Moment(
        "notify_order_paid",
        {"order_id": "42", "client_id": "7", "writer_id": "w1", "order_topic": "Bees",
         "amount": "19.90", "payment_method": "card"},
        {"order": ORDER, "payment_amount": "19.90", "payment_method": "card"},
        (Said("order.paid", ["7", "w1"],
              {"order_id": "42", "order_topic": "Bees", "amount": "19.90",
               "payment_method": "card"}, "order:42"),),
    ),
    Moment(
        "notify_order_paid",
        {"order_id": "42", "client_id": "7", "amount": "19.90"},
        {"order": {"id": 42, "client_id": 7, "writer_id": None}, "payment_amount": "19.90"},
        (Said("order.paid", "7", {"order_id": "42", "amount": "19.90"}, "order:42"),),
        variant="before there is a writer",
    ),
    Moment(
        "notify_payment_completed",
        {"client_id": "u1", "amount": "7.00", "payment_id": "5", "currency": "CHF"},
        {"payment": {"id": 5, "client_id": "u1", "amount": "7.00", "currency": "CHF"}},
        (Said("payment.completed", "u1", {"amount": "7.00", "currency": "CHF"}, "payment:5"),),
    ),
    Moment(
        "notify_payment_failed",
        {"client_id": "7", "amount": "19.90", "reason": "Declined", "order_id": "42",
         "order_topic": "Bees"},
        {"order": ORDER, "amount": "19.90", "reason": "Declined"},
        (Said("payment.failed", "7",
              {"order_id": "42", "order_topic": "Bees", "amount": "19.90", "reason": "Declined"},
              "order:42"),),
    ),
    Moment(
        "notify_refund_processed",
        {"client_id": "7", "amount": "5.00", "reason": "Late", "refund_id": "1",
         "order_id": "42"},
        {"refund": {"id": 1}, "order": ORDER, "amount": "5.00", "reason": "Late"},
        (Said("payment.refunded", "7",
              {"order_id": "42", "refund_id": "1", "amount": "5.00", "reason": "Late"},
              "order:42"),),
    ),
    Moment(
        "notify_refund_processed",
        {"client_id": "u1", "amount": "5.00", "refund_id": "1"},
        {"refund": {"id": 1, "client_id": "u1", "amount": "5.00"}},
        (Said("payment.refunded", "u1", {"refund_id": "1", "amount": "5.00"}, "refund:1"),),
        variant="of no order",
    ),
    Moment(
        "notify_wallet_loaded",
        {"client_id": "u1", "amount": "10.00", "balance": "55.00", "wallet_id": "8"},
        {"wallet": {"id": 8, "client_id": "u1"}, "amount": "10.00", "balance": "55.00"},
        (Said("payment.wallet_loaded", "u1", {"amount": "10.00", "balance": "55.00"},
              "wallet:8"),),
    ),
    Moment(
        "notify_invoice_generated",
        {"client_id": "u1", "invoice_number": "2030-7", "amount": "99.00",
         "due_date": "2030-02-01", "invoice_id": "6"},
        {"invoice": {"id": 6, "client_id": "u1", "invoice_number": "2030-7", "amount": "99.00",
                     "due_date": "2030-02-01"}},
        (Said("payment.invoice_generated", "u1",
              {"invoice_number": "2030-7", "amount": "99.00", "due_date": "2030-02-01",
               "invoice_id": "6"}, "invoice:6"),),
    ),
    Moment(
        "notify_installment_due",
        {"client_id": "u1", "amount": "30.00", "due_date": "2030-02-01", "installment_number": 2,
         "total_installments": 3, "installment_id": "i2", "special_order_id": "s5"},
        {"installment": {"id": "i2", "client_id": "u1", "amount": "30.00",
                         "due_date": "2030-02-01", "installment_number": 2,
                         "total_installments": 3},
         "special_order_id": "s5"},
        (Said("payment.installment_due", "u1",
              {"amount": "30.00", "due_date": "2030-02-01", "installment_number": 2,
               "total_installments": 3, "installment_id": "i2", "special_order_id": "s5"},
              "installment:i2"),),
        variant="of a special order",
    ),
    Moment(
        "notify_installment_due",
        {"client_id": "u1", "amount": "30.00", "order_id": "42"},
        {"installment": {"client_id": "u1", "amount": "30.00"}, "order_id": 42},
        (Said("payment.installment_due", "u1", {"amount": "30.00", "order_id": "42"},
              "order:42"),),
        variant="of an order",
    ),
    Moment(
        "notify_installment_due",
        {"client_id": "u1", "amount": "30.00", "currency": "GBP", "bundle_id": "b1",
         "bundle_name": "Pottery", "installment_id": "i2"},
        {"installment": {"id": "i2", "amount": "30.00"}, "class_bundle": BUNDLE},
        (Said("class.installment.due", "u1",
              {"amount": "30.00", "currency": "GBP", "bundle_id": "b1", "bundle_name": "Pottery",
               "installment_id": "i2"}, "installment:i2"),),
        variant="of a class",
    ),
    Moment(
        "notify_loyalty_points_awarded",
        {"client_id": "u1", "points": 50, "reason": "A review", "total_points": 350},
        {"client_profile": PROFILE, "points": 50, "reason": "A review", "total_points": 350},
        (Said("loyalty.points_awarded", "u1",
              {"points": 50, "reason": "A review", "total_points": 350}),),
    ),
    Moment(
        "notify_tier_upgraded",
        {"client_id": "u1", "tier_name": "Gold", "perks": "Free delivery"},
        {"client_profile": PROFILE, "tier_name": "Gold", "perks": "Free delivery"},
        (Said("loyalty.tier_upgraded", "u1", {"tier_name": "Gold", "perks": "Free delivery"}),),
    ),
    Moment(
        "notify_redemption_approved",
        {"client_id": "u1", "item_name": "Mug", "points_used": 500, "fulfillment_code": "XY",
         "redemption_id": "3"},
        {"redemption_request": REDEMPTION, "fulfillment_code": "XY"},
        (Said("loyalty.redemption.approved", "u1",
              {"item_name": "Mug", "points_used": 500, "fulfillment_code": "XY",
               "redemption_id": "3"}, "redemption:3"),),
    ),
    Moment(
        "notify_redemption_rejected",
        {"client_id": "u1", "item_name": "Mug", "points_used": 500, "reason": "Sold out",
         "redemption_id": "3"},
        {"redemption_request": REDEMPTION, "reason": "Sold out"},
        (Said("loyalty.redemption.rejected", "u1",
              {"item_name": "Mug", "points_used": 500, "rejection_reason": "Sold out",
               "redemption_id": "3"}, "redemption:3"),),
    ),
    Moment(
        "notify_milestone_reached",
        {"client_id": "u1", "milestone_name": "Ten orders", "reward_points": 100},
        {"client_profile": PROFILE, "milestone_name": "Ten orders", "reward_points": 100},
        (Said("loyalty.milestone_reached", "u1",
              {"milestone_name": "Ten orders", "reward_points": 100}),),
    ),
    Moment(
        "notify_badge_awarded",
        {"client_id": "u1", "badge_name": "Early bird", "description": "Before eight"},
        {"client_profile": PROFILE, "badge_name": "Early bird", "description": "Before eight"},
        (Said("loyalty.badge_awarded", "u1",
              {"badge_name": "Early bird", "description": "Before eight"}),),
    ),
    Moment(
        "notify_class_bundle_created",
        {"client_id": "u1", "bundle_name": "Pottery", "total_price": "240.00", "currency": "GBP",
         "number_of_classes": 8, "deposit_required": "40.00", "bundle_id": "b1"},
        {"class_bundle": BUNDLE, "client_profile": PROFILE},
        (Said("class.bundle.created", "u1",
              {"bundle_id": "b1", "bundle_name": "Pottery", "total_price": "240.00",
               "currency": "GBP", "number_of_classes": 8, "deposit_required": "40.00"},
              "bundle:b1"),),
    ),
    Moment(
        "notify_class_deposit_paid",
        {"client_id": "u1", "bundle_name": "Pottery", "amount": "40.00", "currency": "GBP",
         "balance_remaining": "200.00", "bundle_id": "b1"},
        {"class_bundle": BUNDLE, "amount": "40.00", "balance_remaining": "200.00"},
        (Said("class.bundle.deposit_paid", "u1",
              {"bundle_id": "b1", "bundle_name": "Pottery", "amount": "40.00", "currency": "GBP",
               "balance_remaining": "200.00"}, "bundle:b1"),),
    ),
    Moment(
        "notify_class_bundle_completed",
        {"client_id": "u1", "bundle_name": "Pottery", "number_of_classes": 8, "bundle_id": "b1"},
        {"class_bundle": BUNDLE},
        (Said("class.bundle.completed", "u1",
              {"bundle_id": "b1", "bundle_name": "Pottery", "number_of_classes": 8},
              "bundle:b1"),),
    ),
    Moment(
        "notify_class_message_received",
        {"thread_id": "7", "sender_id": "u1", "sender_name": "Ada", "message": "Hello"},
        {"thread": {"id": 7}, "sender": {"id": "u1", "name": "Ada"}, "message": "Hello"},
        (Said("class.message.received", {"topic": "thread:7"},
              {"sender_name": "Ada", "message_preview": "Hello", "thread_id": "7"}, "thread:7",
              "u1"),),
        variant="to a topic",
    ),
    Moment(
        "notify_class_message_received",
        {"thread_id": "7", "sender_id": "u1", "sender_name": "Ada", "message": "Hello",
         "bundle_id": "b1", "bundle_name": "Pottery", "members": ["u1", "u2", "u3"]},
        {"thread": {"id": 7, "bundle_id": "b1", "bundle_name": "Pottery",
                    "member_ids": ["u1", "u2", "u3"]},
         "sender": Thing({"id": "u1", "name": "Ada"}), "message": Thing({"text": "Hello"})},
        (Said("class.message.received", ["u1", "u2", "u3"],
              {"sender_name": "Ada", "message_preview": "Hello", "thread_id": "7",
               "bundle_id": "b1", "bundle_name": "Pottery"}, "thread:7", "u1"),),
        variant="to named members",
    ),
    Moment(
        "notify_class_ticket_created",
        {"client_id": "u1", "subject": "No clay", "bundle_name": "Pottery", "ticket_id": "9"},
        {"ticket": {"id": 9, "client_id": "u1", "subject": "No clay", "bundle_name": "Pottery"}},
        (Said("class.ticket.created", "u1",
              {"subject": "No clay", "bundle_name": "Pottery", "ticket_id": "9"}, "ticket:9"),),
    ),
    Moment(
        "notify_ticket_created",
        {**TICKET_IN_SQL, "assignee_name": "Sam", "subject": "No bees"},
        {"ticket": TICKET, "creator": "u1"},
        (
            Said("ticket.created", {"role": "support", "recipients": ["u1"]},
                 {**NUMBERED, "subject": "No bees"}, "ticket:9"),
            Said("ticket.assigned", "s1", {**NUMBERED, "assignee_name": "Sam"}, "ticket:9", "u1"),
        ),
    ),
    Moment(
        "notify_ticket_created",
        {"ticket_number": "T-9", "creator_id": "u1"},
        {"ticket": {"ticket_number": "T-9"}, "creator": {"id": "u1"}},
        (Said("ticket.created", {"role": "support", "recipients": ["u1"]},
              {"ticket_number": "T-9"}, "ticket:T-9"),),
        variant="assigned to nobody",
    ),
    Moment(
        "notify_ticket_assigned",
        {"ticket_number": "T-9", "ticket_id": "9", "assignee_id": "s1", "assignee_name": "Sam"},
        {"ticket": TICKET},
        (Said("ticket.assigned", "s1", {**NUMBERED, "assignee_name": "Sam"}, "ticket:9"),),
    ),
    Moment(
        "notify_ticket_reply",
        {**TICKET_IN_SQL, "replier_id": "s1", "replier_name": "Sam", "message": "Here they are",
         "message_id": "77"},
        {"ticket": TICKET, "message": Thing({"id": 77, "text": "Here they are"}),
         "replier": SAM},
        (Said("ticket.replied", ["u1", "s1"],
              {**NUMBERED, "replier_name": "Sam", "message_preview": "Here they are",
               "message_id": "77"}, "ticket:9", "s1"),),
    ),
    Moment(
        "notify_ticket_reply",
        {**TICKET_IN_SQL, "replier_id": "s2", "message": "A hoax?", "is_internal": True},
        {"ticket": TICKET, "message": {"text": "A hoax?", "is_internal": True}, "replier": "s2"},
        (Said("ticket.replied", "s1", {**NUMBERED, "message_preview": "A hoax?"}, "ticket:9",
              "s2"),),
        variant="as an internal note",
    ),
    Moment(
        "notify_ticket_resolved",
        {"ticket_number": "T-9", "ticket_id": "9", "creator_id": "u1", "resolver_name": "Sam",
         "resolution": "Bees sent", "actor": "s1"},
        {"ticket": TICKET, "resolver": SAM, "resolution": "Bees sent"},
        (Said("ticket.resolved", "u1",
              {**NUMBERED, "resolver_name": "Sam", "resolution": "Bees sent"}, "ticket:9", "s1"),),
    ),
    Moment(
        "notify_ticket_reopened",
        {**TICKET_IN_SQL, "actor": "u1"},
        {"ticket": TICKET, "actor": "u1"},
        (Said("ticket.reopened", ["u1", "s1"], NUMBERED, "ticket:9", "u1"),),
    ),
    Moment(
        "notify_ticket_escalated",
        {**TICKET_IN_SQL, "escalated_to": "Second level", "reason": "Still no bees"},
        {"ticket": TICKET, "escalated_to": "Second level", "reason": "Still no bees"},
        (Said("ticket.escalated", ["u1", "s1"],
              {**NUMBERED, "escalated_to": "Second level", "reason": "Still no bees"},
              "ticket:9"),),
    ),
)  # fmt: skip
