from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.rendering.content import Action, PushContent, SseContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import (
    SHOP,
    delivery,
    email,
    email_files,
    event_toml,
    in_app,
    in_app_files,
    reader,
    refusal,
    renderer,
    shipped_catalog,
)

SHIPPED = shipped_catalog()


def test_a_missing_translation_falls_back(tmp_path: Path) -> None:
    files = {
        **email_files(subject="root", text="root"),
        "thing/happened/fr/email.subject.txt": "fr",
        "thing/happened/fr-ca/email.subject.txt": "fr-ca",
        "thing/happened/de/email.subject.txt": "de",
    }
    render = renderer(tmp_path, files).render
    german_shop = replace(SHOP, locale="de-AT")

    def subject(locale: str | None, tenant_locale: str = "en") -> str:
        tenant = german_shop if tenant_locale == "de-AT" else SHOP
        return email(render(delivery({}, recipient=reader(locale=locale), tenant=tenant))).subject

    assert subject("fr-CA") == "fr-ca"
    assert subject("FR_ca") == "fr-ca"
    assert subject("fr-BE") == "fr"
    assert subject("es") == "root"
    assert subject("no such locale!") == "root"
    assert subject("es", "de-AT") == "de"
    assert subject(None, "de-AT") == "de"
    # The root files are English, so English readers never get the tenant's German.
    assert subject("en-GB", "de-AT") == "root"
    assert email(render(delivery({}, recipient=reader(locale="fr")))).text == "root\n"


def test_layouts_and_partials_fall_back_too(tmp_path: Path) -> None:
    files = {
        **email_files(text='{% extends "layouts/email.txt" %}{% block body %}hello{% endblock %}'),
        "thing/happened/fr/email.txt": (
            '{% extends "layouts/email.txt" %}{% block body %}bonjour{% endblock %}'
        ),
        "layouts/email.txt": '{% block body %}{% endblock %} {% include "partials/end.txt" %}',
        "partials/end.txt": "bye",
        "partials/fr/end.txt": "salut",
    }
    render = renderer(tmp_path, files).render
    assert email(render(delivery({}))).text == "hello bye\n"
    assert email(render(delivery({}, recipient=reader(locale="fr")))).text == "bonjour salut\n"


def test_a_text_knows_its_language_and_which_way_that_is_written(tmp_path: Path) -> None:
    files = {
        **email_files(text="{{ lang }} {{ dir }}"),
        "thing/happened/ar/email.txt": "{{ lang }} {{ dir }}",
    }
    render = renderer(tmp_path, files).render

    def text(locale: str) -> str:
        return email(render(delivery({}, recipient=reader(locale=locale)))).text

    assert text("ar-EG") == "ar rtl\n"
    assert text("en") == "en ltr\n"
    # There is no Hebrew here, so its readers get English, which is written from the left.
    assert text("he") == "en ltr\n"


def test_numbers_follow_the_reader_only_in_the_language_of_the_text(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(subject="{{ amount | money }}")).render

    def subject(locale: str) -> str:
        wanted = delivery({"amount": "1234.50"}, recipient=reader(locale=locale))
        return email(render(wanted)).subject

    assert subject("en-GB") == "€1,234.50"
    assert subject("de") == "€1,234.50"
    assert subject("en-ZA") != subject("en")


def test_money_is_in_the_payloads_currency_else_the_tenants(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(subject="{{ amount | money }}")).render
    assert email(render(delivery({"amount": "5", "currency": "USD"}))).subject == "$5.00"
    assert (
        email(render(delivery({"amount": "5", "currency": None}, notification_id=2))).subject
        == "€5.00"
    )


def test_a_preview_is_as_long_as_its_channel_shows(tmp_path: Path) -> None:
    fields = {"message_preview": "text?"}
    files = {
        **email_files(text="{{ message_preview }}"),
        **in_app_files('{"title": "t", "body": "{{ message_preview }}"}'),
        "thing/happened/event.toml": event_toml("email", "in_app", fields=fields),
    }
    render = renderer(tmp_path, files).render
    payload = {"message_preview": "x" * 151}

    assert email(render(delivery(payload))).text == "x" * 149 + "…\n"
    assert in_app(render(delivery(payload, channel="in_app"))).body == "x" * 151


def test_an_inbox_item_has_all_its_parts(tmp_path: Path) -> None:
    json = """{
        "title": "T {{ text }}", "body": "B", "link": "{{ url('/a b') }}",
        "image": "https://img.example/1.png",
        "actions": [
            {"label": "Open", "link": "{{ url('x') }}"},
            {"label": "Gone", "link": "{% if items %}{{ url('/y') }}{% endif %}"}
        ]
    }"""
    item = in_app(
        renderer(tmp_path, in_app_files(json)).render(delivery({"text": "x"}, channel="in_app"))
    )
    assert item.title == "T x"
    assert item.link == "https://shop.example/a%20b"
    assert item.image == "https://img.example/1.png"
    assert item.actions == (Action("Open", "https://shop.example/x"),)


def test_a_push_is_written_as_an_inbox_item_is(tmp_path: Path) -> None:
    json = '{"title": " Paid ", "body": "{{ text }}", "link": "{{ url(\'/o/7\') }}", "image": ""}'
    files = {"thing/happened/event.toml": event_toml("push"), "thing/happened/push.json": json}

    content = renderer(tmp_path, files).render(delivery({"text": "x < y"}, channel="push"))

    assert content == PushContent("Paid", "x < y", "https://shop.example/o/7", None, ())


def test_what_an_open_page_shows_has_neither_image_nor_actions(tmp_path: Path) -> None:
    json = '{"title": " Paid ", "body": "{{ text }}", "link": "{{ url(\'/o/7\') }}"}'
    files = {"thing/happened/event.toml": event_toml("sse"), "thing/happened/sse.json": json}

    content = renderer(tmp_path, files).render(delivery({"text": "x < y"}, channel="sse"))
    assert content == SseContent("Paid", "x < y", "https://shop.example/o/7")

    files["thing/happened/sse.json"] = '{"title": "Paid", "image": "https://img.example/1.png"}'
    with pytest.raises(CatalogError, match="there is no 'image'; there are title, body, link"):
        renderer(tmp_path, files)


def test_what_one_part_sets_is_not_for_the_next(tmp_path: Path) -> None:
    render = renderer(
        tmp_path,
        in_app_files(
            '{"title": "{% set x = 1 %}t", "body": "{{ x is defined | default(false) }}{{ x }}"}'
        ),
    )
    error = refusal(render, delivery({}, channel="in_app"))
    assert "'x' is undefined" in error.message or "only text" in error.message


@pytest.mark.parametrize(
    "title",
    [
        "{% set x %}t{% endset %}t",
        "{% macro x() %}t{% endmacro %}{{ x() }}",
        "{% for x in range(2) %}{{ x }}{% endfor %}",
        "{% if true %}{% set x = 1 %}{% endif %}{{ x }}",
        "{% with x = 1 %}{{ x }}{% endwith %}",
    ],
)
def test_nor_is_what_it_names_in_another_way(tmp_path: Path, title: str) -> None:
    item = f'{{"title": "{title}",\n"body": "{{{{ x }}}}"}}'
    error = refusal(renderer(tmp_path, in_app_files(item)), delivery({}, channel="in_app"))
    assert error.message == "'x' is undefined"
    assert (error.file, error.line) == ("thing/happened/in_app.json", 2)


def test_a_part_that_is_too_long_is_named(tmp_path: Path) -> None:
    body = "{% for n in range(1000) %}" + "x" * 2_000 + "{% endfor %}"
    item = f'{{"title": "t",\n"body": "{body}"}}'
    error = refusal(renderer(tmp_path, in_app_files(item)), delivery({}, channel="in_app"))
    assert error.message == "the template makes more than 1000000 characters"
    assert (error.file, error.line) == ("thing/happened/in_app.json", 2)


def test_an_undeclared_field_is_an_error_even_if_the_payload_has_it(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(text="one\ntwo\n{{ stranger }}"))
    error = refusal(render, delivery({"stranger": "secret"}, recipient=reader(locale="fr")))
    assert error.message == "'stranger' is undefined"
    assert (error.file, error.line) == ("thing/happened/email.txt", 3)
    assert (error.event, error.channel, error.locale) == ("thing.happened", "email", "fr")
    assert "secret" not in str(error)


def test_the_line_in_a_json_file_is_told(tmp_path: Path) -> None:
    files = in_app_files('{\n  "title": "t",\n  "body": "{{ stranger }}"\n}')
    error = refusal(renderer(tmp_path, files), delivery({}, channel="in_app"))
    assert (error.file, error.line) == ("thing/happened/in_app.json", 3)


def test_a_missing_or_null_required_field_is_an_error(tmp_path: Path) -> None:
    files = email_files(text="{{ needed }}")
    files["thing/happened/event.toml"] = event_toml("email", fields={"needed": "text"})
    render = renderer(tmp_path, files)
    for payload in ({}, {"needed": None}):
        assert refusal(render, delivery(payload)).message == "'needed' is undefined"


def test_an_optional_field_must_be_guarded(tmp_path: Path) -> None:
    guarded = renderer(tmp_path / "1", email_files(text="{% if text %}{{ text }}{% endif %}."))
    assert email(guarded.render(delivery({}))).text == ".\n"
    bare = renderer(tmp_path / "2", email_files(text="{{ text }}"))
    assert "guard it with {% if" in refusal(bare, delivery({})).message


@pytest.mark.parametrize("value", [True, [1], {"a": 1}])
def test_only_text_and_numbers_are_written_out(tmp_path: Path, value: object) -> None:
    render = renderer(tmp_path, email_files(text="{{ text }}"))
    assert "only text and numbers" in refusal(render, delivery({"text": value})).message


@pytest.mark.parametrize("amount", [19.9, "19,90", "1e999999999", "NaN", "", True, "1" * 40, []])
def test_what_is_no_amount_is_an_error(tmp_path: Path, amount: object) -> None:
    render = renderer(tmp_path, email_files(text="{{ amount | money }}"))
    assert "decimal string" in refusal(render, delivery({"amount": amount})).message


@pytest.mark.parametrize("link", ["/orders/1", "javascript:alert(1)", "//evil.example", "data:x"])
def test_a_link_must_be_absolute_and_of_the_web(tmp_path: Path, link: str) -> None:
    render = renderer(tmp_path, in_app_files('{"title": "t", "link": "{{ text }}"}'))
    error = refusal(render, delivery({"text": link}, channel="in_app"))
    assert "absolute https:// or http://" in error.message
    assert link not in str(error)


def test_a_url_field_must_be_of_the_web(tmp_path: Path) -> None:
    files = email_files(html='<a href="{{ page }}">x</a>')
    files["thing/happened/event.toml"] = event_toml("email", fields={"page": "url"})
    render = renderer(tmp_path, files)
    assert "page must be" in refusal(render, delivery({"page": "javascript:alert(1)"})).message


def test_an_event_or_channel_without_a_template_is_an_error(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files())
    assert "no template" in refusal(render, delivery({}, channel="in_app")).message
    assert "no template" in refusal(render, delivery({}, event="no.such")).message


def test_css_is_inlined_and_dark_mode_kept(tmp_path: Path) -> None:
    page = (
        "<html><head><style>p { color: red } @media (prefers-color-scheme: dark) "
        "{ p { color: blue } }</style></head><body><p>x</p></body></html>"
    )
    html = email(renderer(tmp_path, email_files(html=page)).render(delivery({}))).html
    assert html is not None
    assert '<p style="color: red;">x</p>' in html
    assert "prefers-color-scheme: dark" in html


@settings(max_examples=100, deadline=None)
@given(locale=st.one_of(st.none(), st.text()), zone=st.one_of(st.none(), st.text()))
def test_no_locale_and_no_zone_stops_a_message(locale: str | None, zone: str | None) -> None:
    payload = {"order_id": 1, "deadline": "2026-03-01T09:00:00Z"}
    wanted = delivery(
        payload, event="order.assigned", recipient=reader(locale=locale, time_zone=zone)
    )
    assert "2026" in email(Renderer(SHIPPED).render(wanted)).text


def test_a_payload_of_spaces_takes_no_time(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(text="a{{ text }}b")).render
    text = email(render(delivery({"text": "\n" + " " * 500_000 + "\t"}))).text
    assert text.count(" ") == 500_000


def test_the_cause_of_an_error_is_not_kept(tmp_path: Path) -> None:
    error = refusal(
        renderer(tmp_path, email_files(text="{{ text + 1 }}")), delivery({"text": "secret"})
    )
    assert error.__suppress_context__
    assert "secret" not in str(error)
