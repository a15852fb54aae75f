"""Mails of both houses of the demo: plain, with a code, a logo, an amount, from right to left."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from dispatcher.delivery.model import Tenant
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.renderer import Renderer
from tests.screenshots.camera import Camera
from tests.support.renderings import SHOP, delivery, email, reader, shipped_catalog

_GREEN: Final = replace(
    SHOP,
    name="Fernhill Research",
    branding={
        "color": "#1f6f54",
        "support_email": "help@fernhill.example",
        "address": "12 Fern Lane, Sheffield",
    },
)
_LOGO: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='132' height='32'%3E"
    "%3Crect width='32' height='32' rx='8' fill='%231f6f54'/%3E%3Ctext x='42' y='23'"
    " font-family='Georgia' font-size='22' fill='%231f6f54'%3EFernhill%3C/text%3E%3C/svg%3E"
)
_WITH_LOGO: Final = replace(_GREEN, branding={**_GREEN.branding, "logo_url": _LOGO})
_RED: Final = replace(
    SHOP,
    name="Atelier Mistral",
    branding={"color": "#9a3412", "support_email": "aide@mistral.example"},
)


class Mail(NamedTuple):
    """One mail to look at. What it says is the event's sample."""

    event: str
    locale: str
    tenant: Tenant

    @property
    def name(self) -> str:
        return f"mail-{self.event}-{self.locale}"


MAILS: Final = (
    Mail("order.paid", "en", _GREEN),
    Mail("payment.failed", "fr", _RED),
    Mail("payment.completed", "en-GB", _WITH_LOGO),
    Mail("payment.invoice_generated", "en-GB", _GREEN),
    Mail("loyalty.redemption.approved", "en", _GREEN),
    Mail("order.paid", "ar", _GREEN),
    Mail("ticket.replied", "ar", _RED),
)


def photograph(camera: Camera) -> None:
    catalog = shipped_catalog()
    renderer = Renderer(catalog, offers_links=True)
    with TemporaryDirectory(prefix="postbell_mails_") as folder:
        for mail in MAILS:
            page = Path(folder, f"{mail.name}.html")
            page.write_text(_html(catalog, renderer, mail), encoding="utf-8")
            camera.photograph(mail.name, page.as_uri())


def _html(catalog: Catalog, renderer: Renderer, mail: Mail) -> str:
    payload = json.loads(catalog.samples[mail.event].read_text(encoding="utf-8"))
    content = renderer.render(
        delivery(
            payload, event=mail.event, tenant=mail.tenant, recipient=reader(locale=mail.locale)
        )
    )
    return str(email(content).html)
