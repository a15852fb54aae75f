"""sms.txt: one text, as plain as it can be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import SmsContent
from dispatcher.rendering.lint import lint_catalog
from tests.support.renderings import delivery, event_toml, folder, refusal, renderer

FIELDS = {"text": "text?", "message_preview": "text?", "amount": "amount?", "currency": "text?"}


def sms_files(text: str) -> dict[str, str]:
    return {
        "thing/happened/event.toml": event_toml("sms", fields=FIELDS),
        "thing/happened/sms.txt": text,
    }


def written(path: Path, template: str, **payload: str) -> str:
    content = renderer(path, sms_files(template)).render(delivery(payload, channel="sms"))
    assert isinstance(content, SmsContent)
    return content.text


def test_a_text_is_one_paragraph(tmp_path: Path) -> None:
    template = "Your order\n{% if text %}\n  {{ text }}\n{% endif %}\nis paid.\n"

    assert written(tmp_path, template, text="number\t42") == "Your order number 42 is paid."


def test_nothing_is_escaped(tmp_path: Path) -> None:
    assert written(tmp_path, "{{ text }}", text="Fish & <Chips>") == "Fish & <Chips>"


def test_money_does_not_cost_a_segment(tmp_path: Path) -> None:
    files = {**sms_files("x"), "thing/happened/fr/sms.txt": "Payé : {{ amount | money }}"}
    wanted = delivery({"amount": "149.00", "currency": "EUR"}, channel="sms")
    content = renderer(tmp_path, files).render(
        replace(wanted, recipient=replace(wanted.recipient, locale="fr"))
    )

    assert content == SmsContent("Payé : 149,00 €")


def test_a_letter_and_its_accent_become_one(tmp_path: Path) -> None:
    assert written(tmp_path, "{{ text }}", text="Rene\u0301") == "René"


def test_control_characters_are_left_out(tmp_path: Path) -> None:
    assert written(tmp_path, "{{ text }}", text="pa\x07id\u202e") == "paid"


def test_a_long_text_keeps_its_link(tmp_path: Path) -> None:
    template = "{{ text }} https://shop.example/orders/42"

    assert written(tmp_path, template, text="x" * 900).endswith("https://shop.example/orders/42")


@pytest.mark.parametrize("template", ["{{ text }}", " \n", "{% if text == 'no' %}x{% endif %}"])
def test_a_text_of_only_spaces_is_an_error(tmp_path: Path, template: str) -> None:
    error = refusal(
        renderer(tmp_path, sms_files(template)), delivery({"text": " \u00a0\n "}, channel="sms")
    )

    assert "the text must not be empty" in error.message


def test_a_preview_is_cut_at_100_characters_and_no_character_in_halves(tmp_path: Path) -> None:
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"

    assert written(tmp_path, "{{ message_preview }}", message_preview="x" * 100) == "x" * 100
    assert written(tmp_path, "{{ message_preview }}", message_preview="x" * 101) == (
        "x" * 99 + "..."
    )
    cut = written(tmp_path, "{{ message_preview }}", message_preview="x" * 96 + family)
    assert cut == "x" * 96 + "..."


@pytest.mark.parametrize(
    ("template", "severity", "sentence"),
    [
        ("x" * 160, None, ""),
        ("x" * 161, "warning", "the text takes 2 segments (161 in GSM 03.38, 153 each)"),
        (
            "x" * 80 + " août 🎉 œ",
            "warning",
            "the text takes 2 segments (90 in UCS-2, 67 each), because of û, 🎉, œ: characters",
        ),
        (
            "août",
            "information",
            "only 70 characters fit, because of û: characters that GSM 03.38 does not have",
        ),
        ("ЖЩЮЯ БГД", "information", "because of Ж, Щ, Ю, Я, Б and others"),
        ("ЖЩЮЯ БГД " * 12, "information", "the text takes 2 segments (107 in UCS-2, 67 each)"),
        ("ЖЩЮЯ БГД " * 20, "warning", "the text takes 3 segments (179 in UCS-2, 67 each)"),
        ("x" * 70 + "а", "warning", "2 segments (71 in UCS-2, 67 each), because of а"),
    ],
)
def test_the_check_counts_segments_and_names_what_makes_them(
    tmp_path: Path, template: str, severity: str | None, sentence: str
) -> None:
    files = {
        **sms_files(template),
        "thing/happened/event.toml": event_toml("sms", fields={}),
        "thing/happened/sample.json": json.dumps({}),
    }

    findings = lint_catalog(Catalog.load([folder(tmp_path, files)]))

    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(sentence in finding.message for finding in findings)
