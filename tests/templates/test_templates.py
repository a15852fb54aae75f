"""Every template that is shipped, on every channel and in every locale."""

from __future__ import annotations

import json
import re
from dataclasses import astuple, replace
from typing import Any

import pytest

from dispatcher.rendering import gsm
from dispatcher.rendering.channel_templates import TEMPLATES as TEMPLATE_TYPES
from dispatcher.rendering.content import (
    UNSUBSCRIBE_LINK,
    ChatContent,
    EmailContent,
    PushContent,
    SmsContent,
    SseContent,
)
from dispatcher.rendering.event_type import EventType
from dispatcher.rendering.lint import lint_catalog
from dispatcher.rendering.renderer import Renderer
from tests.support.event_catalogue import ENTRIES, Entry
from tests.support.renderings import (
    SHOP,
    delivery,
    email,
    in_app,
    reader,
    shipped_catalog,
)

CATALOG = shipped_catalog()
LOCALES = ("en", "fr")
EVERY_EVENT_AND_LOCALE = [
    (event, locale or "en") for event in CATALOG.events for locale in CATALOG.locales(event)
]
IN_ARABIC = {"order.paid", "payment.completed", "payment.failed", "ticket.replied"}
#: The end of a sentence, or of what is quoted.
END = (".", "?", "!", "…", "”", "»")


def sample(event: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(CATALOG.samples[event].read_text(encoding="utf-8"))
    return payload


def link(event: str, payload: dict[str, Any]) -> str | None:
    return ENTRIES[event].link(SHOP.base_url, payload)


def test_every_event_of_the_catalogue_is_there() -> None:
    assert set(CATALOG.events) == set(ENTRIES)


@pytest.mark.parametrize("event", CATALOG.events.values(), ids=lambda event: event.key)
def test_an_event_is_as_the_catalogue_has_it(event: EventType) -> None:
    declared = Entry(
        category=event.category,
        priority=event.priority,
        channels=" ".join(event.default_channels),
        fields=" ".join(name + "?" * (not field.required) for name, field in event.fields.items()),
        links=ENTRIES[event.key].links,
    )
    assert declared == ENTRIES[event.key]


@pytest.mark.parametrize("event", CATALOG.events.values(), ids=lambda event: event.key)
def test_an_event_has_a_template_for_each_channel(event: EventType) -> None:
    # Few events are for a chat.
    assert {*event.channels, "chat"} == set(TEMPLATE_TYPES)
    assert "html" in CATALOG.compiled[event.key]["email"]


def test_nothing_is_found_in_them() -> None:
    # That Arabic has no place in GSM 03.38 is no mistake.
    assert [
        found for found in lint_catalog(CATALOG) if (found.channel, found.locale) != ("sms", "ar")
    ] == []
    assert {found.severity for found in lint_catalog(CATALOG)} == {"information"}


@pytest.mark.parametrize("event", CATALOG.events)
def test_every_file_is_translated(event: str) -> None:
    locales = {"", "fr", "ar"} if event in IN_ARABIC else {"", "fr"}
    parts = [by_locale for by in CATALOG.compiled[event].values() for by_locale in by.values()]
    assert {frozenset(by_locale) for by_locale in parts} == {frozenset(locales)}


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_an_email_renders_its_sample(event: str, locale: str) -> None:
    content = email(
        Renderer(CATALOG).render(
            delivery(sample(event), event=event, recipient=reader(locale=locale))
        )
    )
    assert content.subject
    address = link(event, sample(event))
    assert f"\n{address}\n" in content.text
    assert content.html is not None
    assert f'href="{address}"' in content.html
    direction = "rtl" if locale == "ar" else "ltr"
    assert f'lang="{locale}" dir="{direction}"' in content.html
    assert "prefers-color-scheme: dark" in content.html
    assert 'class="heading" style="' in content.html


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_a_mail_shows_how_to_unsubscribe_where_that_is_possible(event: str, locale: str) -> None:
    wanted = delivery(sample(event), event=event, recipient=reader(locale=locale))
    forced = replace(wanted, is_forced=True)
    offering = Renderer(CATALOG, offers_links=True)

    content = email(offering.render(wanted))

    assert UNSUBSCRIBE_LINK in content.text
    assert f'href="{UNSUBSCRIBE_LINK}"' in str(content.html)
    for without in (email(offering.render(forced)), email(Renderer(CATALOG).render(wanted))):
        assert UNSUBSCRIBE_LINK not in without.text + str(without.html)
        assert "nsubscri" not in without.text + str(without.html)


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_an_inbox_item_renders_its_sample(event: str, locale: str) -> None:
    item = in_app(
        Renderer(CATALOG).render(
            delivery(sample(event), event=event, channel="in_app", recipient=reader(locale=locale))
        )
    )
    assert item.title
    assert item.body.endswith(END)
    assert item.link == link(event, sample(event))
    assert item.actions[0].link == item.link


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_a_text_message_of_its_sample_is_short_and_has_its_link(event: str, locale: str) -> None:
    content = Renderer(CATALOG).render(
        delivery(sample(event), event=event, channel="sms", recipient=reader(locale=locale))
    )

    assert isinstance(content, SmsContent)
    assert content.text.startswith("Alpine Shop")
    assert content.text.endswith(f" {link(event, sample(event))}")
    if locale == "ar":
        assert gsm.measure(content.text).segments == 2
    else:
        assert gsm.measure(content.text).encoding is gsm.Encoding.GSM
        assert gsm.measure(content.text).segments == 1


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_a_push_of_its_sample_is_short_and_opens_what_it_tells_of(event: str, locale: str) -> None:
    content = Renderer(CATALOG).render(
        delivery(sample(event), event=event, channel="push", recipient=reader(locale=locale))
    )

    assert isinstance(content, PushContent)
    # What a phone shows before it cuts; the shared catalogue bounds the text that is quoted.
    assert len(content.title) <= 50
    assert len(content.body) <= 150
    assert content.body.endswith(END)
    assert content.link == link(event, sample(event))


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_an_open_page_is_told_of_its_sample_in_brief(event: str, locale: str) -> None:
    content = Renderer(CATALOG).render(
        delivery(sample(event), event=event, channel="sse", recipient=reader(locale=locale))
    )

    assert isinstance(content, SseContent)
    assert len(content.title) <= 50
    assert len(content.body) <= 150
    assert content.link == link(event, sample(event))


@pytest.mark.parametrize(("event", "locale"), EVERY_EVENT_AND_LOCALE)
def test_it_renders_with_its_required_fields_alone(event: str, locale: str) -> None:
    fields = CATALOG.events[event].fields
    payload = {name: value for name, value in sample(event).items() if fields[name].required}
    renderer = Renderer(CATALOG)
    for channel in CATALOG.events[event].channels:
        content = renderer.render(
            delivery(payload, event=event, channel=channel, recipient=reader(locale=locale))
        )
        assert "None" not in repr(content).replace("image=None", "").replace("link=None", "")
        if not isinstance(content, EmailContent | SmsContent | ChatContent):
            assert content.link == link(event, payload)


def test_french_readers_get_french() -> None:
    content = email(
        Renderer(CATALOG).render(
            delivery(sample("order.paid"), event="order.paid", recipient=reader(locale="fr-CA"))
        )
    )
    assert content.subject == "Paiement de 149,00\xa0€ pour la commande n°\xa01042"
    assert "Moyen de paiement\xa0: Visa ending in 4242" in content.text
    assert content.html is not None
    assert "Vous recevez ce message" in content.html


def test_a_deadline_is_told_in_the_readers_own_time() -> None:
    renderer = Renderer(CATALOG)
    wanted = delivery(sample("order.assigned"), event="order.assigned", channel="in_app")
    assert "March 27, 2026, 12:00\u202fPM EDT" in in_app(renderer.render(wanted)).body
    in_vienna = replace(wanted, recipient=reader(time_zone=None))
    assert "March 27, 2026, 5:00\u202fPM CET" in in_app(renderer.render(in_vienna)).body


def test_a_payment_without_an_order_has_no_link_to_one() -> None:
    renderer = Renderer(CATALOG)
    payload = {"amount": "20.00"}
    item = in_app(renderer.render(delivery(payload, event="payment.completed", channel="in_app")))
    assert (item.link, item.actions) == (None, ())
    assert (
        "/orders/" not in email(renderer.render(delivery(payload, event="payment.completed"))).text
    )


def test_a_tenants_branding_shows() -> None:
    branding = {
        "color": "#0f766e",
        "logo_url": "https://shop.example/logo.png",
        "address": "Main St",
    }
    content = email(
        Renderer(CATALOG).render(
            delivery(
                sample("order.paid"), event="order.paid", tenant=replace(SHOP, branding=branding)
            )
        )
    )
    assert content.html is not None
    assert 'bgcolor="#0f766e"' in content.html
    assert 'src="https://shop.example/logo.png"' in content.html
    assert "Main St" in content.text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("channel", "length"), [("email", 150), ("push", 150), ("sms", 100)])
@pytest.mark.parametrize("event", ["ticket.replied", "class.message.received"])
def test_what_somebody_wrote_is_cut_where_it_is_quoted(
    event: str, channel: str, length: int, locale: str
) -> None:
    payload = {**sample(event), "message_preview": "x" * 500}
    wanted = delivery(payload, event=event, channel=channel, recipient=reader(locale=locale))

    content = Renderer(CATALOG).render(wanted)

    texts = [text for text in astuple(content) if isinstance(text, str)]
    assert max(len(found) for text in texts for found in re.findall("x+", text)) == length - 1
    assert "x\N{HORIZONTAL ELLIPSIS}" in "".join(texts) or "x..." in "".join(texts)


@pytest.mark.parametrize("event", CATALOG.events)
def test_none_of_them_is_personal(event: str) -> None:
    renderer = Renderer(CATALOG)
    for channel in CATALOG.events[event].channels:
        first = renderer.render(delivery(sample(event), event=event, channel=channel))
        second = renderer.render(
            delivery(sample(event), event=event, channel=channel, recipient=reader(id="ben"))
        )
        assert first is second
