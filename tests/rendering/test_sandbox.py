"""What hostile payloads and hostile template authors cannot do."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import (
    delivery,
    email,
    email_files,
    event_toml,
    folder,
    in_app,
    in_app_files,
    refusal,
    renderer,
    shipped_catalog,
)

REFUSED_WHEN_LOADED = [
    "{{ ''.__class__ }}",
    "{{ text.__class__.__mro__ }}",
    "{{ recipient._recipient }}",
    "{{ _private }}",
    "{{ ''['__class__']._x }}",
    "{% autoescape false %}{{ text }}{% endautoescape %}",
    "{{ text | safe }}",
    "{% if text %}{{ text | safe }}{% endif %}",
    "{{ text | format(1) }}",
    "{{ text | attr('x') }}",
    "{{ text | center(1000000000) }}",
    "{{ items | map('upper') }}",
    "{{ lipsum | indent }}",
    "{{ 3 is divisibleby(2) }}",
    "{% for x in items recursive %}{{ loop(items) }}{% endfor %}",
    "{% set a = [text, text] %}",
    "{% set a = {'x': text} %}",
    "{% include text %}",
    "{% include ['a.txt', 'b.txt'] %}",
    "{% include 'a.txt' ignore missing %}",
    "{% include '../../../etc/passwd' %}",
    "{% extends text %}",
    "{% include 'thing/happened/email.html' %}",
    "{% if text %}" * 60 + "{% endif %}" * 60 + "{{ " + "9" * 5000 + " }}",
    "{% for x in items %}" * 300 + "{% endfor %}" * 300,
    "{% if text %}" * 3000 + "{% endif %}" * 3000,
    "{{" + "(" * 5000 + "1" + ")" * 5000 + "}}",
]

REFUSED_WHEN_RENDERED = [
    "{{ ''['__class__'] }}",
    "{{ text['format'] }}",
    "{{ text.format(1) }}",
    "{{ '{0.__class__}'.format(text) }}",
    "{{ text.upper() }}",
    "{{ items.append(1) }}",
    "{{ items.clear }}",
    "{{ tenant.replace }}",
    "{{ recipient.address }}",
    "{{ event.fields }}",
    "{{ url.__globals__ is defined }}{{ url.func_globals }}".replace(".__globals__ is defined", ""),
    "{{ self.environment }}",
    "{{ range(10**9) }}",
    "{% for x in range(1000000000) %}x{% endfor %}",
    "{{ 10 ** 9 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ items * 1000000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000s' % 'a' }}",
    "{{ namespace(a=1) }}",
    "{{ cycler('a') }}",
    "{{ lipsum(1000000000) }}",
    "{{ text() }}",
    "{{ items() }}",
    "{{ 1 / 0 }}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% block b %}{{ self.b() }}{{ self.b() }}{% endblock %}",
]

DOUBLED = "".join(
    f"{{% set {after} = {before}" + f" ~ {before}" * 9 + " %}"
    for before, after in zip("abcdefghi", "bcdefghij", strict=True)
)
ADDED = DOUBLED.replace("~", "+")
CAPTURED = "".join(
    f"{{% set {after} %}}" + f"{{{{ {before} }}}}" * 10 + "{% endset %}"
    for before, after in zip("abcdefghi", "bcdefghij", strict=True)
)
BOMBS = [
    "{% set a = 'aaaaaaaaaa' %}" + DOUBLED + "{{ j }}",
    "{% set a = 'aaaaaaaaaa' %}" + ADDED + "{{ j }}",
    "{% set a = 'aaaaaaaaaa' %}" + CAPTURED + "{{ j }}",
    "{% for x in range(1000) %}{{ text }}{% endfor %}",
    "{% for x in range(1000) %}{{ '" + "b" * 10_000 + "' }}{% endfor %}",
    "{% for x in range(1000) %}" + "b" * 10_000 + "{% endfor %}",
    "{{ range(1000) | join('" + "c" * 10_000 + "') }}",
]


@pytest.mark.parametrize("template", REFUSED_WHEN_LOADED)
def test_it_is_refused_when_loaded(tmp_path: Path, template: str) -> None:
    with pytest.raises(CatalogError) as caught:
        renderer(tmp_path, email_files(text=template, html="x"))
    assert "thing/happened/email.txt" in str(caught.value)


@pytest.mark.parametrize("template", REFUSED_WHEN_RENDERED)
def test_it_is_refused_when_rendered(tmp_path: Path, template: str) -> None:
    error = refusal(
        renderer(tmp_path, email_files(text=template)), delivery({"text": "secret", "items": [1]})
    )
    assert error.file == "thing/happened/email.txt"
    assert "secret" not in str(error)


#: Each goes through a long text or list, or copies it.
SLOW = [
    "'y' in text",
    "'y' not in text",
    "text is in(text)",
    "'q' in items",
    "('q', 'q') in items",
    "'q' is in(items)",
    "1.5 in range(1000)",
    "text[:-1] == text[1:]",
    "text[1:] < text[:-1]",
    "text[1:] is ge(text[:-1])",
    "1 < 2 < text[1:] | length",
    "items[1:] == items[:-1]",
    "items == items",
    "items is ne(items)",
    "text[::-1]",
    "items[::-1]",
    "'1' | money(text)",
    "text ~ text",
    "text + text",
    "text | upper",
    "text | trim",
    "text | truncate(3)",
    "text | urlencode",
    "items | join",
    "items | first",
    "items | last",
    "items | length",
    "[1, 2] | join(text)",
    "1 | plural(one=text, other=text)",
    "url(text)",
    "loop.changed(items[1:])",
    "loop.cycle(text, text)",
]


@pytest.mark.parametrize("expression", SLOW)
def test_what_goes_through_much_is_paid_for_and_ends(tmp_path: Path, expression: str) -> None:
    once = f"{{% for x in range(1) %}}{{% if ({expression}) %}}{{% endif %}}{{% endfor %}}x"
    often = once.replace("range(1)", "range(1000)")
    wanted = delivery({"text": "x" * 20_000, "items": ["p"] * 2_000})

    email(renderer(tmp_path / "once", email_files(text=once)).render(wanted))
    message = refusal(renderer(tmp_path / "often", email_files(text=often)), wanted).message

    assert "handles more than" in message or "takes more than" in message


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("1 < 2 <= 2 < 3", True),
        ("1 < 2 > 2", False),
        ("'a' in text and 'z' not in text", True),
        ("'b' in {'a': 1, 'b': 2}", True),
        ("2 in range(3) and 3 not in range(3)", True),
        ("text[1:] == 'bc' and items[:1] == ['p']", True),
        ("(text == 'abc') == (items == ['p', 'q'])", True),
        ("text is eq('abc') and 2 is ge(2) and 'p' is in(items)", True),
        ("text == 1 or items == 'p'", False),
    ],
)
def test_what_is_compared_is_compared_as_in_jinja(
    tmp_path: Path, expression: str, *, holds: bool
) -> None:
    template = f"{{{{ 'yes' if {expression} else 'no' }}}}"
    render = renderer(tmp_path, email_files(text=template)).render

    assert email(render(delivery({"text": "abc", "items": ["p", "q"]}))).text == (
        "yes\n" if holds else "no\n"
    )


@pytest.mark.parametrize("template", BOMBS)
@pytest.mark.parametrize("kind", ["text", "html"])
def test_a_bomb_fills_no_memory(tmp_path: Path, template: str, kind: str) -> None:
    files = email_files(**{kind: template})
    render = renderer(tmp_path, files)
    wanted = delivery({"text": "<" * 100_000})
    tracemalloc.start()
    try:
        message = refusal(render, wanted).message
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "characters" in message
    assert peak < 64 * 1024 * 1024


def test_a_payload_is_never_compiled(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(subject="{{ text }}", text="{{ text }}"))
    content = email(render.render(delivery({"text": "{{ 7 * 7 }}{% include 'x' %}"})))
    assert content.subject == "{{ 7 * 7 }}{% include 'x' %}"
    assert "49" not in content.text


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    attack = "<script>alert('\"&')</script>"
    files = {
        **email_files(
            subject="{{ text }}", text="{{ text }}", html='<p title="{{ text }}">{{ text }}</p>'
        ),
        **in_app_files('{"title": "{{ text }}", "body": "{{ text }}"}'),
        "thing/happened/event.toml": event_toml("email", "in_app"),
    }
    render = renderer(tmp_path, files).render
    mail = email(render(delivery({"text": attack})))
    assert mail.html is not None
    assert "<script" not in mail.html
    assert "&lt;script&gt;alert(&#39;&#34;&amp;&#39;)" in mail.html
    assert mail.subject == attack
    assert mail.text == attack + "\n"
    item = in_app(render(delivery({"text": attack}, channel="in_app")))
    assert (item.title, item.body) == (attack, attack)


def test_every_way_of_putting_text_into_html_escapes_it(tmp_path: Path) -> None:
    page = (
        "{% macro m(x) %}<i>{{ x }}</i>{{ caller() }}{% endmacro %}"
        "{% call m(text) %}{{ text ~ '!' }}{% endcall %}{% set b %}{{ text }}{% endset %}{{ b }}"
        "{{ 'a' ~ text | upper }}{{ (text ~ b) | truncate(9) }}{{ [1, 2] | join(text) }}"
        "{{ text + b }}{{ b | upper }}{{ b | lower }}{{ items | join(b) }}{{ text | default('x') }}"
        "{% filter trim %}{{ text }}{% endfilter %}{{ (items | first) }}"
    )
    html = email(
        renderer(tmp_path, email_files(html=page)).render(
            delivery({"text": "<b>", "items": ["<b>", "<b>"]})
        )
    ).html
    assert html is not None
    assert "<b" not in html.lower()


def test_a_payload_cannot_break_out_of_its_json(tmp_path: Path) -> None:
    attack = '", "link": "https://evil.example", "x": "\\'
    render = renderer(tmp_path, in_app_files('{"title": "{{ text }}", "body": "b"}')).render
    item = in_app(render(delivery({"text": attack}, channel="in_app")))
    assert (item.title, item.body, item.link) == (attack, "b", None)


@pytest.mark.parametrize(
    "attack", ["a\r\nBcc: x@evil.example", "a\nb", "a\x00b", "a\u2028b", "a\x85b"]
)
def test_a_subject_is_one_line(tmp_path: Path, attack: str) -> None:
    render = renderer(tmp_path, email_files(subject="Re: {{ text }}")).render
    subject = email(render(delivery({"text": attack}))).subject
    assert subject.isprintable()
    assert subject.startswith("Re: a")


def test_a_subject_cannot_be_turned_around(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(subject="Re: {{ text }}")).render
    assert email(render(delivery({"text": "\u202etxt\u2066"}))).subject == "Re: txt"


def test_html_cannot_be_turned_around(tmp_path: Path) -> None:
    page = "<p>{{ text }} {{ 'b' ~ text }} {{ text | upper }} {{ items[0] }}</p>"
    render = renderer(tmp_path, email_files(html=page)).render
    attack = "\u202ea\u2066\x1b\n<"

    assert email(render(delivery({"text": attack, "items": [attack]}))).html == (
        "<p>a\n&lt; ba\n&lt; A\n&lt; a\n&lt;</p>"
    )


def test_a_subject_has_an_end(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(subject="{{ text }}")).render
    assert len(email(render(delivery({"text": "x" * 100_000}))).subject) == 200


CATALOG = shipped_catalog()


@settings(max_examples=60, deadline=None)
@given(
    order_id=st.one_of(st.integers(), st.text(st.characters(codec="utf-8"), min_size=1)),
    topic=st.one_of(st.none(), st.text(st.characters(codec="utf-8"))),
)
def test_no_id_and_no_topic_does_harm(order_id: int | str, topic: str | None) -> None:
    render = Renderer(CATALOG).render
    payload = {"order_id": order_id, "order_topic": topic}
    mail = email(render(delivery(payload, event="order.completed")))
    item = in_app(render(delivery(payload, event="order.completed", channel="in_app")))
    assert not set(mail.subject) & set("\r\n\0")
    assert item.link is not None
    assert item.link.startswith("https://shop.example/orders/")
    assert not set(item.link) & set(" \r\n\0\"'<>\\")


def test_a_folder_of_hostile_names_is_harmless(tmp_path: Path) -> None:
    files = {**email_files(), "thing/happened/{{ 1 }}.txt": "x"}
    with pytest.raises(CatalogError, match="no channel has a file"):
        Catalog.load([folder(tmp_path, files)])
