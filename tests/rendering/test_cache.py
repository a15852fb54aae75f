from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.delivery.model import Recipient
from dispatcher.rendering.catalog import Catalog
from dispatcher.rendering.content import PREFERENCES_LINK, SmsContent
from dispatcher.rendering.renderer import Renderer
from tests.support.renderings import (
    SHOP,
    delivery,
    email,
    email_files,
    event_toml,
    folder,
    reader,
    renderer,
)


def test_what_reads_nothing_is_shared_by_all_of_a_locale(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(text="{{ text }} {{ recipient.locale }}")).render
    first = render(delivery({"text": "x"}))
    assert render(delivery({"text": "x"}, recipient=reader(id="ben", time_zone=None))) is first
    assert render(delivery({"text": "x"}, recipient=reader(locale="fr"))) is not first


def test_a_link_to_unsubscribe_is_shared_by_all_who_may(tmp_path: Path) -> None:
    files = email_files(text="x {% if unsubscribe_link %}{{ unsubscribe_link }}{% endif %}")
    render = Renderer(Catalog.load([folder(tmp_path, files)]), offers_links=True).render
    first = render(delivery({}))
    assert render(delivery({}, recipient=reader(id="ben"))) is first
    assert email(render(replace(delivery({}), is_forced=True))).text == "x\n"


def test_a_link_to_the_preferences_is_shared_by_all_and_is_in_mails_alone(tmp_path: Path) -> None:
    text = "x {% if preferences_link %}{{ preferences_link }}{% endif %}"
    files = {
        **email_files(text=text),
        "thing/happened/event.toml": event_toml("email", "sms"),
        "thing/happened/sms.txt": text,
    }
    catalog = Catalog.load([folder(tmp_path, files)])
    render = Renderer(catalog, offers_links=True).render

    first = render(delivery({}))

    assert email(first).text == f"x {PREFERENCES_LINK}\n"
    assert render(delivery({}, recipient=reader(id="ben"))) is first
    assert email(render(replace(delivery({}), is_forced=True))).text == email(first).text
    assert email(Renderer(catalog).render(delivery({}))).text == "x\n"
    assert render(delivery({}, channel="sms")) == SmsContent("x")


@pytest.mark.parametrize(
    "read",
    [
        "{{ recipient.id }}",
        "{{ recipient.attributes.name }}",
        "{% if recipient.attributes.vip is defined %}x{% endif %}y",
        "{% set r = recipient %}{{ r.id }}",
        "{% macro m(r) %}{{ r.attributes.name }}{% endmacro %}{{ m(recipient) }}",
    ],
)
def test_what_reads_the_person_is_never_shared(tmp_path: Path, read: str) -> None:
    render = renderer(tmp_path, email_files(text=read)).render
    assert render(delivery({})) is not render(delivery({}))


def test_what_reads_the_zone_is_shared_within_the_zone(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(text="{{ at | datetime }}")).render
    payload = {"at": "2026-03-01T23:30:00Z"}
    new_york = render(delivery(payload))
    assert render(delivery(payload, recipient=reader(id="ben"))) is new_york
    tokyo = render(delivery(payload, recipient=reader(time_zone="Asia/Tokyo")))
    assert "March 1" in email(new_york).text
    assert "March 2" in email(tokyo).text


def test_a_date_alone_reads_no_zone(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(text="{{ at | date }}")).render
    first = render(delivery({"at": "2026-03-01"}))
    assert render(delivery({"at": "2026-03-01"}, recipient=reader(time_zone="Asia/Tokyo"))) is first


def test_a_zone_may_decide_what_is_personal(tmp_path: Path) -> None:
    text = "{% if recipient.time_zone == 'Asia/Tokyo' %}{{ recipient.id }}{% else %}all{% endif %}"
    render = renderer(tmp_path, email_files(text=text)).render
    assert email(render(delivery({}))).text == "all\n"
    for name in ("ben", "eva"):
        tokyo = reader(id=name, time_zone="Asia/Tokyo")
        assert email(render(delivery({}, recipient=tokyo))).text == f"{name}\n"
    assert email(render(delivery({}, recipient=reader(id="joe")))).text == "all\n"


def test_nothing_is_shared_between_payloads_events_or_tenants(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files(text="{{ text }} {{ tenant.name }}")).render
    other = replace(SHOP, id="other", name="Other")
    assert email(render(delivery({"text": "a"}))).text == "a Alpine Shop\n"
    assert email(render(delivery({"text": "b"}))).text == "b Alpine Shop\n"
    assert email(render(delivery({"text": "b"}, tenant=other))).text == "b Other\n"


def test_the_memory_is_bounded(tmp_path: Path) -> None:
    render = renderer(tmp_path, email_files())
    for number in range(2_000):
        render.render(delivery({}, notification_id=number))
    assert len(render._cache._entries) == 512


PIECES = [
    "{{ text }}",
    "{{ at | datetime }}",
    "{{ at | date }}",
    "{{ recipient.locale }}",
    "{{ recipient.time_zone }}",
    "{{ recipient.id }}",
    "{{ recipient.attributes.name | default('-') }}",
    "{{ amount | money }}",
    "{% if recipient.time_zone == 'Asia/Tokyo' %}{{ recipient.id }}{% endif %}",
    "{% if recipient.locale == 'fr' %}{{ recipient.attributes.name }}{% endif %}",
    "{{ tenant.name }}",
]
people = st.builds(
    Recipient,
    id=st.sampled_from(["ana", "ben"]),
    locale=st.sampled_from([None, "en", "fr", "fr-CA"]),
    time_zone=st.sampled_from([None, "Asia/Tokyo", "America/New_York", "no/zone"]),
    attributes=st.sampled_from([{"name": "Ana"}, {"name": "Ben"}]),
)
payloads = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["a", "b"]),
        "at": st.just("2026-03-01T23:30:00Z"),
        "amount": st.just("5.00"),
    }
)


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=3),
    sent=st.lists(st.tuples(st.integers(1, 2), payloads, people), min_size=2, max_size=8),
)
def test_shared_or_not_everybody_reads_the_same(
    pieces: list[str], sent: list[tuple[int, dict[str, str], Recipient]]
) -> None:
    with TemporaryDirectory() as path:
        catalog = Catalog.load([folder(Path(path), email_files(text="|".join(["", *pieces])))])
    sharing = Renderer(catalog)
    for notification_id, payload, recipient in sent:
        wanted = delivery(payload, notification_id=notification_id, recipient=recipient)
        assert sharing.render(wanted) == Renderer(catalog).render(wanted)
