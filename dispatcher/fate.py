"""What became of a message, for whoever looks into it: why it is so, and what to do about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from dispatcher.masking import HIDDEN, mask
from dispatcher.reasons import Reason, reason_of

#: What was decided about an event, and what became of it; rejections without a channel. Takes
#: outbox_id, recipient (null: everybody) and most, as named parameters.
DECIDED: Final = """
    select
        %(outbox_id)s::bigint as outbox_id,
        coalesce(log.event, rejected.event) as event,
        said.recipient_id, said.channel, said.decision, said.rung, said.reason,
        log.delivery_id, log.state, log.reason as state_reason, log.attempts,
        coalesce(log.due_at, said.due_at) as due_at,
        coalesce(log.created_at, rejected.created_at) as created_at,
        rejected.detail,
        scheduled.due_at as scheduled_for,
        being_fanned_out.notification_id is not null as is_being_fanned_out
    from postbell.explain(%(outbox_id)s::bigint) as said
    left join postbell.delivery_log as log
        on log.outbox_id = %(outbox_id)s
        and log.recipient_id = said.recipient_id
        and log.channel = said.channel
    left join postbell.rejected_events as rejected
        on rejected.outbox_id = %(outbox_id)s
        and said.channel is null
    left join postbell.scheduled_notification as scheduled
        on scheduled.notification_id = %(outbox_id)s
    left join postbell.fanout as being_fanned_out
        on being_fanned_out.notification_id = %(outbox_id)s
    where %(recipient)s::text is null
       or said.recipient_id = %(recipient)s
       or said.channel is null
    order by said.recipient_id, said.channel
    limit %(most)s
    """

_QUOTED: Final = re.compile('"[^"]*"')


def reason_for(name: str, detail: str | None = None) -> Reason:
    """Why, as a sentence, of a reason's name or of what somebody else said.

    `detail` is that of a rejection. Addresses are masked, and so is what PostgreSQL quotes because
    it could not read it.
    """
    found = reason_of(name)
    if not detail:
        return found
    sentence = f"{found.sentence.removesuffix('.')}: {detail_of(detail)}."
    return Reason(sentence, found.way_out)


def state_reason_for(decided: str, log_reason: str | None) -> Reason | None:
    """Why a delivery is in its state, where the decision alone does not say."""
    return reason_for(log_reason) if log_reason and log_reason != decided else None


def detail_of(detail: str) -> str:
    """The detail of a rejection, without what it quotes and without its full stop."""
    return _QUOTED.sub(f'"{HIDDEN}"', mask(detail)).rstrip(".")


def not_decided_yet(scheduled_for: datetime | None, is_being_fanned_out: bool) -> str:
    """What to do about an event that is not decided about yet: wait, and for what."""
    if scheduled_for is not None:
        at = f"{scheduled_for.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"Scheduled for {at}: it is decided then, and this is what would be decided now."
    if is_being_fanned_out:
        return "Wait: its large audience is told some people at a time."
    return "Wait: the router has not come to it yet."


def next_step(
    state: str | None, reason: str | None, delivery_id: int, due_at: datetime | None
) -> str:
    """What to do about a delivery's state that its reason does not speak of; empty for nothing."""
    match state:
        case "failed" | "refused" | "bounced":
            is_in_doubt = reason == "never_reported"
            asked = "Ask the provider whether it was sent; if it was not"
            first = asked if is_in_doubt else "Mend the cause, then"
            return f"{first}: postbell retry {delivery_id}"
        case "unknown":
            return "Wait for its provider's report; without one it becomes a dead letter in time."
        case "waiting" if due_at:
            return f"Wait until {due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
        case "queued" | "sending":
            return "Wait; `postbell stats` shows how long the queue is."
    return ""
