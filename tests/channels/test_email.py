"""The mail that leaves the house."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import domains

from dispatcher.channels.email import Email, EmailChannel
from dispatcher.delivery.model import Refused
from dispatcher.inbound.links import UnsubscribeLinks
from dispatcher.inbound.signing import Signer
from dispatcher.rendering.content import UNSUBSCRIBE_LINK, EmailContent
from tests.support.deliveries import NOON, a_delivery, email_channel
from tests.support.mailbox import as_lines, mail_of, sender_of, text_of

CONTENT = EmailContent("Order 42 is paid", "Thank you.\n", "<p>Thank you.</p>\n")
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]))
CONTROLS = st.sampled_from(["\r\n", "\r", "\n", "\0"])


def built(message: Email | Refused) -> Email:
    assert isinstance(message, Email), message
    return message


def read(message: Email | Refused) -> EmailMessage:
    return mail_of(built(message).data)


def test_a_mail_has_the_headers_that_mailboxes_expect() -> None:
    mail = read(email_channel().message(a_delivery(), CONTENT))

    assert mail["From"] == "Shop <shop@shop.example>"
    assert mail["To"] == "ann@example.org"
    assert mail["Subject"] == "Order 42 is paid"
    assert mail["Date"].datetime == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["MIME-Version"] == "1.0"
    assert mail.get_content_type() == "multipart/alternative"
    assert not mail.defects


def test_the_authored_text_comes_first() -> None:
    mail = read(email_channel().message(a_delivery(), CONTENT))

    plain, html = mail.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_payload(decode=True) == b"Thank you.\r\n"
    assert html.get_content_type() == "text/html"
    assert html.get_payload(decode=True) == b"<p>Thank you.</p>\r\n"


def test_a_mail_without_html_is_one_part() -> None:
    mail = read(email_channel().message(a_delivery(), EmailContent("Paid", "Thank you.", None)))

    assert mail.get_content_type() == "text/plain"
    assert mail.get_payload(decode=True) == b"Thank you.\r\n"


def test_every_try_sends_the_same_bytes() -> None:
    first = email_channel().message(a_delivery(), CONTENT)
    second = email_channel().message(a_delivery(), CONTENT)

    assert first == second
    assert built(first).message_id == read(first)["Message-ID"]


def test_a_mail_is_known_again_by_what_it_is_and_not_by_its_number() -> None:
    channel = email_channel()
    first = a_delivery(number=42)
    routed_again = replace(first, id=43)
    another = replace(first, identity="f" * 32)

    ids = [
        built(channel.message(each, CONTENT)).message_id for each in (first, routed_again, another)
    ]

    assert ids == [f"<postbell.{first.identity}@shop.example>"] * 2 + [
        f"<postbell.{'f' * 32}@shop.example>"
    ]


def test_a_bounce_names_its_delivery() -> None:
    assert built(email_channel().message(a_delivery(), CONTENT)).envelope_from == (
        "bounces+42@shop.example"
    )


def test_the_return_path_can_be_elsewhere() -> None:
    channel = email_channel(return_path="b-{delivery}@bounce.example")

    email = built(channel.message(a_delivery(), CONTENT))

    assert email.envelope_from == "b-42@bounce.example"


def test_a_tenants_branding_wins_over_the_configured_sender() -> None:
    branding = {
        "from_name": "Müller, Söhne",
        "from_address": "hallo@müller.example",
        "reply_to": "help@xn--mller-kva.example",
    }

    email = built(email_channel().message(a_delivery(branding=branding), CONTENT))

    mail = read(email)
    assert mail["From"].addresses[0].display_name == "Müller, Söhne"
    assert mail["From"].addresses[0].addr_spec == "hallo@xn--mller-kva.example"
    assert mail["Reply-To"] == "help@xn--mller-kva.example"
    assert email.envelope_from == "bounces+42@xn--mller-kva.example"
    assert not email.smtputf8


def test_a_configured_reply_address_is_used() -> None:
    mail = read(email_channel(reply_to="help@shop.example").message(a_delivery(), CONTENT))

    assert mail["Reply-To"] == "help@shop.example"


@pytest.mark.parametrize("branding", [{"from_name": 7}, {"from_address": None}, {"reply_to": ""}])
def test_branding_that_is_no_text_is_not_used(branding: dict[str, Any]) -> None:
    mail = read(email_channel().message(a_delivery(branding=branding), CONTENT))

    assert mail["From"] == "Shop <shop@shop.example>"
    assert "Reply-To" not in mail


@pytest.mark.parametrize(
    "branding",
    [
        {"from_name": "Shop\r\nBcc: victim@example.org"},
        {"from_address": "shop@shop.example\r\nBcc: victim@example.org"},
        {"from_address": "not an address"},
        {"reply_to": "a@b.example, victim@example.org"},
    ],
)
def test_branding_that_cannot_stand_in_a_mail_is_refused_by_name(
    branding: dict[str, str],
) -> None:
    refused = email_channel().message(a_delivery(branding=branding), CONTENT)

    assert isinstance(refused, Refused)
    assert "tenant default: branding" in refused.reason
    assert not refused.blame


@pytest.mark.parametrize(
    ("given_address", "address", "smtputf8"),
    [
        ("ann@example.org", "ann@example.org", False),
        ("Ann@EXAMPLE.ORG", "Ann@example.org", False),
        ("ann@exämple.org", "ann@xn--exmple-cua.org", False),
        ("jürgen@exämple.org", "jürgen@exämple.org", True),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org", False),
        ("ann@intranet", "ann@intranet", False),
        ("ann@shop.test", "ann@shop.test", False),
        ("o'hara+tag@example.org", "o'hara+tag@example.org", False),
    ],
)
def test_an_address_goes_out_in_its_wire_form(
    given_address: str, address: str, smtputf8: bool
) -> None:
    channel, delivery = email_channel(), a_delivery(given_address)

    email = built(channel.message(delivery, CONTENT))

    assert channel.address(delivery) == email.to == address
    assert email.smtputf8 is smtputf8
    assert read(email)["To"] == address


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "ann@",
        "@example.org",
        "a" * 65 + "@example.org",
        '"ann smith"@example.org',
        '"x\r\n"@y.example',
        "ann@example.org\r\nBcc: victim@example.org",
        "ann@example.org, victim@example.org",
        "Ann <ann@example.org>",
        "ann@[127.0.0.1]",
        "ann@exa mple.org",
        "ann\0@example.org",
        "ann@-example.org",
        "ann@" + "a" * 64 + ".org",
        " ann@example.org",
    ],
)
def test_what_is_no_address_is_refused_and_suppressed(address: str) -> None:
    channel, delivery = email_channel(), a_delivery(address)

    refused = channel.message(delivery, CONTENT)

    assert isinstance(refused, Refused)
    assert refused.blame
    assert refused.reason.startswith("not an e-mail address: ")
    assert channel.address(delivery) == refused


@pytest.mark.parametrize("address", [None, ""])
def test_nobody_to_write_to_is_refused_but_nothing_to_suppress(address: str | None) -> None:
    assert email_channel().address(a_delivery(address)) == Refused(
        "the recipient has no e-mail address"
    )


@given(ANYTHING, CONTROLS, ANYTHING)
def test_a_subject_with_a_line_break_inside_is_refused(before: str, at: str, after: str) -> None:
    content = EmailContent(f"a{before}{at}{after}b", "Thank you.", None)

    assert isinstance(email_channel().message(a_delivery(), content), Refused)


def test_the_last_line_break_of_a_subjects_template_is_not_part_of_it() -> None:
    mail = read(email_channel().message(a_delivery(), EmailContent("Paid\n", "Thank you.", None)))

    assert mail["Subject"] == "Paid"


@given(
    subject=ANYTHING.filter(lambda s: not set(s.strip()) & set("\r\n\0")),
    text=ANYTHING,
    html=st.none() | ANYTHING,
    name=ANYTHING.filter(lambda s: s.strip() and not set(s) & set("\r\n\0")),
)
def test_whatever_is_written_is_read_back(
    subject: str, text: str, html: str | None, name: str
) -> None:
    delivery = a_delivery(branding={"from_name": name})

    email = built(email_channel().message(delivery, EmailContent(subject, text, html)))

    mail = mail_of(email.data)
    assert str(mail["Subject"]) == subject.strip()
    assert sender_of(email.data) == (name.strip(), "shop@shop.example")
    assert set(mail.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    }  # fmt: skip
    parts = [text] if html is None else [text, html]
    assert [text_of(part) for part in (mail.iter_parts() if html is not None else [mail])] == [
        as_lines(part) for part in parts
    ]


@given(
    st.text("abcdefghijklmnopqrstuvwxyzABC0123456789!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=64),
    domains(max_length=60),
)
def test_every_plain_address_is_read_back(local: str, domain: str) -> None:
    address = email_channel().address(a_delivery(f"{local}@{domain}"))
    if isinstance(address, Refused):  # reserved names, such as .invalid
        assert address.blame
        return

    mail = read(email_channel().message(a_delivery(address), CONTENT))

    assert address.startswith(f"{local}@")
    assert [only.addr_spec for only in mail["To"].addresses] == [address]


@given(ANYTHING)
def test_any_address_is_taken_or_refused_but_never_an_error(address: str) -> None:
    email = email_channel().message(a_delivery(address), CONTENT)

    if isinstance(email, Email):
        assert not set(email.to) & set("\r\n\0 <>")
        assert email.smtputf8 or email.data.isascii()
    else:
        assert email.reason


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sender_address": "nobody"}, "the sender cannot be used"),
        ({"sender_address": "a@b.example", "sender_name": "a\nb"}, "the sender cannot be used"),
        ({"sender_address": "a@b.example", "reply_to": "x"}, "the reply address cannot be used"),
        ({"sender_address": "a@b.example", "return_path": "x"}, "the return path cannot be used"),
        ({"sender_address": "a@b.example", "return_path": "ü@b.example"}, "the return path"),
    ],
)
def test_a_wrong_setting_is_told_at_start(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        EmailChannel(**options)


# --- leaving


SIGNER = Signer(["a secret to sign links with, in a test"])
LINKS = UnsubscribeLinks(SIGNER, "https://n.example")
OPTIONAL = EmailContent(
    "Paid", f"Leave: {UNSUBSCRIBE_LINK}\n", f'<a href="{UNSUBSCRIBE_LINK}">Leave</a>\n'
)


def test_what_somebody_may_opt_out_of_has_the_one_click_headers_of_rfc_8058() -> None:
    mail = read(email_channel(unsubscribe_links=LINKS).message(a_delivery(), OPTIONAL))

    link = mail["List-Unsubscribe"].strip(" <>")
    assert link.startswith("https://n.example/v1/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = link.rpartition("/")[2]
    assert SIGNER.verify("unsubscribe", token) == (
        "default",
        "u1",
        "orders",
        NOON.date().isoformat(),
    )


def test_the_link_in_the_text_is_the_recipients_own() -> None:
    channel = email_channel(unsubscribe_links=LINKS)

    one = built(channel.message(a_delivery(), OPTIONAL))
    other = built(channel.message(a_delivery(recipient="u2"), OPTIONAL))

    assert UNSUBSCRIBE_LINK not in one.text + str(one.html)
    assert f"<{one.text.removeprefix('Leave: ').strip()}>" == dict(one.headers)["List-Unsubscribe"]
    assert one.text.split()[1] in str(one.html)
    assert one.text != other.text


def test_a_link_in_html_is_escaped() -> None:
    links = UnsubscribeLinks(SIGNER, "https://n.example/a&b")

    mail = built(email_channel(unsubscribe_links=links).message(a_delivery(), OPTIONAL))

    assert "https://n.example/a&amp;b/v1/unsubscribe/" in str(mail.html)


@pytest.mark.parametrize(("links", "is_forced"), [(None, False), (LINKS, True), (None, True)])
def test_nothing_to_click_where_nobody_may_opt_out_or_nothing_is_signed(
    links: UnsubscribeLinks | None, is_forced: bool
) -> None:
    channel = email_channel(unsubscribe_links=links)

    mail = read(channel.message(a_delivery(is_forced=is_forced), CONTENT))

    assert "List-Unsubscribe" not in mail
    assert "List-Unsubscribe-Post" not in mail


def test_a_mail_is_watched_only_as_far_as_its_delivery_says() -> None:
    watched = replace(a_delivery(), tracking=frozenset({"opens"}))

    assert built(email_channel().message(watched, CONTENT)).tracking == {"opens"}
    assert built(email_channel().message(a_delivery(), CONTENT)).tracking == frozenset()


def test_a_link_that_is_too_long_for_a_header_is_in_the_text_alone() -> None:
    channel = email_channel(unsubscribe_links=LINKS)

    mail = built(channel.message(a_delivery(recipient="漢" * 255), OPTIONAL))

    assert max(map(len, mail.data.split(b"\r\n"))) <= 998
    assert "List-Unsubscribe" not in dict(mail.headers)
    assert SIGNER.verify("unsubscribe", mail.text.split("/")[-1].strip())[1] == "漢" * 255


def test_an_id_as_long_as_they_may_be_leaves_room_for_the_header() -> None:
    channel = email_channel(unsubscribe_links=LINKS)

    mail = built(channel.message(a_delivery(recipient="u" * 255), OPTIONAL))

    assert max(map(len, mail.data.split(b"\r\n"))) <= 998
    assert SIGNER.verify("unsubscribe", mail_of(mail.data)["List-Unsubscribe"].split("/")[-1][:-1])
