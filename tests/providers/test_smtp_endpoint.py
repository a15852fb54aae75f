"""The SMTP URL: what it means, and that a mistake is a sentence without the password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.providers.base import ProviderUrlError
from dispatcher.providers.smtp import Smtp
from dispatcher.providers.smtp_connection import SmtpEndpoint, Tls


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://127.0.0.1:1025", 1025, Tls.OPPORTUNISTIC),
        ("smtp://localhost", 25, Tls.OPPORTUNISTIC),
        ("smtp://[::1]:2525", 2525, Tls.OPPORTUNISTIC),
        ("smtp://u:p@localhost", 25, Tls.OPPORTUNISTIC),
        ("smtp://relay.example", 25, Tls.OPPORTUNISTIC),
        ("smtp://u:p@relay.example", 587, Tls.REQUIRED),
        ("smtp://relay.example?tls=required", 587, Tls.REQUIRED),
        ("smtp://relay.example?tls=off", 25, Tls.OFF),
        ("smtp+starttls://relay.example", 587, Tls.REQUIRED),
        ("smtps://u:p@relay.example", 465, Tls.IMPLICIT),
        ("smtps://u:p@relay.example:4650/", 4650, Tls.IMPLICIT),
    ],
)
def test_encryption_follows_from_scheme_host_and_credentials(url: str, port: int, tls: Tls) -> None:
    endpoint = SmtpEndpoint.from_url(url)

    assert (endpoint.port, endpoint.tls) == (port, tls)


def test_parameters_and_escaped_credentials_are_read() -> None:
    endpoint = SmtpEndpoint.from_url(
        "smtps://a%40b:p%2Fw%3F@relay.example?timeout=5&accept_timeout=90&pool=2&idle=3&mails=7"
        "&hello=app.example"
    )

    assert (endpoint.username, endpoint.password) == ("a@b", "p/w?")
    assert (endpoint.timeout, endpoint.accept_timeout) == (5, 90)
    assert (endpoint.pool, endpoint.idle, endpoint.mails) == (2, 3, 7)
    assert endpoint.hello == "app.example"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("smtp://", "no valid host"),
        ("smtp://:25", "no valid host"),
        ("smtp://a..b", "no valid host"),
        ("smtp://h:99999", "cannot be parsed"),
        ("smtp://h:port", "cannot be parsed"),
        ("smtp://h?timeout", "cannot be parsed"),
        ("smtp://[::1", "cannot be parsed"),
        ("smtp://h/path", "path or fragment"),
        ("smtp://user@h", "not both"),
        ("smtp://:hunter22@h", "not both"),
        ("smtp://h?timeout=0", "number of seconds"),
        ("smtp://h?timeout=nan", "number of seconds"),
        ("smtp://h?accept_timeout=soon", "number of seconds"),
        ("smtp://h?pool=0", "whole number"),
        ("smtp://h?pool=1.5", "whole number"),
        ("smtp://h?hello=a%20b", "host name"),
        ("smtp://h?pol=8", "unknown parameter 'pol'"),
        ("smtp://h?tls=maybe", "tls is one of"),
        ("smtps://h?tls=off", "contradicts itself"),
        ("smtp+starttls://h?tls=opportunistic", "contradicts itself"),
        ("smtp://u:hunter22@relay.example?tls=off", "show the password to the network"),
        ("smtp://u:hunter22@relay.example?tls=opportunistic", "show the password"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ProviderUrlError, match=sentence) as told:
        SmtpEndpoint.from_url(url)

    assert "hunter22" not in str(told.value)


def test_certificates_that_cannot_be_read_are_told_at_start() -> None:
    with pytest.raises(ProviderUrlError, match="ca: "):
        Smtp(SmtpEndpoint.from_url("smtps://relay.example?ca=/nowhere/at/all.pem"))


@given(st.text(alphabet="smtp+:/@?&=%[].0123 aé\0\n", max_size=40))
def test_any_other_text_is_an_endpoint_or_a_sentence(rest: str) -> None:
    try:
        host = SmtpEndpoint.from_url(f"smtp://{rest}").host
    except ProviderUrlError:
        host = "told"

    assert host


def test_the_password_is_not_in_the_repr() -> None:
    endpoint = SmtpEndpoint.from_url("smtps://shop:hunter22@relay.example")

    assert "hunter22" not in repr(endpoint)
    assert repr(Smtp(endpoint)) == "Smtp(relay.example:465)"
