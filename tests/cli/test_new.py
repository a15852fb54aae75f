"""postbell new"""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.channel_templates import TEMPLATES
from dispatcher.rendering.lint import lint_catalog
from tests.support.cli import Cli
from tests.support.renderings import TEMPLATES as SHIPPED
from tests.support.renderings import folder


def new(cli: Cli, key: str, to: Path) -> str:
    result = cli("new", "event", key, "--to", str(to))
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_a_new_event_passes_the_check_on_every_channel_in_both_languages(
    bare: Cli, tmp_path: Path
) -> None:
    for shared in ("layouts", "partials"):
        copytree(SHIPPED / shared, tmp_path / "shipped" / shared)
    own = tmp_path / "own"

    listed = new(bare, "billing.payment_plan.overdue", own).splitlines()

    catalog = Catalog.load([tmp_path / "shipped", own])
    event = catalog.events["billing.payment_plan.overdue"]
    assert lint_catalog(catalog) == []
    assert set(event.channels) == set(TEMPLATES)
    assert catalog.locales(event.key) == ("", "fr")
    assert (event.label, event.category) == ("Billing payment plan overdue", "billing")
    assert sorted(map(Path, listed)) == sorted(p for p in own.rglob("*") if p.is_file())


def test_it_goes_into_the_first_folder_of_the_settings(
    bare: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.setenv("POSTBELL_TEMPLATES", f"{first}:{second}")

    result = bare("new", "event", "billing.overdue")

    assert result.exit_code == 0, result.stderr
    assert (first / "billing" / "overdue" / "event.toml").exists()
    assert "POSTBELL_TEMPLATES" not in result.stderr
    assert "postbell preview billing.overdue" in result.stderr


def test_a_folder_that_the_settings_do_not_name_is_said_to_be_missing_there(
    bare: Cli, tmp_path: Path
) -> None:
    result = bare("new", "event", "billing.overdue", "--to", str(tmp_path / "mine"))

    assert result.exit_code == 0
    assert f"POSTBELL_TEMPLATES does not name {tmp_path / 'mine'} yet" in result.stderr


def test_an_event_that_is_there_is_not_made_again(bare: Cli, tmp_path: Path) -> None:
    new(bare, "billing.overdue", tmp_path)
    text = tmp_path / "billing" / "overdue" / "sms.txt"
    text.write_text("Mine.")

    again = bare("new", "event", "billing.overdue", "--to", str(tmp_path))
    shipped = bare("new", "event", "order.paid", "--to", str(tmp_path))

    assert (again.exit_code, shipped.exit_code) == (1, 1)
    assert "billing.overdue is there already" in again.stderr
    assert f"order.paid is there already, in {SHIPPED / 'order' / 'paid'}" in shipped.stderr
    assert text.read_text() == "Mine."
    assert not (tmp_path / "order").exists()


def test_files_that_are_there_are_not_written_over(bare: Cli, tmp_path: Path) -> None:
    folder(tmp_path, {"billing/overdue/sms.txt": "Mine."})

    result = bare("new", "event", "billing.overdue", "--to", str(tmp_path))

    assert result.exit_code == 1
    assert "is not written over" in result.stderr
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["sms.txt"]


@pytest.mark.parametrize("key", ["overdue", "Billing.Overdue", "billing/overdue", "../a.b", "a..b"])
def test_a_key_that_no_event_can_have_is_explained(bare: Cli, key: str, tmp_path: Path) -> None:
    result = bare("new", "event", key, "--to", str(tmp_path))

    assert result.exit_code == 2
    assert "such as billing.overdue" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_shared_files_cannot_hold_an_event(bare: Cli, tmp_path: Path) -> None:
    result = bare("new", "event", "layouts.changed", "--to", str(tmp_path))

    assert result.exit_code == 2
    assert "layouts is for what events share" in result.stderr


def test_without_a_folder_it_says_how_to_name_one(bare: Cli) -> None:
    result = bare("new", "event", "billing.overdue")

    assert result.exit_code == 2
    assert "--to FOLDER" in result.stderr


def test_a_folder_that_cannot_be_written_is_a_sentence(bare: Cli, tmp_path: Path) -> None:
    (tmp_path / "billing").write_text("a file")

    result = bare("new", "event", "billing.overdue", "--to", str(tmp_path))

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.stderr
