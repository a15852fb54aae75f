"""postbell preview"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import connected
from dispatcher.cli.errors import CommandError, ExitCode, error_json
from dispatcher.cli.output import echo, echo_json, echo_stderr, echo_table, echo_verbatim
from dispatcher.cli.suggestions import nearest
from dispatcher.errors import UnknownTenantError, translated
from dispatcher.rendering import gsm
from dispatcher.rendering.content import (
    ChatContent,
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
    SseContent,
)
from dispatcher.rendering.gsm import length_of

if TYPE_CHECKING:
    from dispatcher.delivery.model import Tenant
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.rendering.event_type import EventType
    from dispatcher.rendering.payload import PayloadFault
    from dispatcher.rendering.preview import ChannelPreview
    from dispatcher.settings import Settings


_EMAIL = "email"


def command(
    event: Annotated[
        str | None,
        typer.Argument(help="An event, such as order.paid; all are listed if none is named."),
    ] = None,
    channels: options.Channels = None,
    locale: Annotated[
        str, typer.Option(help="Of the reader, such as fr or fr-CA.", metavar="LOCALE")
    ] = "en",
    tenant: Annotated[
        str | None,
        typer.Option(
            help="The website, as the database knows it; a plain one if not given.", metavar="ID"
        ),
    ] = None,
    payload: Annotated[
        options.TextInput | None,
        typer.Option(
            help="One JSON object, or a FILE with it, or - for standard input; the sample if not"
            " given.",
            metavar="JSON",
            parser=options.read_input,
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="The e-mail's HTML, as it is.")] = False,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Show what an event says on its channels, without sending it.

    Needs no database, unless a --tenant is named. What is wrong is told with its file and line.
    """
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.rendering.preview import Preview, content_fields
    from dispatcher.settings import Settings

    settings = Settings.load()
    catalog = Catalog.load(settings.template_folders)
    if event is None:
        _list(catalog, is_json=json)
        return
    kind = event_in(catalog, event)
    written = _sample(catalog, event) if payload is None else payload
    values = _values(kind, written)
    site = _tenant(settings, tenant, is_embedded=embedded)
    preview = Preview(catalog, settings.public_url)
    shown = {
        channel: preview.show(event, channel, locale, site, values)
        for channel in ([_EMAIL] if html else channels or kind.channels)
    }
    faults = list(_faults(catalog, kind, written, values, shown))
    unknown = [channel for channel in shown if channel not in kind.channels]
    hint = " ".join(filter(None, (nearest(channel, kind.channels) for channel in unknown)))
    for sentence in (*faults, *_missing_language(catalog, event, locale), *filter(None, [hint])):
        echo_stderr(sentence)
    contents = {channel: each.content for channel, each in shown.items() if each.content}
    if json:
        fields = {channel: content_fields(content) for channel, content in contents.items()}
        if len(contents) < len(shown):
            fields |= error_json("failed", "\n".join(faults), hint or None)
        echo_json(fields)
    elif html:
        _answer_html(event, contents.get(_EMAIL))
    else:
        for channel, content in contents.items():
            _show(channel, content)
    if len(contents) < len(shown):
        raise typer.Exit(ExitCode.BAD)


def _list(catalog: Catalog, *, is_json: bool) -> None:
    from dispatcher.rendering.locales import language_of

    listed = [
        {
            "event": event.key,
            "label": event.label,
            "channels": list(event.channels),
            "locales": [language_of(folder) for folder in catalog.locales(event.key)],
        }
        for event in sorted(catalog.events.values(), key=lambda event: event.key)
    ]
    if is_json:
        echo_json(listed)
    else:
        rows = [(*list(row.values())[:2], *map(" ".join, list(row.values())[2:])) for row in listed]
        echo_table(["event", "label", "channels", "languages"], rows)


def _answer_html(event: str, content: Content | None) -> None:
    if content is None:
        return
    if not isinstance(content, EmailContent) or content.html is None:
        raise CommandError(f"{event} has no HTML for e-mail.")
    echo_verbatim(content.html)


def _values(event: EventType, written: options.TextInput) -> dict[str, Any]:
    from dispatcher.rendering import payload as payloads

    try:
        return payloads.parse_payload(written.text)
    except payloads.PayloadError as error:
        raise CommandError(_placed(event, written, error.fault), ExitCode.USAGE) from None


def _faults(
    catalog: Catalog,
    event: EventType,
    written: options.TextInput,
    values: Mapping[str, Any],
    shown: Mapping[str, ChannelPreview],
) -> Iterator[str]:
    """What the router would reject it for, and what the templates do."""
    from dispatcher.rendering import payload as payloads

    for fault in payloads.payload_faults(event, values, written.text):
        yield _placed(event, written, fault)
    for channel, each in shown.items():
        for found in each.faults:
            if found.severity != "information":
                # As it is on disk, for who follows it from the terminal.
                file = catalog.sources.files.get(found.file or "")
                placed = replace(found, file=str(file)) if file else found
                yield f"{channel}: {placed}"


def _missing_language(catalog: Catalog, event: str, locale: str) -> list[str]:
    """A sentence if no text of the event is in the reader's language."""
    from dispatcher.rendering.locales import language_of, truncations

    languages = [language_of(folder) for folder in catalog.locales(event)]
    if not set(languages).isdisjoint(truncations(locale)):
        return []
    return [f"{event} has no texts in {locale}. Its languages are {', '.join(languages)}."]


def _placed(event: EventType, written: options.TextInput, fault: PayloadFault) -> str:
    where = written.file or f"the payload of {event.key}"
    line = "" if fault.line is None else f":{fault.line}"
    return f"{where}{line}: {fault.sentence}"


def _tenant(settings: Settings, tenant_id: str | None, *, is_embedded: bool) -> Tenant:
    from dispatcher.db import texts
    from dispatcher.delivery.model import Tenant

    if tenant_id is None:
        return Tenant("default", "Postbell", settings.public_url, "EUR", "en", "UTC", {})
    with connected(settings, is_embedded=is_embedded) as connection:
        with translated():
            texts.require_tenant(connection, tenant_id)
        found = texts.tenant_to_preview(connection, tenant_id)
        if found is None:
            raise UnknownTenantError(tenant_id)
        return found


def event_in(catalog: Catalog, event: str) -> EventType:
    """The event of that name. Raises CommandError, which names the nearest one."""
    if event in catalog.events:
        return catalog.events[event]
    raise CommandError(
        f"No template folder has the event {event}.",
        hint=nearest(event, catalog.events) or f"There are {', '.join(catalog.events)}.",
    )


def _sample(catalog: Catalog, event: str) -> options.TextInput:
    if event not in catalog.samples:
        raise CommandError(f"{event} has no sample.json: give a --payload.")
    file = catalog.samples[event]
    return options.TextInput(file.read_text(encoding="utf-8"), str(file))


def _show(channel: str, content: Content) -> None:
    links: list[str | None] = []
    match content:
        case EmailContent():
            head, body = content.subject, content.text
        case SmsContent():
            head, body = content.text, length_of(gsm.measure(content.text))
        case ChatContent():
            head, _, body = content.text.partition("\n")
        case SseContent():
            head, body, links = content.title, content.body, [content.link]
        case InAppContent() | PushContent():
            head, body = content.title, content.body
            links = [content.link, content.image]
            links += [f"{action.label}: {action.link}" for action in content.actions]
        case _:
            assert_never(content)
    echo(f"── {channel} ──")
    echo(head, bold=True)
    echo("\n" + body.strip("\n"))
    for link in filter(None, links):
        echo(link, dim=True)
    echo("")
