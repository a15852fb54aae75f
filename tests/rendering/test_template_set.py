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


def versions(
    path: str, *contents: str | None, tenant_id: str | None = None
) -> list[TemplateOverride]:
    """A text's history, oldest first; newest first as the database gives it."""
    made = [text(path, content, n, tenant_id) for n, content in enumerate(contents, start=1)]
    return made[::-1]


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
    return email(template_set.renderer.render(wanted)).text.strip()


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
    own = versions(TEXT, "own", None, tenant_id="shop")

    assert said(made(base, *own, text(TEXT, "everybody's"))) == "everybody's"


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
        (TEXT, "a\n{{ oops }}", "line 2: 'oops' is undefined"),
        (TEXT, "{% if text == 'b' %}{{ oops }}{% endif %}", "it reads oops, which"),
        (TEXT, "a\n{{ 1 / 0 }}", "line 2: ZeroDivisionError"),
        (TEXT, "  ", "the subject and the text must not be empty"),
        (TEXT, '{% include "partials/none.txt" %}', "line 1: there is no file partials/none.txt"),
        (LAYOUT, "{% block body %}", "line 1: Unexpected end of template"),
        (LAYOUT, "{{ oops }}", "line 1: 'oops' is undefined"),
        ("thing/happened/push.json", '{"title": "x"}', "nobody would get it: the event does not"),
        ("thing/happened/fax.txt", "x", "no channel has a file fax.txt"),
        ("thing/else/sms.txt", "x", "this belongs to no event"),
        ("thing/happened/sample.json", "{", "line 1 is not JSON"),
    ],
)
def test_a_faulty_override_is_left_out_and_reported(
    base: Catalog, path: str, content: str, sentence: str
) -> None:
    template_set = made(base, text(path, content))

    assert said(template_set) == "Text of the file"
    ((version, fault, instead),) = faults(template_set)
    assert version == 1
    assert fault.startswith(sentence)
    assert instead == ("nothing" if path.startswith("thing/else") else "the file")


def test_the_last_good_version_is_used_instead(base: Catalog) -> None:
    template_set = made(base, *versions(TEXT, "good", "{{ oops }}", "{% if %}"))

    assert said(template_set) == "good"
    assert {(version, instead) for version, _, instead in faults(template_set)} == {
        (3, "version 1"),
        (2, "version 1"),
    }


def test_everybodys_is_used_where_a_tenants_own_is_faulty(base: Catalog) -> None:
    own = text(TEXT, "{% if %}", tenant_id="shop")

    template_set = made(base, own, text(TEXT, "everybody's", 4))

    assert said(template_set) == "everybody's"
    assert [instead for _, _, instead in faults(template_set)] == ["version 4 of everybody"]


def test_a_faulty_override_does_not_take_the_good_ones_with_it(base: Catalog) -> None:
    template_set = made(base, text(TEXT, "good"), text(SUBJECT, "{% if %}"), text(LAYOUT, "{{"))

    assert said(template_set) == "good"
    assert len(faults(template_set)) == 2


def test_a_mistake_in_the_files_is_no_fault_of_an_override(tmp_path: Path) -> None:
    unsampled = Catalog.load([folder(tmp_path, email_files(subject=READS))])

    assert made(unsampled, text(TEXT, "good")).faults == []


def test_the_earlier_version_renders_what_an_override_cannot(base: Catalog) -> None:
    # Every sample has the items, or no text.
    template_set = made(base, *versions(TEXT, "good", "{% if text %}{{ items[0] }}{% endif %}x"))
    odd = delivery({"text": "a"})

    with pytest.raises(RenderingError) as error:
        template_set.renderer.render(odd)
    otherwise = template_set.render_with_earlier(odd, error.value)

    assert otherwise is not None
    content, other = otherwise
    assert email(content).text == "good\n"
    assert other.version("thing.happened") != template_set.version("thing.happened")
    assert [(version, instead) for version, _, instead in faults(template_set)] == [
        (2, "version 1")
    ]
    assert said(template_set, {"text": "a", "items": [7]}) == "7x"


def test_no_override_is_blamed_if_the_files_fail_too(base: Catalog) -> None:
    template_set = made(base, text(SUBJECT, "good"))
    wanted = delivery({}, channel="sms")

    with pytest.raises(RenderingError) as error:
        template_set.renderer.render(wanted)

    assert template_set.render_with_earlier(wanted, error.value) is None
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
