"""Renders deliveries with the current templates of their tenant."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from dispatcher.db.batches import Versions
from dispatcher.db.connections import Pool
from dispatcher.delivery.model import Delivery, Tenant
from dispatcher.delivery.template_sets import TemplateSets
from dispatcher.delivery.tenants import TenantCache
from dispatcher.rendering.content import Content
from dispatcher.rendering.errors import OutdatedTemplateError, RenderingError
from dispatcher.rendering.template_set import TemplateSet

#: Deliveries to render before other tasks of the event loop get a turn.
RENDERED_PER_TURN = 25


class Rendered(NamedTuple):
    """What became of deliveries of one tenant."""

    contents: list[tuple[Delivery, Content]]
    #: Of the deliveries that could not be rendered, by id.
    failures: dict[int, RenderingError]
    versions: Versions


class DeliveryRenderer:
    """Renders deliveries, whether they are claimed or not yet written.

    A delivery whose files another process has in the deployed version fails, so that it waits for
    that one. Any other that fails is rendered from the files, without overrides. If that fails too,
    an override that has just been set may help, so the tenant is read again.
    """

    def __init__(self, pool: Pool, template_sets: TemplateSets, tenants: TenantCache) -> None:
        self._pool: Final = pool
        self._template_sets: Final = template_sets
        self._tenants: Final = tenants

    async def render(self, deliveries: Sequence[Delivery]) -> Rendered:
        """Render deliveries of one tenant; at least one."""
        tenant = deliveries[0].tenant
        rendered = await self._render(deliveries, tenant)
        if rendered.failures and (latest := await self._latest(tenant)) is not None:
            renewed = [replace(delivery, tenant=latest) for delivery in deliveries]
            rendered = await self._render(renewed, latest)
        return rendered

    async def _render(self, deliveries: Sequence[Delivery], tenant: Tenant) -> Rendered:
        template_set = self._template_sets.get(tenant) or await self._template_sets.load(
            self._pool, tenant
        )
        contents = []
        failures: dict[int, RenderingError] = {}
        #: Deliveries that the files made, because overrides of theirs failed.
        from_files: set[int] = set()
        deployed = self._template_sets.deployed
        render = template_set.renderer.render
        recipients = Counter(delivery.notification_id for delivery in deliveries)
        for number, delivery in enumerate(deliveries, start=1):
            if deployed.are_left_to_others(delivery.event):
                failures[delivery.id] = _outdated(delivery)
                continue
            try:
                # A batch of one may be the last of a large notification.
                is_shared = len(deliveries) == 1 or recipients[delivery.notification_id] > 1
                contents.append((delivery, render(delivery, is_shared=is_shared)))
            except RenderingError as error:
                content = template_set.render_from_files(delivery, error)
                if content is None:
                    failures[delivery.id] = error
                else:
                    contents.append((delivery, content))
                    from_files.add(delivery.id)
            if number % RENDERED_PER_TURN == 0:
                await asyncio.sleep(0)
        if from_files:
            await self._template_sets.report_faults(self._pool, template_set)
        versions = {
            event: version_of(template_set, event, tenant)
            for event in {delivery.event for delivery in deliveries}
        }
        for delivery, _ in contents if from_files else ():
            if delivery.id in from_files:
                files = self._template_sets.files
                versions[str(delivery.id)] = version_of(files, delivery.event, tenant)
        return Rendered(contents, failures, versions)

    async def _latest(self, tenant: Tenant) -> Tenant | None:
        """The tenant as it is now, if its overrides have changed since it was cached."""
        async with self._pool.connection() as connection:
            try:
                latest = await self._tenants.read(connection, tenant.id)
            except LookupError:
                return None
        return None if latest.text_stamp == tenant.text_stamp else latest


def _outdated(delivery: Delivery) -> OutdatedTemplateError:
    return OutdatedTemplateError(
        event=delivery.event,
        channel=delivery.channel,
        locale=delivery.recipient.locale,
        file=None,
        line=None,
        message="the templates are not the deployed ones, and another process has those",
    )


def version_of(template_set: TemplateSet, event: str, tenant: Tenant) -> str:
    """The version in the delivery log: of the templates and of the tenant's branding."""
    return f"{template_set.version(event)}.{tenant.branding_version}"
