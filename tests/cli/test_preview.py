"""postbell preview"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import given
from tests.support.cli import Cli
from tests.support.renderings import folder, in_app_files

pytestmark = pytest.mark.slow


def test_preview_renders_the_sample_on_every_channel(bare: Cli) -> None:
    result = bare("preview", "order.paid")

    assert result.exit_code == 0, result.stderr
    assert "in_app" in result.stdout
    assert "email" in result.stdout


def test_preview_renders_a_payload_for_a_locale(bare: Cli) -> None:
    payload = '{"order_id": 4711, "amount": "19.90"}'

    english = bare.json("preview", "order.paid", "--channel", "email", "--payload", payload)
    french = bare.json(
        "preview", "order.paid", "--channel", "email", "--payload", payload, "--locale", "fr"
    )

    assert "4711" in english["email"]["text"]
    assert french["email"]["subject"] != english["email"]["subject"]


def test_preview_shows_the_html_as_it_is(bare: Cli) -> None:
    assert "<html" in bare("preview", "order.paid", "--html").stdout


def test_links_lead_to_the_public_url(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_PUBLIC_URL", "https://shop.example.org")

    shown = bare.json("preview", "order.paid", "--channel", "in_app")

    assert shown["in_app"]["link"].startswith("https://shop.example.org/")


def test_a_payload_cannot_steer_the_terminal(bare: Cli) -> None:
    payload = r'{"order_id": "\u001b]0;gone\u0007[red]", "amount": "1.00"}'

    result = bare("preview", "order.paid", "--payload", payload)

    assert "\x1b" not in result.stdout
    assert "[red]" in result.stdout


def test_a_text_message_is_shown_with_its_length(bare: Cli) -> None:
    words = ["preview", "order.paid", "--channel", "sms"]

    assert "1 segment (89 of 160 in GSM 03.38)" in bare(*words).stdout
    shown = bare.json(*words)["sms"]
    assert (shown["encoding"], shown["units"], shown["segments"]) == ("GSM 03.38", 89, 1)


def test_a_channel_without_a_template_is_a_sentence(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder(tmp_path, in_app_files('{"title": "t"}'))
    monkeypatch.setenv("POSTBELL_TEMPLATES", str(tmp_path))

    result = bare("preview", "thing.happened", "--channel", "sms", "--payload", "{}")

    assert result.exit_code == 1
    assert "there is no template for thing.happened on sms" in result.stderr


def test_the_spaces_in_an_amount_are_shown(bare: Cli) -> None:
    shown = bare("preview", "order.paid", "--locale", "fr").stdout

    assert "\N{NO-BREAK SPACE}€" in shown
    assert "\N{REPLACEMENT CHARACTER}" not in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["order.piad"], "Did you mean order.paid?"),
        (["order.paid", "--payload", "{}"], "order/paid/"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(bare: Cli, words: list[str], sentence: str) -> None:
    result = bare("preview", *words)

    assert result.exit_code == 1
    assert sentence in result.stderr


def test_without_an_event_all_are_listed(bare: Cli) -> None:
    listed = {row["event"]: row for row in bare.json("preview")}

    assert len(listed) == 28
    assert listed["order.paid"]["locales"][:1] == ["en"]
    assert "fr" in listed["class.bundle.created"]["locales"]
    assert "order.paid" in bare("preview").stdout


def test_a_payload_comes_from_a_file_and_its_faults_name_file_and_line(
    bare: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "payload.json"
    file.write_text('{\n  "order_id": 7,\n  "amount": 5\n}')

    result = bare("preview", "order.paid", "--channel", "in_app", "--payload", str(file))
    file.write_text("{\n")
    broken = bare("preview", "order.paid", "--payload", str(file))

    assert "Order #7 paid" in result.stdout
    assert f"{file}:3: amount is not of type amount" in result.stderr
    assert broken.exit_code == 2
    assert f"{file}:2: this is not JSON" in broken.stderr


def test_a_payload_comes_from_standard_input(bare: Cli) -> None:
    words = ["preview", "ticket.reopened", "--channel", "sms", "--payload", "-"]

    result = bare(*words, stdin='{"ticket_number": "T-7"}')

    assert "ticket T-7 has been reopened" in result.stdout


def test_a_tenant_has_its_own_name_links_and_language(cli: Cli, database: given.Connection) -> None:
    database.execute(
        "insert into postbell.tenant (id, name, base_url, currency, locale)"
        " values ('mistral', 'Atelier Mistral', 'https://mistral.example', 'EUR', 'fr')"
    )

    shown = cli.json("preview", "ticket.reopened", "--tenant", "mistral", "--locale", "it")
    unknown = cli("preview", "ticket.reopened", "--tenant", "acme")

    assert shown["sms"]["text"].startswith("Atelier Mistral : le ticket")
    assert shown["in_app"]["link"] == "https://mistral.example/tickets/88"
    assert unknown.exit_code == 1
    assert "No tenant has this id" in unknown.stderr
