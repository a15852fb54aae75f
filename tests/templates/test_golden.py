"""Every message of every shipped template is what the files in `golden/` say.

A file has one event in one language: a section for each channel and variation of its sample, as
`tests/support/golden.py` makes them. A message is rendered and made as a dispatcher does it, and
written down as what is sent. Of a mail's HTML a file has what differs from `layout.LANGUAGE.txt`,
where the mail of one event stands whole, with the style of each class of element.

If a change of a message is meant, write the files anew, read their diff, and list each changed
message with its reason in the commit:

    POSTBELL_TEST_WRITE_GOLDEN=1 pytest tests/templates/test_golden.py

The variations take every branch of every file, in every language; a test counts. Not covered are

- combinations of branches beyond those of the variations;
- readers whose locale has a notation of its own, such as fr-CA, and overrides in the database;
- what no template decides: Message-ID, date, return path, tracking, the tokens of links, the tag
  and lifetime of a push;
- the reader's name and id, which no shipped template reads: test_templates.py holds them to that.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.loader import SHARED
from tests.support.branches import counted
from tests.support.cli import Cli
from tests.support.golden import REFERENCE, Golden
from tests.support.renderings import TEMPLATES, shipped_catalog

FOLDER: Final = Path(__file__).parent / "golden"
#: Set to write instead of compare.
WRITE: Final = "POSTBELL_TEST_WRITE_GOLDEN"
CATALOG: Final = shipped_catalog()
EVENTS: Final = [
    (event, locale or "en") for event in CATALOG.events for locale in CATALOG.locales(event)
]
LANGUAGES: Final = sorted({locale for _, locale in EVENTS})
#: A language that no template is in.
NOWHERE: Final = "de"
#: What `postbell new event` begins with.
STARTER: Final = "billing.overdue"
STARTER_LANGUAGES: Final = ("en", "fr")
#: Lines of a diff that are shown.
MOST: Final = 40


@cache
def golden() -> Golden:
    return Golden(CATALOG)


def hold(name: str, now: str) -> None:
    file = FOLDER / f"{name}.txt"
    if os.environ.get(WRITE):
        FOLDER.mkdir(exist_ok=True)
        file.write_bytes(now.encode("utf-8"))
        pytest.skip(f"{file.name} is written")
    # As bytes, because reading as text would make other line breaks the same.
    held = file.read_bytes().decode("utf-8") if file.exists() else ""
    if now != held:
        pytest.fail(difference(file.name, held, now), pytrace=False)


def difference(name: str, held: str, now: str) -> str:
    """A short diff in which every character can be seen, and what to do."""
    lines = difflib.unified_diff(
        held.split("\n"), now.split("\n"), f"golden/{name}", "now", n=1, lineterm=""
    )
    shown = [visible(line) for line in islice(lines, MOST)]
    if next(lines, None) is not None:
        shown.append("…")
    return "\n".join(
        (
            *shown,
            "",
            "If this is meant: write it anew, and give the reason for each change in the commit.",
            f"    {WRITE}=1 pytest tests/templates/test_golden.py",
        )
    )


def visible(line: str) -> str:
    """With escapes for what looks like a space, or like nothing."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in line
    )


def with_starter(folder: Path) -> Path:
    made = Cli()("new", "event", STARTER, "--to", str(folder))
    assert made.exit_code == 0, made.stderr
    return folder


@pytest.mark.parametrize(("event", "locale"), EVENTS)
def test_an_event_says_what_it_said(event: str, locale: str) -> None:
    hold(f"{event}.{locale}", golden().event(event, locale))


def test_who_reads_a_language_without_templates_gets_english() -> None:
    hold(f"{REFERENCE}.{NOWHERE}", golden().event(REFERENCE, NOWHERE, layout="en"))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_page_around_a_mail_is_what_it_was(locale: str) -> None:
    hold(f"layout.{locale}", golden().layout(locale))


@pytest.mark.parametrize("locale", STARTER_LANGUAGES)
def test_a_new_event_begins_as_it_did(locale: str, tmp_path: Path) -> None:
    for shared in SHARED:
        copytree(TEMPLATES / shared, tmp_path / shared)
    begun = Golden(Catalog.load([with_starter(tmp_path)]), layout=golden())

    assert sorted(begun.languages(STARTER)) == sorted(STARTER_LANGUAGES)
    hold(f"starter.{locale}", begun.event(STARTER, locale))


def test_no_file_is_left_of_what_is_gone() -> None:
    names = {
        *(f"{event}.{locale}.txt" for event, locale in EVENTS),
        f"{REFERENCE}.{NOWHERE}.txt",
        *(f"layout.{locale}.txt" for locale in LANGUAGES),
        *(f"starter.{locale}.txt" for locale in STARTER_LANGUAGES),
    }
    left = sorted(file for file in FOLDER.iterdir() if file.name not in names)
    if os.environ.get(WRITE):
        for file in left:
            file.unlink()
        pytest.skip(f"{len(left)} files are removed")

    assert left == []


def test_every_branch_of_the_templates_is_taken(tmp_path: Path) -> None:
    own = with_starter(tmp_path)
    # A category that the footers do not know, in each language that has one.
    begun = own.joinpath(*STARTER.split("."))
    copytree(begun / "fr", begun / "ar")
    with counted([TEMPLATES, own]) as (catalog, branches):
        everything = Golden(catalog)
        for locale in LANGUAGES:
            everything.layout(locale)
        for event in catalog.events:
            for locale in everything.languages(event):
                everything.event(event, locale)

    assert len(branches.possible) > 1000
    assert not branches.untaken(), report(branches.untaken())


def report(untaken: Iterable[str]) -> str:
    return "\n".join((*untaken, "tests/support/golden.py has variations of the samples: add one."))
