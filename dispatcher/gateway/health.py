"""Whether this gateway is of use, for whoever spreads requests over several."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from dispatcher.database import Pool
from dispatcher.gateway.operation import Operation


class Wellbeing(BaseModel):
    """It is; otherwise the answer is a problem."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ok"]


class HealthPages:
    """/healthz: the process answers. /readyz: the database does, too."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @property
    def operations(self) -> list[Operation]:
        return [
            Operation.of("GET", "/healthz", "health", self.healthz),
            Operation.of("GET", "/readyz", "health", self.readyz),
        ]

    async def healthz(self) -> Wellbeing:
        """Whether the process answers."""
        return Wellbeing(status="ok")

    async def readyz(self) -> Wellbeing:
        """Whether the database answers, too."""
        async with self._pool.connection(1.0) as connection:
            await connection.execute("select postbell.contract()")
        return Wellbeing(status="ok")
