"""postbell preview"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, assert_never

import typer
from rich.panel import Panel
from rich.text import Text

from dispatcher.cli import options
from dispatcher.cli.exits import Failure
from dispatcher.cli.terminal import answer, answer_json, terminal
from dispatcher.delivery import Delivery, Recipient, Tenant
from dispatcher.masking import printable
from dispatcher.rendering import gsm
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import (
    Content,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
    SseContent,
)
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.renderer import Renderer
from dispatcher.rendering.sms_faults import length_of
from dispatcher.settings import Settings


def command(
    event: Annotated[str, typer.Argument(help="An event, such as order.paid.")],
    channels: options.Channels = None,
    locale: Annotated[
        str, typer.Option(help="Of the reader, such as fr or fr-CA.", metavar="LOCALE")
    ] = "en",
    payload: Annotated[
        str | None,
        typer.Option(
            help="One JSON object, or @FILE, or - for standard input; the sample if not given.",
            metavar="JSON",
            parser=options.payload_of,
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="The e-mail's HTML, as it is.")] = False,
    json: options.Json = False,
) -> None:
    """Show what an event says on its channels, without sending it. Needs no database."""
    settings = Settings.load()
    catalog = Catalog.load(settings.template_folders)
    kind = event_in(catalog, event)
    values = _sample(catalog, event) if payload is None else jsonlib.loads(payload)
    renderer = Renderer(catalog)
    tenant = Tenant("default", "Postbell", settings.public_url, "EUR", "en", "UTC", {})
    contents = {
        channel: renderer.render(_delivery(kind, channel, locale, values, tenant))
        for channel in (["email"] if html else channels or kind.channels)
    }
    if json:
        answer_json({channel: _fields(content) for channel, content in contents.items()})
        return
    for channel, content in contents.items():
        if not html:
            terminal().print(Panel(_text(content), title=channel, title_align="left"))
        elif isinstance(content, EmailContent) and content.html is not None:
            answer(content.html)
        else:
            raise Failure(f"{event} has no HTML for e-mail.")


def event_in(catalog: Catalog, event: str) -> EventType:
    """The event of that name, or a sentence with the nearest one."""
    if event in catalog.events:
        return catalog.events[event]
    near = get_close_matches(event, catalog.events, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(catalog.events)}."
    raise Failure(f"No template folder has the event {event}: {hint}")


def _sample(catalog: Catalog, event: str) -> dict[str, Any]:
    if event not in catalog.samples:
        raise Failure(f"{event} has no sample.json: give a --payload.")
    try:
        sample = jsonlib.loads(catalog.samples[event].read_text(encoding="utf-8"))
    except jsonlib.JSONDecodeError as error:
        raise Failure(f"{catalog.samples[event]} is not JSON: {error}.") from None
    if not isinstance(sample, dict):
        raise Failure(f"{catalog.samples[event]} is not one JSON object.")
    return sample


def _delivery(
    event: EventType, channel: str, locale: str, payload: Mapping[str, Any], tenant: Tenant
) -> Delivery:
    return Delivery(
        id=0,
        outbox_id=0,
        event=event.key,
        category=event.category,
        channel=channel,
        priority=event.priority,
        subject=None,
        payload=payload,
        tenant=tenant,
        recipient=Recipient("preview", locale, None, {}),
        address=None,
        attempts=1,
        created_at=datetime.now(UTC),
        expires_at=None,
    )


def _fields(content: Content) -> dict[str, Any]:
    fields = asdict(content)
    if isinstance(content, SmsContent):
        fields |= asdict(gsm.measure(content.text))
    return fields


def _text(content: Content) -> Text:
    links: list[str | None] = []
    match content:
        case EmailContent():
            head, body = content.subject, content.text
        case SmsContent():
            head, body = content.text, length_of(gsm.measure(content.text))
        case SseContent():
            head, body, links = content.title, content.body, [content.link]
        case InAppContent() | PushContent():
            head, body = content.title, content.body
            links = [content.link, content.image]
            links += [f"{action.label}: {action.link}" for action in content.actions]
        case _:
            assert_never(content)
    text = Text(printable(head) + "\n", style="bold")
    text.append("\n" + printable(body).strip("\n"), style="not bold")
    for link in filter(None, links):
        text.append("\n" + printable(link), style="not bold dim")
    return text
