"""Every mail that is shipped, as mail programs, the dark and screen readers have it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.channels.email import Email
from dispatcher.inbound.links import UnsubscribeLinks
from dispatcher.inbound.signing import Signer
from dispatcher.rendering.content import EmailContent
from dispatcher.rendering.content_lint import links_missing_from_plain, lint_html
from dispatcher.rendering.renderer import Renderer
from tests.support.deliveries import a_delivery, email_channel
from tests.support.renderings import SHOP, delivery, email, reader, shipped_catalog

CATALOG = shipped_catalog()
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


@pytest.mark.parametrize("nothing", [None, ""])
def test_branding_that_is_stored_as_nothing_is_left_out(nothing: str | None) -> None:
    tenant = replace(BRANDED, branding=dict.fromkeys(BRANDED.branding, nothing))
    wanted = delivery(payload("order.paid", is_full=True), event="order.paid", tenant=tenant)
    render = Renderer(CATALOG).render

    assert render(wanted) == render(replace(wanted, tenant=SHOP))


def test_a_colour_that_is_none_keeps_no_mail_back() -> None:
    tenant = replace(SHOP, branding={"color": "red;x"})
    wanted = delivery(payload("order.paid", is_full=True), event="order.paid", tenant=tenant)

    html = email(Renderer(CATALOG).render(wanted)).html

    assert html is not None
    assert "View the order" in html
    assert [fault for fault in lint_html(html) if fault[0] == "error"] == [
        ("error", "the CSS of an element is none, so no style sheet is moved into the elements")
    ]


@pytest.mark.parametrize("is_full", [True, False], ids=["with everything", "with the least"])
@pytest.mark.parametrize(("event", "locale"), MAILS)
def test_a_mail_has_nothing_to_trip_over_and_its_text_every_link(
    event: str, locale: str, *, is_full: bool
) -> None:
    content = mail(event, locale, is_full=is_full)

    assert content.html is not None
    assert list(lint_html(content.html)) == []
    assert list(links_missing_from_plain(content.html, content.text)) == []


@pytest.mark.parametrize(("event", "locale"), MAILS)
def test_no_header_of_a_mail_is_longer_than_a_line_should_be(event: str, locale: str) -> None:
    links = UnsubscribeLinks(Signer(["a secret that is long enough for it"]), "https://in.example")
    channel = email_channel("A shop with a rather long name of its own", unsubscribe_links=links)
    address = f"{'a-local-part-of-some-length' * 2}@a-domain.of-some-length.example.org"

    message = channel.message(a_delivery(address), mail(event, locale))

    assert isinstance(message, Email)
    head, _, parts = message.data.decode("ascii").partition("\r\n\r\n")
    heads = [head, *re.findall(r"(?:^|\r\n)--=_\w+\r\n(.*?)\r\n\r\n", parts, re.DOTALL)]
    lines = [line for each in heads for line in each.split("\r\n")]
    assert len(heads) == 3
    # A link is one word, and cannot be folded.
    assert [line for line in lines if len(line) > 78 and " " in line.strip()] == []


@pytest.mark.parametrize(("event", "locale"), MAILS)
def test_outlook_keeps_the_height_of_every_line(event: str, locale: str) -> None:
    """Word adds to a line's height unless told before it that it is exact."""
    styles = re.findall(r'class="([a-z-]+)"[^>]*? style="([^"]*)"', str(mail(event, locale).html))
    of_lines = {
        name: style
        for name, style in styles
        if re.search(r"line-height:|font: \d+ \d+px/", style)
        # It may hold the logo, which an exact line would cut off.
        and name != "name"
    }

    assert of_lines.keys() >= {"card", "heading", "footer"}
    for name, style in of_lines.items():
        assert re.search(r"mso-line-height-rule: exactly;.*(line-height: |font: )", style), name


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
