"""What a template author is shown before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import EmailContent, InAppContent
from dispatcher.rendering.preview import Preview, in_color_scheme
from tests.support.renderings import SHOP, email_files, folder, in_app_files

PAGE = """<html lang="en"><head>
<meta name="color-scheme" content="light dark">
<style>:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) { body { color: white } }</style></head><body></body></html>"""


def preview(path: Path, files: dict[str, str]) -> Preview:
    return Preview(Catalog.load([folder(path, files)]), "https://postbell.example")


def test_it_says_what_a_dispatcher_would(tmp_path: Path) -> None:
    files = in_app_files('{"title": "{{ amount | money }}", "link": "{{ url(\'/a\') }}"}')
    files["thing/happened/fr/in_app.json"] = '{"title": "fr {{ amount | money }}"}'

    shown = preview(tmp_path, files).show(
        "thing.happened", "in_app", "fr-CA", SHOP, {"amount": "5.00", "currency": "EUR"}
    )

    assert shown.content == InAppContent("fr 5,00\xa0€", "", None, None, ())
    assert shown.faults == ()


def test_a_fault_of_a_template_has_its_file_and_line(tmp_path: Path) -> None:
    shown = preview(tmp_path, email_files(text="one\ntwo\n{{ text }}")).show(
        "thing.happened", "email", "en", SHOP, {}
    )

    assert shown.content is None
    (fault,) = shown.faults
    assert (fault.severity, fault.file, fault.line) == ("error", "thing/happened/email.txt", 3)
    assert str(fault).startswith("thing/happened/email.txt:3: an optional field is absent here")


def test_what_would_spoil_a_message_is_told_beside_it(tmp_path: Path) -> None:
    html = '<html lang="en"><body><img src="https://shop.example/a.png"></body></html>'

    shown = preview(tmp_path, email_files(html=html)).show(
        "thing.happened", "email", "en", SHOP, {}
    )

    assert isinstance(shown.content, EmailContent)
    assert ("error", "an <img> has no alt text") in [
        (fault.severity, str(fault)) for fault in shown.faults
    ]


def test_the_links_that_each_reader_has_are_those_of_nobody(tmp_path: Path) -> None:
    text = "{{ unsubscribe_link }} {{ preferences_link }}"

    content = (
        preview(tmp_path, email_files(text=text))
        .show("thing.happened", "email", "en", SHOP, {})
        .content
    )

    assert isinstance(content, EmailContent)
    assert content.text == (
        "https://postbell.example/unsubscribe/… https://postbell.example/preferences/…\n"
    )


def test_a_payload_of_one_look_is_not_kept_for_the_next(tmp_path: Path) -> None:
    shows = preview(tmp_path, email_files(subject="{{ text }}"))

    subjects = [
        shows.show("thing.happened", "email", "en", SHOP, {"text": text}).content
        for text in ("one", "two")
    ]

    assert [content.subject for content in subjects if isinstance(content, EmailContent)] == [
        "one",
        "two",
    ]


@pytest.mark.parametrize(("scheme", "answer"), [("dark", "min-width"), ("light", "max-width")])
def test_a_mail_is_shown_in_the_scheme_that_is_asked_for(scheme: str, answer: str) -> None:
    shown = in_color_scheme(PAGE, "dark" if scheme == "dark" else "light")

    assert f'content="{scheme}"' in shown
    assert f"color-scheme: {scheme};" in shown
    assert f"@media ({answer}: 0) {{ body" in shown
    assert "prefers-color-scheme" not in shown
