"""The preference centre without scripts: whom it lets in, what it says, and what it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.gateway.pages.page import LANGUAGES, words
from dispatcher.inbound.links import sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.client import Client, cookies_of
from tests.support.given import Connection, Fate
from tests.support.plain_browser import PlainBrowser
from tests.support.renderings import shipped_catalog, shipped_labels
from tests.support.tokens import OURS, SECRET

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def events(db: Connection) -> None:
    db.execute("delete from postbell.event_type")
    given.event_type(db, default_channels=["in_app", "email"], label="Order paid")
    given.event_type(db, "order.lost", default_channels=["in_app", "email"], label="Order lost")
    given.event_type(db, "ticket.created", category="tickets", default_channels=["in_app"])


def link(recipient: str = "u1", age: timedelta = timedelta(0)) -> str:
    now = datetime.now(UTC) - age
    return "/preferences/" + sign_preferences(Signer([SECRET]), "default", recipient, now)


@pytest.fixture
async def browser(client: Client) -> PlainBrowser:
    browser = PlainBrowser(client)
    await browser.open(link())
    return browser


def state(browser: PlainBrowser, *ids: str) -> list[str]:
    return [browser[each]["aria-checked"] for each in ids]


def mailed(db: Connection, event: str = "order.paid", channel: str = "email") -> Fate:
    """What becomes of the mail of an event that happens now."""
    emitted = given.emit(db, event)
    given.route(db)
    return given.deliveries(db, emitted)["u1", channel]


# --- whom it lets in


async def test_a_mails_link_opens_it_without_a_login_and_without_telling_the_address(
    client: Client, db: Connection
) -> None:
    given.tenant(db, "default", name="Fern & Hill", branding={"color": "#1f6f4a"})

    answer = await client.get(link())

    assert answer.status == 200
    assert "u…@example.org" in answer.text
    assert "u1@example.org" not in answer.text
    assert "Fern &amp; Hill" in answer.text
    # It stands in the address, which no other site may hear of.
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_a_session_opens_it_and_changes_what_it_says(client: Client, db: Connection) -> None:
    browser = PlainBrowser(client)
    browser.keep("postbell", cookies_of(await client.as_().post("/v1/session"))["postbell"].value)

    await browser.open("/preferences")
    await browser.press("cell-orders-email")

    assert "u1@example.org" in browser.page.text
    assert browser.address == "/preferences#cell-orders-email"
    assert mailed(db) == Fate("skipped", "switched_off")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_another_sites_form_changes_nothing_by_the_cookie(
    client: Client, db: Connection, origin: str
) -> None:
    browser = PlainBrowser(client, origin=origin)
    browser.keep("postbell", cookies_of(await client.as_().post("/v1/session"))["postbell"].value)
    await browser.open("/preferences")

    await browser.press("cell-orders-email")

    assert browser.answer.status == 403
    assert "Nothing was changed" in browser.page.text
    assert mailed(db) == Fate("queued", "wanted")


async def test_nobody_is_told_how_to_be_let_in(client: Client) -> None:
    for method in ("GET", "POST"):
        answer = await client.send(method, "/preferences", b"do=pause-week", content_type=FORM)

        assert answer.status == 401
        assert "You are not logged in" in answer.text


def altered(link: str) -> str:
    """Its last character is another one."""
    return link[:-1] + ("A" if link[-1] != "A" else "B")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: link(age=timedelta(days=61)), "it has expired"),
        (lambda: altered(link()), "not signed for preferences"),
        (lambda: link("gone"), "unknown_recipient"),
        (lambda: "/preferences/x", "no token"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_that_is_old_or_forged_opens_nothing_and_is_logged(
    client: Client, db: Connection, method: str, made: Callable[[], str], reason: str
) -> None:
    with capture_logs() as logged:
        answer = await client.send(method, made(), b"do=pause-week", content_type=FORM)

    assert answer.status == 404
    assert "This link does not work" in answer.text
    (line,) = logged
    assert line["event"] == "refused a link"
    assert reason in line["reason"]
    assert given.value(db, "select count(*) from postbell.mute") == 0


# --- how it is written


@pytest.mark.parametrize(("locale", "said"), [("fr-CA", "Les choix de"), ("de", "The choices of")])
async def test_it_speaks_the_persons_language(
    client: Client, db: Connection, locale: str, said: str
) -> None:
    given.recipient(db, locale=locale)

    assert said in (await client.get(link())).text


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("ar-EG", '<html lang="en" dir="rtl">'),
        ("he", '<html lang="en" dir="rtl">'),
        ("fr", '<html lang="fr">'),
    ],
)
async def test_who_reads_from_right_to_left_gets_it_so_in_the_words_there_are(
    client: Client, db: Connection, locale: str, said: str
) -> None:
    given.recipient(db, locale=locale)

    assert said in (await client.get(link())).text


@pytest.mark.parametrize(
    ("locale", "accepted", "span", "until"),
    [
        ("en-GB", "", "22:00 – 07:00", "12 February 2030, 20:30"),
        ("en-US", "", "10:00 PM – 7:00 AM", "February 12, 2030, 8:30 PM"),
        ("en", "en-GB,en", "22:00 – 07:00", "12 February 2030, 20:30"),
        ("fr", "en-GB", "22:00 – 07:00", "12 février 2030, 20:30"),
    ],
)
async def test_dates_and_times_are_those_of_the_readers_region(
    client: Client, db: Connection, locale: str, accepted: str, span: str, until: str
) -> None:
    given.recipient(db, locale=locale, time_zone="Europe/London")
    given.call(db, "set_quiet_hours", recipient="u1", starts="22:00", ends="07:00")
    given.call(db, "pause", recipient="u1", until=datetime(2030, 2, 12, 20, 30, tzinfo=UTC))

    text = (await client.having(accept_language=accepted).get(link())).text

    plain = text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert span in plain
    assert until in plain


@pytest.mark.parametrize("color", ["red;}", "#12", 7, None, "url(//x)"])
async def test_what_is_no_colour_is_not_worn(client: Client, db: Connection, color: object) -> None:
    given.tenant(db, "default", branding={"color": color})

    assert "<style>" not in (await client.get(link())).text


async def test_a_name_is_text(client: Client, db: Connection) -> None:
    name = "</title><script>alert(1)</script>'\""
    given.tenant(db, "default", name=name)
    given.event_type(db, "order.odd", label=name, category=name, default_channels=["email"])
    browser = PlainBrowser(client)
    await browser.open(link())

    assert "<script>alert" not in browser.answer.text
    turn = {"channel": "email", "category": name, "to": "off"}
    buttons = [each for each in browser.page.all("button") if each["name"] == "turn"]
    (switch,) = [each for each in buttons if json.loads(each["value"]) == turn]
    await browser.press(switch["id"])
    assert mailed(db, "order.odd") == Fate("skipped", "switched_off")


def test_every_event_that_we_ship_has_a_name_in_every_language() -> None:
    labels = shipped_labels()

    assert labels.events == {key: event.labels for key, event in shipped_catalog().events.items()}
    assert all(set(LANGUAGES) <= set(label) for label in labels.events.values())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_category_that_we_ship_has_a_name(lang: str) -> None:
    categories = {event.category for event in shipped_catalog().events.values()}
    labels = shipped_labels()

    assert all(lang in labels.categories[category] for category in categories)


# --- switches


async def test_a_switch_changes_what_happens_next_and_is_undone(
    browser: PlainBrowser, db: Connection
) -> None:
    before = (state(browser, "cell-orders-email"), mailed(db))

    await browser.press("cell-orders-email")
    said, off = browser.told, (state(browser, "cell-orders-email"), mailed(db))
    await browser.press("undo")

    assert before == (["true"], Fate("queued", "wanted"))
    assert said.startswith("Off: Orders, E-mail.")
    assert "E-mail at once → not sent" in said
    assert off == (["false"], Fate("skipped", "switched_off"))
    assert browser.told.startswith("Undone.")
    assert state(browser, "cell-orders-email") == ["true"]
    assert mailed(db) == Fate("queued", "wanted")


async def test_what_was_done_is_told_once(browser: PlainBrowser) -> None:
    await browser.press("cell-orders-email")
    assert browser.page.all("title")[0].text.startswith("Off: Orders, E-mail.")

    await browser.open(browser.address)

    assert browser.told == ""


async def test_what_was_done_is_told_to_nobody_else(browser: PlainBrowser, db: Connection) -> None:
    given.recipient(db, "u2")
    form = browser["cell-orders-email"].within("form")
    turn = browser["cell-orders-email"]["value"]
    answer = await browser._client.send(
        "POST", form["action"], f"turn={turn}".encode(), content_type=FORM
    )
    browser.keep("postbell_flash", cookies_of(answer)["postbell_flash"].value)

    await browser.open(link("u2"))

    assert browser.told == ""


async def test_an_event_is_switched_and_switched_back_to_what_is_usual(
    browser: PlainBrowser, db: Connection
) -> None:
    await browser.press("category-orders")
    await browser.press("cell-order_paid-email")
    off = state(browser, "cell-orders-email", "cell-order_paid-email", "cell-order_lost-email")
    fates = (mailed(db), mailed(db, "order.lost"))
    await browser.press("cell-order_paid-email-reset")

    assert off == ["mixed", "false", "true"]
    assert fates == (Fate("skipped", "switched_off"), Fate("queued", "wanted"))
    assert browser.told.startswith("As usual again: Order paid, E-mail.")
    assert given.value(db, "select count(*) from postbell.preference") == 0


async def test_an_open_category_has_an_address_and_stays_open(browser: PlainBrowser) -> None:
    assert "event-order_paid-row" not in browser

    await browser.press("category-orders")
    opened = browser.address
    await browser.press("cell-order_paid-email")

    assert "?open=orders" in opened
    assert browser["category-orders"]["aria-expanded"] == "true"
    assert "event-order_paid-row" in browser
    await browser.press("category-orders")
    assert "event-order_paid-row" not in browser


@pytest.mark.parametrize(
    ("answer", "states", "said"),
    [
        ("ask-only", ["mixed", "true", "false"], "On: Orders, E-mail."),
        ("ask-all", ["true", "true", "true"], "No longer off as a whole: E-mail."),
        ("ask-none", ["false", "false", "false"], ""),
    ],
)
async def test_what_is_off_with_more_asks_whether_only_it_or_all_is_to_come(
    browser: PlainBrowser, db: Connection, answer: str, states: list[str], said: str
) -> None:
    given.event_type(db, "ticket.closed", category="tickets", default_channels=["email"])
    db.execute("delete from postbell.event_type where key = 'ticket.created'")
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    await browser.open(link())

    await browser.press("cell-orders-email")
    question = browser["question"].text
    asked = state(browser, "all-email", "cell-orders-email", "cell-tickets-email")
    await browser.press(answer)

    assert question.startswith("Orders, E-mail: this is off because you switched off more: E-mail.")
    assert asked == ["false", "false", "false"]
    assert state(browser, "all-email", "cell-orders-email", "cell-tickets-email") == states
    assert browser.told.startswith(said)
    wanted = Fate("queued", "wanted") if states[1] == "true" else Fate("skipped", "switched_off")
    assert mailed(db) == wanted


@pytest.mark.parametrize(("answer", "states"), [("ask-on", "true"), ("ask-off", "false")])
async def test_the_switch_of_a_channel_has_three_states_and_asks_from_the_middle_one(
    browser: PlainBrowser, db: Connection, answer: str, states: str
) -> None:
    before = state(browser, "all-email", "cell-tickets-email")

    await browser.press("all-email")
    asked = browser["question"].text
    await browser.press(answer)

    assert before == ["mixed", "false"]
    assert asked == "Everything, E-mail: 2 of 3 come. What is to come?"
    assert state(browser, "all-email", "cell-orders-email", "cell-tickets-email") == [states] * 3
    assert "question" not in browser


async def test_a_page_that_is_old_asks_as_well(browser: PlainBrowser, db: Connection) -> None:
    """It shows a switch as free that was blocked since, elsewhere."""
    await browser.press("category-orders")
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email",
               event="order.paid")  # fmt: skip
    await browser.open(browser.address)
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")

    await browser.press("cell-order_paid-email")

    assert "question" in browser
    assert mailed(db, "order.lost") == Fate("skipped", "switched_off")


async def test_what_another_choice_keeps_off_is_not_called_on(
    browser: PlainBrowser, db: Connection
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, event="order.paid")
    await browser.open(link())

    await browser.press("cell-orders-email")

    assert browser.told.startswith(
        "On: Orders, E-mail. 1 of 2 come; other choices keep the rest off."
    )
    assert mailed(db) == Fate("skipped", "switched_off")


async def test_a_change_of_more_than_can_be_undone_at_once_is_told_without_undo(
    browser: PlainBrowser, db: Connection
) -> None:
    for number in range(151):
        given.event_type(db, f"bulk.{number}", category="bulk", default_channels=["in_app"])
    await browser.open(link())

    await browser.press("cell-bulk-email")

    assert browser.told.startswith("On: Bulk, E-mail.")
    assert "And 150 more." in browser.told
    assert "undo" not in browser


async def test_what_is_off_on_every_channel_is_shown_and_taken_back(
    browser: PlainBrowser, db: Connection
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, category="orders")
    await browser.open(link())

    await browser.press("barred-category-orders")

    assert browser.told.startswith("No longer off as a whole: Orders.")
    assert mailed(db) == Fate("queued", "wanted")


#: The switches of the page, as the scope that each is about.
SWITCHES: dict[str, dict[str, str]] = {
    "all-email": {},
    "cell-orders-email": {"category": "orders"},
    "cell-order_paid-email": {"event": "order.paid"},
}


def stays_off(db: Connection, scope: dict[str, str]) -> bool:
    """Whether mails of this scope are off after they were switched on. Nothing is kept."""
    with db.transaction(force_rollback=True):
        if scope:
            given.call(db, "switch_channel", recipient="u1", enabled=True, channel="email", **scope)
        else:
            given.call(db, "set_preference", recipient="u1", enabled=None, channel="email")
        category = "orders" if scope else None
        return bool(
            given.value(
                db,
                "select is_off from postbell.is_switched_off('default', 'u1', 'email', %s, %s)",
                category,
                scope.get("event"),
            )
        )


@pytest.mark.parametrize(
    "off",
    [
        {},
        {"channel": "email"},
        {"category": "orders"},
        {"event": "order.paid"},
        {"channel": "email", "category": "orders"},
        {"channel": "email", "event": "order.paid"},
    ],
)
async def test_it_asks_where_a_switch_alone_would_not_help(
    client: Client, db: Connection, off: dict[str, str]
) -> None:
    db.execute("delete from postbell.event_type where key <> 'order.paid'")
    browser = PlainBrowser(client)
    asked, helpless = {}, {}
    for switch, scope in SWITCHES.items():
        db.execute("delete from postbell.preference")
        given.call(db, "set_preference", recipient="u1", enabled=False, **off)
        helpless[switch] = stays_off(db, scope)
        await browser.open(f"{link()}?open=orders")
        await browser.press(switch)
        asked[switch] = "question" in browser

    assert asked == helpless


@pytest.mark.parametrize("turn", ["", "x", "{}", '{"channel":"fax","to":"on"}', '{"to":"on"}'])
async def test_a_press_of_no_switch_changes_nothing(
    browser: PlainBrowser, db: Connection, turn: str
) -> None:
    browser["cell-orders-email"].attributes["value"] = turn

    await browser.press("cell-orders-email")

    assert browser.answer.status in (200, 422)
    assert given.value(db, "select count(*) from postbell.preference") == 0


# --- quiet hours


async def test_quiet_hours_are_set_and_hold_back_mails_too(
    browser: PlainBrowser, db: Connection
) -> None:
    now = datetime.now(UTC)
    given.recipient(db, time_zone="UTC")
    starts, ends = (now + timedelta(minutes=minutes) for minutes in (-30, 30))
    await browser.open(link())
    browser.fill(quiet_starts=f"{starts:%H:%M}", quiet_ends=f"{ends:%H:%M}")
    await browser.press("quiet-foresee")
    example, untouched = browser["quiet-example"].text, mailed(db)

    await browser.press("quiet-set")

    assert "E-mail at once →" in example
    assert untouched == Fate("queued", "wanted")
    assert browser.told.startswith("Quiet hours set: Sunday, Monday") or "Monday" in browser.told
    assert mailed(db) == Fate("waiting", "quiet_hours")


async def test_a_day_gets_hours_of_its_own_and_loses_them(
    browser: PlainBrowser, db: Connection
) -> None:
    await browser.press("week-add-2")
    await browser.press("week-edit-2")
    shown = (browser["quiet-starts"]["value"], browser["quiet-ends"]["value"])
    browser.fill(quiet_ends="07:30", quiet_zone="Europe/Paris")
    await browser.press("quiet-set")
    window = given.rows(db, "select day, ends, time_zone, channels from postbell.quiet_hours")
    await browser.press("week-free-2")

    assert shown == ("22:00", "07:00")
    (row,) = window
    assert row[:3] == (2, time(7, 30), "Europe/Paris")
    assert "email" in row[3]
    assert browser.told.startswith("No quiet hours: Tuesday.")
    assert given.value(db, "select count(*) from postbell.quiet_hours") == 0


@pytest.mark.parametrize(
    ("typed", "field", "fault"),
    [
        ({"quiet_starts": "soon"}, "quiet-starts", "Write a time"),
        ({"quiet_zone": "Pariss"}, "quiet-zone", "Do you mean Europe/Paris?"),
        ({"quiet_zone": "12345"}, "quiet-zone", "There is no such clock."),
        (
            {"quiet_starts": "00:00", "quiet_ends": "00:00"},
            "quiet-ends",
            "less than an hour a week",
        ),
    ],
)
async def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    browser: PlainBrowser, db: Connection, typed: dict[str, str], field: str, fault: str
) -> None:
    browser.tick("quiet-channels-email", is_on=False)
    browser.fill(quiet_ends="06:15")
    browser.fill(**typed)

    await browser.press("quiet-set")

    assert browser.answer.status == 422
    assert browser[field]["aria-invalid"] == "true"
    assert fault in browser[browser[field]["aria-describedby"]].text
    for name, value in {"quiet_ends": "06:15", **typed}.items():
        assert browser[name.replace("_", "-")]["value"] == value
    assert "checked" not in browser["quiet-channels-email"].attributes
    assert given.value(db, "select count(*) from postbell.quiet_hours") == 0


async def test_a_set_of_boxes_needs_one(browser: PlainBrowser) -> None:
    browser.tick(*(f"quiet-days-{day}" for day in range(1, 8)), is_on=False)

    await browser.press("quiet-set")

    assert browser.answer.status == 422
    assert browser["quiet-days-fault"].text == "Choose at least one."


async def test_a_window_of_all_day_is_called_so(browser: PlainBrowser) -> None:
    browser.tick(*(f"quiet-days-{day}" for day in range(2, 8)), is_on=False)
    browser.fill(quiet_starts="00:00", quiet_ends="00:00")

    await browser.press("quiet-set")

    assert browser.told.startswith("Quiet hours set: Monday, all day.")


# --- pauses and mutes


async def test_a_pause_does_to_each_channel_what_the_page_says(
    browser: PlainBrowser, db: Connection
) -> None:
    given.event_type(
        db, "order.lost", default_channels=["in_app"], forced_channels=["sms"], label="Order lost"
    )
    await browser.open(link())
    said = browser["pause"].text

    await browser.press("pause-tomorrow")

    assert browser.told.startswith("Paused until")
    decided = {
        (row.channel, row.decision, row.reason)
        for row in given.explain(
            db, event="order.paid", recipient="u1", payload={},
            channels=["in_app", "email", "sms", "push", "sse"],
        )
    }  # fmt: skip
    assert {(channel, decision) for channel, decision, reason in decided if reason == "muted"} == {
        ("in_app", "now"), ("email", "no"), ("sms", "no"), ("sse", "no"),
    }  # fmt: skip
    assert "Inbox: goes on" in said
    assert "E-mail, Text message, and On open pages: not sent." in said
    assert "Sent all the same: Order lost (Text message)." in said
    assert mailed(db, "order.lost", "sms") == Fate("queued", "forced")
    await browser.press("resume")
    assert browser.told.startswith("The pause is over.")
    assert mailed(db) == Fate("queued", "wanted")


async def test_a_pause_ends_by_the_persons_clock(browser: PlainBrowser, db: Connection) -> None:
    given.recipient(db, time_zone="America/New_York")
    await browser.open(link())
    browser.fill(pause_until="2030-02-12T20:30")

    await browser.press("pause-set")

    until = given.value(db, "select until from postbell.mute")
    assert until == datetime(2030, 2, 13, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "fault"), [("2020-01-01T08:00", "over already"), ("", "a day and a time")]
)
async def test_a_pause_needs_an_end_that_is_to_come(
    browser: PlainBrowser, db: Connection, until: str, fault: str
) -> None:
    browser.fill(pause_until=until)

    await browser.press("pause-set")

    assert browser.answer.status == 422
    assert browser["pause-until"]["value"] == until
    assert fault in browser["pause-until-fault"].text
    assert given.value(db, "select count(*) from postbell.mute") == 0


async def test_a_mute_begins_and_ends_there(browser: PlainBrowser, db: Connection) -> None:
    browser.fill(mute_what="event:order.paid", mute_end="week")
    await browser.press("mute-foresee")
    example = browser["mute-example"].text
    await browser.press("mute-set")
    muted = (browser.told, mailed(db), mailed(db, "order.lost"))
    shown = browser["mute"].text
    await browser.press("unmute-0")

    assert "E-mail at once → not sent" in example
    assert muted[0].startswith("Muted until")
    assert muted[1:] == (Fate("skipped", "muted"), Fate("queued", "wanted"))
    assert "Order paid until" in shown
    assert browser.told.startswith("No longer muted: Order paid")
    assert mailed(db) == Fate("queued", "wanted")


@pytest.mark.parametrize(
    ("end", "until"), [("for_good", None), ("date", datetime(2030, 2, 12, 20, 30, tzinfo=UTC))]
)
async def test_a_mute_has_the_end_that_was_chosen(
    browser: PlainBrowser, db: Connection, end: str, until: datetime | None
) -> None:
    given.recipient(db, time_zone="UTC")
    await browser.open(link())
    browser.fill(mute_what="category:orders", mute_end=end, mute_date="2030-02-12T20:30")

    await browser.press("mute-set")

    found: Any = given.value(db, "select nullif(until, 'infinity') from postbell.mute")
    assert found == until


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_it_says_that_what_is_paused_or_muted_does_not_come_later(
    client: Client, db: Connection, lang: str
) -> None:
    given.recipient(db, locale=lang)
    later = {"en": "later", "fr": "plus tard"}[lang]
    said = words("preferences", lang)

    page = (await client.get(link())).text

    for key in ("pause.dropped", "mutes.about"):
        assert later in said[key]
        assert said[key].partition("{what}")[2].strip() in page
    assert later in said["why.muted"]


async def test_pushes_need_a_script_and_the_page_says_so_to_a_session_alone(
    client: Client, browser: PlainBrowser
) -> None:
    by_link = browser.page.text
    browser.keep("postbell", cookies_of(await client.as_().post("/v1/session"))["postbell"].value)

    await browser.open(OURS + "/preferences")

    assert "To allow pushes in this browser, the page needs JavaScript." in browser.page.text
    assert "pushes in this browser" not in by_link
    assert "hidden" in browser["allow"].attributes
