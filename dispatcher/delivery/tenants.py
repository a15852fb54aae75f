"""Keeps tenants for a few seconds, so that not every batch reads its own."""

from __future__ import annotations

import time
from typing import Any, Final

from psycopg import AsyncConnection

from dispatcher.db import batches
from dispatcher.delivery.model import Tenant

#: Seconds for which a tenant's name, links and branding are cached.
TENANT_FRESHNESS = 5.0


class TenantCache:
    """The tenants of recent deliveries, each as it was at most TENANT_FRESHNESS seconds ago."""

    def __init__(self) -> None:
        self._tenants: Final[dict[str, tuple[float, Tenant]]] = {}

    def fresh(self, tenant_id: str) -> Tenant | None:
        """A tenant, unless it has to be read."""
        known = self._tenants.get(tenant_id)
        if known is not None and time.monotonic() - known[0] < TENANT_FRESHNESS:
            return known[1]
        return None

    async def get(self, connection: AsyncConnection[Any], tenant_id: str) -> Tenant:
        """A tenant. Raises LookupError if it was deleted."""
        return self.fresh(tenant_id) or await self.read(connection, tenant_id)

    async def read(self, connection: AsyncConnection[Any], tenant_id: str) -> Tenant:
        """A tenant as it is now. Raises LookupError if it was deleted."""
        self._tenants.pop(tenant_id, None)
        tenant = await batches.tenant(connection, tenant_id)
        self._tenants[tenant_id] = (time.monotonic(), tenant)
        return tenant
