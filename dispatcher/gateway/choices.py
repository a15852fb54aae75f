"""What reads and what changes a person's choices: statements for `dispatcher.gateway.db_roles`.

`%(tenant)s` and `%(recipient)s` are the person; what else is named is a field of the request.
"""

from __future__ import annotations

from typing import Final, LiteralString

LIST_PREFERENCES: Final[LiteralString] = (
    "select channel::text, category, event, enabled, updated_at from postbell.preference"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s"
    " order by channel nulls first, category nulls first, event nulls first"
)
LIST_QUIET_HOURS: Final[LiteralString] = (
    "select day, starts, ends, time_zone, channels from postbell.quiet_hours"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s"
    " order by day"
)
LIST_MUTES: Final[LiteralString] = (
    "select category, event, subject, nullif(until, 'infinity') as until, muted_at"
    " from postbell.mute"
    " where tenant_id = %(tenant)s and recipient_id = %(recipient)s"
    " and until > postbell.clock() order by muted_at desc"
)

SET_PREFERENCE: Final[LiteralString] = (
    "select postbell.set_preference(recipient => %(recipient)s, enabled => %(enabled)s,"
    " channel => %(channel)s, category => %(category)s, event => %(event)s,"
    " tenant_id => %(tenant)s)"
)
SWITCH_CHANNEL: Final[LiteralString] = (
    "select postbell.switch_channel(recipient => %(recipient)s, enabled => %(enabled)s,"
    " channel => %(channel)s, category => %(category)s, event => %(event)s,"
    " tenant_id => %(tenant)s)"
)
SWITCH_ON_ONLY: Final[LiteralString] = (
    "select postbell.switch_on_only(recipient => %(recipient)s, channel => %(channel)s,"
    " category => %(category)s, event => %(event)s, tenant_id => %(tenant)s)"
)
SET_QUIET_HOURS: Final[LiteralString] = (
    "select postbell.set_quiet_hours(recipient => %(recipient)s, starts => %(starts)s,"
    " ends => %(ends)s, days => %(days)s::integer[], time_zone => %(time_zone)s,"
    " channels => %(channels)s::text[], tenant_id => %(tenant)s)"
)
MUTE: Final[LiteralString] = (
    "select postbell.mute(recipient => %(recipient)s, until => %(until)s,"
    " category => %(category)s, event => %(event)s, subject => %(subject)s,"
    " tenant_id => %(tenant)s)"
)
UNMUTE: Final[LiteralString] = (
    "select postbell.unmute(recipient => %(recipient)s, category => %(category)s,"
    " event => %(event)s, subject => %(subject)s, tenant_id => %(tenant)s)"
)
