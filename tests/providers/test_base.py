"""A provider's URL names its class, and says what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.providers.base import SCHEMES, ProviderUrl, ProviderUrlError, provider_for


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("smtp://127.0.0.1:1025", "smtp"),
        ("smtps://relay.example", "smtp"),
        ("smtp+starttls://relay.example", "smtp"),
        (f"twilio://AC{'0' * 32}:t@api.twilio.com?from=Shop", "twilio"),
        ("console:", "console"),
        ("console://", "console"),
    ],
)
def test_the_scheme_names_the_provider(url: str, name: str) -> None:
    assert provider_for(url).name == name


@pytest.mark.parametrize("url", ["smtps://relay.example", "console:"])
def test_a_provider_has_the_name_that_it_is_given(url: str) -> None:
    assert provider_for(url, name="second_mail").name == "second_mail"


@pytest.mark.parametrize("name", ["", "Main", "main-mail", "2nd", "a b", "a" * 64])
def test_a_name_that_could_not_be_a_key_or_a_label_is_refused(name: str) -> None:
    with pytest.raises(ProviderUrlError, match="cannot name a provider"):
        provider_for("console:", name=name)


@pytest.mark.parametrize("scheme", SCHEMES)
# The first call imports the library of the provider, which may take long.
@settings(deadline=None)
@given(rest=st.text(alphabet="AC0:/@?&=%[].,#whsec_+-aé٣\0\n", max_size=60))
def test_any_text_behind_a_scheme_is_a_provider_or_a_sentence(scheme: str, rest: str) -> None:
    try:
        said = provider_for(f"{scheme}:{rest}").name
    except ProviderUrlError as error:
        said = str(error)

    assert said


@pytest.mark.parametrize("url", ["", "relay.example", "carrier-pigeon://loft", "smtp://[", "[//"])
def test_a_url_that_names_none_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(ProviderUrlError, match=r"provider|SMTP"):
        provider_for(url)


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
