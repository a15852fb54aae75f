"""A URL names a provider."""

from __future__ import annotations

import pytest

from dispatcher.providers.provider import ProviderUrlError, provider_for


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("smtp://127.0.0.1:1025", "smtp"),
        ("smtps://relay.example", "smtp"),
        ("smtp+starttls://relay.example", "smtp"),
        ("console:", "console"),
        ("console://", "console"),
    ],
)
def test_the_scheme_names_the_provider(url: str, name: str) -> None:
    assert provider_for(url).name == name


@pytest.mark.parametrize("url", ["", "relay.example", "carrier-pigeon://loft", "smtp://[", "[//"])
def test_a_url_that_names_none_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(ProviderUrlError, match=r"provider|SMTP"):
        provider_for(url)
