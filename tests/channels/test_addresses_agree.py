"""What the database keeps as an address, and what a channel can send to, are not told apart twice.

The database keeps more: whether a country has such numbers, say, is for the channel to find out.
But nobody loses an address that a channel would have taken.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import hypothesis
import phonenumbers
import psycopg
from hypothesis import strategies as st

from dispatcher.delivery.model import Refused
from dispatcher.providers.endpoint import ForbiddenEndpoint, origin_of
from dispatcher.providers.webpush import BROWSER_MAKERS
from tests.support import given
from tests.support.deliveries import a_delivery, email_channel, sms_channel

WITH_DATABASE = hypothesis.settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)

EMAIL = email_channel()
SMS = sms_channel()

#: One of each country and kind: the shortest that are given out are among them.
NUMBERS = [
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    if (number := phonenumbers.example_number_for_type(region, kind)) is not None
]

MAILS = st.from_regex(r"[a-z0-9.!#$%&'*+/=?^_`{|}~\-é ]{1,70}@[a-zß0-9.\- ]{1,60}", fullmatch=True)

ENDPOINTS = st.builds(
    "https://{}{}/{}".format,
    st.sampled_from(
        [*BROWSER_MAKERS, "push.example", "xn--bcher-kva.example", "a@b", "a b", "", "?"]
    ),
    st.sampled_from(["", ":443", "#", "\\"]),
    st.text(st.characters(codec="utf-8", max_codepoint=0x200), max_size=40),
)


def number_of(written: str) -> str | None:
    found = SMS.address(a_delivery(written, channel="sms"))
    return None if isinstance(found, Refused) else found


def mailbox_of(written: str) -> str | None:
    found = EMAIL.address(a_delivery(written))
    return None if isinstance(found, Refused) else found


def kept(db: psycopg.Connection, column: str, written: list[str]) -> list[bool]:
    """Whether a user whose address is so written is mirrored with it, in the order given."""
    found = given.rows(
        db,
        "select person.id, person.email, person.phone from"
        " postbell_private.validate_recipients(array("
        "  select row('default', number::text, case %s when 'email' then text end,"
        "             case %s when 'phone' then text end, null, null, null, null, null)"
        "         ::postbell_private.mirrored"
        "  from unnest(%s::text[]) with ordinality as one (text, number))) as person",
        column,
        column,
        written,
    )
    known = {int(number): email or phone for number, email, phone in found}
    return [known[number] is not None for number in range(1, len(written) + 1)]


def test_no_number_that_can_be_texted_is_dropped(connection: psycopg.Connection) -> None:
    assert len({number[:3] for number in NUMBERS}) > 50
    lost = zip(NUMBERS, kept(connection, "phone", NUMBERS), strict=True)
    assert [number for number, is_kept in lost if number_of(number) and not is_kept] == []


@WITH_DATABASE
@hypothesis.given(st.lists(st.text("+0123456789 ().-\u00a0\u202fx", max_size=20), min_size=20))
def test_both_leave_out_the_same_from_a_number(
    connection: psycopg.Connection, written: list[str]
) -> None:
    written += [f"+1 (202) 555{separator}0123" for separator in " ().-\u00a0"]
    normal = given.column(
        connection,
        "select postbell_private.normal_phone(text)"
        " from unnest(%s::text[]) with ordinality as one (text, number) order by number",
        written,
    )

    for text, as_stored in zip(written, normal, strict=True):
        assert number_of(text) == number_of(as_stored)
        assert number_of(text) in (None, as_stored)


@WITH_DATABASE
@hypothesis.given(st.lists(MAILS, min_size=20, max_size=40))
def test_no_mailbox_that_can_be_written_to_is_dropped(
    connection: psycopg.Connection, written: list[str]
) -> None:
    written = [*written, "ann@example.org", "zoë@bücher.example", f"{'a' * 64}@{'b' * 63}.example"]
    assert [mailbox_of(mail) is not None for mail in written[-3:]] == [True] * 3

    for mail, is_kept in zip(written, kept(connection, "email", written), strict=True):
        assert is_kept or mailbox_of(mail) is None


@WITH_DATABASE
@hypothesis.given(st.lists(ENDPOINTS, min_size=20, max_size=40))
def test_no_browser_that_can_be_pushed_to_is_turned_away(
    connection: psycopg.Connection, written: list[str]
) -> None:
    given.recipient(connection)
    for endpoint in [*written, *(f"https://a.{maker}/x" for maker in BROWSER_MAKERS)]:
        try:
            origin_of(endpoint)
        except ForbiddenEndpoint:
            continue
        if not urlsplit(endpoint).path:
            # A service has a path for each browser.
            continue
        assert given.device(connection, endpoint=endpoint)
