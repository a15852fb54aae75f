"""The link in a mail that leads to its reader's own choices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dispatcher.channels.email import Email
from dispatcher.delivery.model import Delivery
from dispatcher.inbound.links import (
    PREFERENCES_LIFE,
    PreferencesLinks,
    read_preferences,
    sign_preferences,
)
from dispatcher.inbound.signing import BadToken, Signer
from dispatcher.rendering.content import PREFERENCES_LINK, EmailContent
from tests.support.deliveries import NOON, a_delivery, email_channel

SIGNER = Signer(["a secret to sign links with, in a test"])
MIDNIGHT = datetime(NOON.year, NOON.month, NOON.day, tzinfo=NOON.tzinfo)
LINKS = PreferencesLinks(SIGNER, "https://n.example/a&b")
CONTENT = EmailContent(
    "Paid", f"Choose: {PREFERENCES_LINK}\n", f'<a href="{PREFERENCES_LINK}">Choose</a>\n'
)


def mail_for(delivery: Delivery) -> Email:
    mail = email_channel(preferences_links=LINKS).message(delivery, CONTENT)
    assert isinstance(mail, Email), mail
    return mail


def token_in(mail: Email) -> str:
    return mail.text.strip().rpartition("/")[2]


@pytest.mark.parametrize("is_forced", [False, True])
def test_every_mail_leads_to_the_choices_of_its_own_reader(is_forced: bool) -> None:
    mail = mail_for(replace(a_delivery(), is_forced=is_forced))

    assert mail.text.startswith("Choose: https://n.example/a&b/preferences/")
    assert "https://n.example/a&amp;b/preferences/" in str(mail.html)
    assert read_preferences(SIGNER, token_in(mail), NOON)[:2] == ("default", "u1")


def test_it_opens_for_sixty_days_and_not_longer() -> None:
    token = token_in(mail_for(a_delivery()))

    *_, expires_at = read_preferences(
        SIGNER, token, MIDNIGHT + PREFERENCES_LIFE - timedelta(seconds=1)
    )

    assert expires_at == MIDNIGHT + timedelta(days=60)
    with pytest.raises(BadToken, match="it has expired"):
        read_preferences(SIGNER, token, MIDNIGHT + PREFERENCES_LIFE)


def test_it_is_of_the_day_of_the_mail_and_not_of_the_event() -> None:
    token = token_in(mail_for(a_delivery(created_at=NOON - timedelta(days=90))))

    assert read_preferences(SIGNER, token, NOON)[2] == MIDNIGHT + PREFERENCES_LIFE


def test_a_day_that_has_not_begun_anywhere_opens_nothing() -> None:
    token = sign_preferences(SIGNER, "default", "u1", NOON + timedelta(days=3))

    with pytest.raises(BadToken, match="compare the clocks"):
        read_preferences(SIGNER, token, NOON)


@pytest.mark.parametrize("purpose", ["unsubscribe", "open"])
def test_a_link_for_something_else_does_not_open_the_preferences(purpose: str) -> None:
    token = SIGNER.sign(purpose, "default", "u1", NOON.date().isoformat())

    with pytest.raises(BadToken):
        read_preferences(SIGNER, token, NOON)
