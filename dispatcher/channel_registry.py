"""The channels that leave the house, and how the settings make each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from dispatcher.channels.base import Channel
from dispatcher.channels.email import EmailChannel
from dispatcher.channels.push import PushChannel
from dispatcher.channels.sms import SmsChannel
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


#: Each channel that a provider carries. The daemon has a queue for each of them for which it has a
#: provider; a channel that is added here is wired.
OUTGOING: Final[Mapping[str, Callable[[Settings], Channel[Any, Any]]]] = MappingProxyType(
    {
        "email": _email,
        "sms": _sms,
        "push": _push,
    }
)
