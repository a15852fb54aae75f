"""Pictures and links in the finished HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.channels.email import Email, EmailChannel, Tracking
from dispatcher.delivery.model import Delivery, Refused
from dispatcher.inbound import links
from dispatcher.inbound.links import DeliveryRef, Links
from dispatcher.inbound.signing import Signer
from dispatcher.rendering.content import PREFERENCES_LINK, UNSUBSCRIBE_LINK, EmailContent
from tests.support.deliveries import a_delivery

SIGNER = Signer(["what we sign with, and nobody else"])
TRACKING = Tracking(Links("https://notify.example", SIGNER))
BOTH = frozenset({"opens", "clicks"})

HTML = (
    '<html><body><a href="https://shop.example/orders/7?a=1&amp;b=2">Order</a>'
    "<a class='x' title='a > b' href='http://shop.example'>Shop</a>"
    f'<a href="mailto:help@shop.example">Help</a><a href="{UNSUBSCRIBE_LINK}">Leave</a>'
    f'<a href="{PREFERENCES_LINK}">Choose</a>'
    '<img src="https://shop.example/logo.png"></body></html>'
)


def asking(tracking: frozenset[str]) -> Delivery:
    return replace(a_delivery(), tracking=tracking)


def hrefs(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href=["\']([^"\']*)', html)]


def test_nothing_is_written_unless_it_is_asked_for() -> None:
    assert TRACKING.in_html(HTML, a_delivery()) == HTML


def test_links_to_the_web_lead_past_us_and_no_others() -> None:
    html = TRACKING.in_html(HTML, asking(frozenset({"clicks"})))
    order, shop, *others = hrefs(html)
    assert others == ["mailto:help@shop.example", UNSUBSCRIBE_LINK, PREFERENCES_LINK]
    for link, target in (
        (order, "https://shop.example/orders/7?a=1&b=2"),
        (shop, "http://shop.example"),
    ):
        assert link.startswith("https://notify.example/c/")
        assert links.clicked(SIGNER, link.rpartition("/")[2]) == (
            DeliveryRef(a_delivery().id, a_delivery().identity),
            target,
        )
    assert 'src="https://shop.example/logo.png"' in html
    assert "/o/" not in html


def test_the_picture_is_the_last_thing_in_the_mail() -> None:
    html = TRACKING.in_html(HTML, asking(frozenset({"opens"})))
    (picture,) = re.findall(
        r'<img src="https://notify.example/o/([^"]+)"[^>]*></body></html>$', html
    )
    assert links.opened(SIGNER, picture).delivery_id == a_delivery().id
    assert hrefs(html) == hrefs(HTML)


@pytest.mark.parametrize("html", ["<p>Hello", "", "<BODY>a</BODY >b"])
def test_a_mail_of_another_form_gets_one_too(html: str) -> None:
    assert TRACKING.in_html(html, asking(BOTH)).count("<img") == 1


def test_a_link_that_would_grow_too_long_stays_as_it_is() -> None:
    html = f'<a href="https://shop.example/{"a" * 2000}">x</a>'
    assert TRACKING.in_html(html, asking(frozenset({"clicks"}))) == html


@given(st.text(alphabet="<a href='\">=/hts:x &;b\n", max_size=200))
def test_whatever_the_html_it_is_no_error(html: str) -> None:
    assert TRACKING.in_html(html, asking(BOTH)).count("<img") >= 1


CONTENT = EmailContent("Paid", "See https://shop.example/orders/7", HTML)


def mail(*, tracking: Tracking | None, asked: frozenset[str] = BOTH) -> Email:
    channel = EmailChannel("from@shop.example", tracking=tracking)
    message = channel.message(asking(asked), CONTENT)
    assert not isinstance(message, Refused)
    return message


def test_what_we_do_ourselves_is_not_left_to_the_provider() -> None:
    ours, theirs = mail(tracking=TRACKING), mail(tracking=None)
    assert (ours.tracking, theirs.tracking) == (frozenset(), BOTH)
    assert "https://notify.example/o/" in str(ours.html)
    assert theirs.html == HTML


def test_the_text_part_is_left_alone() -> None:
    assert mail(tracking=TRACKING).text == CONTENT.text


def test_who_is_not_followed_gets_what_is_shared() -> None:
    assert mail(tracking=TRACKING, asked=frozenset()).html == HTML
