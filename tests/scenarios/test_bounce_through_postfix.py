"""A mail that a real mail server took, and that the next one refuses: the bounce finds its way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support import given
from tests.support.daemon import running
from tests.support.given import Connection, Fate
from tests.support.outcome import left_over
from tests.support.peers.postfix import RELAYED, Postfix
from tests.support.producer import PAYLOAD
from tests.support.smtp_peer import Say, SmtpPeer
from tests.support.waiting import seen

pytestmark = pytest.mark.slow

SECRET = "what the return path is signed with"
_ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from dispatcher.cli import main; main()", "bounce"]


@pytest.fixture
async def next_hop() -> AsyncIterator[SmtpPeer]:
    """The mail server of the people who are written to."""
    server = SmtpPeer(extensions=("ENHANCEDSTATUSCODES",))
    await server.start()
    yield server
    await server.stop()


def take_bounces(url: str, maildir: Path) -> str:
    """What `postbell bounce` says of a mailbox."""
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("POSTBELL_")},
        "POSTBELL_DATABASE_URL": url,
        "POSTBELL_TOKEN_SECRET": SECRET,
    }
    done = subprocess.run(
        [*_COMMAND, "--maildir", str(maildir)],
        cwd=_ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_bounce_ends_its_delivery_suppresses_the_address_and_is_taken_once(
    db: Connection, database_url: str, next_hop: SmtpPeer
) -> None:
    next_hop.always("RCPT", Say("550 5.1.1 nobody of that name"))
    given.recipient(db, email=f"gone@{RELAYED}")
    with Postfix(relay=next_hop.port) as postfix:
        async with running(
            database_url,
            smtp_url=SecretStr(postfix.url),
            sender_address="shop@shop.example",
            token_secret=(SecretStr(SECRET),),
        ):
            first = given.emit(db, payload=PAYLOAD, channels=["email"])
            # Our own mail server took it, so for us it is sent.
            await seen(
                lambda: given.deliveries(db, first).get(("u1", "email")) == Fate("sent", "wanted"),
                "the mail is sent",
            )
            await seen(lambda: postfix.mailbox("bounces"), "it comes back")

            maildir = postfix.maildir("bounces")
            said = await asyncio.to_thread(take_bounces, database_url, maildir)
            again = await asyncio.to_thread(take_bounces, database_url, maildir)

            second = given.emit(db, payload=PAYLOAD, channels=["email"])
            await seen(lambda: given.deliveries(db, second) and not left_over(db), "all is settled")

    assert said == "1 × Reported: taken.\n"
    assert again == ""
    assert given.deliveries(db, first)["u1", "email"].state == "bounced"
    assert given.deliveries(db, second)["u1", "email"] == Fate("skipped", "address_suppressed")
