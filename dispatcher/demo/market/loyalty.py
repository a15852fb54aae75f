"""Loyalty: points, tiers, gifts, milestones and badges.

Nothing here tells anybody anything. The triggers do, in tables/41_loyalty_triggers.sql; so whoever
changes these tables in another way, by hand or from another program, tells people all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.demo.cast import Person
from dispatcher.demo.market.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Redemption:
    """A gift that somebody wants for their points."""

    id: int
    client: Person
    item_name: str
    points: int


class Loyalty:
    """The marketplace's thanks."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def points_of(self, client: Person) -> int:
        ((points,),) = await self._ledger.rows(
            "select points from shop.loyalty_account where (house, person_id) = (%s, %s)",
            client.house,
            client.id,
        )
        return int(points)

    async def award(self, client: Person, points: int, reason: str | None = None) -> None:
        """Award points, which may lift somebody into another tier. Raises IntegrityError for 0."""
        title = f"{client.name} is awarded {points} points"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                insert into shop.award (house, person_id, points, reason)
                values (%s, %s, %s, %s)
                """,
                client.house,
                client.id,
                points,
                reason,
            )

    async def start_over(self, client: Person) -> None:
        """A new year: no points, and the first tier. Of that nobody is told."""
        title = f"a new year begins for the points of {client.name}"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                update shop.loyalty_account set points = 0, tier = default
                where (house, person_id) = (%s, %s)
                """,
                client.house,
                client.id,
            )

    async def reach_milestone(self, client: Person, name: str, reward_points: int) -> None:
        title = f"{client.name} reaches a milestone: {name}"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                insert into shop.milestone (house, person_id, name, reward_points)
                values (%s, %s, %s, %s)
                """,
                client.house,
                client.id,
                name,
                reward_points,
            )

    async def award_badge(self, client: Person, name: str, description: str) -> None:
        title = f"{client.name} earns a badge: {name}"
        async with self._ledger.transaction(client.house, title):
            await self._ledger.rows(
                """
                insert into shop.badge (house, person_id, name, description)
                values (%s, %s, %s, %s)
                """,
                client.house,
                client.id,
                name,
                description,
            )

    async def request(self, client: Person, item_name: str, points: int) -> Redemption:
        """Ask for a gift. It tells nobody: the answer will."""
        title = f"{client.name} asks for a gift: {item_name}"
        async with self._ledger.transaction(client.house, title):
            ((number,),) = await self._ledger.rows(
                """
                insert into shop.redemption (house, person_id, item_name, points)
                values (%s, %s, %s, %s)
                returning id
                """,
                client.house,
                client.id,
                item_name,
                points,
            )
        return Redemption(number, client, item_name, points)

    async def approve(self, redemption: Redemption, code: str) -> None:
        """Give it. Raises IntegrityError if the points do not suffice."""
        title = f"{redemption.client.name} gets the gift: {redemption.item_name}"
        async with self._ledger.transaction(redemption.client.house, title):
            await self._ledger.rows(
                """
                update shop.redemption set state = 'approved', fulfillment_code = %s
                where id = %s
                """,
                code,
                redemption.id,
            )

    async def reject(self, redemption: Redemption, reason: str) -> None:
        title = f"{redemption.client.name} does not get the gift: {redemption.item_name}"
        async with self._ledger.transaction(redemption.client.house, title):
            await self._ledger.rows(
                """
                update shop.redemption set state = 'rejected', rejection_reason = %s
                where id = %s
                """,
                reason,
                redemption.id,
            )
