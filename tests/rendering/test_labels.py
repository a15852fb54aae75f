"""What events and categories are called, in each language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.delivery.model import Recipient
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import EmailContent
from dispatcher.rendering.errors import CatalogError
from dispatcher.rendering.labels import Labels
from dispatcher.rendering.lint import lint_catalog
from dispatcher.rendering.loader import TemplateFiles
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import (
    ANA,
    delivery,
    email,
    email_files,
    event_toml,
    folder,
    renderer,
)

EVENT = "thing/happened/event.toml"
LABEL = 'label = { en = "Thing happened", fr = "Une chose" }'
CATEGORIES = 'things = { en = "Things", fr = "Choses" }\nothers = "The others"\n'


def files(label: str = LABEL, categories: str = CATEGORIES) -> dict[str, str]:
    declared = event_toml("email", fields={}).replace('label = "Thing happened"', label)
    return {
        **email_files(),
        EVENT: declared,
        "thing/happened/sample.json": "{}",
        "categories.toml": categories,
    }


def labels_of(*folders: Path) -> Labels:
    return Labels.of(TemplateFiles.of(folders))


@pytest.mark.parametrize(
    ("registered", "language", "called"),
    [
        ("Thing happened", "en", "Thing happened"),
        ("Thing happened", "fr", "Une chose"),
        ("Thing happened", "fr-ca", "Une chose"),
        ("Thing happened", "de", "Thing happened"),
        ("Renamed in the database", "fr", "Renamed in the database"),
    ],
)
def test_an_event_is_called_as_its_file_says(
    tmp_path: Path, registered: str, language: str, called: str
) -> None:
    labels = labels_of(folder(tmp_path, files()))

    assert labels.event("thing.happened", registered, language) == called
    assert labels.event("another.event", registered, language) == registered


def test_a_category_is_called_as_the_nearest_folder_says(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", {"categories.toml": 'things = { en = "Stuff" }'})
    labels = labels_of(folder(tmp_path / "shipped", files()), own)

    assert labels.category("things", "fr") == "Stuff"
    assert labels.category("others", "fr") == "The others"
    assert labels.category("unheard_of", "fr") == "Unheard_of"


def test_a_mail_of_a_region_names_the_category_in_its_language(tmp_path: Path) -> None:
    place = "thing/happened/fr-ca/"
    made = {
        **files(),
        f"{place}email.subject.txt": "x",
        f"{place}email.txt": "{{ event.category | category_label }}",
    }
    render = Renderer(Catalog.load([folder(tmp_path, made)])).render

    wanted = delivery({}, recipient=replace(ANA, locale="fr-CA"))
    assert email(render(wanted)).text == "Choses\n"


def test_the_label_of_a_language_does_for_its_regions(tmp_path: Path) -> None:
    made = {**files(), "thing/happened/fr-ca/email.txt": "x"}
    made["thing/happened/fr-ca/email.subject.txt"] = "x"

    assert lint_catalog(Catalog.load([folder(tmp_path, made)])) == []


def test_the_label_of_an_event_type_is_the_english_one(tmp_path: Path) -> None:
    event = Catalog.load([folder(tmp_path, files())]).events["thing.happened"]

    assert event.label == "Thing happened"
    assert event.labels == {"en": "Thing happened", "fr": "Une chose"}


@pytest.mark.parametrize(
    ("label", "categories", "sentence"),
    [
        ("label = 7", "", "event.toml: a label is a text, or a table of one for each language"),
        ('label = { fr = "x" }', "", "a label needs one in en"),
        ('label = { en = "x", FR = "y" }', "", "'FR' is no language of a label"),
        (LABEL, "things =", "categories.toml: this is not TOML"),
        (LABEL, 'things = { fr = "x" }', "categories.toml: a label needs one in en"),
    ],
)
def test_a_mistake_is_told_and_keeps_no_page_from_being_served(
    tmp_path: Path, label: str, categories: str, sentence: str
) -> None:
    path = folder(tmp_path, files(label, categories))

    with pytest.raises(CatalogError) as caught:
        Catalog.load([path])

    assert sentence in str(caught.value)
    assert labels_of(path).event("thing.happened", "Thing happened", "en") == "Thing happened"


def test_a_language_without_a_label_is_mentioned(tmp_path: Path) -> None:
    path = folder(tmp_path, {**files(), "thing/happened/de/email.txt": "x"})
    folder(path, {"thing/happened/de/email.subject.txt": "x"})

    (finding,) = lint_catalog(Catalog.load([path]))

    assert (finding.severity, finding.locale, finding.file) == ("information", "de", EVENT)
    assert finding.message == "there is no label in de: its readers get the English one"


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("fr", "Une chose"), ("fr-CA", "Une chose"), ("de", "Thing happened"), ("pt", "Coisa")],
)
def test_a_text_calls_its_event_as_the_preferences_do(
    tmp_path: Path, locale: str, subject: str
) -> None:
    written = {
        **files('label = { en = "Thing happened", fr = "Une chose", pt = "Coisa" }'),
        "thing/happened/email.subject.txt": "{{ event.label }}",
        "thing/happened/fr/email.subject.txt": "{{ event.label }}",
        "thing/happened/pt-br/email.subject.txt": "{{ event.label }}",
    }
    reader = Recipient("u1", "pt-BR" if locale == "pt" else locale, None, {})

    content = renderer(tmp_path, written).render(delivery({}, recipient=reader))

    assert isinstance(content, EmailContent)
    assert content.subject == subject
