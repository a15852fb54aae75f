"""email.html alone: its subject is a block, and its text is its content once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import EmailContent
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import delivery, email, event_toml, folder

PLACE = "thing/happened/"
SHARED = {
    "layouts/email.html": "<html><title>{% block title %}{% endblock %}</title><body>"
    "{% block content %}{% endblock %}</body></html>",
    "layouts/email.txt": "{% block content %}{% endblock %}\n--\n{{ tenant.name }}",
    "partials/fact.html": "{% macro fact(a, b) %}<tr><td>{{ a }}<td>{{ b }}{% endmacro %}",
    "partials/fact.txt": "{% macro fact(a, b) %}\n{{ a }}: {{ b }}\n{% endmacro %}",
}
HEAD = """\
{% extends "layouts/email.html" %}
{% from "partials/fact.html" import fact %}
{% block subject %}{{ text }}, paid{% endblock %}
{% block title %}Paid{% endblock %}
"""


def rendered(path: Path, html: str, text: str = "<A&B>", **files: str) -> EmailContent:
    """The mail of an email.html; `email_txt` is email.txt beside it."""
    own = {PLACE + name.replace("_", "."): content for name, content in files.items()}
    made = {
        **SHARED,
        PLACE + "event.toml": event_toml("email"),
        PLACE + "email.html": html,
        **own,
    }
    return email(Renderer(Catalog.load([folder(path, made)])).render(delivery({"text": text})))


def with_content(content: str) -> str:
    return HEAD + "{% block content %}\n" + content + "\n{% endblock %}\n"


def test_the_subject_is_a_block_and_nothing_in_it_is_escaped(tmp_path: Path) -> None:
    mail = rendered(tmp_path, with_content("<p>x</p>"))

    assert mail.subject == "<A&B>, paid"
    assert "<title>Paid</title>" in str(mail.html)


def test_without_that_block_the_title_is_the_subject(tmp_path: Path) -> None:
    page = with_content("<p>x</p>").replace("subject", "other")

    assert rendered(tmp_path, page).subject == "Paid"


def test_a_file_of_its_own_comes_before_the_block(tmp_path: Path) -> None:
    mail = rendered(tmp_path, with_content("<p>x</p>"), email_subject_txt="s", email_txt="t")

    assert (mail.subject, mail.text) == ("s", "t\n")


def test_the_text_is_the_content_with_the_partials_and_layout_of_texts(tmp_path: Path) -> None:
    content = """\
<p class="text">A <b>bold</b> word:
  {{ text }} &amp; {% if text %}more{% endif %}.</p>
{{ fact('Name', text) }}
{{ fact('Again', text) }}
<p>One<br>two</p>
"""

    assert rendered(tmp_path, with_content(content)).text == (
        "A bold word: <A&B> & more.\n\nName: <A&B>\nAgain: <A&B>\nOne\ntwo\n\n--\nAlpine Shop\n"
    )


@pytest.mark.parametrize(
    "content",
    [
        '<ul><li>{{ text }}</li></ul><a href="https://shop.example/a">Look</a>',
        '<table><tr><td>{{ text }}</td></tr></table><a href="https://shop.example/a">Look</a>',
        '<p>{{ text }} <a href="https://shop.example/a">Look</a></p>',
        '{{ text }}, <a href="https://shop.example/a">Look</a>',
    ],
)
def test_the_text_of_other_markup_is_converted_with_its_links(tmp_path: Path, content: str) -> None:
    mail = rendered(tmp_path, with_content(content))

    assert "<A&B>" in mail.text
    assert "[Look](https://shop.example/a)" in mail.text
    assert "</" not in mail.text


def test_a_page_without_a_layout_is_converted(tmp_path: Path) -> None:
    page = "<html><head><title>{% block title %}Hi{% endblock %}</title><style>p { color: red }"
    mail = rendered(tmp_path, page + "</style></head><body><p>Dear {{ text }}</p></body></html>")

    assert (mail.subject, mail.text) == ("Hi", "Dear <A&B>\n")


def test_a_partial_that_is_html_alone_is_converted(tmp_path: Path) -> None:
    page = with_content("{{ note(text) }}").replace(
        "{% block", "{% from 'partials/note.html' import note %}{% block", 1
    )
    (tmp_path / "partials").mkdir()
    (tmp_path / "partials/note.html").write_text("{% macro note(a) %}<i>{{ a }}</i>{% endmacro %}")

    assert rendered(tmp_path, page).text == "<A&B>\n"


def test_an_error_in_the_text_has_the_place_in_the_html(tmp_path: Path) -> None:
    files = {
        **SHARED,
        PLACE + "event.toml": event_toml("email"),
        PLACE + "email.html": with_content("<p>a</p>\n<p>{{ items[0] }}</p>"),
    }
    catalog = Catalog.load([folder(tmp_path, files)])

    (text,) = catalog.compiled["thing.happened"]["email"]["text"].values()

    assert (text.file, text.is_markup) == (PLACE + "email.html", False)
    assert text.reads == {"items", "tenant"}
