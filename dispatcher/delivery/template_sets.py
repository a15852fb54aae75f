"""Which template set makes each tenant's messages, as the database says it, within seconds."""

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
from dispatcher.delivery.missing_templates import MissingTemplates
from dispatcher.delivery.model import Tenant
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.overrides import TemplateOverride, TemplateOverrides
from dispatcher.rendering.template_set import OverrideFault, TemplateSet

log = structlog.get_logger()

#: Seconds between two looks for texts that nobody's messages have asked for yet.
INTERVAL: Final = 5.0
#: Tenants whose template sets are kept.
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class _Material:
    """What the database has for a tenant's messages."""

    texts: tuple[TemplateOverride, ...]
    #: All events; those that no folder declares can be made of texts alone.
    registered: tuple[EventType, ...]

    @property
    def is_everybodys(self) -> bool:
        return all(text.tenant_id is None for text in self.texts)


class TemplateSets:
    """One for each tenant that has texts of its own, one for all others, and the files alone.

    Where there are no texts at all, nothing is paid for there being any.
    """

    def __init__(self, catalog: Catalog, *, offers_links: bool = False) -> None:
        self._catalog: Final = catalog
        self._offers_links: Final = offers_links
        self._plain: Final = TemplateSet(catalog, offers_links=offers_links)
        #: By tenant, with the stamp that the texts had.
        self._by_tenant: Final[OrderedDict[str, tuple[str, TemplateSet]]] = OrderedDict()
        self._everybodys: tuple[_Material, TemplateSet] | None = None
        #: Faults that have been told of, by text.
        self._told: Final[dict[int, str]] = {}
        self._making: Final = asyncio.Lock()
        #: What deliveries wait for.
        self.missing: Final = MissingTemplates()

    @property
    def faults(self) -> list[OverrideFault]:
        """The texts that cannot be used, or not for some message."""
        template_sets = [template_set for _, template_set in self._by_tenant.values()]
        if self._everybodys:
            template_sets.append(self._everybodys[1])
        found = {
            fault.override.id: fault
            for template_set in template_sets
            for fault in template_set.faults
        }
        return sorted(found.values(), key=lambda fault: fault.override.path)

    def known(self, tenant: Tenant) -> TemplateSet | None:
        """The tenant's, or None where its texts have to be read first."""
        if tenant.text_stamp is None:
            return self._plain
        stamp, template_set = self._by_tenant.get(tenant.id, (None, None))
        return template_set if stamp == tenant.text_stamp else None

    async def learn(self, pool: Pool, tenant: Tenant) -> TemplateSet:
        """Reads the tenant's texts and makes a template set of them."""
        # One after the other: making one keeps a processor busy, and two channels want the same.
        async with self._making:
            if template_set := self.known(tenant):
                return template_set
            async with pool.connection() as connection:
                material = await self._material(connection, tenant.id)
            template_set = await self._made(material)
            async with pool.connection() as connection:
                await self._tell(connection, template_set)
            self._keep(tenant, template_set)
            return template_set

    async def outdated(
        self, connection: AsyncConnection[Any], events: Collection[str]
    ) -> frozenset[str]:
        """Those of the events whose files are others here than the ones that were deployed."""
        files = self._catalog.events
        return frozenset(
            deployed.key
            for deployed in await texts.event_types(connection)
            if deployed.key in events
            and deployed.key in files
            and deployed.version not in ("", files[deployed.key].version)
        )

    async def tell(
        self, pool: Pool, template_set: TemplateSet, others: Collection[TemplateSet]
    ) -> None:
        """That some messages were made of `others`, because the template set could not do them."""
        async with pool.connection() as connection:
            await self._tell_faults(connection, template_set)
            await texts.report_texts(
                connection, [], [], [row for other in others for row in _rows(other)]
            )

    async def follow(self, connection: AsyncConnection[Any], beat: Callable[[], None]) -> None:
        """Looks at new texts as they come, so that a fault shows before a message meets it."""
        newest = 0
        while True:
            for text_id, tenant_id in await texts.changed_texts(connection, newest):
                newest = max(newest, text_id)
                beat()
                # A tenant may be deleted meanwhile, and its texts with it.
                with contextlib.suppress(LookupError):
                    await self._look(connection, tenant_id)
            beat()
            await asyncio.sleep(INTERVAL)

    async def _look(self, connection: AsyncConnection[Any], tenant_id: str | None) -> None:
        async with self._making:
            tenant = await batches.tenant(connection, tenant_id) if tenant_id else None
            if tenant and self.known(tenant):
                return
            template_set = await self._made(await self._material(connection, tenant_id))
            await self._tell(connection, template_set)
            if tenant:
                self._keep(tenant, template_set)

    async def _material(self, connection: AsyncConnection[Any], tenant_id: str | None) -> _Material:
        return _Material(
            tuple(await texts.texts_of(connection, tenant_id)),
            tuple(row.event_type for row in await texts.event_types(connection)),
        )

    async def _made(self, material: _Material) -> TemplateSet:
        if self._everybodys and self._everybodys[0] == material:
            return self._everybodys[1]
        template_set = await asyncio.to_thread(
            TemplateSet,
            self._catalog,
            TemplateOverrides(material.texts),
            material.registered,
            offers_links=self._offers_links,
        )
        if material.is_everybodys:
            self._everybodys = (material, template_set)
        return template_set

    def _keep(self, tenant: Tenant, template_set: TemplateSet) -> None:
        if tenant.text_stamp is None:
            return
        self._by_tenant[tenant.id] = (tenant.text_stamp, template_set)
        self._by_tenant.move_to_end(tenant.id)
        if len(self._by_tenant) > _MOST:
            self._by_tenant.popitem(last=False)

    async def _tell(self, connection: AsyncConnection[Any], template_set: TemplateSet) -> None:
        """What a new template set is made of, and what could not be used."""
        await self._tell_faults(connection, template_set)
        faulty = {fault.override.id for fault in template_set.faults}
        good = [text.id for text in template_set.overrides.values() if text.id not in faulty]
        for text_id in good:
            self._told.pop(text_id, None)
        await texts.report_texts(connection, [], good, _rows(template_set))

    async def _tell_faults(
        self, connection: AsyncConnection[Any], template_set: TemplateSet
    ) -> None:
        news = [
            fault
            for fault in template_set.faults
            if self._told.get(fault.override.id) != fault.sentence
        ]
        if not news:
            return
        await texts.report_texts(connection, news, [], [])
        for fault in news:
            self._told[fault.override.id] = fault.sentence
            log.error(
                "a text cannot be used",
                path=fault.override.path,
                tenant_id=fault.override.tenant_id,
                version=fault.override.version,
                fault=fault.sentence,
                instead=fault.instead,
            )


def _rows(template_set: TemplateSet) -> list[tuple[str, str, list[int]]]:
    """Version, event and texts, of each event that is made of any."""
    return [
        (template_set.version(event), event, override_ids)
        for event in template_set.catalog.events
        if (override_ids := template_set.override_ids(event))
    ]
