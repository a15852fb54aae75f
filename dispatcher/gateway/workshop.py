"""Templates as they are now, for those who write them: off the event loop, and up to date.

They are loaded when somebody first looks, and again when a file has changed. Messages are none of
its business: dispatchers load their own.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from dispatcher.delivery import Tenant
from dispatcher.rendering import payload as payloads
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.loader import File, Tree
from dispatcher.rendering.overrides import Shelf, Text
from dispatcher.rendering.payload import PayloadError, PayloadFault
from dispatcher.rendering.preview import Preview, Shown
from dispatcher.rendering.template_set import Edition
from dispatcher.rendering.template_set import Fault as TextFault

#: Tenants whose editions are kept: with a layout of its own one takes a second to make.
_MOST_EDITIONS: Final = 8
#: Lines shown before and after the one at fault.
_AROUND: Final = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A tenant and what its messages are made of besides files."""

    tenant: Tenant
    texts: tuple[Text, ...]
    registered: tuple[EventType, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown. `payload` is JSON text; None: the event's sample."""

    event: str
    locale: str
    payload: str | None


class Line(NamedTuple):
    """One line of a file, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """What an event says, channel by channel, and the faults of what it was made from."""

    payload: str
    payload_faults: tuple[PayloadFault, ...]
    channels: Mapping[str, Shown]
    #: The lines around each fault of a template, by file and line.
    excerpts: Mapping[tuple[str, int], tuple[Line, ...]]
    text_faults: tuple[TextFault, ...]


class UnknownEvent(Exception):
    """No template folder has it, and no text of the tenant's."""


class Workshop:
    """`folders` are those of the settings; each reader's own links lead to `public_url`."""

    def __init__(self, folders: Sequence[Path], public_url: str) -> None:
        self._folders: Final = tuple(folders)
        self._public_url: Final = public_url
        self._editions: Final[OrderedDict[str, tuple[Catalog, Site, Edition]]] = OrderedDict()
        # One at a time: a renderer is for one thread, and a processor is for everybody's streams.
        self._working: Final = asyncio.Lock()

    async def catalog(self, site: Site) -> Catalog:
        """Of all events. Raises CatalogError, with every mistake in a file."""
        async with self._working:
            return await asyncio.to_thread(lambda: self._edition(site).catalog)

    async def look(self, site: Site, wish: Wish) -> Look:
        """Raises CatalogError, and UnknownEvent."""
        async with self._working:
            return await asyncio.to_thread(self._look, site, wish)

    async def excerpt(self, file: str, line: int) -> tuple[Line, ...]:
        """The lines around one of a file in the folders, by its path on disk; none elsewhere."""

        def read() -> tuple[Line, ...]:
            known = {str(each): each for each in Tree.of(self._folders).files.values()}
            return _around(known.get(file), line)

        return await asyncio.to_thread(read)

    def _look(self, site: Site, wish: Wish) -> Look:
        edition = self._edition(site)
        catalog = edition.catalog
        event = catalog.events.get(wish.event)
        if event is None:
            raise UnknownEvent
        text = _sample(catalog, event.key) if wish.payload is None else wish.payload
        try:
            values = payloads.read(text)
        except PayloadError as error:
            return Look(text, (error.fault,), {}, {}, tuple(edition.faults))
        shows = Preview(catalog, self._public_url, edition.renderer)
        channels = {
            channel: shows.show(event.key, channel, wish.locale, site.tenant, values)
            for channel in event.channels
        }
        return Look(
            text,
            tuple(payloads.faults(event, values, text)),
            channels,
            _excerpts(catalog, channels),
            tuple(edition.faults),
        )

    def _edition(self, site: Site) -> Edition:
        catalog = Catalog.load(self._folders)
        base, known, edition = self._editions.get(site.tenant.id, (None, None, None))
        if edition is None or base is not catalog or known != site:
            edition = Edition(
                catalog, Shelf(site.texts), _elsewhere(site, catalog), offers_links=True
            )
            self._editions[site.tenant.id] = (catalog, site, edition)
        self._editions.move_to_end(site.tenant.id)
        if len(self._editions) > _MOST_EDITIONS:
            self._editions.popitem(last=False)
        return edition


def _elsewhere(site: Site, catalog: Catalog) -> list[EventType]:
    """The events that no folder declares, and whose templates are texts."""
    return [
        event
        for event in site.registered
        if event.key not in catalog.events
        and any(text.path.startswith(event.key.replace(".", "/") + "/") for text in site.texts)
    ]


def _sample(catalog: Catalog, event: str) -> str:
    file = catalog.samples.get(event)
    return "{}" if file is None else file.read_text(encoding="utf-8")


def _excerpts(
    catalog: Catalog, channels: Mapping[str, Shown]
) -> dict[tuple[str, int], tuple[Line, ...]]:
    return {
        (fault.file, fault.line): _around(catalog.tree.files.get(fault.file), fault.line)
        for shown in channels.values()
        for fault in shown.faults
        if fault.file is not None and fault.line is not None
    }


def _around(file: File | None, line: int) -> tuple[Line, ...]:
    if file is None:
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    first = max(line - _AROUND, 1)
    return tuple(
        Line(number, text)
        for number, text in enumerate(lines[first - 1 : line + _AROUND], start=first)
    )


def fields_of(event: EventType) -> dict[str, Any]:
    """As event.toml writes them: `{"order_id": "id", "order_topic": "text?"}`."""
    return {
        name: f"{field.type}{'' if field.required else '?'}" for name, field in event.fields.items()
    }
