"""What every provider's URL may say; SMTP's own is in test_smtp_endpoint.py."""

from __future__ import annotations

import pytest

from dispatcher.providers.provider import ProviderUrlError
from dispatcher.providers.url import ProviderUrl


def a_url(url: str) -> ProviderUrl:
    return ProviderUrl(url, "pigeon", shape="pigeon://:KEY@loft")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("pigeon://loft.example", "https://loft.example"),
        ("pigeon://loft.example:8443", "https://loft.example:8443"),
        ("pigeon://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("pigeon://127.0.0.1:8080?scheme=http", "http://127.0.0.1:8080"),
        ("pigeon://localhost?scheme=http", "http://localhost"),
        ("pigeon://[::1]?scheme=http", "http://[::1]"),
        ("pigeon://[::ffff:127.0.0.1]?scheme=http", "http://[::ffff:127.0.0.1]"),
        ("pigeon://loft.example?scheme=https", "https://loft.example"),
    ],
)
def test_a_service_is_spoken_to_by_https_unless_it_is_on_this_machine(
    url: str, origin: str
) -> None:
    assert a_url(url).origin() == origin


@pytest.mark.parametrize("host", ["loft.example", "10.0.0.1", "127.0.0.1.example"])
def test_credentials_do_not_cross_the_network_in_the_clear(host: str) -> None:
    with pytest.raises(ProviderUrlError, match="would show the credentials"):
        a_url(f"pigeon://:hunter22@{host}?scheme=http").origin()


def test_a_scheme_of_another_kind_is_refused() -> None:
    with pytest.raises(ProviderUrlError, match="scheme is http or https in the pigeon URL"):
        a_url("pigeon://localhost?scheme=gopher").origin()


def test_credentials_lose_their_percent_signs() -> None:
    url = a_url("pigeon://a%40b:p%2Fw@loft")

    assert (url.username, url.password) == ("a@b", "p/w")


def test_a_mistake_says_how_it_should_have_been_written_and_shows_no_key() -> None:
    with pytest.raises(ProviderUrlError, match="write pigeon://:KEY@loft") as told:
        a_url("pigeon://:hunter22@loft:port")

    assert "hunter22" not in str(told.value)


def test_a_parameter_that_nobody_asked_for_is_named() -> None:
    url = a_url("pigeon://loft?speed=3&hight=4")
    assert url.count("speed", 1) == 3

    with pytest.raises(ProviderUrlError, match="the pigeon URL has an unknown parameter 'hight'"):
        url.finish()
