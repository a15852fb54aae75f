"""The buttons of the page, and the story: who presses which, and what exactly must come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from dispatcher.demo import services


@dataclass(frozen=True, slots=True)
class Button:
    """What it calls, and the event that comes of it."""

    key: str
    event: str
    label: str
    #: What happens, with names and rows to fill in, such as `{client}` or `{order[id]}`.
    title: str
    service: Callable[..., Awaitable[Any]]
    #: Keywords of the service's.
    details: Mapping[str, Any] = field(default_factory=dict)
    #: What else there is to say.
    note: str = ""
    #: The constraint that objects, where the point is that nobody hears of it.
    rolled_back_by: str | None = None

    @property
    def is_told_by_trigger(self) -> bool:
        return self.event.startswith(("loyalty.", "ticket.", "class.ticket."))


#: How long scheduled events wait.
_LATER: Final = timedelta(seconds=30)

_BUTTONS: Final = (
    # Orders
    Button("place", "order.created", "Place an order", "{client} places order {order[id]}",
           services.place),
    Button("pay", "order.paid", "Pay an order", "{client} pays order {order[id]}", services.pay),
    Button("overspend", "order.paid", "Pay more than is in the wallet",
           "{client} orders and pays the whole library", services.overspend,
           rolled_back_by="wallet_is_not_overdrawn"),
    Button("receipt", "order.paid", "Force a receipt by e-mail",
           "{client} must get a receipt for order {order[id]}", services.send_receipt),
    Button("blunder", "order.paid", "Report a payment wrongly",
           "A faulty release reports order {order[id]} as paid", services.report_wrongly,
           note="It commits all the same: a wrong event never breaks a payment."),
    Button("assign", "order.assigned", "Assign a writer", "{writer} is assigned order {order[id]}",
           services.assign),
    Button("take", "order.assigned", "The writer takes it", "{writer} takes order {order[id]}",
           services.assign, {"is_by_writer": True}),
    Button("complete", "order.completed", "Complete an order", "Order {order[id]} is completed",
           services.complete),
    Button("complete-later", "order.completed", "Complete it, tell in 30 s",
           "Order {order[id]} is completed, to be told later", services.complete,
           {"tell_in": _LATER}, note="Until then “Take that back” cancels it."),
    Button("take-back", "order.completed", "Take that back", "Order {order[id]} is reopened",
           services.take_back),
    # Payments
    Button("donate", "payment.completed", "Pay without an order", "{client} pays without an order",
           services.donate),
    Button("bank", "payment.completed", "The bank reports it twice",
           "The bank reports the payment of order {order[id]} twice", services.hear_of_bank),
    Button("decline", "payment.failed", "Have a card declined",
           "The bank declines {client}'s card for order {order[id]}", services.decline),
    Button("refund", "payment.refunded", "Refund an order",
           "{client} gets the money for order {order[id]} back", services.refund),
    Button("due", "payment.installment_due", "An installment is due",
           "An installment of order {order[id]} is due", services.agree, {"amount": "40.00"}),
    Button("due-later", "payment.installment_due", "One is due in 30 s",
           "An installment of order {order[id]} will be due", services.agree,
           {"amount": "40.00", "remind_in": _LATER},
           note="The reminder is emitted now, and waits. “Pay it before then” cancels it."),
    Button("pay-in-time", "payment.installment_due", "Pay it before then",
           "{client} pays an installment before it is due", services.pay_in_time),
    Button("load", "payment.wallet_loaded", "Load the wallet", "{client} loads the wallet",
           services.load),
    Button("invoice", "payment.invoice_generated", "Write an invoice",
           "Invoice {invoice[invoice_number]} is written for order {order[id]}",
           services.write_invoice),
    # Loyalty
    Button("award", "loyalty.points_awarded", "Award points", "{client} is awarded 60 points",
           services.award, {"points": 60, "reason": "For the review that you wrote"}),
    Button("climb", "loyalty.tier_upgraded", "Earn the next tier",
           "{client} is awarded {award[points]} points", services.climb),
    Button("redeem", "loyalty.redemption.approved", "Redeem points",
           "{client} gets a gift for 150 points: Enamel mug", services.redeem,
           {"item": "Enamel mug", "points": 150}),
    Button("redeem-too-much", "loyalty.redemption.approved", "Redeem more than there are",
           "{client} wants a gift for 900,000 points: Sailing boat", services.redeem,
           {"item": "Sailing boat", "points": 900_000}, rolled_back_by="points_are_not_overdrawn"),
    Button("reject", "loyalty.redemption.rejected", "Turn a redemption down",
           "{client} does not get the gift: Desk lamp", services.redeem,
           {"item": "Desk lamp", "points": 400, "refused_because": "They are all given away."}),
    Button("milestone", "loyalty.milestone_reached", "Reach a milestone",
           "{client} reaches a milestone: Ten orders", services.reach_milestone),
    Button("badge", "loyalty.badge_awarded", "Earn a badge", "{client} earns a badge: Early bird",
           services.earn_badge),
    # Classes
    Button("book", "class.bundle.created", "Book classes",
           "{client} books 8 classes: {bundle[name]}", services.book),
    Button("deposit", "class.bundle.deposit_paid", "Pay the deposit",
           "{client} pays the deposit for “{bundle[name]}”", services.pay_deposit),
    Button("class-due", "class.installment.due", "An installment is due",
           "An installment of the classes “{bundle[name]}” is due", services.agree,
           {"amount": "60.00", "is_of_classes": True}),
    Button("hold-last", "class.bundle.completed", "Hold the last class",
           "The last class of “{bundle[name]}” has been held", services.hold_last),
    Button("teacher-writes", "class.message.received", "The teacher writes",
           "{writer} writes about “{bundle[name]}”", services.write,
           {"sender": "writer", "body": "Please bring an apron: we shall work with paste."}),
    Button("write-to-teacher", "class.message.received", "Write to the teacher",
           "{client} writes about “{bundle[name]}”", services.write,
           {"sender": "client", "body": "May I bring a friend?"}),
    Button("ask-about-classes", "class.ticket.created", "Ask about the classes",
           "{client} asks about “{bundle[name]}”", services.ask_about_classes),
    # Tickets
    Button("open-ticket", "ticket.created", "Open a ticket",
           "{client} opens ticket {ticket[number]}", services.open_ticket),
    Button("assign-ticket", "ticket.assigned", "Assign it",
           "{support} is to look after ticket {ticket[number]}", services.assign_ticket),
    Button("reply", "ticket.replied", "Support replies",
           "{support} replies to ticket {ticket[number]}", services.reply,
           {"author": "support", "body": "The parcel left us this morning. You have it soon."}),
    Button("answer", "ticket.replied", "Answer support",
           "{client} replies to ticket {ticket[number]}", services.reply,
           {"author": "client", "body": "It has come. Thank you!"}),
    Button("note", "ticket.replied", "Leave an internal note",
           "{writer} leaves a note at ticket {ticket[number]}", services.reply,
           {"author": "writer", "body": "Between us: I forgot it.", "is_internal": True}),
    Button("resolve", "ticket.resolved", "Resolve it", "{support} resolves ticket {ticket[number]}",
           services.resolve),
    Button("reopen-ticket", "ticket.reopened", "Reopen it", "Ticket {ticket[number]} is reopened",
           services.reopen),
    Button("escalate", "ticket.escalated", "Escalate a ticket",
           "Ticket {ticket[number]} is escalated to the head of support", services.escalate),
)  # fmt: skip

#: By key, in the order of the page.
BUTTONS: Final = {button.key: button for button in _BUTTONS}


@dataclass(frozen=True, slots=True)
class Expected:
    """One channel of one person and what must come of it; or without a channel, an event's end.

    `words` must all be found in what arrived: in an inbox item's title and body, in both parts of
    a mail, in a text, in a push. Spaces of any width count as one.
    """

    channel: str | None
    state: str
    #: Its beginning is enough.
    reason: str = ""
    words: tuple[str, ...] = ()
    #: Whose; None for the step's person, "" for nobody's.
    who: str | None = None
    #: Where a step emits several events; None for any.
    event: str | None = None


class Step:
    """A button pressed for somebody: exactly these deliveries, and no other."""

    def __init__(
        self, who: str, key: str, *expected: Iterable[Expected], **details: object
    ) -> None:
        self.who: Final = who
        self.button: Final = BUTTONS[key]
        self.details: Final = details
        self.expected: Final = [
            replace(one, who=who) if one.who is None else one for group in expected for one in group
        ]


def told(
    channels: str, *words: str, mail: str = "", reason: str = "wanted", **more: Any
) -> list[Expected]:
    """Each of the channels brings it in these words; a mail says a little more."""
    return [
        Expected(
            channel,
            "delivered" if channel == "in_app" else "sent",
            reason,
            (*words, mail) if channel == "email" else words,
            **more,
        )
        for channel in channels.split()
    ]


def not_told(channels: str, reason: str, who: str | None = None) -> list[Expected]:
    return [Expected(channel, "skipped", reason, who=who) for channel in channels.split()]


_USUAL: Final = "in_app email"
_LOUD: Final = "in_app email push"
_CANCELLED: Final = [Expected(None, "cancelled", "cancelled")]
_HOUR: Final = timedelta(hours=1)

STORY: Final = (
    # Orders, with everything that can be in the way.
    Step("ada", "place", told(_USUAL, "Field guide to alpine ferns", mail="£149.00"),
         topic="Field guide to alpine ferns", amount="149.00"),
    Step("ada", "pay", told(_USUAL, "#1001", "£149.00")),
    Step("gus", "place", told(_USUAL, "Atlas of tidal mills", mail="£80.00"),
         topic="Atlas of tidal mills", amount="80.00"),
    # The event was inserted, and then the wallet did not suffice.
    Step("gus", "pay"),
    # What a person types is text, whatever it looks like.
    Step("ben", "place", told("in_app", "Survey of <b>bold</b> & brass type"),
         not_told("email", "switched_off"),
         topic="Survey of <b>bold</b> & brass type", amount="45.50"),
    Step("ben", "receipt", told("email", "£45.50", reason="forced")),
    Step("chiyo", "place", told("in_app", "Night maps of Kyoto"),
         [Expected("email", "waiting", "quiet_hours")],
         topic="Night maps of Kyoto", amount="210.00"),
    Step("dev", "place", told("in_app", "A short history of radio"),
         not_told("email", "no_address"), topic="A short history of radio", amount="30.00"),
    Step("elif", "place", told("in_app", "Tiles of Iznik"),
         not_told("email", "address_suppressed"), topic="Tiles of Iznik", amount="66.00"),
    Step("farid", "place", told("in_app", "Desert plants", reason="muted"),
         not_told("email", "muted"), topic="Desert plants", amount="12.00"),
    Step("ada", "take", told(_LOUD, "Greta Nowak"), not_told(_LOUD, "actor", "greta")),
    Step("helene", "place", told(_USUAL, "Cartographie des vents", mail="1 490,00 €"),
         topic="Cartographie des vents", amount="1490.00"),
    Step("imran", "place", told(_USUAL, "Harbour lights", mail="€55.00"),
         topic="Harbour lights", amount="55.00"),
    Step("helene", "complete-later", told(_USUAL, "terminé"),
         not_told("push", "channel_disabled"), tell_in=timedelta(seconds=2)),
    Step("chiyo", "complete-later", _CANCELLED, tell_in=_HOUR),
    Step("chiyo", "take-back"),
    Step("ada", "bank", told(_USUAL, "Field guide to alpine ferns", "£149.00"),
         [Expected(None, "repeated", "duplicate_of_", who="")]),
    Step("ada", "blunder", [Expected(None, "rejected", "invalid_payload")]),
    # Payments.
    Step("ada", "place", told(_USUAL, "Maps of the moon", mail="£60.00"),
         topic="Maps of the moon", amount="60.00"),
    Step("ada", "decline", told(_LOUD, "£60.00")),
    Step("ada", "invoice", told(_USUAL, "INV-00801", "£60.00")),
    Step("ada", "load", told(_USUAL, "£50.00", "£999,901.00")),
    Step("ada", "due-later", _CANCELLED, remind_in=_HOUR),
    Step("ada", "pay-in-time"),
    Step("ada", "pay", told(_USUAL, "#1010", "£60.00")),
    Step("ada", "refund", told(_USUAL, "£60.00")),
    Step("ada", "donate", told(_USUAL, "£25.00")),
    # The second tenant sends texts for these, by a setting of its own.
    Step("helene", "place", told(_USUAL, "Voyage en ballon", mail="300,00 €"),
         topic="Voyage en ballon", amount="300.00"),
    Step("helene", "due", told("in_app email sms", "100,00 €"), amount="100.00"),
    # Loyalty.
    Step("ada", "award", told("in_app", "60")),
    Step("ada", "climb", told("in_app", "440", event="loyalty.points_awarded"),
         told(_LOUD, "Silver", event="loyalty.tier_upgraded")),
    Step("ada", "milestone", told("in_app", "Ten orders")),
    Step("ada", "badge", told("in_app", "Early bird")),
    Step("ada", "redeem", told(_USUAL, "Enamel mug", mail="GIFT-17")),
    Step("ada", "reject", told(_USUAL, "Desk lamp")),
    # The trigger had told of it already when the points did not suffice.
    Step("ada", "redeem-too-much"),
    # Classes.
    Step("ada", "book", told(_USUAL, "Bookbinding", mail="£240.00")),
    Step("ada", "deposit", told(_USUAL, "Bookbinding", "£60.00")),
    Step("ada", "class-due", told(_LOUD, "£60.00", "Bookbinding")),
    Step("ada", "teacher-writes", told("in_app push", "Greta Nowak", "apron"),
         not_told("in_app push", "actor", "greta")),
    Step("ada", "ask-about-classes", told(_USUAL, "Which paper do we need?")),
    Step("ada", "hold-last", told(_USUAL, "Bookbinding")),
    # Tickets.
    Step("ada", "open-ticket", told(_USUAL, "T-502"), told(_USUAL, "T-502", who="sol")),
    Step("ada", "assign-ticket", told(_LOUD, "T-502", who="sol")),
    Step("ada", "reply", told(_LOUD, "T-502", "Sol Vega"), not_told(_LOUD, "actor", "sol")),
    # A note of the staff among themselves is for the staff alone.
    Step("ada", "note", told(_LOUD, "T-502", "Greta Nowak", who="sol")),
    Step("ada", "resolve", told(_USUAL, "T-502")),
    Step("ada", "reopen-ticket", told(_USUAL, "T-502"), told(_USUAL, "T-502", who="sol")),
    Step("ada", "escalate", told("in_app email sms push", "T-502"),
         told("in_app email sms push", "T-502", who="sol")),
)  # fmt: skip
