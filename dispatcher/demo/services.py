"""What the marketplace does: each function is called in one transaction of the application.

Orders, payments and classes are told of by the code that changes the row: it calls a verb of
`postbell`, on the same connection. Loyalty and tickets are told of by triggers on their tables
(triggers.sql), so what is here of them names no event.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, LiteralString

from psycopg.types.json import Jsonb

import postbell
from dispatcher.demo.shop import NothingToDoError, Row, Shop

TOPICS: Final = (
    "Atlas of tidal mills",
    "A history of street lamps",
    "Field guide to alpine ferns",
    "Bells of the harbour towns",
    "Almanac of tea & spices",
)
#: Conditions on the client's rows, each called `wanted`.
PAID: Final[LiteralString] = (
    "exists (select from shop.payment where order_id = wanted.id and failed_because is null)"
)
UNPAID: Final[LiteralString] = f"not {PAID}"
UNREFUNDED: Final[LiteralString] = (
    f"{PAID} and not exists (select from shop.refund where order_id = wanted.id)"
)
UNBILLED: Final[LiteralString] = "not exists (select from shop.invoice where order_id = wanted.id)"
OPEN: Final[LiteralString] = "bundle_id is null and resolver_id is null"


# Orders


async def place(shop: Shop, topic: str = "", amount: str = "") -> Row:
    order = await shop.add(
        "customer_order",
        topic=topic or random.choice(TOPICS),
        amount=amount or f"{random.randint(15, 240)}.{random.choice(('00', '50', '95'))}",
    )
    await shop.emit(postbell.notify_order_created, order=order)
    return order


async def pay(shop: Shop, order: Row | None = None) -> None:
    """The last statement fails if the wallet does not suffice: then the event is gone as well."""
    order = order or await _order(shop, UNPAID)
    amount, method = order["amount"], "Wallet"
    await shop.add("payment", order_id=order["id"], payment_method=method, amount=amount)
    await shop.emit(
        postbell.notify_order_paid, order=order, payment_amount=amount, payment_method=method
    )
    await _change_balance(shop, -amount)


async def overspend(shop: Shop) -> None:
    await pay(shop, await place(shop, "The whole library", "9999999.00"))


async def send_receipt(shop: Shop) -> None:
    """The law wants it in writing: by e-mail, whatever the person prefers.

    No verb says that; an event is a row, and any language can insert it.
    """
    order = await _order(shop)
    await shop.rows(
        """
        insert into postbell.outbox
            (event, recipient, payload, channels, forced_channels, tenant_id)
        values ('order.paid', %(client)s, %(payload)s, '{}', '{email}', %(tenant)s)
        """,
        payload=Jsonb({"order_id": order["id"], "amount": str(order["amount"])}),
    )


async def report_wrongly(shop: Shop) -> None:
    """A mistake of the application: the amount is a number, where a decimal string is declared."""
    order = await _order(shop)
    await shop.rows(
        """
        insert into postbell.outbox (event, recipient, payload, tenant_id)
        values ('order.paid', %(client)s, %(payload)s, %(tenant)s)
        """,
        payload=Jsonb({"order_id": order["id"], "amount": float(order["amount"])}),
    )


async def assign(shop: Shop, *, is_by_writer: bool = False) -> None:
    """Whoever did it is not told of it: `actor` says who that is."""
    order = await _order(shop, "writer_id is null and completed_at is null")
    deadline = datetime.now(UTC) + timedelta(days=7)
    order = await shop.update("customer_order", order, writer_id=shop.writer.id, deadline=deadline)
    order["writer_name"] = shop.writer.name
    actor = shop.writer if is_by_writer else None
    await shop.emit(postbell.notify_order_assigned, order=order, actor=actor)


async def complete(shop: Shop, tell_in: timedelta | None = None) -> None:
    order = await _order(shop, "completed_at is null")
    now = datetime.now(UTC)
    tell_at = now + tell_in if tell_in else None
    event = await shop.emit(postbell.notify_order_completed, order=order, deliver_at=tell_at)
    columns = {"completed_at": now, "announced_at": tell_at or now, "completion_event": event}
    await shop.update("customer_order", order, **columns)


async def take_back(shop: Shop) -> str:
    """Reopens the order of whose completion nobody has been told yet, and cancels that event."""
    order = await shop.find("customer_order", "announced_at > now()")
    if order is None:
        raise NothingToDoError(
            f"Nobody waits to be told that an order of {shop.client.name}'s is completed."
            " Press “Complete it, tell in 30 s” first."
        )
    event = order["completion_event"]
    await shop.rows("select * from postbell.cancel(outbox_id => %(event)s)", event=event)
    nothing = dict.fromkeys(("completed_at", "announced_at", "completion_event"))
    await shop.update("customer_order", order, **nothing)
    return (
        f"Took back that order {order['id']} (“{order['topic']}”) is completed, which was to be"
        f" told at {_clock(order['announced_at'])}. Nobody will hear of it."
    )


# Payments


async def donate(shop: Shop) -> None:
    payment = await shop.add("payment", payment_method="Visa ending in 4242", amount="25.00")
    await shop.emit(postbell.notify_payment_completed, payment=payment)


async def hear_of_bank(shop: Shop) -> None:
    """A webhook calls as often as it likes: the idempotency key makes it one event."""
    order = await _order(shop)
    payment = {**order, "order_id": order["id"], "order_topic": order["topic"]}
    key = f"bank:{order['id']}"
    for _ in range(2):
        await shop.emit(postbell.notify_payment_completed, payment=payment, idempotency_key=key)


async def decline(shop: Shop) -> None:
    order = await _order(shop, UNPAID)
    amount, reason = order["amount"], "The card has expired."
    await shop.add(
        "payment",
        order_id=order["id"],
        payment_method="Visa ending in 4242",
        amount=amount,
        failed_because=reason,
    )
    await shop.emit(postbell.notify_payment_failed, order=order, amount=amount, reason=reason)


async def refund(shop: Shop) -> None:
    order = await shop.find("customer_order", UNREFUNDED)
    if order is None:
        order = await _order(shop, UNPAID)
        await pay(shop, order)
    amount, reason = order["amount"], "You changed your mind."
    made = await shop.insert("refund", order_id=order["id"], reason=reason)
    await shop.emit(
        postbell.notify_refund_processed, refund=made, order=order, amount=amount, reason=reason
    )


async def agree(
    shop: Shop, amount: str, remind_in: timedelta | None = None, *, is_of_classes: bool = False
) -> None:
    """Agrees on an installment of an order or of classes; the client is reminded when it is due."""
    order = None if is_of_classes else await _order(shop, UNPAID)
    bundle = await _bundle(shop) if is_of_classes else None
    remind_at = datetime.now(UTC) + remind_in if remind_in else None
    made = await shop.add(
        "installment",
        order_id=order and order["id"],
        bundle_id=bundle and bundle["id"],
        installment_number=2,
        total_installments=3,
        amount=amount,
        due_at=remind_at or datetime.now(UTC),
    )
    made["due_date"] = made["due_at"].date()
    await shop.emit(
        postbell.notify_installment_due,
        installment=made,
        order_id=made["order_id"],
        class_bundle=bundle,
        deliver_at=remind_at,
    )


async def pay_in_time(shop: Shop) -> str:
    """Nobody is reminded of what they have paid: the reminder is cancelled by its subject."""
    waiting = await shop.find("installment", "paid_at is null and due_at > now()")
    if waiting is None:
        raise NothingToDoError(
            f"{shop.client.name} has no installment to pay in time."
            " Press “One is due in 30 s” first."
        )
    await shop.update("installment", waiting, paid_at=datetime.now(UTC))
    await shop.rows(
        "select * from postbell.cancel(subject => %(subject)s, tenant_id => %(tenant)s)",
        subject=f"installment:{waiting['id']}",
    )
    return (
        f"Took back the reminder that waited for {_clock(waiting['due_at'])}."
        " Nobody will be reminded."
    )


async def load(shop: Shop) -> None:
    wallet = await _change_balance(shop, Decimal("50.00"))
    await shop.emit(postbell.notify_wallet_loaded, wallet=wallet, amount="50.00")


async def write_invoice(shop: Shop) -> None:
    order = await _order(shop, UNBILLED)
    due_date = date.today() + timedelta(days=14)  # noqa: DTZ011 - a day at the counter
    made = await shop.insert("invoice", order_id=order["id"], due_date=due_date)
    await shop.emit(postbell.notify_invoice_generated, invoice={**order, **made})


# Loyalty, told of by triggers


async def award(shop: Shop, points: int, reason: str) -> None:
    await shop.add("award", points=points, reason=reason)


async def climb(shop: Shop) -> None:
    """One award, two events: the points, and by a second trigger the tier."""
    (account,) = await shop.rows("select * from shop.account where client_id = %(client)s")
    points = account["points"]
    goal = next((goal for goal in (1000, 5000) if goal > points), 2 * points)
    await award(shop, goal - points, "For a year with us")


async def redeem(shop: Shop, item: str, points: int, refused_because: str = "") -> None:
    wanted = await shop.add("redemption", item_name=item, points=points)
    state = "rejected" if refused_because else "approved"
    await shop.update("redemption", wanted, state=state, answer=refused_because or "GIFT-17")


async def reach_milestone(shop: Shop) -> None:
    await shop.add("milestone", name="Ten orders", reward_points=100)


async def earn_badge(shop: Shop) -> None:
    await shop.add("badge", name="Early bird", description="Ordered before seven o'clock")


# Classes


async def book(shop: Shop) -> Row:
    terms = {"number_of_classes": 8, "total_price": 240, "deposit_required": 60}
    bundle = await shop.add("bundle", name="Bookbinding", **terms)
    await shop.emit(postbell.notify_class_bundle_created, class_bundle=bundle)
    return bundle


async def pay_deposit(shop: Shop) -> None:
    bundle = await _bundle(shop, "deposit_paid_at is null")
    await shop.update("bundle", bundle, deposit_paid_at=datetime.now(UTC))
    paid = bundle["deposit_required"]
    left = bundle["total_price"] - paid
    await shop.emit(
        postbell.notify_class_deposit_paid, class_bundle=bundle, amount=paid, balance_remaining=left
    )


async def hold_last(shop: Shop) -> None:
    bundle = await _bundle(shop, "classes_held < number_of_classes")
    await shop.emit(postbell.notify_class_bundle_completed, class_bundle=bundle)
    await shop.update("bundle", bundle, classes_held=bundle["number_of_classes"])


async def write(shop: Shop, sender: str, body: str) -> None:
    """A message between client and teacher; the other one hears."""
    bundle, author = await _bundle(shop), shop.person(sender)
    await shop.insert("message", bundle_id=bundle["id"], sender_id=author.id, body=body)
    thread = {
        "id": bundle["id"],
        "bundle_id": bundle["id"],
        "bundle_name": bundle["name"],
        "member_ids": [shop.client.id, shop.writer.id],
    }
    await shop.emit(
        postbell.notify_class_message_received, thread=thread, sender=author, message=body
    )


async def ask_about_classes(shop: Shop) -> None:
    await open_ticket(shop, "Which paper do we need?", (await _bundle(shop))["id"])


# Tickets, told of by triggers


async def open_ticket(
    shop: Shop, subject: str = "Where is my parcel?", bundle_id: int | None = None
) -> Row:
    return await shop.add("ticket", subject=subject, bundle_id=bundle_id)


async def assign_ticket(shop: Shop) -> Row:
    ticket = await shop.find("ticket", f"{OPEN} and assignee_id is null")
    ticket = ticket or await open_ticket(shop)
    return await shop.update("ticket", ticket, assignee_id=shop.support.id)


async def reply(shop: Shop, author: str, body: str, *, is_internal: bool = False) -> None:
    ticket = await _ticket(shop)
    await shop.insert(
        "ticket_message",
        ticket_id=ticket["id"],
        author_id=shop.person(author).id,
        body=body,
        is_internal=is_internal,
    )


async def resolve(shop: Shop) -> Row:
    resolution = {"resolver_id": shop.support.id, "resolution": "The parcel has come."}
    return await shop.update("ticket", await _ticket(shop), **resolution)


async def reopen(shop: Shop) -> None:
    ticket = await shop.find("ticket", "bundle_id is null and resolver_id is not null")
    ticket = ticket or await resolve(shop)
    await shop.update("ticket", ticket, resolver_id=None, resolution=None)


async def escalate(shop: Shop) -> None:
    ticket = await _ticket(shop, "escalated_to is null")
    why = {"escalated_to": "The head of support", "escalated_because": "It came empty."}
    await shop.update("ticket", ticket, **why)


# What they have in common


async def _order(shop: Shop, condition: LiteralString = "true") -> Row:
    """The client's latest order of which this is true, or a new one."""
    return await shop.find("customer_order", condition) or await place(shop)


async def _bundle(shop: Shop, condition: LiteralString = "true") -> Row:
    return await shop.find("bundle", condition) or await book(shop)


async def _ticket(shop: Shop, condition: LiteralString = "true") -> Row:
    """The client's latest open ticket that somebody looks after, or a new one."""
    looked_after: LiteralString = f"{OPEN} and assignee_id is not null and {condition}"
    return await shop.find("ticket", looked_after) or await assign_ticket(shop)


async def _change_balance(shop: Shop, by: Decimal) -> Row:
    (account,) = await shop.rows(
        "update shop.account set balance = balance + %(by)s where client_id = %(client)s"
        " returning client_id, balance",
        by=by,
    )
    return account


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone():%H:%M:%S}"
