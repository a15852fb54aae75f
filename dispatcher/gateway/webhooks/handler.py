"""What all webhooks are: one address for each provider, which opens to its signature alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Protocol

import psycopg
import structlog
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.db.connections import Pool, is_unavailable
from dispatcher.gateway.operation import body_of
from dispatcher.gateway.problem import Problem
from dispatcher.inbound.receipts import Receipt, possible, short_id, written

log = structlog.get_logger()

#: Verdicts of postbell.receive_receipt() that are no reason to look closer.
BELIEVED: Final = frozenset({"taken", "repeated", "kept", "not_tracked"})

#: Bytes of one report. It may have to be taken apart before its signature can be checked, and what
#: anybody may send must not keep the others waiting.
LARGEST_BODY: Final = 32 * 1024

#: Seconds after which a provider may come again when the database is away.
_PAUSE: Final = "30"

#: In logs and figures, for a name that a stranger made up.
_NOBODY: Final = "unknown"


class Watch(Protocol):
    """Who wants to know what comes back (metrics)."""

    def received(self, provider: str, verdict: str, count: int = 1) -> None: ...

    def turned_away(self, provider: str, reason: str) -> None: ...


class Intake:
    """Hands receipts and replies to the database. Raises psycopg's Error."""

    def __init__(self, pool: Pool, watch: Watch) -> None:
        self._pool: Final = pool
        self._watch: Final = watch

    async def receive(self, provider: str, receipts: Sequence[Receipt]) -> None:
        """All of them in one transaction; what is not believed is logged."""
        if not receipts:
            return
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "select event_id, verdict from postbell.receive_receipt(%s, %s::jsonb)",
                [provider, written(receipts)],
            )
            verdicts: dict[str, str] = dict(await cursor.fetchall())
        for verdict, count in Counter(verdicts.values()).items():
            self._watch.received(provider, verdict, count)
        for event_id, verdict in verdicts.items():
            if verdict not in BELIEVED:
                log.warning(
                    "did not believe a receipt",
                    provider=provider,
                    event_id=event_id,
                    verdict=verdict,
                )

    async def reply(
        self, provider: str, event_id: str, address: str, words: str, meaning: str | None
    ) -> None:
        """A person's answer to one of our numbers."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "select postbell.receive_reply(%s, %s, %s, %s, %s)",
                [provider, short_id(event_id), possible(address), possible(words), meaning],
            )
            row = await cursor.fetchone()
        understood = row[0] if row else None
        self._watch.received(provider, f"reply_{understood or 'other'}")


class TurnedAway(Exception):
    """The request is not what a provider of ours sends; `reason` is one of few words."""

    status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLarge(TurnedAway):
    status = 413


class Unreadable(TurnedAway):
    """Signed, and yet nothing that can be read."""

    status = 400


class Door(ABC):
    """A webhook of one kind of provider. `keys` are those that verify, by the provider's name."""

    #: Bytes.
    largest_body: ClassVar[int] = LARGEST_BODY

    def __init__(self, keys: Mapping[str, str], intake: Intake, watch: Watch) -> None:
        self._keys: Final = keys
        self._intake: Final = intake
        self._watch: Final = watch

    async def answer(self, request: Request) -> Response:
        named = request.path_params["provider"]
        provider = named if named in self._keys else _NOBODY
        try:
            return await self._open(request, provider)
        except TurnedAway as error:
            log.warning("turned a webhook away", provider=provider, reason=error.reason)
            self._watch.turned_away(provider, error.reason)
            return Response(status_code=error.status)
        except psycopg.Error as error:
            if not is_unavailable(error):
                raise
            # The provider keeps it, and comes again.
            log.warning("could not take a receipt", provider=provider, error=str(error).strip())
            return Response(status_code=503, headers={"retry-after": _PAUSE})

    async def _open(self, request: Request, provider: str) -> Response:
        if provider not in self._keys:
            raise TurnedAway("unknown_provider")
        try:
            body = await body_of(request, self.largest_body)
        except Problem:
            raise TooLarge("too_large") from None
        return await self._take(request, provider, body)

    @abstractmethod
    async def _take(self, request: Request, provider: str, body: bytes) -> Response:
        """Verifies, reads and hands in. Raises TurnedAway."""
