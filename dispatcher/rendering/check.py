"""Looks for what would only show when a message is sent: renders everything with its sample."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from dispatcher.delivery import Delivery, Recipient, Tenant
from dispatcher.rendering import amounts, locales
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import (
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
)
from dispatcher.rendering.errors import RenderingError, Unrenderable
from dispatcher.rendering.event_type import RESERVED, EventType, FieldType
from dispatcher.rendering.html_faults import html_faults
from dispatcher.rendering.links import is_web
from dispatcher.rendering.page import Page
from dispatcher.rendering.renderer import Renderer
from dispatcher.rendering.sms_faults import sms_faults

#: An error would stop or spoil a message; a warning is likely a mistake; the rest is to know.
Severity = Literal["error", "warning", "information"]

_TENANT: Final = Tenant(
    id="sample",
    name="Sample & Sons",
    base_url="https://sample.example",
    currency="EUR",
    locale=locales.ROOT_LANGUAGE,
    time_zone="Europe/Vienna",
    branding={},
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `locale` is empty for the root files."""

    severity: Severity
    event: str
    channel: str | None
    locale: str | None
    file: str | None
    line: int | None
    message: str


def check(catalog: Catalog, only: Mapping[str, Collection[str]] | None = None) -> list[Finding]:
    """Everything found in every event, channel and locale; empty if all is well.

    `only` are the events to look at, and of each the channels to render.
    """
    return [
        finding
        for event in catalog.events.values()
        if only is None or event.key in only
        for finding in (
            *_declaration(catalog, event),
            *_names(catalog, event),
            *_translations(catalog, event),
            *_renderings(catalog, event, event.channels if only is None else only[event.key]),
        )
    ]


def samples(catalog: Catalog, channel: str) -> Iterator[tuple[str, str, Content]]:
    """Event, locale folder, and what the sample says there on a channel; those that render."""
    renderer = Renderer(catalog)
    for event in catalog.events.values():
        if channel not in event.channels:
            continue
        for locale in catalog.locales(event.key):
            with suppress(ValueError, RenderingError):
                delivery = _delivery(event, channel, locale, _sample(catalog, event), 0)
                yield event.key, locale, renderer.render(delivery)


def _declaration(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    file = event.key.replace(".", "/") + "/sample.json"

    def fault(message: str, severity: Severity = "error") -> Finding:
        return Finding(severity, event.key, None, None, file, None, message)

    if not event.channels:
        yield fault("the event has no template for any channel", "warning")
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
        elif not _FITS[field.type](sample[name]):
            yield fault(f"the sample's {name} is not of its declared type, {field.type}")


def _sample(catalog: Catalog, event: EventType) -> dict[str, Any]:
    """Raises ValueError with a sentence."""
    if event.key not in catalog.samples:
        raise ValueError("there is no sample payload; add one, with every field")
    try:
        sample = json.loads(catalog.samples[event.key].read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is not JSON: {error.msg}") from None
    if not isinstance(sample, dict):
        raise ValueError("a payload is one flat object")  # noqa: TRY004 # said to the author
    return sample


def _pages(catalog: Catalog, event: EventType) -> Iterator[tuple[str, str, Page]]:
    """Channel, locale and file."""
    for by_locale in catalog.pages.get(event.key, {}).values():
        for locale, page in by_locale.items():
            yield page.file.rpartition("/")[2].partition(".")[0], locale, page


def _names(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    read: set[str] = set()
    for channel, locale, page in _pages(catalog, event):
        read |= page.reads
        # `currency` may be left undeclared: money then takes the tenant's.
        for name in sorted(page.reads - set(event.fields) - RESERVED - {"currency"}):
            yield Finding(
                "error", event.key, channel, locale, page.file, None,
                f"it reads {name}, which event.toml does not declare",
            )  # fmt: skip
    for name in event.fields:
        if name not in read:
            yield Finding(
                "warning", event.key, None, None, None, None,
                f"no template reads the declared field {name}",
            )  # fmt: skip


def _translations(catalog: Catalog, event: EventType) -> Iterator[Finding]:
    for channel, _, root in _pages(catalog, event):
        name = root.file.rpartition("/")[2]
        for locale in catalog.locales(event.key):
            if root.language == locales.ROOT_LANGUAGE and locale not in _present(
                catalog, event, name
            ):
                yield Finding(
                    "information", event.key, channel, locale, root.file, None,
                    f"there is no translation of {name}: readers of {locale} get a fallback",
                )  # fmt: skip


def _present(catalog: Catalog, event: EventType, file: str) -> Mapping[str, Page]:
    return catalog.pages[event.key][file]


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
            # With everything, and with nothing that may be left out.
            for number, payload in enumerate((sample, required)):
                delivery = _delivery(event, channel, locale, payload, number)
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
    for severity, message in _content_faults(content):
        yield Finding(severity, delivery.event, delivery.channel, locale, None, None, message)


def _content_faults(content: Content) -> Iterator[tuple[Severity, str]]:
    match content:
        case EmailContent(html=str(html)):
            yield from html_faults(html)
        case SmsContent(text=text):
            yield from sms_faults(text)
        # Relative links have been refused by then; what is left is an item that cannot be acted on.
        case InAppContent(link=None, actions=[_, *_]) | PushContent(link=None, actions=[_, *_]):
            yield "warning", "the item has actions, but no link of its own to open"


def _delivery(
    event: EventType, channel: str, locale: str, payload: Mapping[str, Any], number: int
) -> Delivery:
    return Delivery(
        id=number,
        outbox_id=number,
        event=event.key,
        category=event.category,
        channel=channel,
        priority=event.priority,
        subject=None,
        payload=payload,
        tenant=_TENANT,
        recipient=Recipient("sample", locales.language_of(locale), None, {}),
        address=None,
        attempts=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=None,
    )


def _is_amount(value: object) -> bool:
    try:
        amounts.decimal(value)
    except Unrenderable:
        return False
    return isinstance(value, str)


def _is_iso(kind: type[date]) -> Callable[[object], bool]:
    def is_iso(value: object) -> bool:
        try:
            return isinstance(value, str) and bool(kind.fromisoformat(value))
        except ValueError:
            return False

    return is_iso


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: Final[Mapping[FieldType, Callable[[object], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "id": lambda value: isinstance(value, str) or _is_integer(value),
    "amount": _is_amount,
    "integer": _is_integer,
    "number": lambda value: isinstance(value, float) or _is_integer(value),
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_iso(date),
    "timestamp": _is_iso(datetime),
    "url": is_web,
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
