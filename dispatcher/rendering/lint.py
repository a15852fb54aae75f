"""Lints the catalog: renders every template with its sample, to find errors before sending."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from dispatcher.delivery.model import Delivery, Recipient, Tenant
from dispatcher.rendering import locales
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.compiled import CompiledTemplate
from dispatcher.rendering.content import Content
from dispatcher.rendering.content_lint import Severity, lint_content
from dispatcher.rendering.errors import RenderingError
from dispatcher.rendering.event_type import RESERVED, EventType
from dispatcher.rendering.payload import TYPE_IN_WORDS, is_of_type
from dispatcher.rendering.renderer import Renderer

_TENANT: Final = Tenant(
    id="sample",
    name="Sample & Sons",
    base_url="https://sample.example",
    currency="EUR",
    locale=locales.ROOT_LANGUAGE,
    time_zone="Europe/Vienna",
    branding={},
)
#: A tenant with all the branding that the shipped layout shows.
_BRANDED: Final = replace(
    _TENANT,
    branding={
        "logo_url": "https://sample.example/logo.png",
        "color": "#1d4ed8",
        "support_email": "help@sample.example",
        "address": "1 Sample Street",
    },
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. `locale` is empty for the root files."""

    severity: Severity
    event: str
    channel: str | None
    locale: str | None
    file: str | None
    line: int | None
    message: str


def lint_catalog(
    catalog: Catalog, only: Mapping[str, Collection[str]] | None = None
) -> list[Finding]:
    """Every problem in every event, channel and locale.

    `only` limits this to some events, with the channels to render of each, and to what would stop
    a message: languages may differ.
    """
    return [
        finding
        for event in catalog.events.values()
        if only is None or event.key in only
        for finding in (
            *_declaration(catalog, event),
            *_names(catalog, event),
            *(_translations(catalog, event) if only is None else ()),
            *_renderings(catalog, event, event.channels if only is None else only[event.key]),
        )
    ]


def sample_contents(catalog: Catalog, channel: str) -> Iterator[tuple[str, str, Content]]:
    """Event key, locale folder and content of every sample that renders on a channel."""
    renderer = Renderer(catalog)
    for event in catalog.events.values():
        if channel not in event.channels:
            continue
        for locale in catalog.locales(event.key):
            with suppress(ValueError, RenderingError):
                delivery = _delivery(event, channel, locale, _sample(catalog, event))
                yield event.key, locale, renderer.render(delivery)


def _declaration(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    file = event.key.replace(".", "/") + "/sample.json"

    def fault(message: str, severity: Severity = "error") -> Finding:
        return Finding(severity, event.key, None, None, file, None, message)

    if not event.channels:
        yield fault("the event supports no channel", "warning")
    yield from _asides(catalog, event)
    try:
        sample = _sample(catalog, event)
    except ValueError as error:
        yield fault(str(error))
        return
    for name in sorted(set(sample) - set(event.fields)):
        yield fault(f"the sample has a field {name} that event.toml does not declare")
    for name, field in event.fields.items():
        if sample.get(name) is None:
            if field.required:
                yield fault(f"the sample lacks the required field {name}")
            else:
                yield fault(f"the sample lacks the optional field {name}: show it", "warning")
        elif not is_of_type(field.type, sample[name]):
            yield fault(
                f"the sample's {name} is not of its declared type, {field.type}:"
                f" it has to be {TYPE_IN_WORDS[field.type]}"
            )


def _asides(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    """What is good to know of a declaration."""
    for locale in catalog.locales(event.key)[1:]:
        if event.labels and not event.labels.keys() & set(locales.truncations(locale)):
            yield Finding(
                "information", event.key, None, locale, event.key.replace(".", "/") + "/event.toml",
                None, f"there is no label in {locale}: its readers get the English one",
            )  # fmt: skip
    for unused in catalog.unsupported(event.key):
        yield Finding(
            "information", event.key, None, None, unused, None,
            "nobody gets it: channels in event.toml does not name its channel",
        )  # fmt: skip


def _sample(catalog: Catalog, event: EventType) -> dict[str, Any]:
    """The sample payload. Raises ValueError with a sentence for the author."""
    if event.key not in catalog.samples:
        raise ValueError("there is no sample payload; add one, with every field")
    try:
        sample = json.loads(catalog.samples[event.key].read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is not JSON: {error.msg}") from None
    if not isinstance(sample, dict):
        raise ValueError("a payload is one flat object")  # noqa: TRY004 # a sentence for the author
    return sample


def _templates(catalog: Catalog, event: EventType) -> Iterator[tuple[str, str, CompiledTemplate]]:
    """Channel, locale and compiled part, a file of several parts or channels once."""
    seen: set[tuple[str, frozenset[str]]] = set()
    for channel, parts in catalog.compiled.get(event.key, {}).items():
        for by_locale in parts.values():
            for locale, template in by_locale.items():
                if (template.file, template.reads | template.routes) not in seen:
                    seen.add((template.file, template.reads | template.routes))
                    yield channel, locale, template


def _names(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    read: set[str] = set()
    routes = catalog.sources.routes
    for channel, locale, template in _templates(catalog, event):
        read |= template.reads
        for route in sorted(template.routes):
            ways = routes.paths(route)
            read.update(name for paths in ways for path in paths for name in path.fields)
            lacking = {
                name
                for paths in ways
                if not any(event.fields.keys() >= set(path.fields) for path in paths)
                for name in set(paths[-1].fields) - event.fields.keys()
            }
            if lacking:
                yield Finding(
                    "error", event.key, channel, locale, template.file, None,
                    f"the route {route} needs {', '.join(sorted(lacking))}, which event.toml does"
                    " not declare",
                )  # fmt: skip
        # `currency` may be undeclared: then the filter `money` uses the tenant's.
        for name in sorted(template.reads - set(event.fields) - RESERVED - {"currency"}):
            yield Finding(
                "error", event.key, channel, locale, template.file, None,
                f"it reads {name}, which event.toml does not declare",
            )  # fmt: skip
    for name in event.fields:
        if name not in read:
            yield Finding(
                "warning", event.key, None, None, None, None,
                f"no template reads the declared field {name}",
            )  # fmt: skip


def _translations(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    """What a language lacks, and where it does not say what the root does."""
    seen: set[tuple[str, str]] = set()
    for channel, parts in catalog.compiled[event.key].items():
        for by_locale in parts.values():
            root = by_locale[locales.ROOT]
            name = root.file.rpartition("/")[2]
            for locale in catalog.locales(event.key):
                template = by_locale.get(locale)
                if template is None:
                    if (locale, name) not in seen:
                        seen.add((locale, name))
                        yield Finding(
                            "information", event.key, channel, locale, root.file, None,
                            f"there is no translation of {name}: readers of {locale} get another",
                        )  # fmt: skip
                    continue
                for difference in _differences(event, root, template):
                    if (template.file, difference) not in seen:
                        seen.add((template.file, difference))
                        yield Finding(
                            "error", event.key, channel, locale, template.file, None, difference
                        )


def _differences(
    event: EventType, root: CompiledTemplate, other: CompiledTemplate
) -> Iterator[str]:
    for one, another, place in (
        (root, other, f"which {root.file} does"),
        (other, root, f"which {root.file} does not"),
    ):
        verb = "does not read" if one is root else "reads"
        for name in sorted((one.reads - another.reads) & set(event.fields)):
            yield f"it {verb} {name}, {place}"
        for link in sorted((one.links | one.routes) - (another.links | another.routes)):
            yield f"it {'has no' if one is root else 'has a'} link to {link}, {place}"


def _renderings(catalog: Catalog, event: EventType, channels: Collection[str]) -> Iterator[Finding]:
    try:
        sample = _sample(catalog, event)
    except ValueError:
        return
    required = {name: sample[name] for name in sample if _is_required(event, name)}
    renderer = Renderer(catalog, offers_links=True)
    seen: set[Finding] = set()
    for locale in catalog.locales(event.key):
        for channel in event.channels:
            if channel not in channels:
                continue
            # Once with every field and branding, once with the required ones only.
            for number, (payload, tenant) in enumerate(((sample, _BRANDED), (required, _TENANT))):
                delivery = _delivery(event, channel, locale, payload, number, tenant)
                for finding in _rendering(renderer, delivery, locale):
                    if finding not in seen:
                        seen.add(finding)
                        yield finding


def _is_required(event: EventType, name: str) -> bool:
    return name in event.fields and event.fields[name].required


def _rendering(renderer: Renderer, delivery: Delivery, locale: str) -> Iterator[Finding]:
    try:
        content = renderer.render(delivery)
    except RenderingError as error:
        yield Finding(
            "error", delivery.event, delivery.channel, locale, error.file, error.line, error.message
        )
        return
    for severity, message in lint_content(content):
        yield Finding(severity, delivery.event, delivery.channel, locale, None, None, message)


def _delivery(
    event: EventType,
    channel: str,
    locale: str,
    payload: Mapping[str, Any],
    number: int = 0,
    tenant: Tenant = _TENANT,
) -> Delivery:
    return Delivery(
        id=number,
        identity=f"{number:032x}",
        notification_id=number,
        event=event.key,
        category=event.category,
        channel=channel,
        priority=event.priority,
        subject=None,
        payload=payload,
        tenant=tenant,
        recipient=Recipient("sample", locales.language_of(locale), None, {}),
        address=None,
        attempts=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=None,
    )
