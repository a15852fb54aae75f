from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.lint import Finding, lint_catalog
from tests.support.renderings import email_files, event_toml, folder, in_app_files

EVENT = "thing/happened/event.toml"
SAMPLE = "thing/happened/sample.json"


def found(path: Path, files: dict[str, str], sample: Any = None) -> list[Finding]:
    if sample is not None:
        files = {**files, SAMPLE: json.dumps(sample)}
    return lint_catalog(Catalog.load([folder(path, files)]))


def declared(files: dict[str, str], **fields: str) -> dict[str, str]:
    return {**files, EVENT: event_toml("email", fields=fields)}


def messages(findings: list[Finding], severity: str) -> str:
    return "\n".join(finding.message for finding in findings if finding.severity == severity)


def test_nothing_is_found_where_all_is_well(tmp_path: Path) -> None:
    files = declared(email_files(text="{{ name }}"), name="text")
    assert found(tmp_path, files, {"name": "x"}) == []


def test_a_missing_sample_is_found(tmp_path: Path) -> None:
    assert "no sample payload" in messages(found(tmp_path, email_files()), "error")
    assert "is not JSON" in messages(found(tmp_path, {**email_files(), SAMPLE: "{"}), "error")
    assert "one flat object" in messages(found(tmp_path, email_files(), [1]), "error")


def test_missing_and_unknown_fields_of_the_sample_are_found(tmp_path: Path) -> None:
    files = declared(
        email_files(text="{{ name }}{% if note %}{% endif %}"), name="text", note="text?"
    )
    findings = found(tmp_path, files, {"nome": "x"})
    assert "lacks the required field name" in messages(findings, "error")
    assert "a field nome that event.toml does not declare" in messages(findings, "error")
    assert "lacks the optional field note" in messages(findings, "warning")
    assert "'name' is undefined" in messages(findings, "error")


def test_names_are_checked_even_where_the_sample_does_not_lead(tmp_path: Path) -> None:
    text = "{% if name == 'never' %}{{ stranger }}{% endif %}."
    findings = found(tmp_path, declared(email_files(text=text), name="text"), {"name": "x"})
    assert [(f.severity, f.file, f.message) for f in findings] == [
        (
            "error",
            "thing/happened/email.txt",
            "it reads stranger, which event.toml does not declare",
        )
    ]


def test_names_given_by_the_templates_themselves_are_known(tmp_path: Path) -> None:
    text = (
        '{% from "partials/m.txt" import m %}{% set a = 1 %}{% for x in [1, 2] %}{{ x }}{{ a }}'
        '{% endfor %}{{ m(name) }}{% with word = name %}{% include "partials/w.txt" %}{% endwith %}'
    )
    partials = {
        "partials/m.txt": "{% macro m(y) %}{{ y }}{% endmacro %}",
        "partials/w.txt": "{{ word }}",
    }
    files = {**declared(email_files(text=text), name="text"), **partials}
    assert found(tmp_path, files, {"name": "x"}) == []


def test_a_field_that_nothing_reads_is_found(tmp_path: Path) -> None:
    findings = found(tmp_path, declared(email_files(), name="text"), {"name": "x"})
    assert "no template reads the declared field name" in messages(findings, "warning")


def test_an_unguarded_optional_field_is_found(tmp_path: Path) -> None:
    files = declared(email_files(text="a\n{{ name }}"), name="text?")
    (finding,) = found(tmp_path, files, {"name": "x"})
    assert (finding.severity, finding.channel, finding.locale) == ("error", "email", "")
    assert (finding.file, finding.line) == ("thing/happened/email.txt", 2)
    assert "optional field is absent" in finding.message


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 1), ("id", 1.5), ("amount", 19.9), ("amount", "1,5"), ("integer", True),
        ("number", "1"), ("boolean", 0), ("date", "soon"), ("timestamp", "noon"),
        ("url", "/here"), ("list", {}), ("object", []),
    ],
)  # fmt: skip
def test_a_sample_of_another_type_is_found(tmp_path: Path, kind: str, value: object) -> None:
    findings = found(tmp_path, declared(email_files(), name=kind), {"name": value})
    assert f"name is not of its declared type, {kind}" in messages(findings, "error")


def test_a_missing_translation_is_mentioned(tmp_path: Path) -> None:
    files = {**declared(email_files()), "thing/happened/fr/email.txt": "x"}
    label, finding = found(tmp_path, files, {})
    assert {(each.severity, each.locale) for each in (label, finding)} == {("information", "fr")}
    assert "no label in fr" in label.message
    assert "no translation of email.subject.txt" in finding.message


def in_two_languages(root: str, french: str) -> dict[str, str]:
    files = declared(email_files(text=root), name="text", note="text?")
    return {
        **files,
        "thing/happened/fr/email.txt": french,
        "thing/happened/fr/email.subject.txt": "{% if note %}{{ note }}{% endif %}x",
        "thing/happened/email.subject.txt": "{% if note %}{{ note }}{% endif %}x",
    }


def test_languages_that_read_the_same_are_fine(tmp_path: Path) -> None:
    files = in_two_languages("{{ name }} {{ url('/a/' ~ name) }}", "{{ url('/a/' ~ name) }}")
    findings = found(tmp_path, files, {"name": "x", "note": "y"})
    assert {finding.severity for finding in findings} == {"information"}


@pytest.mark.parametrize(
    ("root", "french", "message"),
    [
        ("{{ name }}", "x", "it does not read name, which thing/happened/email.txt does"),
        ("x", "{{ name }}", "it reads name, which thing/happened/email.txt does not"),
        (
            "{{ url('/a/' ~ name) }}",
            "{{ url('/b/' ~ name) }}",
            """it has no link to /a/, which thing/happened/email.txt does
it has a link to /b/, which thing/happened/email.txt does not""",
        ),
    ],
)
def test_languages_that_differ_are_found(
    tmp_path: Path, root: str, french: str, message: str
) -> None:
    findings = found(tmp_path, in_two_languages(root, french), {"name": "x", "note": "y"})
    assert messages(findings, "error") == message
    assert {(each.file, each.locale) for each in findings if each.severity == "error"} == {
        ("thing/happened/fr/email.txt", "fr")
    }


def test_a_file_for_a_channel_that_is_not_supported_is_mentioned(tmp_path: Path) -> None:
    files = {**declared(email_files()), "thing/happened/sms.txt": "x"}
    (finding,) = found(tmp_path, files, {})
    assert (finding.severity, finding.file) == ("information", "thing/happened/sms.txt")
    assert "nobody gets it" in finding.message


def test_faulty_html_is_found(tmp_path: Path) -> None:
    page = '<html lang="en" dir="ltr"><title>t</title><a href="https://x.example/y">y</a><p>'
    findings = found(tmp_path, declared(email_files(html=page)), {})
    assert messages(findings, "error") == "<p> is never closed"
    assert messages(findings, "warning") == (
        "the text lacks a link that the HTML has: https://x.example/y"
    )


def test_what_only_a_branded_tenant_shows_is_looked_at(tmp_path: Path) -> None:
    page = '{% if tenant.branding.logo_url is defined %}<img src="{{ tenant.branding.logo_url }}">'
    files = declared(email_files(html=page + "{% endif %}"))
    assert "an <img> has no alt text" in messages(found(tmp_path, files, {}), "error")


def test_a_relative_link_of_an_inbox_item_is_found(tmp_path: Path) -> None:
    files = {**in_app_files('{"title": "t", "link": "/x"}'), EVENT: event_toml("in_app", fields={})}
    assert "must be an absolute" in messages(found(tmp_path, files, {}), "error")
