"""Keeps the template set of each tenant, and follows overrides in the database within seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import structlog
from psycopg import AsyncConnection

from dispatcher.db import batches, texts
from dispatcher.db.connections import Pool
from dispatcher.delivery.deployed_templates import DeployedTemplates
from dispatcher.delivery.missing_templates import MissingTemplates
from dispatcher.delivery.model import Tenant
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.overrides import TemplateOverride, TemplateOverrides
from dispatcher.rendering.template_set import OverrideFault, TemplateSet

log = structlog.get_logger()

#: Seconds between two checks for new overrides and for what was deployed, if nobody notifies.
INTERVAL: Final = 5.0
#: Tenants whose template sets are kept.
_MOST_TENANTS: Final = 1000


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What a template set is built from: the rows of the database for one tenant."""

    overrides: tuple[TemplateOverride, ...]
    #: All registered events, because an event without a folder may have overrides alone.
    registered: tuple[EventType, ...]

    @property
    def is_common(self) -> bool:
        return all(override.tenant_id is None for override in self.overrides)


class TemplateSets:
    """A template set for each tenant with overrides, one for all others, and the files alone.

    Without any overrides in the database this costs nothing.
    """

    def __init__(self, catalog: Catalog, *, offers_links: bool = False) -> None:
        self._catalog: Final = catalog
        self._offers_links: Final = offers_links
        #: Without any overrides.
        self.files: Final = TemplateSet(catalog, offers_links=offers_links)
        #: By tenant id, with the tenant's `text_stamp` at the time of building.
        self._by_tenant: Final[OrderedDict[str, tuple[str, TemplateSet]]] = OrderedDict()
        #: The last template set without overrides of a tenant, and what it was built from.
        self._common: tuple[_Inputs, TemplateSet] | None = None
        #: The sentences that were reported, by id of the override.
        self._reported: Final[dict[int, str]] = {}
        self._building: Final = asyncio.Lock()
        #: The templates that deliveries wait for.
        self.missing: Final = MissingTemplates()
        #: Whether the files are the deployed ones.
        self.deployed: Final = DeployedTemplates(catalog.events)

    @property
    def faults(self) -> list[OverrideFault]:
        """The overrides that cannot be used, or not for some message."""
        template_sets = [template_set for _, template_set in self._by_tenant.values()]
        if self._common:
            template_sets.append(self._common[1])
        found = {
            fault.override.id: fault
            for template_set in template_sets
            for fault in template_set.faults
        }
        return sorted(found.values(), key=lambda fault: fault.override.path)

    def get(self, tenant: Tenant) -> TemplateSet | None:
        """The current template set of a tenant, or None if it has to be loaded first."""
        if tenant.text_stamp is None:
            return self.files
        stamp, template_set = self._by_tenant.get(tenant.id, (None, None))
        return template_set if stamp == tenant.text_stamp else None

    async def load(self, pool: Pool, tenant: Tenant) -> TemplateSet:
        """Read the overrides of a tenant and build its template set."""
        # One at a time: building keeps a processor busy, and two channels may want the same set.
        async with self._building:
            if template_set := self.get(tenant):
                return template_set
            async with pool.connection() as connection:
                inputs = await self._read_inputs(connection, tenant.id)
            template_set = await self._build(inputs)
            async with pool.connection() as connection:
                await self._report(connection, template_set)
            self._store(tenant, template_set)
            return template_set

    async def outdated(
        self, connection: AsyncConnection[Any], events: Collection[str]
    ) -> frozenset[str]:
        """Those of some events whose files here differ from the ones that are deployed now."""
        self.deployed.compare(await texts.event_versions(connection))
        return frozenset(filter(self.deployed.is_outdated, events))

    async def report_faults(self, pool: Pool, template_set: TemplateSet) -> None:
        """Report the overrides that failed for some message."""
        async with pool.connection() as connection:
            await self._report_faults(connection, template_set)

    async def watch_overrides(
        self, connection: AsyncConnection[Any], beat: Callable[[], None]
    ) -> None:
        """Build template sets as overrides change, to report faults before a message needs them.

        After a deploy, compare the files with the deployed ones, too.
        """
        await texts.listen_for_templates(connection)
        newest = 0
        while True:
            self.deployed.compare(await texts.event_versions(connection))
            self.deployed.note_others(
                await texts.announce_templates(connection, not self.deployed.outdated)
            )
            for override_id, tenant_id in await texts.changed_texts(connection, newest):
                newest = max(newest, override_id)
                beat()
                # The tenant and its overrides may have been deleted meanwhile.
                with contextlib.suppress(LookupError):
                    await self._check_owner(connection, tenant_id)
            beat()
            async for _ in connection.notifies(timeout=INTERVAL, stop_after=1):
                pass

    async def _check_owner(self, connection: AsyncConnection[Any], tenant_id: str | None) -> None:
        async with self._building:
            tenant = await batches.tenant(connection, tenant_id) if tenant_id else None
            if tenant and self.get(tenant):
                return
            template_set = await self._build(await self._read_inputs(connection, tenant_id))
            await self._report(connection, template_set)
            if tenant:
                self._store(tenant, template_set)

    async def _read_inputs(
        self, connection: AsyncConnection[Any], tenant_id: str | None
    ) -> _Inputs:
        return _Inputs(
            tuple(await texts.texts_of(connection, tenant_id)),
            tuple(row.event_type for row in await texts.event_types(connection)),
        )

    async def _build(self, inputs: _Inputs) -> TemplateSet:
        if self._common and self._common[0] == inputs:
            return self._common[1]
        template_set = await asyncio.to_thread(
            TemplateSet,
            self._catalog,
            TemplateOverrides(inputs.overrides),
            inputs.registered,
            offers_links=self._offers_links,
        )
        if inputs.is_common:
            self._common = (inputs, template_set)
        return template_set

    def _store(self, tenant: Tenant, template_set: TemplateSet) -> None:
        if tenant.text_stamp is None:
            return
        self._by_tenant[tenant.id] = (tenant.text_stamp, template_set)
        self._by_tenant.move_to_end(tenant.id)
        if len(self._by_tenant) > _MOST_TENANTS:
            self._by_tenant.popitem(last=False)

    async def _report(self, connection: AsyncConnection[Any], template_set: TemplateSet) -> None:
        """Report what a new template set is built from, and the overrides that cannot be used."""
        await self._report_faults(connection, template_set)
        faulty = {fault.override.id for fault in template_set.faults}
        good = [each.id for each in template_set.overrides.values() if each.id not in faulty]
        for override_id in good:
            self._reported.pop(override_id, None)
        await texts.report_texts(connection, [], good, _rows(template_set))

    async def _report_faults(
        self, connection: AsyncConnection[Any], template_set: TemplateSet
    ) -> None:
        news = [
            fault
            for fault in template_set.faults
            if self._reported.get(fault.override.id) != fault.sentence
        ]
        if not news:
            return
        await texts.report_texts(connection, news, [], [])
        for fault in news:
            self._reported[fault.override.id] = fault.sentence
            log.error(
                "template override cannot be used",
                path=fault.override.path,
                tenant_id=fault.override.tenant_id,
                version=fault.override.version,
                fault=fault.sentence,
                instead=fault.instead,
            )


def _rows(template_set: TemplateSet) -> list[tuple[str, str, list[int]]]:
    """Version, key and override ids of each event that has overrides."""
    return [
        (template_set.version(event), event, override_ids)
        for event in template_set.catalog.events
        if (override_ids := template_set.override_ids(event))
    ]
