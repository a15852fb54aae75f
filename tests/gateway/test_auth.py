"""Who is let in: by token, cookie or ticket; and who is not, or not any more."""

from __future__ import annotations

import psycopg
import pytest
from starlette.requests import HTTPConnection

from dispatcher.gateway.auth import Authenticator, Identity
from dispatcher.gateway.problem import ForeignOrigin, Unauthorized
from tests.support import given
from tests.support.given import Connection
from tests.support.tokens import OURS, token


def request(method: str = "GET", **headers: str) -> HTTPConnection:
    written = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, value in headers.items()
    ]
    return HTTPConnection({"type": "http", "method": method, "headers": written})


async def identity_of(authenticator: Authenticator, given_token: str) -> Identity:
    return await authenticator.authenticate(request(authorization=f"Bearer {given_token}"))


async def logged_in(authenticator: Authenticator, given_token: str | None = None) -> str:
    """The cookie of a new session, as a browser sends it."""
    identity = await identity_of(authenticator, given_token or token())
    return f"postbell={await authenticator.begin_session(identity)}"


async def test_a_token_lets_its_person_in(authenticator: Authenticator) -> None:
    identity = await identity_of(authenticator, token(tenant="other"))

    assert (identity.tenant_id, identity.recipient_id) == ("other", "u1")
    assert identity.session_id is None


async def test_a_cookie_stands_for_the_token_it_was_exchanged_for(
    authenticator: Authenticator,
) -> None:
    by_token = await identity_of(authenticator, token())
    cookie = await authenticator.begin_session(by_token)

    identity = await authenticator.authenticate(request(cookie=f"postbell={cookie}"))

    assert identity.recipient_id == "u1"
    assert identity.expires_at == by_token.expires_at
    assert identity.session_id is not None
    assert cookie not in identity.session_id


async def test_a_stolen_copy_of_the_session_table_opens_nothing(
    authenticator: Authenticator, db: Connection
) -> None:
    await logged_in(authenticator)
    stored = given.value(db, "select encode(digest, 'hex') from postbell_private.session")

    with pytest.raises(Unauthorized):
        await authenticator.authenticate(request(cookie=f"postbell={stored}"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": "postbell="},
        {"cookie": "postbell=guessed"},
        {"cookie": "postbell=" + "x" * 10_000},
        {"cookie": "postbell=\xff\xfe"},
        {"authorization": "Basic dTE6cHc="},
        {"authorization": "Bearer"},
        {"authorization": "Bearer null"},
    ],
)
async def test_nobody_is_let_in_without_a_right(
    authenticator: Authenticator, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized):
        await authenticator.authenticate(request(**headers))


async def test_a_bad_token_is_not_made_good_by_a_cookie(authenticator: Authenticator) -> None:
    cookie = await logged_in(authenticator)

    with pytest.raises(Unauthorized):
        await authenticator.authenticate(request(authorization="Bearer x", cookie=cookie))


@pytest.mark.parametrize("who", [{"recipient": "u9"}, {"tenant": "nowhere"}])
async def test_a_token_for_somebody_unknown_lets_nobody_in(
    authenticator: Authenticator, who: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized, match="known to the tenant"):
        await identity_of(authenticator, token(**who))


async def test_an_expired_session_is_over(authenticator: Authenticator, db: Connection) -> None:
    cookie = await logged_in(authenticator)
    given.clock(db, "2999-01-01 00:00Z")

    with pytest.raises(Unauthorized, match="over"):
        await authenticator.authenticate(request(cookie=cookie))


async def test_after_logging_out_the_cookie_is_worth_nothing(authenticator: Authenticator) -> None:
    cookie = await logged_in(authenticator)
    identity = await authenticator.authenticate(request(cookie=cookie))

    await authenticator.end_session(identity)

    assert not await authenticator.is_valid(identity)
    with pytest.raises(Unauthorized, match="over"):
        await authenticator.authenticate(request(cookie=cookie))


async def test_logging_out_ends_this_session_and_no_other(authenticator: Authenticator) -> None:
    here, there = await logged_in(authenticator), await logged_in(authenticator)

    await authenticator.end_session(await authenticator.authenticate(request(cookie=here)))

    assert (await authenticator.authenticate(request(cookie=there))).recipient_id == "u1"


async def test_every_gateway_hears_of_somebody_logging_out(
    authenticator: Authenticator, database_url: str
) -> None:
    cookie = await logged_in(authenticator)
    identity = await authenticator.authenticate(request(cookie=cookie))
    with psycopg.connect(database_url, autocommit=True) as elsewhere:
        elsewhere.execute("listen postbell_session")
        await authenticator.end_session(identity)
        (heard,) = elsewhere.notifies(timeout=5, stop_after=1)

    assert heard.payload == identity.session_id


async def test_who_is_erased_is_logged_out(authenticator: Authenticator, db: Connection) -> None:
    cookie = await logged_in(authenticator)
    identity = await identity_of(authenticator, token())
    db.execute("update postbell.recipient set erased_at = now() where id = 'u1'")

    with pytest.raises(Unauthorized):
        await authenticator.authenticate(request(cookie=cookie))
    with pytest.raises(Unauthorized):
        await identity_of(authenticator, token())
    assert not await authenticator.is_valid(identity)


async def test_a_token_that_has_expired_since_is_not_valid(authenticator: Authenticator) -> None:
    identity = await identity_of(authenticator, token())
    later = Authenticator(
        authenticator._pool,
        authenticator._tokens,
        cookie_name="postbell",
        origin=OURS,
        now=lambda: identity.expires_at,
    )

    assert await authenticator.is_valid(identity)
    assert not await later.is_valid(identity)


# --- tickets


async def test_a_ticket_lets_in_whom_it_was_issued_to(authenticator: Authenticator) -> None:
    identity = await identity_of(authenticator, token("u2"))
    ticket = await authenticator.issue_ticket(identity)

    assert await authenticator.use_ticket(request(), ticket.ticket) == identity


async def test_a_ticket_used_twice_lets_nobody_in(authenticator: Authenticator) -> None:
    ticket = await authenticator.issue_ticket(await identity_of(authenticator, token()))
    await authenticator.use_ticket(request(), ticket.ticket)

    with pytest.raises(Unauthorized, match="used before"):
        await authenticator.use_ticket(request(), ticket.ticket)


async def test_a_ticket_used_late_lets_nobody_in(
    authenticator: Authenticator, db: Connection
) -> None:
    ticket = await authenticator.issue_ticket(await identity_of(authenticator, token()))
    db.execute("update postbell_private.ticket set expires_at = now()")

    with pytest.raises(Unauthorized, match="too old"):
        await authenticator.use_ticket(request(), ticket.ticket)


async def test_a_ticket_is_good_for_a_minute_and_no_longer_than_what_it_stands_for(
    authenticator: Authenticator, db: Connection
) -> None:
    given.clock(db, "2030-01-01 12:00Z")
    soon = given.value(
        db,
        "select postbell_private.issue_ticket('a', 'u1', valid_until => '2030-01-01"
        " 12:00:05Z')::text",
    )
    later = given.value(
        db,
        "select postbell_private.issue_ticket('b', 'u1', valid_until => '2030-01-01 13:00Z')::text",
    )

    assert soon.startswith("2030-01-01 12:00:05")
    assert later.startswith("2030-01-01 12:01:00")


async def test_a_ticket_ends_with_its_session(authenticator: Authenticator) -> None:
    cookie = await logged_in(authenticator)
    identity = await authenticator.authenticate(request(cookie=cookie))
    ticket = await authenticator.issue_ticket(identity)
    await authenticator.end_session(identity)

    with pytest.raises(Unauthorized):
        await authenticator.use_ticket(request(), ticket.ticket)


@pytest.mark.parametrize("ticket", ["", "guessed", "\ud800", "x" * 10_000])
async def test_a_guessed_ticket_lets_nobody_in(authenticator: Authenticator, ticket: str) -> None:
    with pytest.raises(Unauthorized):
        await authenticator.use_ticket(request(), ticket)


async def test_what_is_over_is_forgotten_by_the_housekeeping(
    authenticator: Authenticator, db: Connection
) -> None:
    await logged_in(authenticator)
    await authenticator.issue_ticket(await identity_of(authenticator, token()))
    db.execute("select postbell_private.forget_sessions()")
    kept = given.value(db, "select count(*) from postbell_private.session")
    given.clock(db, "2999-01-01 00:00Z")
    db.execute("select postbell_private.forget_sessions()")

    assert kept == 1
    assert given.value(db, "select count(*) from postbell_private.session") == 0
    assert given.value(db, "select count(*) from postbell_private.ticket") == 0


# --- requests that another site's page makes


async def test_our_own_page_may_change_things_by_cookie(authenticator: Authenticator) -> None:
    cookie = await logged_in(authenticator)

    for headers in ({"origin": OURS}, {"sec_fetch_site": "same-origin"}):
        identity = await authenticator.authenticate(request("POST", cookie=cookie, **headers))
        assert identity.recipient_id == "u1"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": f"{OURS}.evil.example"},
        {"origin": f"{OURS}/"},
        {"origin": f"{OURS}\r\nx: y"},
        {"origin": "https://evil.example", "host": "evil.example"},
        {"origin": "https://evil.example", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "post"])
async def test_another_sites_page_changes_nothing_by_cookie(
    authenticator: Authenticator, method: str, headers: dict[str, str]
) -> None:
    cookie = await logged_in(authenticator)

    with pytest.raises(ForeignOrigin):
        await authenticator.authenticate(request(method, cookie=cookie, **headers))


async def test_a_token_needs_no_origin_for_no_browser_adds_it_unasked(
    authenticator: Authenticator,
) -> None:
    identity = await authenticator.authenticate(
        request("POST", authorization=f"Bearer {token()}", origin="https://evil.example")
    )

    assert identity.recipient_id == "u1"
