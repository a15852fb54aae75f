"""Loyalty: points, tiers, redemptions, milestones, badges."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Unpack, overload

from dispatcher.verbs.place import AsyncPlace, Place, SyncPlace
from dispatcher.verbs.reading import Given, as_id, as_number, as_text, need
from dispatcher.verbs.say import say
from dispatcher.verbs.shapes import ClientProfile, Options, Redemption


@overload
def notify_loyalty_points_awarded(
    *,
    client_profile: ClientProfile,
    points: int,
    reason: str | None = None,
    total_points: int | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_loyalty_points_awarded(
    *,
    client_profile: ClientProfile,
    points: int,
    reason: str | None = None,
    total_points: int | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_loyalty_points_awarded(
    *,
    client_profile: ClientProfile,
    points: int,
    reason: str | None = None,
    total_points: int | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """loyalty.points_awarded, to the client."""
    return say(
        "notify_loyalty_points_awarded",
        on,
        options,
        client_profile,
        client_id=Given(client_profile, "client_profile").needs(as_id, "client_id"),
        points=need(as_number, points, "points"),
        reason=as_text(reason, "reason"),
        total_points=as_number(total_points, "total_points"),
    )


@overload
def notify_tier_upgraded(
    *,
    client_profile: ClientProfile,
    tier_name: str,
    perks: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_tier_upgraded(
    *,
    client_profile: ClientProfile,
    tier_name: str,
    perks: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_tier_upgraded(
    *,
    client_profile: ClientProfile,
    tier_name: str,
    perks: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """loyalty.tier_upgraded, to the client."""
    return say(
        "notify_tier_upgraded",
        on,
        options,
        client_profile,
        client_id=Given(client_profile, "client_profile").needs(as_id, "client_id"),
        tier_name=need(as_text, tier_name, "tier_name"),
        perks=as_text(perks, "perks"),
    )


@overload
def notify_redemption_approved(
    *,
    redemption_request: Redemption,
    fulfillment_code: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_redemption_approved(
    *,
    redemption_request: Redemption,
    fulfillment_code: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_redemption_approved(
    *,
    redemption_request: Redemption,
    fulfillment_code: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """loyalty.redemption.approved, to the client."""
    given = Given(redemption_request, "redemption_request")
    return say(
        "notify_redemption_approved",
        on,
        options,
        redemption_request,
        client_id=given.needs(as_id, "client_id"),
        item_name=given.needs(as_text, "item_name"),
        points_used=given.needs(as_number, "points_used"),
        redemption_id=given.has(as_id, "id"),
        fulfillment_code=as_text(fulfillment_code, "fulfillment_code"),
    )


@overload
def notify_redemption_rejected(
    *,
    redemption_request: Redemption,
    reason: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_redemption_rejected(
    *,
    redemption_request: Redemption,
    reason: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_redemption_rejected(
    *,
    redemption_request: Redemption,
    reason: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """loyalty.redemption.rejected, to the client."""
    given = Given(redemption_request, "redemption_request")
    return say(
        "notify_redemption_rejected",
        on,
        options,
        redemption_request,
        client_id=given.needs(as_id, "client_id"),
        item_name=given.needs(as_text, "item_name"),
        points_used=given.needs(as_number, "points_used"),
        redemption_id=given.has(as_id, "id"),
        reason=as_text(reason, "reason"),
    )


@overload
def notify_milestone_reached(
    *,
    client_profile: ClientProfile,
    milestone_name: str,
    reward_points: int | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_milestone_reached(
    *,
    client_profile: ClientProfile,
    milestone_name: str,
    reward_points: int | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_milestone_reached(
    *,
    client_profile: ClientProfile,
    milestone_name: str,
    reward_points: int | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """loyalty.milestone_reached, to the client."""
    return say(
        "notify_milestone_reached",
        on,
        options,
        client_profile,
        client_id=Given(client_profile, "client_profile").needs(as_id, "client_id"),
        milestone_name=need(as_text, milestone_name, "milestone_name"),
        reward_points=as_number(reward_points, "reward_points"),
    )


@overload
def notify_badge_awarded(
    *,
    client_profile: ClientProfile,
    badge_name: str,
    description: str | None = None,
    on: AsyncPlace,
    **options: Unpack[Options],
) -> Awaitable[int]: ...
@overload
def notify_badge_awarded(
    *,
    client_profile: ClientProfile,
    badge_name: str,
    description: str | None = None,
    on: SyncPlace | None = None,
    **options: Unpack[Options],
) -> int: ...
def notify_badge_awarded(
    *,
    client_profile: ClientProfile,
    badge_name: str,
    description: str | None = None,
    on: Place | None = None,
    **options: Unpack[Options],
) -> Any:
    """loyalty.badge_awarded, to the client."""
    return say(
        "notify_badge_awarded",
        on,
        options,
        client_profile,
        client_id=Given(client_profile, "client_profile").needs(as_id, "client_id"),
        badge_name=need(as_text, badge_name, "badge_name"),
        description=as_text(description, "description"),
    )
