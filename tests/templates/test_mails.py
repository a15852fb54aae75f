"""Every mail that is shipped, as mail programs, the dark and screen readers have it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import EmailContent
from dispatcher.rendering.html_faults import html_faults, unsaid_links
from dispatcher.rendering.renderer import Renderer
from tests.dispatcher.rendering.given import SHOP, TEMPLATES, delivery, email, reader

CATALOG = Catalog.load([TEMPLATES])
MAILS = [(event, locale) for event in CATALOG.events for locale in CATALOG.locales(event)]
BRANDED = replace(
    SHOP,
    branding={
        "logo_url": "https://shop.example/logo.png",
        "color": "#0f766e",
        "support_email": "help@shop.example",
        "address": "Main Street 1",
    },
)


def payload(event: str, *, is_full: bool) -> dict[str, Any]:
    """The sample, whole or with nothing that may be left out."""
    sample = json.loads(CATALOG.samples[event].read_text(encoding="utf-8"))
    fields = CATALOG.events[event].fields
    return {name: value for name, value in sample.items() if is_full or fields[name].required}


def mail(event: str, locale: str, *, is_full: bool = True) -> EmailContent:
    return email(
        Renderer(CATALOG, offers_links=True).render(
            delivery(
                payload(event, is_full=is_full),
                event=event,
                tenant=BRANDED if is_full else SHOP,
                recipient=reader(locale=locale or "en"),
            )
        )
    )


@pytest.mark.parametrize("is_full", [True, False], ids=["with everything", "with the least"])
@pytest.mark.parametrize(("event", "locale"), MAILS)
def test_a_mail_has_nothing_to_trip_over_and_its_text_every_link(
    event: str, locale: str, *, is_full: bool
) -> None:
    content = mail(event, locale, is_full=is_full)

    assert content.html is not None
    assert list(html_faults(content.html)) == []
    assert list(unsaid_links(content.html, content.text)) == []


def test_what_dresses_a_mail_for_the_dark_survives_the_inlining_of_its_styles() -> None:
    html = str(mail("order.paid", "en").html)

    assert "@media (prefers-color-scheme: dark)" in html
    assert "[data-ogsc] .heading" in html
    assert '<meta name="color-scheme" content="light dark">' in html


def test_a_mail_from_right_to_left_is_laid_out_so() -> None:
    html = str(mail("order.paid", "ar").html)

    assert html.count('lang="ar" dir="rtl"') == 3  # html, body and what web mail keeps
    # The order of a tag's attributes is the inliner's.
    for element in ("card", "fact-label", "footer"):
        assert re.search(rf'class="{element}"[^>]* align="right"[^>]*text-align: right', html)


def test_what_comes_after_the_preheader_is_not_shown_in_a_list_of_messages() -> None:
    hidden = str(mail("order.paid", "en").html).partition("</div>")[0]

    assert hidden.rstrip().endswith("\u2007\u034f" * 40)
