"""The channels, made from the settings, and what writes those of our own database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from dispatcher.channels.base import Channel
from dispatcher.channels.chat import ChatChannel
from dispatcher.channels.email import EmailChannel
from dispatcher.channels.in_app import InAppChannel
from dispatcher.channels.push import PushChannel
from dispatcher.channels.sms import SmsChannel
from dispatcher.channels.sse import SseChannel
from dispatcher.db import batches
from dispatcher.delivery.database_sender import Write
from dispatcher.settings import Settings


def _email(settings: Settings) -> Channel[Any, Any]:
    return EmailChannel(
        settings.sender_address,
        settings.sender_name,
        return_path=settings.return_path,
        tracking=settings.tracking,
        signer=settings.signer,
        unsubscribe_links=settings.unsubscribe_links,
        preferences_links=settings.preferences_links,
        concurrency=settings.email_concurrency,
        max_attempts=settings.email_max_attempts,
    )


def _sms(settings: Settings) -> Channel[Any, Any]:
    return SmsChannel(
        settings.sms_sender,
        max_segments=settings.sms_max_segments,
        concurrency=settings.sms_concurrency,
        max_attempts=settings.sms_max_attempts,
    )


def _push(settings: Settings) -> Channel[Any, Any]:
    return PushChannel(
        concurrency=settings.push_concurrency, max_attempts=settings.push_max_attempts
    )


@dataclass(frozen=True, slots=True)
class Own:
    """A channel that Postbell delivers to its own database."""

    make: Callable[[], Channel[Any, Any]]
    write: Write
    #: The provider's name in the delivery log.
    provider: str
    #: Batches that a process delivers at a time: while one is written, another is rendered.
    batches: int


#: The channels that providers deliver, by the name in postbell.channel. The daemon has a queue for
#: each for which it has a provider.
OUTGOING: Final[Mapping[str, Callable[[Settings], Channel[Any, Any]]]] = MappingProxyType(
    {"email": _email, "sms": _sms, "push": _push, "chat": lambda _: ChatChannel()}
)
#: By the name in postbell.channel.
OWN: Final[Mapping[str, Own]] = MappingProxyType(
    {
        "in_app": Own(InAppChannel, batches.record_inbox, "inbox", batches=8),
        "sse": Own(SseChannel, batches.record_stream, "stream", batches=4),
    }
)
