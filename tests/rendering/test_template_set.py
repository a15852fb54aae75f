"""Texts of the database over the template files, and what happens where they are faulty."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.errors import RenderingError
from dispatcher.rendering.event_type import EventType, Field
from dispatcher.rendering.overrides import TemplateOverride, TemplateOverrides
from dispatcher.rendering.template_set import TemplateSet
from tests.support.renderings import (
    delivery,
    email,
    email_files,
    folder,
    in_app,
    reader,
)

SUBJECT = "thing/happened/email.subject.txt"
TEXT = "thing/happened/email.txt"
HTML = "thing/happened/email.html"
LAYOUT = "layouts/email.html"
SAMPLE = '{"text": "a", "items": [1], "amount": "1", "currency": "EUR", "at": "2026-03-01T12:00Z"}'
#: Reads every field, so that the check of the whole has nothing to say.
READS = "{{ text }}{{ items }}{{ amount }}{{ currency }}{{ at }}"

_ids = count(1)


def text(
    path: str, content: str | None, version: int = 1, tenant_id: str | None = None
) -> TemplateOverride:
    return TemplateOverride(next(_ids), tenant_id, path, version, content)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    files = email_files(
        subject="Subject",
        text="Text of the file",
        html='{% extends "layouts/email.html" %}{% block body %}HTML of the file{% endblock %}',
    )
    return Catalog.load(
        [
            folder(
                tmp_path_factory.mktemp("templates"),
                {
                    **files,
                    LAYOUT: "<main>{% block body %}{% endblock %}</main>",
                    "thing/happened/sample.json": SAMPLE,
                    "thing/happened/fr/email.txt": "Texte du fichier",
                },
            )
        ]
    )


def made(
    base: Catalog, *texts: TemplateOverride, registered: tuple[EventType, ...] = ()
) -> TemplateSet:
    return TemplateSet(base, TemplateOverrides(texts), registered)


def said(
    template_set: TemplateSet, payload: dict[str, Any] | None = None, locale: str = "en"
) -> str:
    wanted = delivery(payload or {}, recipient=reader(locale=locale))
    return email(template_set.render(wanted)).text.strip()


def html(template_set: TemplateSet) -> str | None:
    return email(template_set.renderer.render(delivery({}))).html


def faults(template_set: TemplateSet) -> list[tuple[int, str, str]]:
    return [
        (fault.override.version, fault.sentence, fault.instead) for fault in template_set.faults
    ]


def test_without_overrides_a_template_set_is_the_files(base: Catalog) -> None:
    template_set = TemplateSet(base)

    assert template_set.catalog is base
    assert template_set.version("thing.happened") == base.events["thing.happened"].version
    assert template_set.override_ids("thing.happened") == []


def test_an_override_takes_the_place_of_its_file_and_of_no_other(base: Catalog) -> None:
    template_set = made(base, text(TEXT, "Text of the database"))

    assert said(template_set) == "Text of the database"
    assert said(template_set, locale="fr") == "Texte du fichier"
    assert said(TemplateSet(base)) == "Text of the file"
    assert template_set.faults == []


def test_an_override_that_python_makes_no_code_of_is_not_used(base: Catalog) -> None:
    deep = "{% for i in items %}" * 25 + "x" + "{% endfor %}" * 25
    template_set = made(base, text(TEXT, deep))

    (fault,) = template_set.faults
    assert fault.override.path == TEXT
    assert template_set.overrides == {}
    assert said(template_set) == "Text of the file"


def test_an_override_may_be_a_translation_that_no_file_is(base: Catalog) -> None:
    template_set = made(base, text("thing/happened/de/email.txt", "Text der Datenbank"))

    assert said(template_set, locale="de-AT") == "Text der Datenbank"
    assert said(template_set) == "Text of the file"


def test_a_layout_override_reaches_all_that_extend_it(base: Catalog) -> None:
    template_set = made(base, text(LAYOUT, "<article>{% block body %}{% endblock %}</article>"))

    assert html(template_set) == "<article>HTML of the file</article>"
    assert html(TemplateSet(base)) == "<main>HTML of the file</main>"


def test_what_an_override_does_not_touch_is_not_compiled_again(base: Catalog) -> None:
    changed = made(base, text(LAYOUT, "{% block body %}{% endblock %}")).catalog
    after, before = (each.compiled["thing.happened"]["email"] for each in (changed, base))

    assert after["text"][""] is before["text"][""]
    assert after["html"][""] is not before["html"][""]


def test_a_tenants_own_override_comes_before_everybodys(base: Catalog) -> None:
    own, everybodys = text(TEXT, "own", tenant_id="shop"), text(TEXT, "everybody's")

    assert said(made(base, own, everybodys)) == "own"
    assert said(made(base, everybodys)) == "everybody's"


def test_a_withdrawn_override_leaves_everybodys(base: Catalog) -> None:
    own = text(TEXT, None, 2, tenant_id="shop")

    assert said(made(base, own, text(TEXT, "everybody's"))) == "everybody's"


def test_the_version_tells_overrides_and_owners_apart(base: Catalog) -> None:
    first, second = text(TEXT, "same"), text(TEXT, "same", tenant_id="shop")
    one, other = made(base, first), made(base, second)

    assert one.override_ids("thing.happened") == [first.id]
    assert other.override_ids("thing.happened") == [second.id]
    known = {
        template_set.version("thing.happened") for template_set in (TemplateSet(base), one, other)
    }
    assert len(known) == 3


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        (TEXT, "{% if %}", "line 1: Expected an expression, got 'end of statement block'"),
        (TEXT, '{% include "partials/none.txt" %}', "line 1: there is no file partials/none.txt"),
        (LAYOUT, "{% block body %}", "line 1: Unexpected end of template"),
        ("thing/happened/push.json", '{"title": "x"}', "nobody would get it: the event does not"),
        ("thing/happened/fax.txt", "x", "no channel has a file fax.txt"),
        ("thing/else/sms.txt", "x", "this belongs to no event"),
    ],
)
def test_an_override_that_cannot_be_compiled_is_not_used(
    base: Catalog, path: str, content: str, sentence: str
) -> None:
    template_set = made(base, text(path, content))

    assert said(template_set) == "Text of the file"
    ((version, fault, instead),) = faults(template_set)
    assert version == 1
    assert fault.startswith(sentence)
    assert instead == ("nothing" if path.startswith("thing/else") else "the file")


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        (TEXT, "a\n{{ oops }}", "line 2: 'oops' is undefined"),
        (TEXT, "{% if text == 'b' %}{{ oops }}{% endif %}x", "it reads oops, which"),
        (TEXT, "a\n{{ 1 / 0 }}", "line 2: ZeroDivisionError"),
        (TEXT, "  ", "the subject and the text must not be empty"),
        (LAYOUT, "{{ oops }}", "line 1: 'oops' is undefined"),
        ("thing/happened/sample.json", "{", "line 1 is not JSON"),
    ],
)
def test_a_fault_shows_in_the_sample_before_a_message_meets_it(
    base: Catalog, path: str, content: str, sentence: str
) -> None:
    ((version, fault, instead),) = faults(made(base, text(path, content)))

    assert (version, instead) == (1, "the file")
    assert fault.startswith(sentence)


def test_the_newest_version_counts_and_a_faulty_one_leaves_the_file(base: Catalog) -> None:
    template_set = made(base, text(TEXT, "{% if %}", 3))

    assert said(template_set) == "Text of the file"
    assert [(version, instead) for version, _, instead in faults(template_set)] == [(3, "the file")]


def test_a_text_that_its_sample_refutes_is_reported_and_serves_the_others(base: Catalog) -> None:
    template_set = made(base, text(TEXT, "a{{ text if text else oops }}"))

    assert said(template_set, {"text": "b"}) == "ab"
    assert len(faults(template_set)) == 1


def test_a_faulty_override_does_not_take_the_good_ones_with_it(base: Catalog) -> None:
    template_set = made(base, text(TEXT, "good"), text(SUBJECT, "{% if %}"), text(LAYOUT, "{{"))

    assert said(template_set) == "good"
    assert len(faults(template_set)) == 2


def test_a_mistake_in_the_files_is_no_fault_of_an_override(tmp_path: Path) -> None:
    unsampled = Catalog.load([folder(tmp_path, email_files(subject=READS))])

    assert made(unsampled, text(TEXT, "good")).faults == []


def test_the_files_make_a_message_that_an_override_cannot(base: Catalog) -> None:
    # Every sample has the items, or no text.
    template_set = made(
        base, text(TEXT, "{% if text %}{{ items[0] }}{% endif %}x"), text(SUBJECT, "good")
    )
    assert template_set.faults == []

    odd = email(template_set.render(delivery({"text": "a"})))

    assert (odd.subject, odd.text) == ("Subject", "Text of the file\n")
    assert [fault.override.path for fault in template_set.faults] == [TEXT]
    assert said(template_set, {"text": "a", "items": [7]}) == "7x"


def test_no_override_has_a_fault_if_the_files_fail_too(base: Catalog) -> None:
    template_set = made(base, text(SUBJECT, "good"))

    with pytest.raises(RenderingError):
        template_set.render(delivery({}, channel="sms"))

    assert template_set.faults == []


STOCK = EventType(
    key="stock.low",
    label="Low stock",
    description="",
    category="stock",
    priority="normal",
    default_channels=("in_app",),
    forced_channels=(),
    channels=("in_app",),
    notify_actor=False,
    fields={"item": Field("text", required=True), "left": Field("integer", required=False)},
    version="",
)


def test_an_event_may_have_no_file_at_all(base: Catalog) -> None:
    template_set = made(
        base,
        text("stock/low/in_app.json", '{"title": "{{ item }}: {{ left or \'none\' }} left"}'),
        text("stock/low/fr/in_app.json", '{"title": "Plus que {{ left or 0 }} {{ item }}"}'),
        registered=(STOCK,),
    )

    def title(locale: str) -> str:
        wanted = delivery(
            {"item": "Tea", "left": 2},
            event="stock.low",
            channel="in_app",
            recipient=reader(locale=locale),
        )
        return in_app(template_set.renderer.render(wanted)).title

    assert template_set.faults == []
    assert (title("en"), title("fr-CA")) == ("Tea: 2 left", "Plus que 2 Tea")
    assert template_set.version("stock.low")


def test_an_event_without_a_file_is_checked_with_the_sample_of_the_database(base: Catalog) -> None:
    texts = [
        text("stock/low/in_app.json", '{"title": "{{ left + 1 }} of {{ item }}"}'),
        text("stock/low/sample.json", '{"item": "Tea", "left": 2}'),
    ]

    ((_, fault, instead),) = faults(made(base, *texts, registered=(STOCK,)))

    assert fault.startswith("line 1: ")
    assert instead == "nothing"


def test_a_registered_event_never_hides_that_of_a_folder(base: Catalog) -> None:
    template_set = made(
        base,
        text(TEXT, "{{ text or 'nothing' }}"),
        registered=(EventType(**{**_columns(STOCK), "key": "thing.happened"}),),
    )

    assert template_set.catalog.events["thing.happened"].label == "Thing happened"
    assert said(template_set, {"text": "hello"}) == "hello"


def _columns(event: EventType) -> dict[str, Any]:
    return {name: getattr(event, name) for name in EventType.__slots__}
