"""The Twilio account that a URL names, and how to treat it."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from dispatcher.providers.twilio.codes import Codes, codes_with
from dispatcher.providers.url import ProviderUrl

_SHAPE: Final = "twilio://SID:TOKEN@api.twilio.com?messaging_service=MG… or ?from=%2B12025550123"
_ACCOUNT_SID: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_KEY_SID: Final = re.compile(r"SK[0-9a-fA-F]{32}")
_SERVICE_SID: Final = re.compile(r"MG[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Account:
    """`twilio://SID:TOKEN@api.twilio.com?from=…`; below the token are the parameters.

    With an API key, `twilio://SK…:SECRET@api.twilio.com?account=AC…&from=…`.
    """

    #: `https://api.twilio.com`
    origin: str
    is_loopback: bool
    sid: str
    token: str = field(repr=False)
    key: str | None = None
    #: Number, short code or name from which texts come that name no sender of their own.
    sender: str | None = None
    #: The messaging service that chooses among its senders.
    messaging_service: str | None = None
    #: Seconds to be connected, and for the answer. Longer, for giving up here leaves the text in
    #: doubt.
    connect_timeout: float = 10.0
    timeout: float = 30.0
    #: Requests in flight, at most.
    concurrency: int = 8
    codes: Codes = field(default_factory=lambda: codes_with(None), repr=False)

    @classmethod
    def from_url(cls, url: str) -> Account:
        """Raises ProviderUrlError: a sentence that says what is wrong and shows no token."""
        said = ProviderUrl(url, "Twilio", shape=_SHAPE)
        said.no_path()
        if not said.username or not said.password:
            raise said.error(f"has no SID or no token: write {_SHAPE}")
        sid, key = said.text("account"), None
        if _KEY_SID.fullmatch(said.username):
            key = said.username
            if sid is None:
                raise said.error("has an API key, so it needs account=AC… too")
        elif sid is not None and sid != said.username:
            raise said.error("names two accounts")
        else:
            sid = said.username
        if not _ACCOUNT_SID.fullmatch(sid):
            raise said.error("has no account SID: AC and 32 hexadecimal digits")
        account = cls(
            origin=said.origin(),
            is_loopback=said.is_loopback,
            sid=sid,
            token=said.password,
            key=key,
            sender=_sender(said.text("from")),
            messaging_service=said.text("messaging_service"),
            connect_timeout=said.seconds("connect_timeout", 10.0),
            timeout=said.seconds("timeout", 30.0),
            concurrency=said.count("concurrency", 8),
            codes=codes_with(said.text("codes")),
        )
        said.finish()
        service = account.messaging_service
        if service is not None and not _SERVICE_SID.fullmatch(service):
            raise said.error("has a messaging_service that is not MG and 32 hexadecimal digits")
        if service is None and account.sender is None:
            raise said.error("names no sender: add messaging_service=MG… or from=%2B12025550123")
        return account

    @property
    def messages_url(self) -> str:
        """Where messages are created (API version 2010-04-01)."""
        return f"{self.origin}/2010-04-01/Accounts/{self.sid}/Messages.json"

    @property
    def authorization(self) -> str:
        """RFC 7617."""
        credentials = f"{self.key or self.sid}:{self.token}"
        return f"Basic {b64encode(credentials.encode()).decode()}"


def _sender(said: str | None) -> str | None:
    # A plus in a query is a space; people write +12025550123 all the same.
    return f"+{said[1:]}" if said is not None and said.startswith(" ") else said
