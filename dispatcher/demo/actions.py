"""What the marketplace does: each action is a button of the page, and one transaction.

Orders, payments and classes are told of by the code that changes the row. Loyalty and tickets are
told of by triggers on their tables (triggers.sql), so what is here of them names no event.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, LiteralString

import postbell
from dispatcher.demo.shop import NothingToDoError, Person, Row, Shop, Work

#: How long the buttons' scheduled events wait.
LATER: Final = timedelta(seconds=30)

_TOPICS: Final = (
    "Atlas of tidal mills",
    "A history of street lamps",
    "Field guide to alpine ferns",
    "Bells of the harbour towns",
    "Almanac of tea & spices",
)
#: Conditions on the client's rows, each called `wanted`.
_PAID: Final[LiteralString] = (
    "exists (select from shop.payment where order_id = wanted.id and failed_because is null)"
)
_UNPAID: Final[LiteralString] = f"not {_PAID}"
_UNREFUNDED: Final[LiteralString] = (
    f"{_PAID} and not exists (select from shop.refund where order_id = wanted.id)"
)
_OPEN: Final[LiteralString] = "bundle_id is null and resolver_id is null"

_Do = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Action:
    """A button: what it does, and the event that comes of it."""

    key: str
    event: str
    label: str
    do: _Do
    #: The constraint that objects, where the point is that nobody hears of it.
    rolled_back_by: str | None

    @property
    def is_told_by_trigger(self) -> bool:
        return self.event.startswith(("loyalty.", "ticket.", "class.ticket."))

    def with_(self, **details: object) -> Work:
        """Its work, with keywords of its function."""

        async def work(shop: Shop) -> None:
            await self.do(shop, **details)

        return work


#: By key, in the order of the page.
ACTIONS: Final[dict[str, Action]] = {}


def _action(event: str, label: str, rolled_back_by: str | None = None) -> Callable[[_Do], _Do]:
    """Makes a function a button of the event."""

    def register(do: _Do) -> _Do:
        key = do.__name__.replace("_", "-")
        ACTIONS[key] = Action(key, event, label, do, rolled_back_by)
        return do

    return register


# Orders


@_action("order.created", "Place an order")
async def place(shop: Shop, topic: str = "", amount: str = "") -> None:
    order = await _place(shop, topic, amount)
    shop.transaction.title = f"{shop.client.name} places order {order['id']}"


@_action("order.paid", "Pay an order")
async def pay(shop: Shop) -> None:
    order = await _order(shop, _UNPAID)
    shop.transaction.title = f"{shop.client.name} pays order {order['id']}"
    await _pay(shop, order)


@_action("order.paid", "Pay more than is in the wallet", "wallet_is_not_overdrawn")
async def overspend(shop: Shop) -> None:
    shop.transaction.title = f"{shop.client.name} orders and pays the whole library"
    await _pay(shop, await _place(shop, "The whole library", "9999999.00"))


@_action("order.paid", "Pay an order twice", "order_is_paid_once")
async def pay_twice(shop: Shop) -> None:
    order = await shop.find("customer_order", _PAID)
    if order is None:
        order = await _order(shop, _UNPAID)
        await _pay(shop, order)
    shop.transaction.title = f"{shop.client.name} pays order {order['id']} a second time"
    await _pay(shop, order)


@_action("order.paid", "Force a receipt by e-mail")
async def receipt(shop: Shop) -> None:
    """The law wants it in writing: by e-mail, whatever the person prefers."""
    order = await _order(shop)
    shop.transaction.title = f"{shop.client.name} must get a receipt for order {order['id']}"
    await shop.rows(
        """
        insert into postbell.outbox
            (event, recipient, payload, channels, forced_channels, tenant_id)
        select
            'order.paid', client_id, jsonb_build_object('order_id', id, 'amount', amount::text),
            '{}', '{email}', %(tenant)s
        from shop.customer_order
        where id = %(order)s
        """,
        order=order,
        tenant=shop.client.tenant_id,
    )


@_action("order.paid", "Report a payment wrongly")
async def blunder(shop: Shop) -> None:
    """A mistake of the application: the amount is a number, where a decimal string is declared."""
    order = await _order(shop)
    shop.transaction.title = f"A faulty release reports order {order['id']} as paid"
    shop.transaction.note = "It commits all the same: a wrong event never breaks a payment."
    await shop.rows(
        """
        insert into postbell.outbox (event, recipient, payload, tenant_id)
        select
            'order.paid', client_id, jsonb_build_object('order_id', id, 'amount', amount),
            %(tenant)s
        from shop.customer_order
        where id = %(order)s
        """,
        order=order,
        tenant=shop.client.tenant_id,
    )


@_action("order.assigned", "Assign a writer")
async def assign(shop: Shop) -> None:
    await _assign(shop, "is assigned", actor=None)


@_action("order.assigned", "The writer takes it")
async def take(shop: Shop) -> None:
    """Whoever did it is not told of it."""
    await _assign(shop, "takes", actor=shop.writer)


@_action("order.completed", "Complete an order")
async def complete(shop: Shop) -> None:
    order = await _order(shop, "completed_at is null")
    shop.transaction.title = f"Order {order['id']} is completed"
    await _complete(shop, order)


@_action("order.completed", "Complete it, tell in 30 s")
async def complete_later(shop: Shop, tell_in: timedelta = LATER) -> None:
    order = await _order(shop, "completed_at is null")
    shop.transaction.title = f"Order {order['id']} is completed, to be told in {_spoken(tell_in)}"
    shop.transaction.note = "Until then “Take that back” cancels it."
    await _complete(shop, order, tell_in)


@_action("order.completed", "Take that back")
async def take_back(shop: Shop) -> None:
    """Reopens the order of whose completion nobody has been told yet, and cancels that event."""
    order = await shop.find("customer_order", "announced_at > now()")
    if order is None:
        raise NothingToDoError(
            f"Nobody waits to be told that an order of {shop.client.name}'s is completed."
            " Press “Complete it, tell in 30 s” first."
        )
    shop.transaction.title = f"Order {order['id']} is reopened"
    event = order["completion_event"]
    await shop.rows("select * from postbell.cancel(outbox_id => %(event)s)", event=event)
    nothing = dict.fromkeys(("completed_at", "announced_at", "completion_event"))
    await shop.update("customer_order", order, **nothing)
    shop.transaction.note = (
        f"Took back that order {order['id']} (“{order['topic']}”) is completed, which was to be"
        f" told at {_clock(order['announced_at'])}. Nobody will hear of it."
    )


# Payments


@_action("payment.completed", "Pay without an order")
async def donate(shop: Shop) -> None:
    shop.transaction.title = f"{shop.client.name} pays without an order"
    payment = await shop.insert(
        "payment", client_id=shop.client, payment_method="Visa ending in 4242", amount="25.00"
    )
    await shop.emit(postbell.notify_payment_completed, payment=payment)


@_action("payment.completed", "The bank reports it twice")
async def bank(shop: Shop) -> None:
    """A webhook calls as often as it likes: the idempotency key makes it one event."""
    order = await _order(shop)
    shop.transaction.title = f"The bank reports the payment of order {order['id']} twice"
    payment = {**order, "order_id": order["id"], "order_topic": order["topic"]}
    for _ in range(2):
        key = f"bank:{order['id']}"
        await shop.emit(postbell.notify_payment_completed, payment=payment, idempotency_key=key)


@_action("payment.failed", "Have a card declined")
async def decline(shop: Shop) -> None:
    order = await _order(shop, _UNPAID)
    shop.transaction.title = f"The bank declines {shop.client.name}'s card for order {order['id']}"
    amount, reason = order["amount"], "The card has expired."
    await shop.insert(
        "payment",
        client_id=shop.client,
        order_id=order,
        payment_method="Visa ending in 4242",
        amount=amount,
        failed_because=reason,
    )
    await shop.emit(postbell.notify_payment_failed, order=order, amount=amount, reason=reason)


@_action("payment.refunded", "Refund an order")
async def refund(shop: Shop) -> None:
    await _refund(shop, "back")


@_action("payment.refunded", "Refund it twice", "order_is_refunded_once")
async def refund_twice(shop: Shop) -> None:
    order = await _refund(shop, "back twice")
    await _refund(shop, "back twice", order)


@_action("payment.installment_due", "An installment is due")
async def due(shop: Shop, amount: str = "40.00") -> None:
    order = await _order(shop, _UNPAID)
    shop.transaction.title = f"An installment of order {order['id']} is due"
    await _agree(shop, amount, order=order)


@_action("payment.installment_due", "One is due in 30 s")
async def due_later(shop: Shop, remind_in: timedelta = LATER) -> None:
    order = await _order(shop, _UNPAID)
    shop.transaction.title = f"An installment of order {order['id']} is due in {_spoken(remind_in)}"
    shop.transaction.note = (
        "The reminder is emitted now, and waits. “Pay it before then” cancels it."
    )
    await _agree(shop, "40.00", order=order, remind_in=remind_in)


@_action("payment.installment_due", "Pay it before then")
async def pay_in_time(shop: Shop) -> None:
    """Nobody is reminded of what they have paid: the reminder is cancelled by its subject."""
    waiting = await shop.find("installment", "paid_at is null and due_at > now()")
    if waiting is None:
        raise NothingToDoError(
            f"{shop.client.name} has no installment to pay in time."
            " Press “One is due in 30 s” first."
        )
    shop.transaction.title = f"{shop.client.name} pays an installment before it is due"
    await shop.update("installment", waiting, paid_at=datetime.now().astimezone())
    await shop.rows(
        "select * from postbell.cancel(subject => %(subject)s, tenant_id => %(tenant)s)",
        subject=f"installment:{waiting['id']}",
        tenant=shop.client.tenant_id,
    )
    shop.transaction.note = (
        f"Took back the reminder that waited for {_clock(waiting['due_at'])}."
        " Nobody will be reminded."
    )


@_action("payment.wallet_loaded", "Load the wallet")
async def load(shop: Shop) -> None:
    shop.transaction.title = f"{shop.client.name} loads the wallet"
    wallet = await _change_balance(shop, Decimal("50.00"))
    await shop.emit(postbell.notify_wallet_loaded, wallet=wallet, amount="50.00")


@_action("payment.invoice_generated", "Write an invoice")
async def invoice(shop: Shop) -> None:
    uninvoiced: LiteralString = "not exists (select from shop.invoice where order_id = wanted.id)"
    order = await _order(shop, uninvoiced)
    due_date = date.today() + timedelta(days=14)  # noqa: DTZ011 - a day at the counter
    made = await shop.insert("invoice", order_id=order, due_date=due_date)
    shop.transaction.title = f"Invoice {made['invoice_number']} is written for order {order['id']}"
    await shop.emit(postbell.notify_invoice_generated, invoice={**order, **made})


# Loyalty, told of by triggers


@_action("loyalty.points_awarded", "Award points")
async def award(
    shop: Shop, points: int = 60, reason: str = "For the review that you wrote"
) -> None:
    shop.transaction.title = f"{shop.client.name} is awarded {points} points"
    await shop.insert("award", client_id=shop.client, points=points, reason=reason)


@_action("loyalty.points_awarded", "Award no points", "points_are_awarded_not_taken")
async def award_nothing(shop: Shop) -> None:
    await award(shop, 0, "For nothing")


@_action("loyalty.tier_upgraded", "Earn the next tier")
async def climb(shop: Shop) -> None:
    """One award, two events: the points, and by a second trigger the tier."""
    points = await _points(shop)
    goal = next((goal for goal in (1000, 5000) if goal > points), None)
    if goal is None:
        raise NothingToDoError(f"{shop.client.name} has the highest tier already.")
    await award(shop, goal - points, "For a year with us")


@_action("loyalty.redemption.approved", "Redeem points")
async def redeem(shop: Shop) -> None:
    if await _points(shop) < 150:  # noqa: PLR2004 - what the mug costs
        await award(shop, 150, "So that a mug can be had")
    await _redeem(shop, "Enamel mug", 150, "approved", "MUG-17")


@_action("loyalty.redemption.approved", "Redeem more than there are", "points_are_not_overdrawn")
async def redeem_too_much(shop: Shop) -> None:
    await _redeem(shop, "Sailing boat", 900_000, "approved", "BOAT-1")


@_action("loyalty.redemption.rejected", "Turn a redemption down")
async def reject(shop: Shop) -> None:
    await _redeem(shop, "Desk lamp", 400, "rejected", "The lamps have all been given away.")


@_action("loyalty.milestone_reached", "Reach a milestone")
async def milestone(shop: Shop) -> None:
    shop.transaction.title = f"{shop.client.name} reaches a milestone: Ten orders"
    await shop.insert("milestone", client_id=shop.client, name="Ten orders", reward_points=100)


@_action("loyalty.badge_awarded", "Earn a badge")
async def badge(shop: Shop) -> None:
    shop.transaction.title = f"{shop.client.name} earns a badge: Early bird"
    description = "Ordered before seven o'clock"
    await shop.insert("badge", client_id=shop.client, name="Early bird", description=description)


# Classes


@_action("class.bundle.created", "Book classes")
async def book(shop: Shop) -> None:
    bundle = await _book(shop)
    shop.transaction.title = f"{shop.client.name} books 8 classes: {bundle['name']}"


@_action("class.bundle.deposit_paid", "Pay the deposit")
async def deposit(shop: Shop) -> None:
    bundle = await _bundle(shop, "deposit_paid_at is null")
    shop.transaction.title = f"{shop.client.name} pays the deposit for “{bundle['name']}”"
    await shop.update("bundle", bundle, deposit_paid_at=datetime.now().astimezone())
    paid = bundle["deposit_required"]
    left = bundle["total_price"] - paid
    await shop.emit(
        postbell.notify_class_deposit_paid, class_bundle=bundle, amount=paid, balance_remaining=left
    )


@_action("class.installment.due", "An installment is due")
async def class_due(shop: Shop) -> None:
    bundle = await _bundle(shop)
    shop.transaction.title = f"An installment of the classes “{bundle['name']}” is due"
    await _agree(shop, "60.00", bundle=bundle)


@_action("class.bundle.completed", "Hold the last class")
async def hold_last(shop: Shop) -> None:
    bundle = await _bundle(shop, "classes_held < number_of_classes")
    shop.transaction.title = f"The last class of “{bundle['name']}” has been held"
    await _hold(shop, bundle, bundle["number_of_classes"])


@_action("class.bundle.completed", "Hold one class too many", "no_more_classes_than_were_bought")
async def hold_too_many(shop: Shop) -> None:
    bundle = await _bundle(shop)
    shop.transaction.title = f"Somebody counts one class too many of “{bundle['name']}”"
    await _hold(shop, bundle, bundle["number_of_classes"] + 1)


@_action("class.message.received", "The teacher writes")
async def teacher_writes(shop: Shop) -> None:
    await _write(shop, shop.writer, "Please bring an apron on Tuesday: we shall work with paste.")


@_action("class.message.received", "Write to the teacher")
async def write_to_teacher(shop: Shop) -> None:
    await _write(shop, shop.client, "May I bring a friend?")


@_action("class.ticket.created", "Ask about the classes")
async def ask_about_classes(shop: Shop) -> None:
    bundle = await _bundle(shop)
    await _open(shop, "Which paper do we need?", bundle)
    shop.transaction.title = f"{shop.client.name} asks about “{bundle['name']}”"


# Tickets, told of by triggers


@_action("ticket.created", "Open a ticket")
async def open_ticket(shop: Shop) -> None:
    ticket = await _open(shop)
    shop.transaction.title = f"{shop.client.name} opens ticket {ticket['number']}"


@_action("ticket.assigned", "Assign it")
async def assign_ticket(shop: Shop) -> None:
    unassigned: LiteralString = f"{_OPEN} and assignee_id is null"
    ticket = await shop.find("ticket", unassigned) or await _open(shop)
    shop.transaction.title = f"{shop.support.name} is to look after ticket {ticket['number']}"
    await shop.update("ticket", ticket, assignee_id=shop.support)


@_action("ticket.replied", "Support replies")
async def reply(shop: Shop) -> None:
    await _reply(shop, shop.support, "The parcel left us this morning. You have it soon.")


@_action("ticket.replied", "Answer support")
async def answer(shop: Shop) -> None:
    await _reply(shop, shop.client, "It has come. Thank you!")


@_action("ticket.replied", "Leave an internal note")
async def note(shop: Shop) -> None:
    await _reply(shop, shop.writer, "Between us: I forgot it.", is_internal=True)


@_action("ticket.replied", "Reply without a word", "message_says_something")
async def say_nothing(shop: Shop) -> None:
    await _reply(shop, shop.support, "")


@_action("ticket.resolved", "Resolve it")
async def resolve(shop: Shop) -> None:
    await _resolve(shop, await _ticket(shop))


@_action("ticket.reopened", "Reopen it")
async def reopen_ticket(shop: Shop) -> None:
    ticket = await shop.find("ticket", "bundle_id is null and resolver_id is not null")
    if ticket is None:
        ticket = await _ticket(shop)
        await _resolve(shop, ticket)
    shop.transaction.title = f"Ticket {ticket['number']} is reopened"
    await shop.update("ticket", ticket, resolver_id=None, resolution=None)


@_action("ticket.escalated", "Escalate a ticket")
async def escalate(shop: Shop) -> None:
    ticket = await _ticket(shop, "escalated_to is null")
    shop.transaction.title = f"Ticket {ticket['number']} is escalated to the head of support"
    why = {"escalated_to": "The head of support", "escalated_because": "It came empty."}
    await shop.update("ticket", ticket, **why)


# What actions have in common


async def _place(shop: Shop, topic: str = "", amount: str = "") -> Row:
    order = await shop.insert(
        "customer_order",
        client_id=shop.client,
        topic=topic or random.choice(_TOPICS),
        amount=amount or f"{random.randint(15, 240)}.{random.choice(('00', '50', '95'))}",
    )
    await shop.emit(postbell.notify_order_created, order=order)
    return order


async def _order(shop: Shop, condition: LiteralString = "true") -> Row:
    """The client's latest order of which this is true, or a new one."""
    return await shop.find("customer_order", condition) or await _place(shop)


async def _pay(shop: Shop, order: Row) -> None:
    """The last statement fails if the wallet does not suffice: then the event is gone as well."""
    amount, method = order["amount"], "Wallet"
    await shop.insert(
        "payment", client_id=shop.client, order_id=order, payment_method=method, amount=amount
    )
    await shop.emit(
        postbell.notify_order_paid, order=order, payment_amount=amount, payment_method=method
    )
    await _change_balance(shop, -amount)


async def _change_balance(shop: Shop, by: Decimal) -> Row:
    (account,) = await shop.rows(
        "update shop.account set balance = balance + %(by)s where client_id = %(client)s"
        " returning client_id, balance",
        by=by,
        client=shop.client,
    )
    return account


async def _assign(shop: Shop, done: str, *, actor: Person | None) -> None:
    order = await _order(shop, "writer_id is null and completed_at is null")
    shop.transaction.title = f"{shop.writer.name} {done} order {order['id']}"
    deadline = datetime.now().astimezone() + timedelta(days=7)
    order = await shop.update("customer_order", order, writer_id=shop.writer, deadline=deadline)
    order["writer_name"] = shop.writer.name
    await shop.emit(postbell.notify_order_assigned, order=order, actor=actor)


async def _complete(shop: Shop, order: Row, tell_in: timedelta | None = None) -> None:
    now = datetime.now().astimezone()
    tell_at = now + tell_in if tell_in else None
    event = await shop.emit(postbell.notify_order_completed, order=order, deliver_at=tell_at)
    columns = {"completed_at": now, "announced_at": tell_at or now, "completion_event": event}
    await shop.update("customer_order", order, **columns)


async def _refund(shop: Shop, done: str, order: Row | None = None) -> Row:
    order = order or await shop.find("customer_order", _UNREFUNDED)
    if order is None:
        order = await _order(shop, _UNPAID)
        await _pay(shop, order)
    shop.transaction.title = f"{shop.client.name} gets the money for order {order['id']} {done}"
    amount, reason = order["amount"], "You changed your mind."
    made = await shop.insert("refund", order_id=order, reason=reason)
    await shop.emit(
        postbell.notify_refund_processed, refund=made, order=order, amount=amount, reason=reason
    )
    return order


async def _agree(shop: Shop, amount: str, remind_in: timedelta | None = None, **of: Row) -> None:
    """Agrees on one installment of an `order` or a `bundle`; the client is reminded in time."""
    now = datetime.now().astimezone()
    remind_at = now + remind_in if remind_in else None
    made = await shop.insert(
        "installment",
        client_id=shop.client,
        order_id=of.get("order"),
        bundle_id=of.get("bundle"),
        installment_number=2,
        total_installments=3,
        amount=amount,
        due_at=remind_at or now,
    )
    made["due_date"] = made["due_at"].date()
    await shop.emit(
        postbell.notify_installment_due,
        installment=made,
        order_id=made["order_id"],
        class_bundle=of.get("bundle"),
        deliver_at=remind_at,
    )


async def _points(shop: Shop) -> int:
    (account,) = await shop.rows(
        "select points from shop.account where client_id = %(client)s", client=shop.client
    )
    return int(account["points"])


async def _redeem(shop: Shop, item: str, points: int, state: str, answered: str) -> None:
    wanted = await shop.insert("redemption", client_id=shop.client, item_name=item, points=points)
    gets = "gets" if state == "approved" else "does not get"
    shop.transaction.title = f"{shop.client.name} {gets} the gift for {points} points: {item}"
    await shop.update("redemption", wanted, state=state, answer=answered)


async def _book(shop: Shop) -> Row:
    terms = {"number_of_classes": 8, "total_price": 240, "deposit_required": 60}
    bundle = await shop.insert("bundle", client_id=shop.client, name="Bookbinding", **terms)
    await shop.emit(postbell.notify_class_bundle_created, class_bundle=bundle)
    return bundle


async def _bundle(shop: Shop, condition: LiteralString = "true") -> Row:
    return await shop.find("bundle", condition) or await _book(shop)


async def _hold(shop: Shop, bundle: Row, classes: int) -> None:
    await shop.emit(postbell.notify_class_bundle_completed, class_bundle=bundle)
    await shop.update("bundle", bundle, classes_held=classes)


async def _write(shop: Shop, sender: Person, body: str) -> None:
    """A message between client and teacher; the other one hears."""
    bundle = await _bundle(shop)
    shop.transaction.title = f"{sender.name} writes about “{bundle['name']}”"
    await shop.insert("message", bundle_id=bundle, sender_id=sender, body=body)
    thread = {
        "id": bundle["id"],
        "bundle_id": bundle["id"],
        "bundle_name": bundle["name"],
        "member_ids": [shop.client.id, shop.writer.id],
    }
    await shop.emit(
        postbell.notify_class_message_received, thread=thread, sender=sender, message=body
    )


async def _open(shop: Shop, subject: str = "Where is my parcel?", bundle: Row | None = None) -> Row:
    return await shop.insert("ticket", client_id=shop.client, subject=subject, bundle_id=bundle)


async def _ticket(shop: Shop, condition: LiteralString = "true") -> Row:
    """The client's latest open ticket that somebody looks after, or a new one."""
    looked_after: LiteralString = f"{_OPEN} and assignee_id is not null and {condition}"
    found = await shop.find("ticket", looked_after)
    if found is None:
        found = await shop.update("ticket", await _open(shop), assignee_id=shop.support)
    return found


async def _reply(shop: Shop, author: Person, body: str, *, is_internal: bool = False) -> None:
    ticket = await _ticket(shop)
    done = "leaves a note at" if is_internal else "replies to"
    shop.transaction.title = f"{author.name} {done} ticket {ticket['number']}"
    await shop.insert(
        "ticket_message", ticket_id=ticket, author_id=author, body=body, is_internal=is_internal
    )


async def _resolve(shop: Shop, ticket: Row) -> None:
    shop.transaction.title = f"{shop.support.name} resolves ticket {ticket['number']}"
    resolution = "The parcel has come."
    await shop.update("ticket", ticket, resolver_id=shop.support, resolution=resolution)


def _spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"  # noqa: PLR2004 - a minute


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone():%H:%M:%S}"
