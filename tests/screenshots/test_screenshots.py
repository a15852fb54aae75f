from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.screenshots import inbox, mails, operator, preferences, preview
from tests.screenshots.__main__ import app
from tests.screenshots.camera import LOOKS, Camera

#: The first bytes of a PNG, and where its width stands (RFC 2083, 3.1 and 4.1.1).
_PNG = b"\x89PNG\r\n\x1a\n"
_WIDTH = slice(16, 20)


@pytest.mark.slow
def test_each_mail_is_shown_on_every_screen_in_light_and_dark(tmp_path: Path) -> None:
    with Camera(tmp_path) as camera:
        mails.photograph(camera)

    for mail in mails.MAILS:
        pictures = {
            look: (tmp_path / f"{mail.name}-{look.device}-{look.scheme}.png").read_bytes()
            for look in LOOKS
        }
        assert all(picture.startswith(_PNG) for picture in pictures.values())
        assert {int.from_bytes(picture[_WIDTH]) for picture in pictures.values()} == {
            look.width for look in LOOKS
        }
        assert len(set(pictures.values())) == len(LOOKS)


@pytest.mark.slow
def test_the_inbox_is_shown_on_every_screen_from_both_sides(tmp_path: Path) -> None:
    with Camera(tmp_path) as camera:
        inbox.photograph(camera)

    pictures = {path.stem: path.read_bytes() for path in tmp_path.glob("*.png")}
    # The list and the preferences from both sides; undo, the archive and a toast.
    assert len(pictures) == 2 * 2 * len(LOOKS) + 3
    assert len(set(pictures.values())) == len(pictures)


@pytest.mark.slow
def test_the_operators_page_is_shown_on_every_screen_in_light_and_dark(tmp_path: Path) -> None:
    with Camera(tmp_path) as camera:
        operator.photograph(camera)

    pictures = {path.stem: path.read_bytes() for path in tmp_path.glob("*.png")}
    # The views, a delivery that arrived, and one that failed.
    assert len(pictures) == (len(operator.VIEWS) + 2) * len(LOOKS)
    assert len(set(pictures.values())) == len(pictures)


@pytest.mark.slow
def test_the_preference_centre_is_shown_on_every_screen_in_light_and_dark(tmp_path: Path) -> None:
    with Camera(tmp_path) as camera:
        preferences.photograph(camera)

    pictures = {path.stem: path.read_bytes() for path in tmp_path.glob("*.png")}
    assert len(pictures) == len(preferences.NAMES) * len(LOOKS)
    assert len(set(pictures.values())) == len(pictures)


@pytest.mark.slow
def test_the_preview_is_shown_on_every_screen_and_with_a_mistake(tmp_path: Path) -> None:
    with Camera(tmp_path) as camera:
        preview.photograph(camera)

    pictures = {path.stem: path.read_bytes() for path in tmp_path.glob("*.png")}
    # A mistake in the payload, and a locale that is none.
    assert len(pictures) == len(LOOKS) + 2
    assert len(set(pictures.values())) == len(pictures)


def test_a_subject_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(app, ["stars", "--to", str(tmp_path)])

    assert outcome.exit_code != 0
    # In a frame, whose lines are of a terminal's width.
    said = " ".join(outcome.output.replace("│", " ").split())
    assert (
        "there is no subject stars; there are inbox, mails, operator, preferences, preview" in said
    )
