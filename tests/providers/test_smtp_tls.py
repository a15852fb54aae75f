"""Encryption and login, against aiosmtpd: a reading of the protocol that is not ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dispatcher.delivery.model import Retry, Sent
from dispatcher.providers.base import MISCONFIGURED
from dispatcher.providers.smtp import Smtp
from dispatcher.providers.smtp_connection import SmtpEndpoint
from tests.support.messages import an_email

CERTIFICATE = Path(__file__).parents[1] / "support" / "tls" / "localhost.crt"
KEY = Path(__file__).parents[1] / "support" / "tls" / "localhost.key"


class Mailbox:
    """An aiosmtpd handler that keeps what it gets, and how it came."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.was_encrypted: list[bool] = []

    async def handle_DATA(  # noqa: N802 the name that aiosmtpd looks for
        self, server: Any, _session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(envelope)
        encrypted = server.transport.get_extra_info("sslcontext") is not None
        self.was_encrypted.append(encrypted)
        return "250 2.0.0 kept"


class Listening:
    """aiosmtpd on a loopback port, with one user: shop, hunter22."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self, *, implicit: bool = False, starttls: bool = False) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, KEY)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(
                self.mailbox,
                hostname="localhost",
                enable_SMTPUTF8=True,
                loop=loop,
                tls_context=context if starttls else None,
                require_starttls=starttls,
                auth_require_tls=starttls,
                authenticator=_knows_shop,
            ),
            "127.0.0.1",
            ssl=context if implicit else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            # Its sessions end a moment after the last client has gone.
            await asyncio.sleep(0.05)


def _knows_shop(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
) -> AuthResult:
    known = LoginPassword(login=b"shop", password=b"hunter22")
    return AuthResult(success=given == known, handled=False)


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    listening = Listening()
    yield listening
    await listening.stop()


async def sent_through(url: str) -> Sent | Retry:
    provider = Smtp(SmtpEndpoint.from_url(url))
    await provider.open()
    try:
        outcome = await provider.send(an_email())
    finally:
        await provider.close()
    assert isinstance(outcome, Sent | Retry)
    return outcome


async def test_starttls_encrypts_and_logs_in(listening: Listening) -> None:
    await listening.start(starttls=True)

    outcome = await sent_through(
        f"smtp+starttls://shop:hunter22@localhost:{listening.port}?ca={CERTIFICATE}"
    )

    assert isinstance(outcome, Sent)
    assert listening.mailbox.was_encrypted == [True]


async def test_implicit_tls_encrypts_from_the_first_byte(listening: Listening) -> None:
    await listening.start(implicit=True)

    outcome = await sent_through(f"smtps://127.0.0.1:{listening.port}?ca={CERTIFICATE}")

    assert isinstance(outcome, Sent)
    assert listening.mailbox.was_encrypted == [True]


async def test_loopback_is_encrypted_where_it_is_offered(listening: Listening) -> None:
    await listening.start(starttls=True)

    outcome = await sent_through(f"smtp://shop:hunter22@127.0.0.1:{listening.port}")

    assert isinstance(outcome, Sent)
    assert listening.mailbox.was_encrypted == [True]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_a_certificate_that_nobody_vouches_for_is_our_configuration(
    listening: Listening, scheme: str
) -> None:
    await listening.start(implicit=scheme == "smtps", starttls=scheme == "smtp+starttls")

    outcome = await sent_through(f"{scheme}://localhost:{listening.port}")

    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith(MISCONFIGURED)
    assert "certificate" in outcome.reason
    assert listening.mailbox.mails == []


async def test_required_tls_sends_nothing_to_a_server_without_it(listening: Listening) -> None:
    await listening.start()

    outcome = await sent_through(f"smtp+starttls://shop:hunter22@localhost:{listening.port}")

    assert isinstance(outcome, Retry)
    assert outcome.reason == (
        f"{MISCONFIGURED}TLS is required, but the server does not offer STARTTLS"
    )


async def test_tls_spoken_to_a_plain_port_is_a_retry(listening: Listening) -> None:
    await listening.start()

    outcome = await sent_through(f"smtps://localhost:{listening.port}?timeout=1")

    assert isinstance(outcome, Retry)


async def test_a_wrong_password_is_our_configuration(listening: Listening) -> None:
    await listening.start(starttls=True)

    outcome = await sent_through(f"smtp://shop:wrong@localhost:{listening.port}")

    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith(f"{MISCONFIGURED}AUTH: 535")


async def test_a_real_server_gets_the_mail_byte_for_byte(listening: Listening) -> None:
    await listening.start()
    provider = Smtp(SmtpEndpoint.from_url(f"smtp://localhost:{listening.port}"))
    await provider.open()
    email = an_email(to="jürgen@example.org", body=b".dot\r\n..\r\n", smtputf8=True)

    outcome = await provider.send(email)
    await provider.close()

    assert isinstance(outcome, Sent)
    assert listening.mailbox.mails[0].content == email.data
    assert listening.mailbox.mails[0].rcpt_tos == ["jürgen@example.org"]
