"""What a status means, where its service says no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.delivery import Fault, Refused, Retry, Unknown
from dispatcher.providers.http import Response
from dispatcher.providers.http_status import declined
from dispatcher.providers.provider import MISCONFIGURED


def answered(status: int, headers: dict[str, str] | None = None) -> Retry | Refused | Unknown:
    return declined(Response(status, headers or {}, b""), f"it said {status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_server_that_cannot_now_is_asked_again(status: int) -> None:
    assert answered(status) == Retry(f"it said {status}", code=str(status), fault=Fault.PROVIDER)


@pytest.mark.parametrize("status", [429, 503])
def test_it_says_when_to_come_back(status: int) -> None:
    outcome = answered(status, {"Retry-After": "7"})

    assert isinstance(outcome, Retry)
    assert outcome.after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [300, 301, 302, 304, 308, 401, 402, 403, 404, 405, 407, 410])
def test_who_we_are_and_where_we_ask_is_our_configuration(status: int) -> None:
    outcome = answered(status)

    assert isinstance(outcome, Retry)
    assert outcome.fault is Fault.CONFIGURATION
    assert outcome.reason.startswith(f"{MISCONFIGURED}it said {status}")


@pytest.mark.parametrize("status", [400, 406, 409, 413, 415, 418, 422, 431, 499])
def test_what_we_said_is_refused(status: int) -> None:
    assert answered(status) == Refused(f"it said {status}", code=str(status))


@pytest.mark.parametrize("status", [101, 200, 204, 226, 600, 999])
def test_a_yes_of_another_kind_leaves_it_in_doubt(status: int) -> None:
    assert answered(status) == Unknown(f"it said {status}", code=str(status))
