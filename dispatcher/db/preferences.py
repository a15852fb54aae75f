"""What a recipient chose, and what that does: asked and changed as the recipient."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final, Literal, NamedTuple

from dispatcher.db.statement import statement

#: The rows of postbell.channel, as OpenAPI lists them; tests hold these lists equal to the table.
Channel = Literal["in_app", "email", "sms", "push", "sse", "chat"]
#: Those that quiet hours may hold back, and of them, those that they hold back by default.
QuietChannel = Literal["email", "sms", "push", "sse", "chat"]
INTERRUPTING: Final[list[QuietChannel]] = ["sms", "push", "sse", "chat"]
#: What the router decides.
Decision = Literal["now", "later", "no"]


class Preference(NamedTuple):
    """A choice that was made; nothing named means everything."""

    channel: str | None
    category: str | None
    event: str | None
    enabled: bool
    updated_at: datetime


class QuietDay(NamedTuple):
    """The window that starts on a day: 1 is Monday."""

    day: int
    starts: time
    ends: time
    time_zone: str | None
    channels: list[str]


class Mute(NamedTuple):
    """What is silent; nothing named is everything."""

    category: str | None
    event: str | None
    subject: str | None
    #: None: for good.
    until: datetime | None
    muted_at: datetime


class CatalogueLine(NamedTuple):
    """A channel of an event, and whether it is on for the recipient."""

    category: str
    event: str
    label: str
    description: str
    channel: Channel
    is_on: bool
    is_forced: bool


class ChannelDecision(NamedTuple):
    """A channel of an event, as the router would decide about it."""

    category: str
    event: str
    label: str
    description: str
    channel: Channel
    is_wanted: bool
    decision: Decision
    rung: int
    reason: str
    due_at: datetime | None
    is_silent: bool
    #: Choices that switch it off: each has a channel, a category and an event, or null.
    off_by: list[dict[str, Any]]


class Person(NamedTuple):
    """What a preference centre shows of the recipient."""

    at: datetime
    time_zone: str
    email: str | None
    phone: str | None
    refuses_tracking: bool
    #: How many browsers allow pushes.
    browsers: int


class ChannelAddress(NamedTuple):
    """A channel, and which address of a person it uses: recipient, email, phone, device or chat."""

    channel: Channel
    address_kind: str


class CoveringOff(NamedTuple):
    """An explicit off that covers all of a category on a channel, or, without one, the channel."""

    channel: str
    category: str | None
    off_channel: str | None
    off_category: str | None


class EmailChoice(NamedTuple):
    """What holds for mails of a category."""

    #: The tenant's.
    name: str
    branding: dict[str, Any]
    locale: str
    category_is_off: bool
    all_is_off: bool


@statement(
    "select channel::text, category, event, enabled, updated_at from postbell.preference"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s"
    " order by channel nulls first, category nulls first, event nulls first"
)
def list_preferences(tenant: str, recipient: str) -> list[Preference]:
    """Every choice, the broadest first."""


@statement(
    "select day, starts, ends, time_zone, channels from postbell.quiet_hours"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s"
    " order by day"
)
def list_quiet_hours(tenant: str, recipient: str) -> list[QuietDay]:
    """The windows in which nothing disturbs."""


@statement(
    "select category, event, subject, nullif(until, 'infinity') as until, muted_at"
    " from postbell.mute"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s"
    " and until > postbell.clock() order by muted_at desc"
)
def list_mutes(tenant: str, recipient: str) -> list[Mute]:
    """What is silent now, the latest first."""


@statement(
    "select category, event, label, description, channel, is_on, is_forced"
    " from postbell.catalogue(%(recipient)s, %(tenant)s)"
)
def catalogue(tenant: str, recipient: str) -> list[CatalogueLine]:
    """Every event and channel."""


@statement(
    "select tracking_refused_at is not null from postbell.recipient"
    " where tenant_id = %(tenant)s and id = %(recipient)s"
)
def refuses_tracking(tenant: str, recipient: str) -> bool | None:
    """Whether it may be known that mails are opened; None of a recipient who is gone."""


@statement(
    "select postbell.clock() as at, coalesce(person.time_zone, site.time_zone) as time_zone,"
    " person.email, person.phone, person.tracking_refused_at is not null as refuses_tracking,"
    " (select count(*) from postbell.push_subscription) as browsers"
    " from postbell.recipient as person join postbell.tenant as site"
    " on site.id = person.tenant_id"
    " where person.tenant_id = %(tenant)s and person.id = %(recipient)s"
)
def person(tenant: str, recipient: str) -> Person | None:
    """None of a recipient who is gone."""


@statement(
    "select category, event, label, description, channel, is_wanted, decision, rung, reason,"
    " due_at, is_silent, off_by from postbell.preference_overview(%(at)s::timestamptz)"
)
def preference_overview(at: datetime | None) -> list[ChannelDecision]:
    """What becomes of every event on every channel if it happens then; None: now."""


@statement("select at from postbell.quiet_moments(%(days)s::integer[])")
def quiet_moments(days: list[int]) -> list[datetime]:
    """The edges of the quiet hours of these days."""


@statement("select name as channel, address_kind from postbell.channel order by position")
def channel_addresses() -> list[ChannelAddress]:
    """Every channel, in the order in which they are listed."""


@statement(
    """
    select switch.channel, switch.category, covering.off_channel, covering.off_category
    from unnest(%(channels)s::text[], %(categories)s::text[]) as switch (channel, category)
    cross join lateral postbell.switched_off_by(
        %(tenant_id)s, %(recipient)s, switch.channel, switch.category, null
    ) as covering
    order by
        num_nonnulls(covering.off_channel, covering.off_category),
        covering.off_channel nulls first
    """
)
def offs_covering(
    tenant_id: str, recipient: str, channels: list[str], categories: list[str | None]
) -> list[CoveringOff]:
    """The offs that cover each pair of channel and category, the broadest first."""


# --- changes


@statement(
    "select postbell.set_preference(recipient => %(recipient)s, enabled => %(enabled)s,"
    " channel => %(channel)s, category => %(category)s, event => %(event)s,"
    " tenant_id => %(tenant)s)"
)
def set_preference(
    tenant: str,
    recipient: str,
    *,
    enabled: bool | None,
    channel: str | None,
    category: str | None,
    event: str | None,
) -> None:
    """Switch on or off, or take the choice back (None)."""


@statement(
    "select postbell.switch_channel(recipient => %(recipient)s, enabled => %(enabled)s,"
    " channel => %(channel)s, category => %(category)s, event => %(event)s,"
    " tenant_id => %(tenant)s)"
)
def switch_channel(
    tenant: str,
    recipient: str,
    *,
    enabled: bool | None,
    channel: str,
    category: str | None,
    event: str | None,
) -> None:
    """Switch all of a category, or one event, on a channel; None: as usual."""


@statement(
    "select postbell.switch_on_only(recipient => %(recipient)s, channel => %(channel)s,"
    " category => %(category)s, event => %(event)s, tenant_id => %(tenant)s)"
)
def switch_on_only(
    tenant: str, recipient: str, *, channel: str, category: str | None, event: str | None
) -> None:
    """On, though something broader is off, whose rest stays off."""


@statement(
    "select postbell.set_quiet_hours(recipient => %(recipient)s, starts => %(starts)s,"
    " ends => %(ends)s, days => %(days)s::integer[], time_zone => %(time_zone)s,"
    " channels => %(channels)s::text[], tenant_id => %(tenant)s)"
)
def set_quiet_hours(
    tenant: str,
    recipient: str,
    *,
    starts: time | None,
    ends: time | None,
    days: list[int],
    time_zone: str | None,
    channels: list[str],
) -> None:
    """Set the windows that start on these days, or remove them (None)."""


@statement(
    "select postbell.mute(recipient => %(recipient)s, until => %(until)s,"
    " category => %(category)s, event => %(event)s, subject => %(subject)s,"
    " tenant_id => %(tenant)s)"
)
def mute(
    tenant: str,
    recipient: str,
    *,
    until: datetime | None,
    category: str | None,
    event: str | None,
    subject: str | None,
) -> None:
    """Silence; nothing named is everything. Without `until`, for good."""


@statement(
    "select postbell.unmute(recipient => %(recipient)s, category => %(category)s,"
    " event => %(event)s, subject => %(subject)s, tenant_id => %(tenant)s)"
)
def unmute(
    tenant: str,
    recipient: str,
    *,
    category: str | None = None,
    event: str | None = None,
    subject: str | None = None,
) -> None:
    """End a silence; name what it names."""


@statement("select postbell.pause(%(recipient)s, %(until)s, %(tenant)s)")
def pause(tenant: str, recipient: str, *, until: datetime) -> None:
    """Silence everything until a time."""


@statement("select postbell.refuse_tracking(%(recipient)s, %(tenant)s, %(refuses)s)")
def refuse_tracking(tenant: str, recipient: str, *, refuses: bool) -> None:
    """Say whether it may be known that mails are opened and links followed."""


# --- the page of an unsubscribe link


@statement(
    "select postbell.set_preference(recipient => person.id, enabled => %(enabled)s,"
    " channel => 'email', category => %(category)s, tenant_id => person.tenant_id)"
    # Who is gone gets nothing any more: that is what was asked for.
    " from postbell.recipient as person"
    " where person.tenant_id = %(tenant)s and person.id = %(recipient)s"
)
def set_email_preference(
    tenant: str, recipient: str, *, enabled: bool | None, category: str | None
) -> None:
    """Switch off mails of a category, or all, or take that back (None)."""


@statement(
    "select site.name, site.branding, coalesce(person.locale, site.locale) as locale,"
    " of_category.is_off as category_is_off,"
    " exists (select from postbell.preference as choice"
    "  where choice.tenant_id = person.tenant_id and choice.recipient_id = person.id"
    "  and not choice.enabled and choice.channel = 'email'"
    "  and choice.category is null and choice.event is null) as all_is_off"
    " from postbell.recipient as person"
    " join postbell.tenant as site on site.id = person.tenant_id"
    " cross join lateral postbell.is_switched_off("
    "person.tenant_id, person.id, 'email', %(category)s, null) as of_category"
    " where person.tenant_id = %(tenant)s and person.id = %(recipient)s"
)
def email_choice(tenant: str, recipient: str, *, category: str) -> EmailChoice | None:
    """What holds for mails of a category; None of a recipient who is gone."""
