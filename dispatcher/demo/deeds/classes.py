"""Deeds about classes."""

from __future__ import annotations

from typing import Final, LiteralString

from dispatcher.demo.deeds.deed import Deed, Setting
from dispatcher.demo.market.classes import Bundle


async def _some_bundle(at: Setting, condition: LiteralString = "true") -> Bundle:
    """The client's latest that is so, or a new one."""
    return await at.market.classes.find(at.client, condition) or await _sold(at)


async def _sold(at: Setting) -> Bundle:
    return await at.market.classes.sell(at.client, "Bookbinding", 8, "240.00", "60.00")


async def _sell(at: Setting) -> None:
    await _sold(at)


async def _pay_deposit(at: Setting) -> None:
    await at.market.classes.pay_deposit(await _some_bundle(at, "deposit_paid_at is null"))


async def _due(at: Setting) -> None:
    await at.market.installments.agree(await _some_bundle(at), "60.00", number=2)


async def _complete(at: Setting) -> None:
    await at.market.classes.hold_all(await _some_bundle(at, "completed_at is null"))


async def _hold_one_too_many(at: Setting) -> None:
    await at.market.classes.hold_one_too_many(await _some_bundle(at))


async def _teacher_writes(at: Setting) -> None:
    bundle = await _some_bundle(at)
    body = "Please bring an apron on Tuesday: we shall be working with paste and boards."
    await at.market.classes.write(bundle, at.writer, at.writer, body)


async def _client_writes(at: Setting) -> None:
    bundle = await _some_bundle(at)
    await at.market.classes.write(bundle, at.client, at.writer, "May I bring a friend?")


async def _ask(at: Setting) -> None:
    bundle = await _some_bundle(at)
    await at.market.tickets.open(at.client, "Which paper do we need?", about=bundle)


DEEDS: Final = (
    Deed("sell", "class.bundle.created", "Book classes", "code", _sell),
    Deed("deposit", "class.bundle.deposit_paid", "Pay the deposit", "code", _pay_deposit),
    Deed("class-due", "class.installment.due", "An installment is due", "code", _due),
    Deed("completed", "class.bundle.completed", "Hold the last class", "code", _complete),
    Deed(
        "one-too-many",
        "class.bundle.completed",
        "Hold one class too many",
        "code",
        _hold_one_too_many,
        rolled_back_by="no_more_classes_than_were_bought",
    ),
    Deed("teacher", "class.message.received", "The teacher writes", "code", _teacher_writes),
    Deed("client", "class.message.received", "Write to the teacher", "code", _client_writes),
    Deed("class-ticket", "class.ticket.created", "Ask about the classes", "trigger", _ask),
)
