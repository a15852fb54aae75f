"""The classes that deliver each channel, made from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from dispatcher.channels.base import Channel
from dispatcher.channels.email import EmailChannel
from dispatcher.channels.in_app import InAppChannel
from dispatcher.channels.push import PushChannel
from dispatcher.channels.sms import SmsChannel
from dispatcher.channels.sse import SseChannel
from dispatcher.delivery.provider_sender import ProviderSender
from dispatcher.delivery.push_sender import PushSender
from dispatcher.delivery.sender import DatabaseSender, InboxSender, StreamSender
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
class Outgoing:
    """A channel that providers deliver."""

    make: Callable[[Settings], Channel[Any, Any]]
    #: Most channels have one address for each person; push has one for each device.
    sender: type[ProviderSender] = ProviderSender


@dataclass(frozen=True, slots=True)
class Own:
    """A channel that Postbell delivers to its own database."""

    make: Callable[[], Channel[Any, Any]]
    sender: type[DatabaseSender]
    #: Batches that a process delivers at a time: while one is written, another is rendered.
    batches: int


#: By the name in postbell.channel. The daemon has a queue for each for which it has a provider.
OUTGOING: Final[Mapping[str, Outgoing]] = MappingProxyType(
    {
        "email": Outgoing(_email),
        "sms": Outgoing(_sms),
        "push": Outgoing(_push, PushSender),
    }
)
#: By the name in postbell.channel.
OWN: Final[Mapping[str, Own]] = MappingProxyType(
    {
        "in_app": Own(InAppChannel, InboxSender, batches=8),
        "sse": Own(SseChannel, StreamSender, batches=4),
    }
)
