"""postbell bounce"""

from __future__ import annotations

import os
import syslog
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st

from dispatcher.inbound.links import ReturnPath
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.bounce_mails import ABSENT, COMPLAINT, EXCHANGE, ID, POSTFIX, crlf
from tests.support.bounce_samples import SAMPLES
from tests.support.cli import Cli

SECRET = "what this command signs and verifies with"


@pytest.fixture
def delivery(database: given.Connection) -> int:
    """A mail that a mail server took."""
    given.emit(database, given.event_type(database, "order.moved", default_channels=["email"]))
    given.route(database)
    number = given.value(database, "select delivery_id from postbell.delivery_log")
    database.execute("update postbell.delivery set state = 'sending'")
    given.sent(database, number)
    database.execute(
        "update postbell.attempt set provider_message_id = %s",
        [ID],
    )
    return int(number)


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> ReturnPath:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", SECRET)
    return ReturnPath(signer=Signer([SECRET]))


def mail(shape: str, delivery: int, to: str, status: str = "5.1.1") -> str:
    fields = {
        "to": to, "returned": to, "id": ID, "action": "failed", "status": status,
        "said": "550 no such user", "feedback": "abuse", "envelope_id": f"postbell-{delivery}",
    }  # fmt: skip
    shape = shape.replace("ada@example.org", "u1@example.org")
    return crlf(shape.format_map(fields)).decode()


def address_of(database: given.Connection, signed: ReturnPath, delivery: int) -> str:
    """Where the delivery's mail comes back to."""
    return signed.of(delivery, given.identity(database, delivery), "shop.example")


def maildir(folder: Path, new: dict[str, str]) -> None:
    """Make a Maildir of the folder, with these mails in it."""
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir()
    for name, text in new.items():
        (folder / "new" / name).write_text(text)


def mails_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def state(database: given.Connection) -> str:
    return str(given.value(database, "select state from postbell.delivery_log"))


def test_a_bounce_on_standard_input_settles_the_delivery_and_suppresses_the_address(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    result = cli("bounce", stdin=mail(POSTFIX, delivery, address_of(database, signed, delivery)))

    assert (result.exit_code, result.stdout) == (0, "Reported: taken.\n")
    assert state(database) == "bounced"
    assert given.rows(database, "select address, reason from postbell.suppression") == [
        ("u1@example.org", "bounce")
    ]


def test_a_bounce_from_a_clock_that_the_database_would_refuse_is_taken(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    bounce = mail(POSTFIX, delivery, address_of(database, signed, delivery))
    result = cli("bounce", stdin=bounce.replace("10:00:02 +0000", "10:00:02 +2359"))

    assert (result.exit_code, result.stdout) == (0, "Reported: taken.\n")
    assert state(database) == "bounced"


def test_without_a_secret_the_message_id_is_the_proof(
    cli: Cli, database: given.Connection, delivery: int
) -> None:
    to = f"bounces+{delivery}@shop.example"
    guessed = mail(POSTFIX, delivery, to).replace("0123456789abcdef", "f" * 16)

    assert cli("bounce", stdin=guessed).stdout == "Reported: another_message.\n"
    assert state(database) == "sent"
    assert cli("bounce", stdin=mail(POSTFIX, delivery, to)).stdout == "Reported: taken.\n"
    assert state(database) == "bounced"


def test_the_same_bounce_again_is_known(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    bounce = mail(EXCHANGE, delivery, address_of(database, signed, delivery))
    cli("bounce", stdin=bounce)

    assert cli("bounce", stdin=bounce).stdout == "Reported: repeated.\n"


def test_a_bounce_that_nobody_can_read_is_counted_and_blames_no_address(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    to = address_of(database, signed, delivery)
    result = cli("bounce", stdin=f"From: mx@example.org\nTo: {to}\n\nNope.\n")

    assert (result.exit_code, result.stdout) == (
        0,
        "Reported without a reason, for it is in no known form: taken.\n",
    )
    assert state(database) == "bounced"
    assert given.column(database, "select detail ->> 'format' from postbell.receipt") == ["unknown"]
    assert given.column(database, "select address from postbell.suppression") == []


def test_a_mail_larger_than_what_is_read_is_counted_all_the_same(
    cli: Cli,
    database: given.Connection,
    delivery: int,
    signed: ReturnPath,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dispatcher.cli.bounce.LARGEST", 1000)
    to = address_of(database, signed, delivery)

    result = cli("bounce", stdin=f"From: mx@example.org\nTo: {to}\n\n{'Nope. ' * 1000}\n")
    assert result.stdout == "Reported without a reason, for it is in no known form: taken.\n"
    assert state(database) == "bounced"


def test_a_complaint_of_microsofts_suppresses_the_address(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    shape = next(each.mail for each in SAMPLES if each.name == "Microsoft, naming whose it is")
    cli("bounce", stdin=mail(shape, delivery, address_of(database, signed, delivery)))

    assert given.column(database, "select reason from postbell.suppression") == ["complaint"]


def test_an_international_domain_is_one_address_in_both_forms(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    database.execute("update postbell.recipient set email = 'u1@Bücher.Example'")
    bounce = mail(POSTFIX, delivery, address_of(database, signed, delivery))
    cli("bounce", stdin=bounce.replace("u1@example.org", "U1@xn--bcher-kva.example"))

    assert given.column(database, "select address from postbell.suppression") == [
        "u1@bücher.example"
    ]


def test_what_became_of_a_mail_is_in_the_systems_log(
    cli: Cli,
    database: given.Connection,
    delivery: int,
    signed: ReturnPath,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "syslog", lambda *entry: logged.append(entry))
    to = address_of(database, signed, delivery)

    cli("bounce", stdin=mail(POSTFIX, delivery, to))
    cli("bounce", stdin=mail(ABSENT, delivery, to))
    assert logged == [
        (syslog.LOG_INFO, "bounce: Reported: taken."),
        (syslog.LOG_WARNING, "bounce: Dropped: an automatic reply."),
    ]


@pytest.mark.parametrize("variable", ["ORIGINAL_RECIPIENT", "RECIPIENT"])
def test_the_mail_server_says_to_whom_it_was_sent(
    cli: Cli,
    database: given.Connection,
    delivery: int,
    signed: ReturnPath,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, address_of(database, signed, delivery))

    assert cli("bounce", stdin=mail(POSTFIX, delivery, "x@shop.example")).exit_code == 0
    assert state(database) == "bounced"


def test_a_forged_one_is_dropped_and_changes_nothing(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    to = f"bounces+{delivery}-{'0' * 10}-{'a' * 16}@shop.example"
    result = cli("bounce", stdin=mail(POSTFIX, delivery, to))

    assert result.exit_code == 0
    assert result.stdout == "Refused: the address that it came to is not signed by us.\n"
    assert state(database) == "sent"


def test_somebodys_absence_is_dropped(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    result = cli("bounce", stdin=mail(ABSENT, delivery, address_of(database, signed, delivery)))

    assert (result.exit_code, result.stdout) == (0, "Dropped: an automatic reply.\n")


def test_a_complaint_suppresses_the_address(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath
) -> None:
    shape = COMPLAINT.replace("redacted@mail.example", "u1@example.org")
    cli("bounce", stdin=mail(shape, delivery, address_of(database, signed, delivery)))

    assert given.column(database, "select reason from postbell.suppression") == ["complaint"]
    assert state(database) == "delivered"


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "postgresql://127.0.0.1:1/nothing")

    result = bare("bounce", stdin="Subject: x\n\n")
    assert result.exit_code == os.EX_TEMPFAIL
    assert "cannot be reached" in result.stderr


def test_while_the_settings_are_wrong_the_mail_server_keeps_the_mail(
    bare: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTBELL_NONSENSE", "1")

    assert bare("bounce", stdin="").exit_code == os.EX_TEMPFAIL


def test_a_maildir_is_read_once(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath, tmp_path: Path
) -> None:
    to = address_of(database, signed, delivery)
    maildir(tmp_path, {"1.a": mail(POSTFIX, delivery, to), "2.a": mail(ABSENT, delivery, to)})

    result = cli("bounce", "--maildir", str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "1 × Dropped: an automatic reply.\n1 × Reported: taken.\n"
    assert state(database) == "bounced"
    assert list((tmp_path / "new").iterdir()) == []
    assert len(list((tmp_path / "cur").iterdir())) == 2
    assert cli("bounce", "--maildir", str(tmp_path)).stdout == ""


def test_what_another_program_has_marked_as_seen_is_not_read_and_other_flags_stay(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath, tmp_path: Path
) -> None:
    maildir(tmp_path, {})
    bounce = mail(POSTFIX, delivery, address_of(database, signed, delivery))
    (tmp_path / "cur" / "1.a:2,RS").write_text(bounce)
    (tmp_path / "cur" / "2.a:2,FT").write_text(bounce)

    assert cli("bounce", "--maildir", str(tmp_path)).stdout == "1 × Reported: taken.\n"
    assert mails_in(tmp_path / "cur") == ["1.a:2,RS", "2.a:2,FST"]


def test_a_mail_with_parts_within_parts_does_not_keep_back_the_others(
    cli: Cli, database: given.Connection, delivery: int, signed: ReturnPath, tmp_path: Path
) -> None:
    nested = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(1000)
    )
    bounce = mail(POSTFIX, delivery, address_of(database, signed, delivery))
    maildir(tmp_path, {"1.a": nested, "2.a": bounce})

    result = cli("bounce", "--maildir", str(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 × Reported: taken.\n" in result.stdout
    assert mails_in(tmp_path / "cur") == ["1.a:2,S", "2.a:2,S"]


def test_a_mail_that_fails_is_left_and_told_and_the_others_go_on(
    cli: Cli,
    database: given.Connection,
    delivery: int,
    signed: ReturnPath,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "syslog", lambda *entry: logged.append(entry))
    bounce = mail(POSTFIX, delivery, address_of(database, signed, delivery))
    maildir(tmp_path, {"2.a": bounce})
    (tmp_path / "new" / "1.a").symlink_to(tmp_path / "gone")

    result = cli("bounce", "--maildir", str(tmp_path))
    assert (result.exit_code, result.stdout) == (os.EX_TEMPFAIL, "1 × Reported: taken.\n")
    assert result.stderr.startswith("Left in the Maildir, 1.a: FileNotFoundError: ")
    assert [(level, line.partition(", ")[0]) for level, line in logged] == [
        (syslog.LOG_WARNING, "bounce: Left in the Maildir")
    ]
    assert mails_in(tmp_path / "new") == ["1.a"]
    assert mails_in(tmp_path / "cur") == ["2.a:2,S"]


def test_a_mail_that_meets_a_mistake_of_ours_is_left_with_a_traceback(
    cli: Cli,
    database: given.Connection,
    signed: ReturnPath,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mistaken(raw: bytes, *_: object) -> None:
        raise KeyError(raw.decode())

    monkeypatch.setattr("dispatcher.inbound.bounces.receipts_in", mistaken)
    maildir(tmp_path, {"1.a": "one", "2.a": "two"})

    result = cli("bounce", "--maildir", str(tmp_path))
    assert result.exit_code == os.EX_TEMPFAIL
    assert "Traceback" in result.stderr
    assert "Left in the Maildir, 1.a: KeyError: 'one'" in result.stderr
    assert "Left in the Maildir, 2.a: KeyError: 'two'" in result.stderr
    assert mails_in(tmp_path / "new") == ["1.a", "2.a"]


def test_while_the_database_is_away_a_maildir_is_left_as_it_is(
    cli: Cli,
    database: given.Connection,
    signed: ReturnPath,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    def away(raw: bytes, *_: object) -> None:
        asked.append(raw)
        raise psycopg.OperationalError("the connection is closed")

    monkeypatch.setattr("dispatcher.inbound.bounces.receipts_in", away)
    maildir(tmp_path, {"1.a": "one", "2.a": "two"})

    result = cli("bounce", "--maildir", str(tmp_path))
    assert result.exit_code == os.EX_TEMPFAIL
    assert "cannot be reached" in result.stderr
    assert asked == [b"one"]
    assert mails_in(tmp_path / "new") == ["1.a", "2.a"]


def test_what_is_no_maildir_is_said_to_be_none(
    cli: Cli, database: given.Connection, tmp_path: Path
) -> None:
    result = cli("bounce", "--maildir", str(tmp_path))

    assert result.exit_code == os.EX_TEMPFAIL
    assert f"{tmp_path} is no Maildir" in result.stderr


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given_any(st.text(max_size=300))
def test_garbage_is_dropped_and_never_an_error(cli: Cli, signed: ReturnPath, junk: str) -> None:
    assert cli("bounce", stdin=junk).exit_code == 0
