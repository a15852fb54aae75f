"""Reports the status of this process's providers for `postbell stats` and `postbell check`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg import AsyncConnection

from dispatcher.db import monitoring
from dispatcher.masking import mask
from dispatcher.providers.client import ProviderStatus
from dispatcher.providers.registry import ProviderRegistry

#: Seconds between reports without a change. postbell.providers drops a process that misses three.
INTERVAL: Final = 30.0


class ProviderStatusReporter:
    """Reports at every change and every INTERVAL seconds. Observes the provider registry."""

    def __init__(self, registry: ProviderRegistry, beat: Callable[[], None]) -> None:
        """`beat` is called after each report."""
        self._registry = registry
        self._beat = beat
        self._changed = asyncio.Event()
        self._process = f"{socket.gethostname()}:{os.getpid()}"

    def provider_changed(self, status: ProviderStatus) -> None:  # noqa: ARG002 (all are reported together)
        self._changed.set()

    async def run(self, connection: AsyncConnection[Any]) -> None:
        """Report until cancelled; then report that this process has no providers."""
        try:
            while True:
                self._changed.clear()
                await monitoring.report_providers(connection, self._process, self._report())
                self._beat()
                # Not wait_for(), which before Python 3.12 may swallow a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):
                        await self._changed.wait()
        finally:
            with contextlib.suppress(Exception):
                await monitoring.report_providers(connection, self._process, "[]")

    def _report(self) -> str:
        now = datetime.now(UTC)
        return json.dumps(
            [
                {
                    "provider": status.provider,
                    "channel": status.channel,
                    "state": status.state,
                    "reason": mask(status.reason) or None,
                    "changed_at": status.since.isoformat(),
                    "opens_at": (now + timedelta(seconds=status.retry_in)).isoformat()
                    if status.retry_in > 0
                    else None,
                }
                for status in self._registry.statuses
            ]
        )
