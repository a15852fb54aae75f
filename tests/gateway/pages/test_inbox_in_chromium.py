"""<postbell-inbox> on an application's own page, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import declared, given
from tests.support.given import Connection
from tests.support.peers.chromium import Chromium
from tests.support.shopfront import GatewayThread, Shopfront, arrive, opened
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CONTROL = "\ue009"
ENTER, ESCAPE, TAB, DOWN, UP, RIGHT, LEFT, END = (
    "\ue007", "\ue00c", "\ue004", "\ue015", "\ue013", "\ue014", "\ue012", "\ue010",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium("--window-size=1000,800") as chromium:
        yield chromium


@pytest.fixture
def gateway(db: Connection, database_url: str) -> Iterator[GatewayThread]:
    with GatewayThread(database_url) as gateway:
        yield gateway


@pytest.fixture
def shop(gateway: GatewayThread, chromium: Chromium) -> Iterator[Shopfront]:
    """Each with an origin of its own, and so with a storage of its own."""
    with opened(gateway, chromium) as shop:
        yield shop
        first, *others = chromium.driver.window_handles
        for tab in others:
            shop.close(tab)
        shop.look_at(first)
        chromium.open("about:blank")


def badge(shop: Shopfront, count: str) -> None:
    """Waits for the bell to show it; "" is no badge."""
    shop.until(
        "const it = one('.badge'); return it && (it.hidden ? '' : it.textContent) === arguments[0]",
        count,
    )


# --- what comes


def test_the_bell_rings_at_once(shop: Shopfront, db: Connection) -> None:
    shop.open(shop.page())
    badge(shop, "")

    item = arrive(db, "Order #1 paid")

    badge(shop, "1")
    assert shop.until("return one('.toast .title')?.textContent") == "Order #1 paid"
    assert shop.run("return heard") == [item]
    assert shop.run("return counts.at(-1)") == 1
    assert shop.run("return document.title") == "(1) Corner Shop"
    assert shop.run("return one('.bell').getAttribute('aria-label')") == "Notifications, 1 unread"


def test_more_than_ninety_nine_are_not_counted(shop: Shopfront, db: Connection) -> None:
    for _ in range(101):
        given.inbox_item(db)

    shop.open(shop.page())

    badge(shop, "99+")


def test_what_comes_while_the_panel_is_open_is_on_top_of_it_and_counted_as_seen(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "First")
    shop.open(shop.page())
    badge(shop, "1")
    shop.run("inbox.open()")
    shop.until("return shown().join() === 'First'")

    arrive(db, "Second")

    shop.until("return shown().join() === 'Second,First'")
    assert not shop.run("return all('.toast').length")
    until(
        lambda: given.value(db, "select count(seen_at) from postbell.inbox_item") == 2,
        "both were seen",
    )
    assert given.value(db, "select count(read_at) from postbell.inbox_item") == 0


def test_an_inbox_is_read_to_its_end_page_by_page(shop: Shopfront, db: Connection) -> None:
    made = [arrive(db, f"Item {number}") for number in range(70)]
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length >= 30")

    shop.until("one('.items').scrollTop = 1e6; return one('.more').hidden")

    titles = shop.run("return shown()")
    assert titles == [f"Item {number}" for number in reversed(range(len(made)))]


def test_who_scrolls_faster_than_pages_come_reads_to_the_end_too(
    shop: Shopfront, db: Connection
) -> None:
    made = [arrive(db, f"Item {number}") for number in range(95)]
    shop.open(shop.page())

    shop.run(
        "const items = one('.items'); const toEnd = () => { items.scrollTop = 1e6; };"
        " new MutationObserver(toEnd).observe(items, { childList: true, subtree: true });"
        " inbox.open();"
    )

    shop.until("return shown().length === arguments[0]", len(made))


# --- several windows


def test_what_is_read_in_one_window_is_read_in_all(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Order #1 paid")
    url = shop.page()
    first = shop.open(url)
    second = shop.open_another(url)
    badge(shop, "1")
    shop.run("inbox.open()")
    shop.until("return shown().length")

    shop.run("one('.item [data-deed=mark]').click()")

    badge(shop, "")
    shop.look_at(first)
    badge(shop, "")
    assert given.value(db, "select count(read_at) from postbell.inbox_item") == 1
    shop.look_at(second)
    shop.run("one('.item [data-deed=mark]').click()")
    badge(shop, "1")
    shop.look_at(first)
    badge(shop, "1")


def test_tabs_share_one_stream_and_the_next_one_goes_on_when_the_first_is_closed(
    shop: Shopfront, db: Connection
) -> None:
    url = shop.page()
    first = shop.open(url)
    badge(shop, "")
    until(lambda: shop.gateway.streams == 1, "the first tab listens")
    second = shop.open_another(url)
    third = shop.open_another(url)
    one = arrive(db, "One")
    for tab in (first, second, third):
        shop.look_at(tab)
        badge(shop, "1")
        assert shop.run("return heard") == [one]
    assert shop.gateway.streams == 1

    shop.close(first)
    two = arrive(db, "Two")

    for tab in (second, third):
        shop.look_at(tab)
        badge(shop, "2")
        shop.until("return heard.length === 2")
        assert shop.run("return heard") == [one, two]
    until(lambda: shop.gateway.streams == 1, "one of them listens")


# --- what can be done with an item


def test_a_whole_row_is_its_link(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Order #1 paid", link=f"{shop.origin}/order")
    shop.open(shop.page())
    shop.page("/order")
    shop.run("inbox.open()")
    shop.until("return shown().length")

    hit = shop.run(
        """
        const {left, right, top, bottom} = one(".item").getBoundingClientRect();
        const at = (x, y) => root.elementFromPoint(x, y);
        const middle = at((left + right) / 2, bottom - 20);
        return [at(left + 3, top + 3), at(right - 3, bottom - 3), middle].map(it => it.className);
        """
    )
    assert hit == ["title"] * 3
    assert shop.run("return all('a a, a button, button button, button a').length") == 0
    shop.press_at("one('.item p')", "middle")
    until(lambda: len(shop.browser.driver.window_handles) == 2, "another tab opens")
    assert shop.run("return one('dialog').open")
    badge(shop, "")

    shop.press_at("one('.item p')", "left")

    shop.until("return location.pathname === '/order'")


def test_a_long_title_takes_two_lines(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Short")
    arrive(db, "A title without end " * 20)
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length === 2")

    long, short = shop.run("return all('.title').map(it => it.getBoundingClientRect().height)")

    assert short < long < 2.2 * short


def test_the_panel_is_as_high_empty_as_full(shop: Shopfront, db: Connection) -> None:
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return one('.empty').textContent.includes('Nothing')")
    heights = "return one('dialog').offsetHeight"
    empty = shop.run(heights)
    for number in range(30):
        arrive(db, f"Item {number}")
    shop.until("return shown().length === 30")

    assert shop.run(heights) == empty
    shop.run("one('[part=preferences]').click()")
    shop.until("return one('.choices table')")
    assert shop.run(heights) == empty


@pytest.mark.parametrize("way", ["button", "keys"])
def test_archiving_is_undone(shop: Shopfront, db: Connection, way: str) -> None:
    arrive(db, "One")
    arrive(db, "Two")
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length === 2")

    shop.run("one('.item [data-deed=archive]').click()")
    assert shop.run("return shown()") == ["One"]
    assert shop.run("return one('.undo').textContent") == "Archived.Undo"
    if way == "button":
        shop.run("one('.undo button').click()")
    else:
        shop.press(CONTROL, "z")

    shop.until("return shown().join() === 'Two,One'")
    assert shop.run("return one('.undo')") is None
    until(lambda: archived(db) == [], "nothing is archived")
    badge(shop, "2")


def test_what_is_archived_can_be_put_back(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Away", archived_at="2030-01-01Z")
    shop.open(shop.page())
    shop.run("inbox.open(); one('#tab-archived').click()")
    shop.until("return shown().join() === 'Away'")

    shop.run("one('.item [data-deed=archive]').click(); one('#tab-all').click()")

    shop.until("return shown().join() === 'Away'")
    until(lambda: archived(db) == [], "it is in the inbox")
    badge(shop, "1")


def archived(db: Connection) -> list[str]:
    return given.column(db, "select title from postbell.inbox_item where archived_at is not null")


def test_reading_all_is_undone_for_exactly_those_that_were_unread(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "Read", read_at="2030-01-01Z", seen_at="2030-01-01Z")
    # More than a page has, so that not all of them are known to the script.
    for number in range(40):
        arrive(db, f"Item {number}")
    shop.open(shop.page())
    badge(shop, "40")
    shop.run("inbox.open()")
    shop.until("return shown().length === 30")
    unread = "select count(*) from postbell.inbox_item where read_at is null"

    shop.run("one('[title=\"Mark all read\"]').click()")
    badge(shop, "")
    until(lambda: given.value(db, unread) == 0, "all are read")
    shop.run("one('.undo button').click()")

    badge(shop, "40")
    until(lambda: given.value(db, unread) == 40, "those are unread again")
    assert shop.run("return all('.item.unread').length") == 30


def test_reading_all_is_undone_before_the_gateway_has_heard_of_it(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "Item")
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length")
    until(lambda: given.value(db, "select count(seen_at) from postbell.inbox_item") == 1, "seen")
    with shop.without_answers():
        shop.run("one('[title=\"Mark all read\"]').click()")
        badge(shop, "")
        shop.run("return new Promise(later => setTimeout(later, 500))")
        shop.run("one('.undo button').click()")
        badge(shop, "1")
    arrive(db, "Later")

    badge(shop, "2")
    assert given.value(db, "select count(read_at) from postbell.inbox_item") == 0


def test_a_pinned_item_is_on_top_in_every_window_until_it_is_unpinned(
    shop: Shopfront, db: Connection
) -> None:
    for title in ("Old", "New", "Newest"):
        arrive(db, title)
    url = shop.page()
    first = shop.open(url)
    shop.run("inbox.open()")
    shop.until("return shown().join() === 'Newest,New,Old'")
    second = shop.open_another(url)
    shop.run("inbox.open()")
    shop.until("return shown().join() === 'Newest,New,Old'")

    shop.run("all('.item [data-deed=pin]')[2].click()")

    assert shop.run("return shown()") == ["Old", "Newest", "New"]
    assert shop.run("return one('.title').textContent") == "Pinned: Unread: Old"
    shop.look_at(first)
    shop.until("return shown().join() === 'Old,Newest,New'")
    shop.run("one('.item [data-deed=pin]').click()")
    assert shop.run("return shown()") == ["Newest", "New", "Old"]
    shop.look_at(second)
    shop.until("return shown().join() === 'Newest,New,Old'")


def test_preferences_are_chosen_in_the_panel(shop: Shopfront, db: Connection) -> None:
    given.event_type(db, channels=["in_app", "email"], default_channels=["in_app", "email"])
    shop.open(shop.page())
    shop.run("inbox.open(); one('[part=preferences]').click()")
    box = "const box = one('[aria-label=\"Orders: E\u2011mail\"]');"
    shop.until(f"{box} return box?.checked")
    chosen = "select category, channel, enabled from postbell.preference"

    shop.run(f"{box} box.click()")
    until(lambda: given.rows(db, chosen) == [("orders", "email", False)], "it is off")
    shop.until(f"{box} return !box.checked && !box.indeterminate")
    shop.run(f"{box} box.click()")
    until(lambda: given.rows(db, chosen) == [], "it is on")

    shop.run("one('[title=Back]').click()")
    assert shop.run("return [one('h2').textContent, one('.choices').hidden]") == [
        "Notifications", True,
    ]  # fmt: skip


# --- being away


def test_a_restart_of_the_gateway_loses_nothing_and_repeats_nothing(
    shop: Shopfront, db: Connection
) -> None:
    shop.open(shop.page())
    one = arrive(db, "One")
    badge(shop, "1")
    shop.run("inbox.open()")
    shop.until("return shown().join() === 'One'")

    shop.gateway.stop()
    shop.until("return !one('.trouble').hidden")
    assert "No connection" in shop.run("return one('.trouble').textContent")
    assert shop.run("return shown()") == ["One"]
    two = arrive(db, "Two")
    shop.run("one('.item [data-deed=archive]').click()")
    # At once here; the gateway hears of it when it is back.
    assert shop.run("return shown()") == []
    badge(shop, "")
    shop.gateway.start()

    shop.until("return shown().join() === 'Two'")
    badge(shop, "1")
    three = arrive(db, "Three")
    shop.until("return heard.length === 3")
    assert shop.run("return heard") == [one, two, three]
    until(
        lambda: given.column(
            db, "select title from postbell.inbox_item where archived_at is not null"
        ) == ["One"],
        "what was archived meanwhile is",
    )  # fmt: skip


def test_after_a_crash_of_the_database_a_page_shows_what_is_there_and_hears_of_ids_once_more(
    shop: Shopfront, db: Connection
) -> None:
    shop.open(shop.page())
    shop.run("inbox.open()")
    lost = [arrive(db, "Lost"), arrive(db, "Lost, too")]
    shop.until("return shown().join() === 'Lost, too,Lost'")

    # What a crash leaves of commits that had not reached the disk, and of an unlogged table. At
    # once, as the gateway sees it: what the page marks as seen makes it read at any time.
    with db.transaction():
        for table in ("inbox_item", "stream_event", "stream_epoch"):
            db.execute(f"delete from {declared.name(table)}".encode())
        arrive(db, "Found")
    shop.until("return shown().join() === 'Found'")

    again = arrive(db, "Found, too")

    shop.until("return shown().join() === 'Found, too,Found'")
    assert again == lost[1]
    shop.until("return heard.join() === arguments[0]", f"{lost[0]},{lost[1]},{again}")


def test_a_page_that_was_offline_shows_what_it_had_and_catches_up(
    shop: Shopfront, db: Connection
) -> None:
    shop.open(shop.page())
    one = arrive(db, "One")
    badge(shop, "1")
    # Nobody has opened the panel yet.
    shop.until("return JSON.stringify(Object.entries(localStorage)).includes('One')")
    with shop.offline():
        shop.run("inbox.open()")
        shop.until("return shown().join() === 'One'")
        shop.run("one('.item [data-deed=mark]').click()")
        badge(shop, "")
        two = arrive(db, "Two")
        assert given.value(db, "select count(read_at) from postbell.inbox_item") == 0

    shop.until("return shown().join() === 'Two,One'")
    badge(shop, "1")
    shop.until("return heard.length === 2")
    assert shop.run("return heard") == [one, two]
    until(
        lambda: given.value(db, "select count(read_at) from postbell.inbox_item") == 1,
        "what was read offline is read",
    )


def test_without_a_connection_unread_shows_what_is_unread_of_what_had_come(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "Read", read_at="2030-01-01Z", seen_at="2030-01-01Z")
    arrive(db, "Unread")
    url = shop.page()
    shop.open(url)
    shop.run("inbox.open()")
    shop.until("return shown().length === 2")
    with shop.without_answers():
        shop.open(url)
        shop.run("inbox.open(); one('#tab-unread').click()")

        shop.until("return shown().join() === 'Unread'")


def test_a_page_that_is_loaded_while_the_gateway_is_away_shows_what_came_before(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "Before")
    url = shop.page()
    shop.open(url)
    shop.run("inbox.open()")
    shop.until("return shown().length")
    with shop.without_answers():
        shop.open(url)
        badge(shop, "1")
        shop.run("inbox.open()")
        shop.until("return shown().join() === 'Before'")

    arrive(db, "After")
    shop.until("return shown().join() === 'After,Before'")


def test_a_mark_that_the_gateway_refuses_is_taken_back(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Kept")
    gone = arrive(db, "Gone")
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length === 2")
    # Being seen is a mark, too.
    until(
        lambda: given.value(db, "select count(seen_at) from postbell.inbox_item") == 2,
        "both were seen",
    )
    db.execute("delete from postbell.inbox_item where id = %s", [gone])

    shop.run("one('.item [data-deed=mark]').click()")

    shop.until("return all('[role=status]').some(it => it.textContent.includes('as before'))")
    assert shop.run("return all('.item:not(.unread)').length") == 0


# --- logging in and out


def test_logging_out_forgets_everything_in_every_tab(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Mine")
    url = shop.page()
    first = shop.open(url)
    shop.open_another(url)
    badge(shop, "1")
    shop.run("inbox.open()")
    shop.until("return shown().length")
    assert shop.run("return Object.keys(localStorage).length")
    shop.let_in(None)

    shop.run("return inbox.logout()")

    badge(shop, "")
    assert shop.run("return Object.keys(localStorage)") == []
    shop.look_at(first)
    badge(shop, "")
    until(lambda: shop.gateway.streams == 0, "nobody listens any more")


def test_the_next_person_at_the_same_browser_sees_nothing_of_the_one_before(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "Mine")
    shop.open(shop.page())
    badge(shop, "1")

    shop.open(shop.page(who="u2"))

    badge(shop, "")
    shop.run("inbox.open()")
    shop.until("return one('.empty').textContent.includes('Nothing')")
    assert "Mine" not in shop.run("return JSON.stringify(Object.entries(localStorage))")


def test_on_the_gateways_own_pages_the_sessions_cookie_is_enough(
    shop: Shopfront, db: Connection
) -> None:
    arrive(db, "Order #1 paid")
    shop.page()
    shop.browser.open(f"{shop.gateway.address}/login")
    shop.run(
        """
        return fetch("/login", {method: "POST", redirect: "manual", body: new URLSearchParams({
            token: arguments[0], to: "/healthz"})}).then(() => import("/postbell-inbox.js")).then(
            () => document.body.append(document.createElement("postbell-inbox")))
        """,
        _token(shop),
    )

    badge(shop, "1")
    shop.run("return inbox.logout()")
    badge(shop, "")
    assert shop.run("return fetch('/v1/session').then(answer => answer.status)") == 401


def test_the_way_to_the_preferences_logs_in_there_and_shows_no_token(
    shop: Shopfront, db: Connection
) -> None:
    shop.open(shop.page())
    before = set(shop.browser.driver.window_handles)
    shop.run("inbox.open(); one('[part=preferences]').click()")
    shop.until("return one('.choices input')")
    shop.run("one('a[part=preferences]').click()")
    until(lambda: len(shop.browser.driver.window_handles) > len(before), "another tab opens")

    (opened,) = set(shop.browser.driver.window_handles) - before
    shop.look_at(opened)

    shop.until("return location.pathname === '/preferences' && document.readyState === 'complete'")
    assert shop.run("return location.origin + location.search") == shop.gateway.address
    answer = "return fetch('/v1/session').then(answer => answer.json())"
    assert shop.run(answer)["recipient_id"] == "u1"


def _token(shop: Shopfront) -> str:
    _, body = shop.pages["/postbell-token"]
    return body.decode().split('"')[3]


# --- for everybody


def test_everything_is_done_by_keyboard(shop: Shopfront, db: Connection) -> None:
    for title in ("One", "Two", "Three"):
        arrive(db, title)
    shop.open(shop.page())
    badge(shop, "3")
    shop.run("document.body.focus()")
    shop.press(TAB)
    assert shop.focused() == "Notifications, 3 unread"

    shop.press(ENTER)
    shop.until("return shown().length === 3")
    assert shop.run("return one('.bell').ariaExpanded") == "true"
    shop.press(DOWN)
    assert shop.focused() == "Unread: Three"
    shop.press(DOWN)
    shop.press(DOWN)
    shop.press(DOWN)
    assert shop.focused() == "Unread: One"
    shop.press(UP)
    assert shop.focused() == "Unread: Two"
    shop.press(TAB)
    assert shop.focused() == "Mark read: Two"
    shop.press(ENTER)
    badge(shop, "2")
    assert shop.focused() == "Mark unread: Two"
    shop.press(TAB)
    assert shop.focused() == "Archive: Two"
    shop.press(ENTER)
    shop.until("return shown().join() === 'Three,One'")
    # What took its place has the focus.
    assert shop.focused() == "Archive: One"
    shop.run("one('#tab-all').focus()")
    shop.press(RIGHT)
    assert shop.focused() == "Unread"
    shop.press(END)
    assert shop.focused() == "Archived"
    shop.until("return shown().join() === 'Two'")
    shop.press(ESCAPE)
    # The page hears of it in a task of its own.
    shop.until("return !one('dialog').open && one('.bell').ariaExpanded === 'false'")
    assert shop.focused() == "Notifications, 2 unread"


def test_right_to_left_the_arrows_go_the_other_way(shop: Shopfront, db: Connection) -> None:
    shop.open(shop.page(writing="rtl"))
    shop.run("inbox.open(); one('#tab-all').focus()")

    shop.press(LEFT)

    assert shop.focused() == "Unread"
    inside = shop.run(
        "const {left, right} = one('dialog').getBoundingClientRect();"
        " return left >= 0 && right <= innerWidth"
    )
    assert inside


def test_a_person_is_spoken_to_in_their_own_language(shop: Shopfront, db: Connection) -> None:
    given.recipient(db, "u1", locale="fr_FR")
    arrive(db, "Commande n° 1 payée", created_at="2020-01-01 12:00Z")
    shop.open(shop.page())
    badge(shop, "1")

    shop.run("inbox.open()")
    shop.until("return shown().length")

    assert shop.run("return one('.bell').getAttribute('aria-label')") == "Notifications, 1 non lue"
    assert shop.run("return all('[role=tab]').map(tab => tab.textContent)") == [
        "Toutes", "Non lues", "Archivées",
    ]  # fmt: skip
    assert shop.run("return one('dialog').lang") == "fr"
    assert shop.run("return one('time').textContent").startswith("il y a ")


def test_a_page_may_choose_the_language_and_the_words(shop: Shopfront, db: Connection) -> None:
    strings = 'strings=\'{"title": "Nouvelles"}\''
    shop.open(shop.page(attributes=f'locale="fr-CA" {strings}'))

    shop.run("inbox.open()")

    assert shop.run("return one('h2').textContent") == "Nouvelles"
    assert shop.run("return one('#tab-unread').textContent") == "Non lues"


#: Names of what has a role that needs one, and texts whose contrast is too low (WCAG 2.2, 1.4.3).
_FAULTS = """
const luminance = ([r, g, b]) => [r, g, b]
  .map(part => part / 255)
  .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const painted = colours => {
  canvas.clearRect(0, 0, 1, 1);
  for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const grounds = element => {
  const found = [];
  for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) {
    found.unshift(getComputedStyle(at).backgroundColor);
    if (at.tagName === "DIALOG") break;
  }
  return found;
};
const visible = element => element.checkVisibility() && !element.closest(".spoken");
const faults = [];
for (const element of root.querySelectorAll("*")) {
  if (!visible(element)) continue;
  const texts = [...element.childNodes].filter(node => node.nodeType === 3 && node.data.trim());
  if (!texts.length || element.disabled) continue;
  const back = grounds(element);
  const [light, dark] = [painted(back), painted([...back, getComputedStyle(element).color])]
    .map(luminance).sort((a, b) => b - a);
  const ratio = (light + 0.05) / (dark + 0.05);
  if (ratio < 4.5) faults.push(`${element.textContent.trim()}: ${ratio.toFixed(2)}`);
}
return faults;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    shop: Shopfront, db: Connection, scheme: str
) -> None:
    actions = '[{"label": "Answer", "link": "https://shop.example/1"}]'
    arrive(db, "Read", read_at="2030-01-01 12:00Z", actions=actions)
    arrive(db, "Unread", actions=actions)
    shop.browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length === 2")
    # Past its animation.
    shop.until("return one('dialog').getAnimations().every(it => it.playState === 'finished')")

    ground = shop.run("return getComputedStyle(one('dialog')).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert shop.run(_FAULTS) == []


def test_everything_that_can_be_used_has_a_role_and_a_name(shop: Shopfront, db: Connection) -> None:
    arrive(db, "Order #1 paid", actions='[{"label": "Show", "link": "https://shop.example/1"}]')
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length")

    tree = shop.browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"]
    ]

    used = {"button", "link", "tab", "tabpanel", "dialog", "combobox", "tablist"}
    assert [role for role, name in seen if role in used and not name] == []
    assert ("dialog", "Notifications") in seen
    assert ("tab", "Unread") in seen
    assert ("tabpanel", "All") in seen
    assert ("link", "Unread: Order #1 paid") in seen
    assert ("link", "Show") in seen
    assert ("button", "Archive: Order #1 paid") in seen
    assert ("status", "") in seen
    assert not {"banner", "contentinfo", "navigation"} & {role for role, _ in seen}
    ids = shop.run("return all('[id]').map(it => it.id)")
    assert len(ids) == len(set(ids))


def test_a_link_that_could_run_a_script_is_none(shop: Shopfront, db: Connection) -> None:
    arrive(
        db,
        "<img src=x onerror=alert(1)>",
        link="javascript:alert(1)",
        actions='[{"label": "Go", "link": "javascript:alert(1)"}]',
    )
    shop.open(shop.page())
    shop.run("inbox.open()")
    shop.until("return shown().length")

    assert shop.run("return shown()") == ["<img src=x onerror=alert(1)>"]
    assert shop.run("return all('.item a, .item img').length") == 0
