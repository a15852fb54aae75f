"""Deeds about loyalty. The tables' triggers tell of them."""

from __future__ import annotations

from typing import Final

from dispatcher.demo.deeds.deed import Deed, Setting

_MUG: Final = 150


async def _award(at: Setting) -> None:
    await at.market.loyalty.award(at.client, 60, "For the review that you wrote")


async def _award_nothing(at: Setting) -> None:
    await at.market.loyalty.award(at.client, 0)


async def _climb(at: Setting) -> None:
    # By points, as it comes to pass by itself; at the top one begins again.
    points = await at.market.loyalty.points_of(at.client)
    if points >= 5000:  # noqa: PLR2004 - as the trigger has it
        await at.market.loyalty.start_over(at.client)
        points = 0
    missing = (1000 if points < 1000 else 5000) - points  # noqa: PLR2004
    await at.market.loyalty.award(at.client, missing, "For a year with us")


async def _approve(at: Setting) -> None:
    if await at.market.loyalty.points_of(at.client) < _MUG:
        await at.market.loyalty.award(at.client, _MUG, "So that a mug can be had")
    wanted = await at.market.loyalty.request(at.client, "Enamel mug", _MUG)
    await at.market.loyalty.approve(wanted, f"MUG-{wanted.id}")


async def _approve_too_much(at: Setting) -> None:
    wanted = await at.market.loyalty.request(at.client, "Sailing boat", 900_000)
    await at.market.loyalty.approve(wanted, f"BOAT-{wanted.id}")


async def _reject(at: Setting) -> None:
    wanted = await at.market.loyalty.request(at.client, "Enamel mug", _MUG)
    await at.market.loyalty.reject(wanted, "The mugs have all been given away.")


async def _milestone(at: Setting) -> None:
    await at.market.loyalty.reach_milestone(at.client, "Ten orders", 100)


async def _badge(at: Setting) -> None:
    await at.market.loyalty.award_badge(at.client, "Early bird", "Ordered before seven o'clock")


DEEDS: Final = (
    Deed("award", "loyalty.points_awarded", "Award points", "trigger", _award),
    Deed(
        "award-nothing",
        "loyalty.points_awarded",
        "Award no points",
        "trigger",
        _award_nothing,
        rolled_back_by="points_are_awarded_not_taken",
    ),
    Deed("climb", "loyalty.tier_upgraded", "Earn the next tier", "trigger", _climb),
    Deed("approve", "loyalty.redemption.approved", "Redeem points", "trigger", _approve),
    Deed(
        "approve-too-much",
        "loyalty.redemption.approved",
        "Redeem more than there are",
        "trigger",
        _approve_too_much,
        rolled_back_by="points_are_not_overdrawn",
    ),
    Deed("reject", "loyalty.redemption.rejected", "Turn a redemption down", "trigger", _reject),
    Deed("milestone", "loyalty.milestone_reached", "Reach a milestone", "trigger", _milestone),
    Deed("badge", "loyalty.badge_awarded", "Earn a badge", "trigger", _badge),
)
