"""Template folders, readers and deliveries, made to order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from dispatcher.delivery.model import Delivery, Recipient, Tenant
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import Content, EmailContent, InAppContent
from dispatcher.rendering.errors import RenderingError
from dispatcher.rendering.labels import Labels
from dispatcher.rendering.loader import TemplateFiles
from dispatcher.rendering.renderer import Renderer

TEMPLATES = Path(__file__).parents[2] / "templates"


@cache
def shipped_catalog() -> Catalog:
    """The templates that come with Postbell, loaded once for all tests of a process."""
    return Catalog.load([TEMPLATES])


@cache
def shipped_labels() -> Labels:
    """What those templates call events and categories."""
    return Labels.of(TemplateFiles.of([TEMPLATES]))


SHOP = Tenant(
    id="shop",
    name="Alpine Shop",
    base_url="https://shop.example",
    currency="EUR",
    locale="en",
    time_zone="Europe/Vienna",
    branding={},
)
ANA = Recipient(id="ana", locale="en", time_zone="America/New_York", attributes={"name": "Ana"})

EVENT = """
label = "Thing happened"
description = "For tests."
category = "things"
priority = "normal"
channels = [{channels}]
default_channels = [{channels}]

[fields]
{fields}
"""
FIELDS = {
    "text": "text?",
    "items": "list?",
    "amount": "amount?",
    "currency": "text?",
    "at": "timestamp?",
}


def folder(path: Path, files: Mapping[str, str]) -> Path:
    """A template folder with these files."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content, encoding="utf-8")
    return path


def event_toml(*channels: str, fields: Mapping[str, str] = FIELDS) -> str:
    return EVENT.format(
        channels=", ".join(f'"{channel}"' for channel in channels),
        fields="\n".join(f'{name} = "{kind}"' for name, kind in fields.items()),
    )


def email_files(
    *, subject: str = "Subject", text: str = "Text", html: str | None = None
) -> dict[str, str]:
    """The event `thing.happened`, on email."""
    files = {
        "thing/happened/event.toml": event_toml("email"),
        "thing/happened/email.subject.txt": subject,
        "thing/happened/email.txt": text,
    }
    return files if html is None else {**files, "thing/happened/email.html": html}


def in_app_files(json: str) -> dict[str, str]:
    """The event `thing.happened`, on in_app."""
    return {
        "thing/happened/event.toml": event_toml("in_app"),
        "thing/happened/in_app.json": json,
    }


def renderer(path: Path, files: Mapping[str, str]) -> Renderer:
    return Renderer(Catalog.load([folder(path, files)]))


def delivery(
    payload: Mapping[str, Any],
    *,
    event: str = "thing.happened",
    channel: str = "email",
    notification_id: int = 1,
    tenant: Tenant = SHOP,
    recipient: Recipient = ANA,
) -> Delivery:
    return Delivery(
        id=notification_id,
        identity=f"{notification_id:032x}",
        notification_id=notification_id,
        event=event,
        category="things",
        channel=channel,
        priority="normal",
        subject=None,
        payload=payload,
        tenant=tenant,
        recipient=recipient,
        address=None,
        attempts=1,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        expires_at=None,
    )


def reader(**changes: Any) -> Recipient:
    return replace(ANA, **changes)


def email(content: Content) -> EmailContent:
    assert isinstance(content, EmailContent)
    return content


def in_app(content: Content) -> InAppContent:
    assert isinstance(content, InAppContent)
    return content


def refusal(renderer: Renderer, wanted: Delivery) -> RenderingError:
    """The error that a delivery ends with."""
    try:
        renderer.render(wanted)
    except RenderingError as error:
        return error
    raise AssertionError("it was rendered")
