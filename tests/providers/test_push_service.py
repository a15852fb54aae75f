"""An endpoint is what a user says it is: none of them is a way into our own network."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.providers.push_service import (
    BROWSER_MAKERS,
    ForbiddenEndpoint,
    PublicResolver,
    is_of,
    origin_of,
)


class Names(AbstractResolver):
    """Answers in turn, as a name server does whose owner means us harm."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._answers.pop(0)
        ]

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", "https://fcm.googleapis.com"),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAA", None),
        ("https://web.push.apple.com:443/QGu", "https://web.push.apple.com"),
        ("https://Push.Example/x", "https://push.example"),
        ("https://wns2-par02p.notify.windows.com/w/?token=BQ%3d%3d", None),
    ],
)
def test_a_service_of_the_internet_is_taken_by_its_origin(
    endpoint: str, origin: str | None
) -> None:
    expected = origin or "/".join(endpoint.split("/")[:3])
    assert origin_of(endpoint) == expected


FORBIDDEN = [
    ("http://push.example/x", "not an https"),
    ("ftp://push.example/x", "not an https"),
    ("//push.example/x", "not an https"),
    ("https:///x", "no host"),
    ("https://ann:secret@push.example/x", "user name"),
    ("https://@push.example/x", "user name"),
    ("https://push.example:8443/x", "port"),
    ("https://push.example:80/x", "port"),
    ("https://push.example:22/x", "port"),
    ("https://push.example:99999/x", "cannot be parsed"),
    ("https://127.0.0.1/x", "address instead of a name"),
    ("https://169.254.169.254/latest/meta-data/", "address instead of a name"),
    ("https://10.0.0.1/x", "address instead of a name"),
    ("https://8.8.8.8/x", "address instead of a name"),
    ("https://127.0.0.1./x", "address instead of a name"),
    ("https://2130706433/x", "address instead of a name"),
    ("https://0x7f000001/x", "address instead of a name"),
    ("https://0X7F.1/x", "address instead of a name"),
    ("https://0177.0.0.1/x", "address instead of a name"),
    ("https://127.1/x", "address instead of a name"),
    ("https://[::1]/x", "address instead of a name"),
    ("https://[::ffff:127.0.0.1]/x", "address instead of a name"),
    ("https://[fc00::1]/x", "address instead of a name"),
    ("https://[fe80::1%25eth0]/x", "address instead of a name"),
    ("https://push.example\\@127.0.0.1/x", "characters"),
    ("https://push.example/x\r\nHost: y", "characters"),
    ("https://push.example/x y", "characters"),
    ("https://①②⑦.⓪.⓪.①/x", "characters"),
]


@pytest.mark.parametrize(("endpoint", "sentence"), FORBIDDEN, ids=[url for url, _ in FORBIDDEN])
def test_what_is_no_service_of_the_internet_is_refused(endpoint: str, sentence: str) -> None:
    with pytest.raises(ForbiddenEndpoint, match=sentence) as error:
        origin_of(endpoint)
    assert "secret" not in str(error.value)


@given(st.text())
def test_any_text_is_an_endpoint_or_is_refused(rest: str) -> None:
    try:
        origin = origin_of("https://" + rest)
    except ForbiddenEndpoint:
        return
    assert origin.startswith("https://")
    assert "@" not in origin


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["169.254.169.254"], ["::1"], ["fd00::1"], ["8.8.8.8", "10.0.0.1"]],
    ids=str,
)
async def test_a_name_that_stands_for_a_private_address_is_refused(addresses: list[str]) -> None:
    with pytest.raises(ForbiddenEndpoint, match="stands for a private address"):
        await PublicResolver(Names(addresses)).resolve("push.example", 443)


async def test_a_name_that_changes_between_two_looks_is_refused_at_the_second() -> None:
    resolver = PublicResolver(Names(["8.8.8.8"], ["127.0.0.1"]))

    assert [one["host"] for one in await resolver.resolve("push.example", 443)] == ["8.8.8.8"]
    with pytest.raises(ForbiddenEndpoint):
        await resolver.resolve("push.example", 443)


async def test_this_machines_own_name_is_refused() -> None:
    resolver = PublicResolver()

    with pytest.raises(ForbiddenEndpoint):
        await resolver.resolve("localhost", 443)

    await resolver.close()


def test_a_test_may_allow_what_no_data_can() -> None:
    endpoint = "https://127.0.0.1:8443/x"
    assert origin_of(endpoint, allow_private=True) == "https://127.0.0.1:8443"


@pytest.mark.parametrize(
    ("origin", "is_theirs"),
    [
        ("https://fcm.googleapis.com", True),
        ("https://updates.push.services.mozilla.com", True),
        ("https://wns2-par02p.notify.windows.com", True),
        ("https://fcm.googleapis.com.evil.example", False),
        ("https://evilpush.apple.com.example", False),
        ("https://notfcm.googleapis.com", False),
    ],
)
def test_a_browser_makers_service_is_known_by_its_domain(origin: str, is_theirs: bool) -> None:
    assert is_of(origin, BROWSER_MAKERS) is is_theirs
