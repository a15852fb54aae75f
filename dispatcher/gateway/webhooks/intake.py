"""From a webhook into the database: what was told, judged there and counted here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from dispatcher.database import Pool
from dispatcher.receipt import Receipt, possible, short_id, written

log = structlog.get_logger()

#: Verdicts of postbell.receive_receipt() that are no reason to look closer.
BELIEVED: Final = frozenset({"taken", "repeated", "kept", "not_tracked"})


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
