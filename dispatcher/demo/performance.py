"""What is running while the demo plays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from rich.console import Console

from dispatcher.demo.catchers import Catchers
from dispatcher.demo.chronicle import Account, Chronicle
from dispatcher.demo.market.marketplace import Marketplace
from dispatcher.demo.screen import RECENT


@dataclass(frozen=True, slots=True)
class Performance:
    """The marketplace at work, and whoever watches it."""

    market: Marketplace
    chronicle: Chronicle
    #: Of the database's owner.
    sessions: psycopg.AsyncConnection[Any]
    catchers: Catchers
    page_url: str
    database_url: str
    console: Console

    async def accounts(self) -> list[Account]:
        return await self.chronicle.accounts(self.market.diary.latest(RECENT))

    async def tally(self) -> Counter[str]:
        return self.market.diary.counts + await self.chronicle.tally()
