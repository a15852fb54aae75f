"""Whether the files of a process are the deployed ones, and what it leaves to others if not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from dispatcher.delivery.deployed_templates import (
    LONGEST_WAIT,
    OFFER_INTERVAL,
    DeployedTemplates,
)
from tests.support.clock import Clock
from tests.support.renderings import shipped_catalog

EVENT = "order.paid"
SHIPPED = shipped_catalog().events[EVENT]
FILES = {EVENT: replace(SHIPPED, version="old"), "order.placed": replace(SHIPPED, version="same")}
NEWER = {EVENT: "new", "order.placed": "same"}


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def deployed(clock: Clock) -> DeployedTemplates:
    return DeployedTemplates(FILES, clock)


def test_an_event_is_outdated_from_a_deploy_to_the_deploy_of_its_files(
    deployed: DeployedTemplates,
) -> None:
    deployed.compare({EVENT: "old"})
    assert deployed.outdated == []

    deployed.compare(NEWER)
    assert deployed.outdated == [EVENT]
    assert deployed.is_outdated(EVENT)
    assert not deployed.is_outdated("order.placed")

    deployed.compare({EVENT: "old"})
    assert deployed.outdated == []


def test_what_was_registered_by_hand_or_has_no_files_is_not_compared(
    deployed: DeployedTemplates,
) -> None:
    deployed.compare({EVENT: "", "parcel.shipped": "new"})

    assert deployed.outdated == []


def test_it_is_logged_once_for_each_version(deployed: DeployedTemplates) -> None:
    with capture_logs() as lines:
        for version in ("new", "new", "newer", "newer"):
            deployed.compare({EVENT: version})

    assert [(line["log_level"], line["event_key"]) for line in lines] == [("warning", EVENT)] * 2


def test_deliveries_are_left_to_others_while_there_are_any_and_not_for_long(
    deployed: DeployedTemplates, clock: Clock
) -> None:
    deployed.compare(NEWER)
    assert not deployed.are_left_to_others(EVENT)

    clock.now += 2 * LONGEST_WAIT
    deployed.note_others(True)
    assert deployed.are_left_to_others(EVENT)
    assert not deployed.are_left_to_others("order.placed")
    deployed.note_others(False)
    assert not deployed.are_left_to_others(EVENT)

    deployed.note_others(True)
    clock.now += LONGEST_WAIT
    deployed.note_others(True)
    deployed.compare(NEWER)
    assert not deployed.are_left_to_others(EVENT)
    deployed.compare({EVENT: "newer"})
    assert deployed.are_left_to_others(EVENT)


def test_the_lead_is_offered_now_and_then_if_others_have_the_deployed_files(
    deployed: DeployedTemplates, clock: Clock
) -> None:
    deployed.note_others(True)
    assert not deployed.offer_lead()

    deployed.compare(NEWER)
    assert [deployed.offer_lead(), deployed.offer_lead()] == [True, False]
    clock.now += OFFER_INTERVAL
    assert [deployed.offer_lead(), deployed.offer_lead()] == [True, False]

    deployed.note_others(False)
    clock.now += OFFER_INTERVAL
    assert not deployed.offer_lead()
