"""A URL names a provider."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher import files
from dispatcher.providers.provider import SCHEMES, ProviderUrlError, provider_for


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
def test_every_scheme_leads_to_a_class_that_takes_urls(scheme: str) -> None:
    module, _, name = SCHEMES[scheme].partition(":")

    assert callable(getattr(importlib.import_module(module), name).from_url)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_readme_shows_how_its_url_is_written(scheme: str) -> None:
    readme = (files.folder("templates").parent / "README.md").read_text(encoding="utf-8")

    assert f"`{scheme}:" in readme


@pytest.mark.parametrize("scheme", SCHEMES)
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
