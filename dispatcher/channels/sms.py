"""The sms channel: checks phone numbers, and makes messages counted in segments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from dispatcher.delivery.backoff import Backoff
from dispatcher.delivery.model import Delivery, Refused
from dispatcher.inbound.receipts import Blame
from dispatcher.rendering import gsm
from dispatcher.rendering.gsm import length_of

if TYPE_CHECKING:
    from dispatcher.rendering.content import SmsContent

#: Networks do not promise to join more segments than these.
MOST_SEGMENTS: Final = 10

#: `postbell_private.normal_phone()` removes the same characters, so that a number a provider calls
#: stopped is one number, however it was written down.
_SEPARATORS: Final = re.compile(r"[ \u00a0().\-]")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{1,14}")
#: A number, a short code, or a name of up to eleven characters with at least one letter.
_SENDER: Final = re.compile(
    r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.{1,11}\Z)(?! )(?=.*[A-Za-z])[A-Za-z0-9 _+&-]*(?<! )"
)


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS ready for a provider. Its repr leaves number and text out."""

    delivery_id: int
    #: Delivery.identity.
    identity: str
    #: E.164, with its plus.
    to: str = field(repr=False)
    #: A number, short code or name; None for the provider's own.
    sender: str | None
    body: str = field(repr=False)
    encoding: gsm.Encoding
    segments: int
    #: How long from now it is worth delivering; None for as long as networks try.
    valid_for: timedelta | None


class SmsChannel:
    """Makes text messages of a bounded number of segments, to numbers in international form."""

    name = "sms"

    def __init__(
        self,
        sender: str | None = None,
        *,
        max_segments: int = 4,
        concurrency: int = 4,
        max_attempts: int = 6,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`sender` and `max_segments` are defaults for a tenant's branding without its own.

        Raises ValueError if no network would accept the sender.
        """
        if sender is not None and not _SENDER.fullmatch(sender):
            raise ValueError(f"the sender cannot be used: {_NO_SENDER}")
        self._sender = sender
        self._max_segments = max_segments
        self._now = now
        self.concurrency = concurrency
        self.max_attempts = max_attempts
        #: Texts are read at once or not at all: six attempts take an hour on average.
        self.backoff = Backoff(first=timedelta(minutes=1), cap=timedelta(hours=1))

    def address(self, delivery: Delivery) -> str | Refused:
        """The number in E.164 form (ITU-T E.164): a plus and at most 15 digits."""
        if not delivery.address:
            return Refused("the recipient has no phone number")
        return _number(delivery.address)

    def message(self, delivery: Delivery, content: SmsContent) -> Sms | Refused:
        """The message. Only `valid_for` differs between attempts."""
        to = self.address(delivery)
        if isinstance(to, Refused):
            return to
        sender = self._sender_of(delivery)
        if isinstance(sender, Refused):
            return sender
        text = content.text
        if (fault := _fault_of(text)) is not None:
            return Refused(fault)
        measured = gsm.measure(text)
        bound = _bound(delivery.tenant.branding, self._max_segments)
        if measured.segments > bound:
            return Refused(f"the text takes {length_of(measured)}, and {bound} are allowed")
        valid_for = None if delivery.expires_at is None else delivery.expires_at - self._now()
        if valid_for is not None and valid_for <= timedelta(0):
            return Refused("the text expired before it could be handed over")
        return Sms(
            delivery_id=delivery.id,
            identity=delivery.identity,
            to=to,
            sender=sender,
            body=text,
            encoding=measured.encoding,
            segments=measured.segments,
            valid_for=valid_for,
        )

    def _sender_of(self, delivery: Delivery) -> str | Refused | None:
        sender = delivery.tenant.branding.get("sms_sender")
        if not isinstance(sender, str) or not sender:
            return self._sender
        if not _SENDER.fullmatch(sender):
            return Refused(f"tenant {delivery.tenant.id}: branding: sms_sender: {_NO_SENDER}")
        return sender


_NO_SENDER: Final = (
    "a sender is a number such as +12025550123, a short code of 3 to 8 digits, or a name of up to"
    " 11 letters, digits and spaces"
)


# Parsing a number takes 60 µs.
@lru_cache(maxsize=4096)
def _number(written: str) -> str | Refused:
    number = _SEPARATORS.sub("", written)
    if not _INTERNATIONAL.fullmatch(number):
        return _no_number("write a plus, the country code and the number, as in +12025550123")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return _no_number("no country has its code")
    # Checks the length alone; which numbers are assigned is for the network to say.
    if not phonenumbers.is_possible_number(parsed):
        return _no_number("no number of its country has that many digits")
    international = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if international != number:
        # A STOP comes from the number as the network writes it, and must match this one.
        return _no_number("leave out the 0 between the country code and the number")
    return number


def _no_number(why: str) -> Refused:
    return Refused(f"not an international phone number: {why}", blame=Blame.HARD)


def _fault_of(text: str) -> str | None:
    if not text.strip():
        return "the text is empty"
    if "\0" in text:
        return "the text contains NUL"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "the text contains half a character (a lone surrogate)"
    return None


def _bound(branding: Mapping[str, Any], otherwise: int) -> int:
    chosen = branding.get("sms_max_segments")
    if type(chosen) is int and 1 <= chosen <= MOST_SEGMENTS:
        return chosen
    return otherwise
