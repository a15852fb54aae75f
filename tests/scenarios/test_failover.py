"""Two mail servers, of which the first goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection
from tests.support.mail_sink import MailSink
from tests.support.outcome import left_over, states
from tests.support.producer import PAYLOAD
from tests.support.waiting import seen

pytestmark = pytest.mark.slow


@pytest.fixture
def main(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "main") as sink:
        yield sink


@pytest.fixture
def spare(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "spare") as sink:
        yield sink


@pytest.fixture
def providers(tmp_path: Path, main: MailSink, spare: MailSink) -> Path:
    """The file that names both, the main one first."""
    named = tmp_path / "providers.toml"
    named.write_text(f'[main]\nurl = "{main.url}"\n[spare]\nurl = "{spare.url}"\n')
    return named


def emit(db: Connection, many: int) -> list[int]:
    return [given.emit(db, payload=PAYLOAD, channels=["email"]) for _ in range(many)]


async def carried(db: Connection, many: int) -> set[str]:
    """Who carried the mails of so many events, when all of them are sent."""
    events = emit(db, many)

    def carriers() -> list[str]:
        return given.column(
            db,
            "select provider from postbell.delivery_log"
            " where outbox_id = any(%s) and state = 'sent'",
            events,
        )

    await seen(lambda: len(carriers()) == many, "the mails are sent")
    return set(carriers())


async def test_when_a_mail_server_fails_the_next_takes_over_and_the_first_comes_back_by_itself(
    db: Connection,
    database_url: str,
    main: MailSink,
    spare: MailSink,
    providers: Path,
    impatient: None,
) -> None:
    async with running(database_url, providers=providers):
        assert await carried(db, 10) == {"main"}

        main.stop()
        assert await carried(db, 10) == {"spare"}

        main.start()
        many = 20
        while await carried(db, 1) != {"main"}:
            many += 1

    copies = main.copies() + spare.copies()
    assert len(copies) == copies.total() == many + 1
    assert states(db) == {("email", "sent"): many + 1}


async def test_with_both_mail_servers_down_mails_wait_and_go_once(
    db: Connection,
    database_url: str,
    main: MailSink,
    spare: MailSink,
    providers: Path,
    impatient: None,
) -> None:
    async with running(database_url, providers=providers):
        main.stop()
        spare.stop()
        emit(db, 10)
        await seen(lambda: states(db)["email", "waiting"] == 10, "every mail waits")

        spare.start()
        await seen(lambda: not left_over(db), "everything is settled")

    assert main.copies().total() == 0
    copies = spare.copies()
    assert len(copies) == copies.total() == 10


async def test_a_tenants_mails_take_the_mail_server_of_its_choice(
    db: Connection,
    database_url: str,
    main: MailSink,
    spare: MailSink,
    providers: Path,
    impatient: None,
) -> None:
    given.call(db, "choose_providers", channel="email", providers=["spare"])
    async with running(database_url, providers=providers):
        assert await carried(db, 5) == {"spare"}

    assert main.copies().total() == 0
