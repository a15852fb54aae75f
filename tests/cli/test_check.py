"""postbell check"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult
from psycopg.conninfo import make_conninfo

from dispatcher.cli.errors import ExitCode
from tests.support import given
from tests.support.cli import Cli

pytestmark = pytest.mark.slow


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("POSTBELL_SMTP_URL", f"smtp://127.0.0.1:{port}")
    yield
    controller.stop()


def test_all_is_well(cli: Cli, mail_server: None) -> None:
    result = cli("check")

    assert result.exit_code == 0, result.stdout
    assert "no errors, " in result.stdout
    assert "greets us" in result.stdout
    assert "has the schema of this version" in result.stdout


def test_the_templates_alone_need_no_database(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "postgresql://127.0.0.1:1/d")

    result = bare("check", "--templates", "--notes")

    assert result.exit_code == 0, result.stdout
    assert "render with their samples" in result.stdout
    longest = r"text message in fr is longer than that of [\w.]+: 1 segment \(\d+ of 160 in GSM"
    assert re.search(longest, result.stdout)


def test_everything_out_of_reach_is_told_at_once(
    bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/d")
    monkeypatch.setenv("POSTBELL_SMTP_URL", "smtp://u:hunter2@127.0.0.1:1")

    result = bare("check")
    errors = [found for found in bare.json("check") if found["severity"] == "error"]

    assert result.exit_code == ExitCode.DATABASE
    assert {found["subject"] for found in errors} == {"database", "providers"}
    assert all(found["is_unreachable"] for found in errors)
    assert "hunter2" not in result.stdout


def test_nobody_where_mails_go_by_default_is_a_note(cli: Cli) -> None:
    result = cli("check")

    (mail,) = [line for line in result.stdout.splitlines() if "does not answer" in line]
    assert result.exit_code == ExitCode.OK, result.stdout
    assert mail.startswith("information providers smtp, ")
    assert "POSTBELL_SMTP_URL is not set" in mail


def test_a_mistake_beside_what_is_out_of_reach_is_a_mistake(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "order" / "paid").mkdir(parents=True)
    (tmp_path / "order" / "paid" / "email.txt").write_text("{{ no_such_field }}")
    monkeypatch.setenv("POSTBELL_TEMPLATES", str(tmp_path))
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "postgresql://127.0.0.1:1/d")

    assert bare("check").exit_code == ExitCode.BAD


def test_what_matters_comes_first_and_notes_are_counted(
    bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "postgresql://127.0.0.1:1/d")
    monkeypatch.setenv("POSTBELL_SMTP_URL", "smtp://mail.invalid?timeout=1")

    *lines, sums = bare("check").stdout.splitlines()
    all_lines = bare("check", "--notes").stdout.splitlines()

    kinds = [line.split()[0] for line in lines]
    assert kinds == sorted(kinds, key=["error", "warning", "information", "ok"].index)
    assert kinds[0] == "error"
    assert not any("characters that GSM 03.38 does not have" in line for line in lines)
    assert (
        sums == f"2 errors, 1 warning. {len(all_lines) - 1 - len(lines)} notes on templates:"
        " --notes shows them."
    )


def test_a_broken_template_is_an_error_and_the_rest_is_checked(
    cli: Cli, mail_server: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "order" / "paid"
    broken.mkdir(parents=True)
    (broken / "email.txt").write_text("{{ no_such_field }}")
    monkeypatch.setenv("POSTBELL_TEMPLATES", str(tmp_path))

    result = cli("check")

    assert result.exit_code == 1
    assert "no_such_field" in result.stdout
    assert "greets us" in result.stdout
    assert "Changed since the deploy: order.paid" in result.stdout


def test_events_that_are_not_registered_call_for_a_deploy(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    database.execute("delete from postbell.event_type where key = 'order.paid'")

    result = cli("check")

    assert result.exit_code == 1
    assert "Not registered: order.paid. Run `postbell deploy`." in result.stdout


def test_events_that_are_left_out_by_choice_are_a_note(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    database.execute("delete from postbell.event_type where key in ('order.paid', 'order.created')")
    database.execute("insert into postbell.event_choice (pattern) values ('*.created')")

    result = cli("check", "--notes")

    assert "Not registered: order.created. Run `postbell deploy`." in result.stdout
    assert "Not deployed, by choice: order.paid." in result.stdout


def test_an_event_that_was_registered_by_hand_has_not_changed_since_a_deploy(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    database.execute("update postbell.event_type set version = '' where key = 'order.paid'")
    assert "Changed since the deploy" not in cli("check").stdout

    database.execute("update postbell.event_type set version = 'x' where key = 'order.paid'")
    assert "Changed since the deploy: order.paid" in cli("check").stdout


def test_mail_from_nobody_is_a_warning_where_it_leaves_the_machine(
    bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "postgresql://127.0.0.1:1/d")
    monkeypatch.setenv("POSTBELL_SMTP_URL", "smtp://mail.invalid?timeout=1")

    warnings = [found for found in bare.json("check") if found["severity"] == "warning"]

    assert any("POSTBELL_SENDER_ADDRESS" in found["sentence"] for found in warnings)


def test_printed_mails_need_no_server(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_SMTP_URL", "console:")

    result = cli("check")

    assert result.exit_code == 0, result.stdout
    assert "Mails are printed" in result.stdout


def test_each_provider_of_the_file_is_asked(
    cli: Cli, mail_server: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(
        f'[main_mail]\nurl = "{os.environ["POSTBELL_SMTP_URL"]}"\n'
        '[spare_mail]\nurl = "smtp://shop:hunter2@127.0.0.1:1"\n'
    )
    monkeypatch.delenv("POSTBELL_SMTP_URL")
    monkeypatch.setenv("POSTBELL_PROVIDERS", str(file))

    found = [each for each in cli.json("check") if each["subject"] == "providers"]

    by_provider = {each["sentence"].partition(",")[0]: each for each in found}
    assert by_provider["main_mail"]["severity"] == "ok"
    assert by_provider["spare_mail"]["severity"] == "error"
    assert "cannot be used: connecting" in by_provider["spare_mail"]["sentence"]
    assert "hunter2" not in str(found)


def test_a_wrong_password_is_a_mistake_and_not_a_silent_server(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(
        Sink(),
        hostname="127.0.0.1",
        port=port,
        authenticator=lambda *_: AuthResult(success=False, handled=False),
        auth_require_tls=False,
    )
    monkeypatch.setenv("POSTBELL_SMTP_URL", f"smtp://shop:hunter2@127.0.0.1:{port}")
    controller.start()
    try:
        result = cli("check", "--json")
    finally:
        controller.stop()

    assert result.exit_code == ExitCode.BAD, result.stdout
    (error,) = (found for found in json.loads(result.stdout) if found["severity"] == "error")
    assert "535" in error["sentence"]
    assert not error["is_unreachable"]


def test_a_database_restored_from_another_cluster_calls_for_a_reset(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    database.execute("update postbell_private.router_step set system_identifier = 1")

    result = cli("check")

    assert result.exit_code == 1
    assert "stop the producers, then select postbell.reset_router()" in result.stdout


def test_a_choice_that_nobody_knows_is_an_error(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    given.call(database, "choose_providers", channel="email", providers=["smtp", "their_own"])

    result = cli("check")

    assert result.exit_code == 1
    assert "The tenant default chose their_own for email" in result.stdout
    assert "chose smtp" not in result.stdout


def test_a_choice_that_a_running_dispatcher_knows_is_fine(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    report(database, "their_own", "ready")
    given.call(database, "choose_providers", channel="email", providers=["their_own"])

    assert cli("check").exit_code == 0


def test_a_misconfigured_provider_is_an_error_with_its_reason(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    report(database, "main_mail", "misconfigured", "AUTH: 535 5.7.8 wrong")

    result = cli("check")

    assert result.exit_code == 1
    assert "main_mail is misconfigured in host:1 since 2030-01-01 12:00" in result.stdout
    assert "Mend its URL or its credentials." in result.stdout
    assert "535 5.7.8 wrong" in result.stdout


def report(database: given.Connection, name: str, state: str, reason: str | None = None) -> None:
    said = {
        "provider": name, "channel": "email", "state": state, "reason": reason,
        "changed_at": "2030-01-01 12:00Z",
    }  # fmt: skip
    given.call(database, "report_providers", process="host:1", reports=json.dumps([said]))


def test_a_mirror_that_is_broken_is_an_error_and_a_missing_tenant_a_warning(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    database.execute("create table users (id bigint primary key, site text, mail text)")
    database.execute("insert into users values (1, 'acme')")
    mapping = json.dumps({"id": "id", "tenant_id": "site", "email": "mail"})
    given.call(database, "mirror_recipients", source="users", mapping=mapping)
    before = cli("check")
    database.execute("alter table users rename mail to post")
    after = cli("check")

    assert before.exit_code == ExitCode.OK
    assert "warning     users     public.users: there is no tenant acme" in before.stdout
    assert after.exit_code == ExitCode.BAD
    broken = "Recipients do not follow public.users: email: public.users has no column mail."
    assert f"error       users     {broken}" in after.stdout


# --- what waits


def warnings_of(cli: Cli, subject: str) -> list[str]:
    return [
        found["sentence"]
        for found in cli.json("check")
        if found["severity"] == "warning" and found["subject"] == subject
    ]


def test_what_waits_for_a_template_is_a_warning(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    given.emit(database, payload={"order_id": 42, "amount": "19.90"})
    given.route(database)
    database.execute(
        "update postbell.delivery set state = 'waiting', reason = 'template_missing'"
        " where channel in ('email', 'in_app')"
    )
    database.execute(
        "insert into postbell.waiting_delivery"
        " select id, tenant_id, recipient_id, true, now() from postbell.delivery"
        " where state = 'waiting'"
    )

    email, in_app = warnings_of(cli, "events")

    assert email.startswith("1 delivery waits for a template of order.paid on email, since 20")
    assert "Name the template's folder in POSTBELL_TEMPLATES" in email
    assert "order.paid on in_app" in in_app


def test_tenants_and_events_that_nobody_knows_are_warnings(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    for _ in range(2):
        given.emit(database, tenant_id="acme")
    given.emit(database, event="billing.overdue")
    given.emit(database, tenant_id="late")
    given.route(database)
    given.tenant(database, "late")

    tenant, event = warnings_of(cli, "events")

    assert tenant == (
        "There is no tenant acme: 2 events were rejected for it in the last day."
        " Insert the tenant into postbell.tenant first."
    )
    assert event.startswith("There is no event billing.overdue: 1 event was rejected for it")

    database.execute("update postbell.rejected_event set rejected_at = now() - interval '25 hours'")
    assert warnings_of(cli, "events") == []


def test_an_event_that_no_folder_and_no_text_declares_is_a_warning(
    cli: Cli, database: given.Connection, mail_server: None
) -> None:
    for key in ("billing.overdue", "billing.paid", "billing.closed"):
        given.event_type(database, key)
    database.execute(
        "select postbell.set_text(path => 'billing/paid/en/sms.txt', content => 'Paid.')"
    )
    database.execute(
        "update postbell.event_type set disabled_at = now() where key = 'billing.closed'"
    )

    (warning,) = [each for each in warnings_of(cli, "database") if "without a template" in each]

    assert warning.startswith("Registered, and without a template here: billing.overdue. ")


def test_the_daemons_own_login_may_check(
    cli: Cli,
    database: given.Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    mail_server: None,
) -> None:
    login = f"checker_{os.getpid()}"
    database.execute(f"create role {login} login in role postbell_dispatcher".encode())
    try:
        monkeypatch.setenv("POSTBELL_DATABASE_URL", database_url.replace("postgres@", f"{login}@"))
        result = cli("check")
    finally:
        database.execute(f"drop role {login}".encode())

    assert result.exit_code == ExitCode.OK, result.stdout
    assert "may route and deliver" in result.stdout


# --- the gateway


SECRET = "a secret that the application shares"


def of_gateway(cli: Cli) -> list[tuple[str, str]]:
    return [
        (found["severity"], found["sentence"])
        for found in cli.json("check")
        if found["subject"] == "gateway"
    ]


def test_without_a_secret_it_says_what_is_missing(cli: Cli) -> None:
    ((severity, sentence),) = of_gateway(cli)

    assert severity == "information"
    assert "POSTBELL_TOKEN_SECRET is not set" in sentence


def test_it_says_where_the_gateway_would_be(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", SECRET)

    result = cli("check")

    assert "`postbell serve` listens on 127.0.0.1:8000, as http://localhost:8000." in result.stdout
    assert SECRET not in result.stdout


def test_one_click_needs_https(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", SECRET)
    monkeypatch.setenv("POSTBELL_PUBLIC_URL", "http://n.example")

    warnings = [sentence for severity, sentence in of_gateway(cli) if severity == "warning"]

    assert len(warnings) == 1
    assert "POSTBELL_PUBLIC_URL is not https" in warnings[0]


# --- whom row-level security does not bind


@pytest.fixture
def mailer(database_url: str, database: given.Connection) -> Iterator[str]:
    """The URL of a login that may run the daemon."""
    database.execute("create role mailer login in role postbell_dispatcher")
    yield make_conninfo(database_url, user="mailer")
    database.execute("drop role mailer")


def of_row_security(cli: Cli) -> list[str]:
    return [
        found["sentence"]
        for found in cli.json("check")
        if found["severity"] == "warning" and "row-level security" in found["sentence"]
    ]


def test_a_login_that_sees_everybodys_rows_is_named(cli: Cli) -> None:
    ((said),) = of_row_security(cli)

    assert "The login postgres is a superuser" in said


def test_an_application_that_may_log_in_as_the_owner_is_named(
    cli: Cli, database: given.Connection, mailer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", mailer)
    database.execute("drop schema kept cascade")
    assert of_row_security(cli) == []

    database.execute("create table public.orders (id bigint)")

    ((said),) = of_row_security(cli)
    assert "postgres owns the schema, and orders too" in said
