"""What the marketplace does: each action is a button of the page, and one transaction.

Orders, payments and classes are told of by the code that changes the row. Loyalty and tickets are
told of by triggers on their tables (triggers.sql), so what is here of them names no event.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
    "exists (select from shop.payment where order_id = wanted.id and failed_because is null"
    " and not exists (select from shop.refund where payment_id = payment.id))"
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
    shop.moment.title = f"{shop.client.name} places order {order['id']}"


@_action("order.paid", "Pay an order")
async def pay(shop: Shop) -> None:
    order = await _order(shop, _UNPAID)
    shop.moment.title = f"{shop.client.name} pays order {order['id']}"
    await _pay(shop, order)


@_action("order.paid", "Pay more than is in the wallet", "wallet_is_not_overdrawn")
async def overspend(shop: Shop) -> None:
    shop.moment.title = f"{shop.client.name} orders and pays the whole library"
    await _pay(shop, await _place(shop, "The whole library", "9999999.00"))


@_action("order.paid", "Pay an order twice", "order_is_paid_once")
async def pay_twice(shop: Shop) -> None:
    order = await shop.find("customer_order", _PAID)
    if order is None:
        order = await _order(shop, _UNPAID)
        await _pay(shop, order)
    shop.moment.title = f"{shop.client.name} pays order {order['id']} a second time"
    await _pay(shop, order)


@_action("order.paid", "Force a receipt by e-mail")
async def receipt(shop: Shop) -> None:
    """The law wants it in writing: by e-mail, whatever the person prefers."""
    order = await _order(shop)
    shop.moment.title = f"{shop.client.name} must get a receipt for order {order['id']}"
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
    )


@_action("order.paid", "Report a payment wrongly")
async def blunder(shop: Shop) -> None:
    """A mistake of the application: the amount is a number, where a decimal string is declared."""
    order = await _order(shop)
    shop.moment.title = f"A faulty release reports order {order['id']} as paid"
    shop.moment.note = "It commits all the same: a wrong event never breaks a payment."
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
    shop.moment.title = f"Order {order['id']} is completed"
    await _complete(shop, order)


@_action("order.completed", "Complete it, tell in 30 s")
async def complete_later(shop: Shop, tell_in: timedelta = LATER) -> None:
    order = await _order(shop, "completed_at is null")
    shop.moment.title = f"Order {order['id']} is completed, to be told in {_spoken(tell_in)}"
    shop.moment.note = "Until then “Take that back” cancels it."
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
    shop.moment.title = f"Order {order['id']} is reopened"
    await shop.rows(
        """
        select cancelled.*
        from shop.customer_order
        cross join lateral postbell.cancel(outbox_id => completion_event) as cancelled
        where id = %(order)s
        """,
        order=order,
    )
    await shop.rows(
        """
        update shop.customer_order
        set completed_at = null, announced_at = null, completion_event = null
        where id = %(order)s
        """,
        order=order,
    )
    shop.moment.note = (
        f"Took back that order {order['id']} (“{order['topic']}”) is completed, which was to be"
        f" told at {_clock(order['announced_at'])}. Nobody will hear of it."
    )


# Payments


@_action("payment.completed", "Pay without an order")
async def donate(shop: Shop) -> None:
    shop.moment.title = f"{shop.client.name} pays without an order"
    payment = await _insert_payment(shop, None, "card", "25.00")
    payment["payment_method"] = "Visa ending in 4242"
    await shop.tell(postbell.notify_payment_completed, payment=payment)


@_action("payment.completed", "The bank reports it twice")
async def bank(shop: Shop) -> None:
    """A webhook calls as often as it likes: the idempotency key makes it one event."""
    order = await _order(shop)
    shop.moment.title = f"The bank reports the payment of order {order['id']} twice"
    payment = {**order, "order_id": order["id"], "order_topic": order["topic"]}
    for _ in range(2):
        key = f"bank:{order['id']}"
        await shop.tell(postbell.notify_payment_completed, payment=payment, idempotency_key=key)


@_action("payment.failed", "Have a card declined")
async def decline(shop: Shop) -> None:
    order = await _order(shop, _UNPAID)
    shop.moment.title = f"The bank declines {shop.client.name}'s card for order {order['id']}"
    reason = "The card has expired."
    await _insert_payment(shop, order, "card", order["amount"], reason)
    await shop.tell(
        postbell.notify_payment_failed, order=order, amount=order["amount"], reason=reason
    )


@_action("payment.refunded", "Refund an order")
async def refund(shop: Shop) -> None:
    await _refund(shop, "back")


@_action("payment.refunded", "Refund it twice", "payment_is_refunded_once")
async def refund_twice(shop: Shop) -> None:
    order = await _refund(shop, "back twice")
    await _refund(shop, "back twice", order)


@_action("payment.installment_due", "An installment is due")
async def due(shop: Shop, amount: str = "40.00") -> None:
    order = await _order(shop, _UNPAID)
    shop.moment.title = f"An installment of order {order['id']} is due"
    await _agree(shop, amount, order=order)


@_action("payment.installment_due", "One is due in 30 s")
async def due_later(shop: Shop, remind_in: timedelta = LATER) -> None:
    order = await _order(shop, _UNPAID)
    shop.moment.title = f"An installment of order {order['id']} is due in {_spoken(remind_in)}"
    shop.moment.note = "The reminder is emitted now, and waits. “Pay it before then” cancels it."
    await _agree(shop, "40.00", order=order, remind_in=remind_in)


@_action("payment.installment_due", "Pay it before then")
async def pay_in_time(shop: Shop) -> None:
    """Nobody is reminded of what they have paid: the reminder is cancelled by its subject."""
    paid = await shop.rows(
        """
        update shop.installment
        set paid_at = now()
        where id = (
            select installment.id
            from shop.installment
            join shop.customer_order as part_of on part_of.id = order_id
            where client_id = %(client)s and paid_at is null and due_at > now()
            order by installment.id desc
            limit 1
        )
        returning id, order_id, due_at
        """,
    )
    if not paid:
        raise NothingToDoError(
            f"{shop.client.name} has no installment to pay in time."
            " Press “One is due in 30 s” first."
        )
    order_id, due_at = paid[0]["order_id"], paid[0]["due_at"]
    await shop.rows(
        "select * from postbell.cancel(subject => %(subject)s, tenant_id => %(tenant)s)",
        subject=f"installment:{paid[0]['id']}",
    )
    shop.moment.title = f"{shop.client.name} pays an installment of order {order_id} in time"
    shop.moment.note = (
        f"Took back the reminder that waited for {_clock(due_at)}. Nobody is reminded."
    )


@_action("payment.wallet_loaded", "Load the wallet")
async def load(shop: Shop) -> None:
    shop.moment.title = f"{shop.client.name} loads the wallet"
    wallet = await shop.row(
        """
        update shop.account
        set balance = balance + 50
        where client_id = %(client)s
        returning client_id, balance
        """
    )
    await shop.tell(postbell.notify_wallet_loaded, wallet=wallet, amount="50.00")


@_action("payment.invoice_generated", "Write an invoice")
async def invoice(shop: Shop) -> None:
    uninvoiced: LiteralString = "not exists (select from shop.invoice where order_id = wanted.id)"
    order = await _order(shop, uninvoiced)
    written = await shop.row(
        """
        insert into shop.invoice (order_id, due_on)
        values (%(order)s, %(due)s)
        returning id, number as invoice_number, due_on as due_date
        """,
        order=order,
        due=date.today() + timedelta(days=14),  # noqa: DTZ011 - a day at the counter
    )
    shop.moment.title = f"Invoice {written['invoice_number']} is written for order {order['id']}"
    written |= {"client_id": order["client_id"], "amount": order["amount"]}
    await shop.tell(postbell.notify_invoice_generated, invoice=written)


# Loyalty, told of by triggers


@_action("loyalty.points_awarded", "Award points")
async def award(
    shop: Shop, points: int = 60, reason: str = "For the review that you wrote"
) -> None:
    shop.moment.title = f"{shop.client.name} is awarded {points} points"
    await shop.rows(
        """
        insert into shop.award (client_id, points, reason)
        values (%(client)s, %(points)s, %(reason)s)
        """,
        points=points,
        reason=reason,
    )


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
    shop.moment.title = f"{shop.client.name} reaches a milestone: Ten orders"
    await shop.rows(
        """
        insert into shop.milestone (client_id, name, reward_points)
        values (%(client)s, 'Ten orders', 100)
        """
    )


@_action("loyalty.badge_awarded", "Earn a badge")
async def badge(shop: Shop) -> None:
    shop.moment.title = f"{shop.client.name} earns a badge: Early bird"
    await shop.rows(
        """
        insert into shop.badge (client_id, name, description)
        values (%(client)s, 'Early bird', 'Ordered before seven o''clock')
        """
    )


# Classes


@_action("class.bundle.created", "Book classes")
async def book(shop: Shop) -> None:
    bundle = await _book(shop)
    shop.moment.title = f"{shop.client.name} books 8 classes: {bundle['name']}"


@_action("class.bundle.deposit_paid", "Pay the deposit")
async def deposit(shop: Shop) -> None:
    bundle = await _bundle(shop, "deposit_paid_at is null")
    shop.moment.title = f"{shop.client.name} pays the deposit for “{bundle['name']}”"
    await shop.rows(
        "update shop.bundle set deposit_paid_at = now() where id = %(bundle)s", bundle=bundle
    )
    await shop.tell(
        postbell.notify_class_deposit_paid,
        class_bundle=bundle,
        amount=bundle["deposit"],
        balance_remaining=bundle["total_price"] - bundle["deposit"],
    )


@_action("class.installment.due", "An installment is due")
async def class_due(shop: Shop) -> None:
    bundle = await _bundle(shop)
    shop.moment.title = f"An installment of the classes “{bundle['name']}” is due"
    await _agree(shop, "60.00", bundle=bundle)


@_action("class.bundle.completed", "Hold the last class")
async def hold_last(shop: Shop) -> None:
    bundle = await _bundle(shop, "classes_held < number_of_classes")
    shop.moment.title = f"The last class of “{bundle['name']}” has been held"
    await _hold(shop, bundle, bundle["number_of_classes"])


@_action("class.bundle.completed", "Hold one class too many", "no_more_classes_than_were_bought")
async def hold_too_many(shop: Shop) -> None:
    bundle = await _bundle(shop)
    shop.moment.title = f"Somebody counts one class too many of “{bundle['name']}”"
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
    shop.moment.title = f"{shop.client.name} asks about “{bundle['name']}”"


# Tickets, told of by triggers


@_action("ticket.created", "Open a ticket")
async def open_ticket(shop: Shop) -> None:
    ticket = await _open(shop)
    shop.moment.title = f"{shop.client.name} opens ticket {ticket['number']}"


@_action("ticket.assigned", "Assign it")
async def assign_ticket(shop: Shop) -> None:
    unassigned: LiteralString = f"{_OPEN} and assignee_id is null"
    ticket = await shop.find("ticket", unassigned) or await _open(shop)
    shop.moment.title = f"{shop.support.name} is to look after ticket {ticket['number']}"
    await _assign_ticket(shop, ticket)


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
    shop.moment.title = f"Ticket {ticket['number']} is reopened"
    await shop.rows(
        "update shop.ticket set resolver_id = null, resolution = null where id = %(ticket)s",
        ticket=ticket,
    )


@_action("ticket.escalated", "Escalate a ticket")
async def escalate(shop: Shop) -> None:
    ticket = await _ticket(shop, "escalated_to is null")
    shop.moment.title = f"Ticket {ticket['number']} is escalated to the head of support"
    await shop.rows(
        """
        update shop.ticket
        set escalated_to = 'The head of support', escalated_because = 'It came empty.'
        where id = %(ticket)s
        """,
        ticket=ticket,
    )


# What actions have in common


async def _place(shop: Shop, topic: str = "", amount: str = "") -> Row:
    order = await shop.row(
        """
        insert into shop.customer_order (client_id, topic, amount)
        values (%(client)s, %(topic)s, %(amount)s)
        returning *
        """,
        topic=topic or random.choice(_TOPICS),
        amount=amount or f"{random.randint(15, 240)}.{random.choice(('00', '50', '95'))}",
    )
    await shop.tell(postbell.notify_order_created, order=order)
    return order


async def _order(shop: Shop, condition: LiteralString = "true") -> Row:
    """The client's latest order of which this is true, or a new one."""
    return await shop.find("customer_order", condition) or await _place(shop)


async def _insert_payment(
    shop: Shop, order: Row | None, method: str, amount: object, failed_because: str | None = None
) -> Row:
    return await shop.row(
        """
        insert into shop.payment (client_id, order_id, method, amount, failed_because)
        values (%(client)s, %(order)s, %(method)s, %(amount)s, %(failed_because)s)
        returning *
        """,
        order=order,
        method=method,
        amount=amount,
        failed_because=failed_because,
    )


async def _pay(shop: Shop, order: Row) -> None:
    """The last statement fails if the wallet does not suffice: then the event is gone as well."""
    amount = order["amount"]
    await _insert_payment(shop, order, "wallet", amount)
    await shop.tell(
        postbell.notify_order_paid, order=order, payment_amount=amount, payment_method="Wallet"
    )
    await shop.rows(
        "update shop.account set balance = balance - %(amount)s where client_id = %(client)s",
        amount=amount,
    )


async def _assign(shop: Shop, done: str, *, actor: Person | None) -> None:
    order = await _order(shop, "writer_id is null and completed_at is null")
    shop.moment.title = f"{shop.writer.name} {done} order {order['id']}"
    assigned = await shop.row(
        """
        update shop.customer_order
        set writer_id = %(writer)s, deadline = now() + interval '7 days'
        where id = %(order)s
        returning *
        """,
        order=order,
    )
    assigned["writer_name"] = shop.writer.name
    await shop.tell(postbell.notify_order_assigned, order=assigned, actor=actor)


async def _complete(shop: Shop, order: Row, tell_in: timedelta | None = None) -> None:
    tell_at = datetime.now().astimezone() + tell_in if tell_in else None
    event = await shop.tell(postbell.notify_order_completed, order=order, deliver_at=tell_at)
    await shop.rows(
        """
        update shop.customer_order
        set
            completed_at = now(), announced_at = coalesce(%(tell_at)s, now()),
            completion_event = %(event)s
        where id = %(order)s
        """,
        tell_at=tell_at,
        event=event,
        order=order,
    )


async def _refund(shop: Shop, done: str, order: Row | None = None) -> Row:
    order = order or await shop.find("customer_order", _UNREFUNDED)
    if order is None:
        order = await _order(shop, _UNPAID)
        await _pay(shop, order)
    shop.moment.title = f"{shop.client.name} gets the money for order {order['id']} {done}"
    made = await shop.row(
        """
        insert into shop.refund (payment_id, reason)
        select id, 'You changed your mind.'
        from shop.payment
        where order_id = %(order)s and failed_because is null
        returning id, reason
        """,
        order=order,
    )
    await shop.tell(
        postbell.notify_refund_processed,
        refund=made,
        order=order,
        amount=order["amount"],
        reason=made["reason"],
    )
    return order


async def _agree(
    shop: Shop,
    amount: str,
    *,
    order: Row | None = None,
    bundle: Row | None = None,
    remind_in: timedelta | None = None,
) -> None:
    """Agrees on one installment, of which the client is reminded at its time."""
    remind_at = datetime.now().astimezone() + remind_in if remind_in else None
    made = await shop.row(
        """
        insert into shop.installment (order_id, bundle_id, number, total, amount, due_at)
        values (%(order)s, %(bundle)s, 2, 3, %(amount)s, coalesce(%(remind_at)s, now()))
        returning
            id, %(client)s as client_id, amount, due_at::date as due_date,
            number as installment_number, total as total_installments
        """,
        order=order,
        bundle=bundle,
        amount=amount,
        remind_at=remind_at,
    )
    await shop.tell(
        postbell.notify_installment_due,
        installment=made,
        order_id=order and order["id"],
        class_bundle=bundle,
        deliver_at=remind_at,
    )


async def _points(shop: Shop) -> int:
    account = await shop.row("select points from shop.account where client_id = %(client)s")
    return int(account["points"])


async def _redeem(shop: Shop, item: str, points: int, state: str, answered: str) -> None:
    wanted = await shop.row(
        """
        insert into shop.redemption (client_id, item_name, points)
        values (%(client)s, %(item)s, %(points)s)
        returning id
        """,
        item=item,
        points=points,
    )
    gets = "gets" if state == "approved" else "does not get"
    shop.moment.title = f"{shop.client.name} {gets} the gift for {points} points: {item}"
    await shop.rows(
        "update shop.redemption set state = %(state)s, answer = %(answer)s where id = %(wanted)s",
        state=state,
        answer=answered,
        wanted=wanted,
    )


async def _book(shop: Shop) -> Row:
    bundle = await shop.row(
        """
        insert into shop.bundle (client_id, name, number_of_classes, total_price, deposit)
        values (%(client)s, 'Bookbinding', 8, 240, 60)
        returning *, deposit as deposit_required
        """
    )
    await shop.tell(postbell.notify_class_bundle_created, class_bundle=bundle)
    return bundle


async def _bundle(shop: Shop, condition: LiteralString = "true") -> Row:
    return await shop.find("bundle", condition) or await _book(shop)


async def _hold(shop: Shop, bundle: Row, classes: int) -> None:
    await shop.tell(postbell.notify_class_bundle_completed, class_bundle=bundle)
    await shop.rows(
        "update shop.bundle set classes_held = %(classes)s where id = %(bundle)s",
        classes=classes,
        bundle=bundle,
    )


async def _write(shop: Shop, sender: Person, body: str) -> None:
    """A message between client and teacher; the other one hears."""
    bundle = await _bundle(shop)
    shop.moment.title = f"{sender.name} writes about “{bundle['name']}”"
    await shop.rows(
        """
        insert into shop.message (bundle_id, sender_id, body)
        values (%(bundle)s, %(sender)s, %(body)s)
        """,
        bundle=bundle,
        sender=sender.id,
        body=body,
    )
    thread = {
        "id": bundle["id"],
        "bundle_id": bundle["id"],
        "bundle_name": bundle["name"],
        "member_ids": [shop.client.id, shop.writer.id],
    }
    await shop.tell(
        postbell.notify_class_message_received, thread=thread, sender=sender, message=body
    )


async def _open(shop: Shop, subject: str = "Where is my parcel?", bundle: Row | None = None) -> Row:
    return await shop.row(
        """
        insert into shop.ticket (creator_id, subject, bundle_id)
        values (%(client)s, %(subject)s, %(bundle)s)
        returning *
        """,
        subject=subject,
        bundle=bundle,
    )


async def _ticket(shop: Shop, condition: LiteralString = "true") -> Row:
    """The client's latest open ticket that somebody looks after, or a new one."""
    looked_after: LiteralString = f"{_OPEN} and assignee_id is not null and {condition}"
    found = await shop.find("ticket", looked_after)
    if found is None:
        found = await _open(shop)
        await _assign_ticket(shop, found)
    return found


async def _assign_ticket(shop: Shop, ticket: Row) -> None:
    await shop.rows(
        "update shop.ticket set assignee_id = %(support)s where id = %(ticket)s", ticket=ticket
    )


async def _reply(shop: Shop, author: Person, body: str, *, is_internal: bool = False) -> None:
    ticket = await _ticket(shop)
    done = "leaves a note at" if is_internal else "replies to"
    shop.moment.title = f"{author.name} {done} ticket {ticket['number']}"
    await shop.rows(
        """
        insert into shop.ticket_message (ticket_id, author_id, body, is_internal)
        values (%(ticket)s, %(author)s, %(body)s, %(is_internal)s)
        """,
        ticket=ticket,
        author=author.id,
        body=body,
        is_internal=is_internal,
    )


async def _resolve(shop: Shop, ticket: Row) -> None:
    shop.moment.title = f"{shop.support.name} resolves ticket {ticket['number']}"
    await shop.rows(
        """
        update shop.ticket
        set resolver_id = %(support)s, resolution = 'The parcel has come.'
        where id = %(ticket)s
        """,
        ticket=ticket,
    )


def _spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"  # noqa: PLR2004 - a minute


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone():%H:%M:%S}"
