"""What all webhooks share: one path for each provider, a signature, and the store of receipts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Protocol

import psycopg
import structlog
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.db import deliveries
from dispatcher.db.connections import Pool, is_unavailable
from dispatcher.gateway.operation import read_body
from dispatcher.gateway.problem import Problem
from dispatcher.inbound.receipts import Receipt, possible, short_id, written

log = structlog.get_logger()

#: Results of postbell_private.receive_receipt() that are not worth a warning.
_EXPECTED: Final = frozenset({"taken", "repeated", "kept", "not_tracked"})

#: Bytes of one request. Some must be parsed before the signature can be checked, so that what
#: strangers send must stay cheap.
LARGEST_BODY: Final = 32 * 1024

#: Seconds after which a provider should try again while the database is unavailable.
_PAUSE: Final = "30"

#: In logs and metrics, instead of a provider's name that is not configured.
_NOBODY: Final = "unknown"


class ReceiptMetrics(Protocol):
    """Counts what webhooks receive."""

    def received(self, provider: str, result: str, count: int = 1) -> None: ...

    def webhook_rejected(self, provider: str, reason: str) -> None: ...


class ReceiptStore:
    """Stores receipts and replies. Raises psycopg's Error."""

    def __init__(self, pool: Pool, metrics: ReceiptMetrics) -> None:
        self._pool: Final = pool
        self._metrics: Final = metrics

    async def receive(self, provider: str, receipts: Sequence[Receipt]) -> None:
        """Stores receipts in one transaction, and logs those that match no delivery."""
        if not receipts:
            return
        async with self._pool.connection() as connection:
            rows = await deliveries.receive_receipts(connection, provider, written(receipts))
        results = {row.event_id: row.result for row in rows}
        for result, count in Counter(results.values()).items():
            self._metrics.received(provider, result, count)
        for event_id, result in results.items():
            if result not in _EXPECTED:
                log.warning(
                    "receipt not accepted",
                    provider=provider,
                    event_id=event_id,
                    result=result,
                )

    async def reply(
        self, provider: str, event_id: str, address: str, words: str, meaning: str | None
    ) -> None:
        """Stores an SMS that a person sent to one of the sender's numbers."""
        async with self._pool.connection() as connection:
            understood = await deliveries.receive_reply(
                connection,
                provider,
                short_id(event_id),
                possible(address),
                possible(words),
                meaning,
            )
        self._metrics.received(provider, f"reply_{understood or 'other'}")


class Rejected(Exception):
    """The request does not come from a configured provider; `reason` is a label of a metric."""

    status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLarge(Rejected):
    status = 413


class Unreadable(Rejected):
    """The signature is valid, but the body cannot be read."""

    status = 400


class WebhookHandler(ABC):
    """The webhook of one kind of provider. `keys` verify signatures, by the provider's name."""

    #: Bytes.
    largest_body: ClassVar[int] = LARGEST_BODY

    def __init__(
        self, keys: Mapping[str, str], receipt_store: ReceiptStore, metrics: ReceiptMetrics
    ) -> None:
        self._keys: Final = keys
        self._receipts: Final = receipt_store
        self._metrics: Final = metrics

    async def handle(self, request: Request) -> Response:
        named = request.path_params["provider"]
        provider = named if named in self._keys else _NOBODY
        try:
            return await self._handle(request, provider)
        except Rejected as error:
            log.warning("webhook rejected", provider=provider, reason=error.reason)
            self._metrics.webhook_rejected(provider, error.reason)
            return Response(status_code=error.status)
        except psycopg.Error as error:
            if not is_unavailable(error):
                raise
            # The provider repeats it.
            log.warning(
                "receipt not stored, the database is unavailable",
                provider=provider,
                error=str(error).strip(),
            )
            return Response(status_code=503, headers={"retry-after": _PAUSE})

    async def _handle(self, request: Request, provider: str) -> Response:
        if provider not in self._keys:
            raise Rejected("unknown_provider")
        try:
            body = await read_body(request, self.largest_body)
        except Problem:
            raise TooLarge("too_large") from None
        return await self._receive(request, provider, body)

    @abstractmethod
    async def _receive(self, request: Request, provider: str, body: bytes) -> Response:
        """Verifies the signature, reads the body and stores what it says. Raises Rejected."""
