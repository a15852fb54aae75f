"""The reasons of decisions, states and rejections, as sentences for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dispatcher.errors import BY_NAME
from dispatcher.masking import mask


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is as it is, and what to do for another outcome; empty if nothing is wrong."""

    sentence: str
    way_out: str = ""


#: What `postbell.ladder()` answers.
LADDER: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "actor": Reason(
            "The person caused it themselves.",
            'To tell the actor too, put "notify_actor": true into the audience.',
        ),
        "event_disabled": Reason(
            "The event is disabled everywhere.",
            "Set disabled_at of its row in postbell.event_type to null.",
        ),
        "tenant_event_disabled": Reason(
            "The tenant has disabled the event.",
            "Set disabled_at of its row in postbell.tenant_event to null.",
        ),
        "channel_disabled": Reason(
            "The tenant does not use the channel.",
            "Take the channel out of disabled_channels in postbell.tenant.",
        ),
        "no_template": Reason(
            "The event has no template for the channel.",
            "Add the channel's file to the event's template folder and deploy.",
        ),
        "recipient_unknown": Reason(
            "Nobody of this id is known to the tenant.",
            "Create the recipient with postbell.upsert_recipient() and emit again.",
        ),
        "recipient_erased": Reason("The person's data has been erased.", "Nothing can be done."),
        "no_address": Reason(
            "The person has no address on the channel.",
            "Give them one with postbell.upsert_recipient() and emit again.",
        ),
        "address_suppressed": Reason(
            "The address must not be written to: it bounced, complained or was stopped.",
            "Correct the address; or if it is good again, call postbell.unsuppress().",
        ),
        "forced": Reason("The channel was forced, past the person's preferences."),
        "switched_off": Reason(
            "The person switched this off.", "It is theirs to switch on: postbell.set_preference()."
        ),
        "muted": Reason(
            "The person muted it, or paused everything: the inbox keeps it silently, other channels"
            " do not send it, now or later.",
            "It is theirs to end: postbell.unmute().",
        ),
        "quiet_hours": Reason("The person's quiet hours: it waits for their end."),
        "wanted": Reason("Nothing spoke against it."),
    }
)

#: What may befall an event or a delivery later.
LATER: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "expired": Reason(
            "It was of no use any more by the time it could have been delivered.",
            "Give the event a later expires_at.",
        ),
        "cancelled": Reason("It was taken back with postbell.cancel()."),
        "event_deleted": Reason("The event was deleted before it could be delivered."),
        "no_longer_wanted": Reason(
            "When its time had come, the channel was not wanted any more: a choice had changed."
        ),
        "told_nobody": Reason(
            "The audience had no members, or the event wanted no channel.",
            "Look at the event's audience, and at who has the role or follows the topic.",
        ),
        "provider_resting": Reason(
            "No provider could be asked just then: it waits for one, which costs it no try.",
            "Look at `postbell stats`; if it lasts, at the provider.",
        ),
        "provider_paused": Reason(
            "A provider's configuration is at fault: it waits until that is mended, at no cost.",
            "`postbell stats` says what the provider complains of; mend it, or choose another.",
        ),
        "provider_unknown": Reason(
            "The tenant chose providers that no file names: it waits until one does.",
            "Add them to the file of POSTBELL_PROVIDERS, or call postbell.choose_providers().",
        ),
        "template_missing": Reason(
            "The dispatcher that took it has no template for it: it waits for one, at no cost.",
            "Deploy the template, and restart the dispatchers that are older than the deploy. It"
            " waits until it expires or is cancelled.",
        ),
        "template_outdated": Reason(
            "It cannot be rendered with the dispatcher's templates, which are not the deployed"
            " ones: it waits for those, at no cost.",
            "Restart the dispatchers that are older than the deploy; or deploy their templates. It"
            " waits until it expires or is cancelled.",
        ),
        "tenant_missing": Reason(
            "Its tenant was not there when it was to be delivered: it is decided again.",
            "Look at postbell.tenant.",
        ),
        "never_reported": Reason(
            "Nobody knows whether it was sent: the connection was lost, and the provider did not"
            " tell.",
            "Ask the provider; if it was not, send it with postbell.retry().",
        ),
        "retried": Reason("It was a dead letter, and somebody sent it again."),
    }
)

#: Why an event told nobody anything.
REJECTIONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {name: Reason(error.message(), error.hint) for name, error in BY_NAME.items()}
)

_KNOWN: Final = {**LADDER, **LATER, **REJECTIONS}
_DUPLICATE: Final = re.compile(r"duplicate_of_(\d+)")


def reason_of(name: str) -> Reason:
    """The reason of that name; anything else is what a provider or PostgreSQL said, masked."""
    if known := _KNOWN.get(name):
        return known
    if duplicate := _DUPLICATE.fullmatch(name):
        first = duplicate[1]
        return Reason(
            f"It repeats event {first}, under the same idempotency key.", f"postbell why {first}"
        )
    return Reason(mask(name))
