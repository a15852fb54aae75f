"""Reasons: a sentence for everything that the schema may answer."""

from __future__ import annotations

import re

import pytest

from dispatcher.explanations import LADDER, LATER, REJECTIONS, explain_reason
from tests.support.declared import source

NAMES = {**LADDER, **LATER, **REJECTIONS}


def test_every_rung_of_the_ladder_has_its_sentence() -> None:
    assert set(re.findall(r"row\(\d+, '(\w+)'", source("ladder"))) == set(LADDER)


@pytest.mark.parametrize("function", ["decide_again", "stop_undeliverable", "give_up_unknown"])
def test_what_may_befall_a_delivery_later_has_its_sentence(function: str) -> None:
    found = set(re.findall(r"(?:then|reason =|else) '(\w+)'", source(function)))
    states = {"queued", "waiting", "sending", "sent", "skipped", "cancelled", "expired"}
    steps = {"released", "stopped"}

    assert found - states - steps <= set(NAMES)
    assert found


@pytest.mark.parametrize("name", NAMES)
def test_a_reason_is_a_sentence(name: str) -> None:
    reason = explain_reason(name)

    assert reason.sentence.endswith(".")
    assert "_" not in re.sub(r"postbell[.\w]*|\w+_at", "", reason.sentence)


def test_a_duplicate_names_the_first() -> None:
    assert "event 42" in explain_reason("duplicate_of_42").sentence


def test_what_a_provider_said_is_masked() -> None:
    assert explain_reason("550 <bob@example.org> unknown").sentence == "550 <<address>> unknown"
