"""Why a message is in its state and what to do about it, as sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from dispatcher.errors import BY_NAME
from dispatcher.masking import HIDDEN, mask


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is as it is, and the remedy; the remedy is empty where nothing is wrong."""

    sentence: str
    remedy: str = ""


#: By reason: what `postbell_private.ladder()` answers.
LADDER: Final[Mapping[str, Explanation]] = MappingProxyType(
    {
        "actor": Explanation(
            "The person caused it themselves.",
            'To tell the actor too, put "notify_actor": true into the audience.',
        ),
        "event_disabled": Explanation(
            "The event is disabled everywhere.",
            "Set disabled_at of its row in postbell.event_type to null.",
        ),
        "tenant_event_disabled": Explanation(
            "The tenant has disabled the event.",
            "Set disabled_at of its row in postbell.tenant_event to null.",
        ),
        "channel_disabled": Explanation(
            "The tenant does not use the channel.",
            "Take the channel out of disabled_channels in postbell.tenant.",
        ),
        "no_template": Explanation(
            "The event has no template for the channel.",
            "Add the channel's file to the event's template folder and deploy.",
        ),
        "recipient_unknown": Explanation(
            "Nobody of this id is known to the tenant.",
            "Create the recipient with postbell.upsert_recipient() and emit again.",
        ),
        "recipient_erased": Explanation(
            "The person's data has been erased.", "Nothing can be done."
        ),
        "no_address": Explanation(
            "The person has no address on the channel.",
            "Give them one with postbell.upsert_recipient(), or for push let a browser subscribe,"
            " and emit again.",
        ),
        "address_suppressed": Explanation(
            "The address must not be written to: it bounced, complained or was stopped.",
            "Correct the address; or if it is good again, call postbell.unsuppress().",
        ),
        "forced": Explanation("The channel was forced, past the person's preferences."),
        "switched_off": Explanation(
            "The person switched this off.", "It is theirs to switch on: postbell.set_preference()."
        ),
        "muted": Explanation(
            "The person muted it, or paused everything: the inbox keeps it silently, other channels"
            " do not send it, now or later.",
            "It is theirs to end: postbell.unmute().",
        ),
        "quiet_hours": Explanation("The person's quiet hours: it waits for their end."),
        "wanted": Explanation("Nothing spoke against it."),
    }
)

#: By reason: what may happen to an event or a delivery after the decision.
LATER: Final[Mapping[str, Explanation]] = MappingProxyType(
    {
        "expired": Explanation(
            "It was of no use any more by the time it could have been delivered.",
            "Give the event a later expires_at.",
        ),
        "cancelled": Explanation("It was taken back with postbell.cancel()."),
        "event_deleted": Explanation("The event was deleted before it could be delivered."),
        "no_longer_wanted": Explanation(
            "When its time had come, the channel was not wanted any more: a choice had changed."
        ),
        "told_nobody": Explanation(
            "The audience had no members, or the event wanted no channel.",
            "Look at the event's audience, and at who has the role or follows the topic.",
        ),
        "provider_resting": Explanation(
            "No provider could be asked just then: it waits for one, which costs it no try.",
            "Look at `postbell stats`; if it lasts, at the provider.",
        ),
        "provider_paused": Explanation(
            "A provider's configuration is at fault: it waits until that is mended, at no cost.",
            "`postbell stats` says what the provider complains of; mend it, or choose another.",
        ),
        "provider_unknown": Explanation(
            "The tenant chose providers that no file names: it waits until one does.",
            "Add them to the file of POSTBELL_PROVIDERS, or call postbell.choose_providers().",
        ),
        "template_missing": Explanation(
            "The dispatcher that took it has no template for it: it waits for one, at no cost.",
            "Name the template's folder in POSTBELL_TEMPLATES of `postbell deploy` and `postbell"
            " run`, and restart the latter. It waits until it expires or is cancelled.",
        ),
        "template_outdated": Explanation(
            "The templates of the dispatcher that took it are not the deployed ones: it waits for"
            " those, at no cost.",
            "Restart the dispatchers that are older than the deploy; or deploy their templates. It"
            " waits until it expires or is cancelled.",
        ),
        "tenant_missing": Explanation(
            "Its tenant was not there when it was to be delivered: it is decided again.",
            "Look at postbell.tenant.",
        ),
        "never_reported": Explanation(
            "Nobody knows whether it was sent: the connection was lost, and the provider did not"
            " tell.",
            "Ask the provider; if it was not, send it with postbell.retry().",
        ),
        "retried": Explanation("It was a dead letter, and somebody sent it again."),
    }
)

#: By reason: why an event was rejected.
REJECTIONS: Final[Mapping[str, Explanation]] = MappingProxyType(
    {name: Explanation(error.message(), error.hint) for name, error in BY_NAME.items()}
)

_KNOWN: Final = {**LADDER, **LATER, **REJECTIONS}
_DUPLICATE: Final = re.compile(r"duplicate_of_(\d+)")
_QUOTED: Final = re.compile('"[^"]*"')


def explain_reason(name: str, detail: str | None = None) -> Explanation:
    """The explanation of a reason; a name that is not known is what a provider or PostgreSQL said.

    `detail` is that of a rejection. Addresses are masked, and in the detail also what PostgreSQL
    quotes, since that may be anybody's data.
    """
    found = _explanation_of(name)
    if not detail:
        return found
    sentence = f"{found.sentence.removesuffix('.')}: {masked_detail(detail)}."
    return Explanation(sentence, found.remedy)


def _explanation_of(name: str) -> Explanation:
    if known := _KNOWN.get(name):
        return known
    if duplicate := _DUPLICATE.fullmatch(name):
        first = duplicate[1]
        return Explanation(
            f"It repeats event {first}, under the same idempotency key.", f"postbell why {first}"
        )
    return Explanation(mask(name))


def explain_state(decided: str, log_reason: str | None) -> Explanation | None:
    """Why a delivery is in its state; None if the decision already says it."""
    return explain_reason(log_reason) if log_reason and log_reason != decided else None


def masked_detail(detail: str) -> str:
    """The detail of a rejection, masked, without what it quotes and without its full stop."""
    return _QUOTED.sub(f'"{HIDDEN}"', mask(detail)).rstrip(".")


def next_step_undecided(scheduled_for: datetime | None, is_being_fanned_out: bool) -> str:
    """What to do about an event that has no decision yet: wait, and for what."""
    if scheduled_for is not None:
        at = f"{scheduled_for.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"Scheduled for {at}: it is decided then, and this is what would be decided now."
    if is_being_fanned_out:
        return "Wait: its large audience is told some people at a time."
    return "Wait: the router has not come to it yet."


def next_step(
    state: str | None, reason: str | None, delivery_id: int, due_at: datetime | None
) -> str:
    """What to do about a delivery's state beyond its reason's remedy; empty for nothing."""
    match state:
        case "failed" | "refused" | "bounced":
            is_in_doubt = reason == "never_reported"
            asked = "Ask the provider whether it was sent; if it was not"
            first = asked if is_in_doubt else "Mend the cause, then"
            return f"{first}: postbell retry {delivery_id}"
        case "unknown":
            return "Wait for its provider's report; without one it becomes a dead letter in time."
        case "waiting" if due_at:
            remedy = _explanation_of(reason).remedy if reason else ""
            until = f"Wait until {due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
            return remedy or until
        case "queued" | "sending":
            return "Wait; `postbell stats` shows how long the queue is."
    return ""
