create or replace function postbell.in_words(names text[]) returns text
language sql immutable parallel safe
return regexp_replace(array_to_string(names, ', '), ', ([^,]*)$', ' and \1');

comment on function postbell.in_words(text[]) is 'Joins names into an enumeration: a, b and c.';


create or replace view postbell.error_codes as
select code, name, way_out
from (values
    ('PB001', 'unknown_event', 'Add the event''s template folder and deploy, or call postbell.register_event().'),
    ('PB002', 'invalid_payload', 'Compare the payload with the fields in postbell.event_type.'),
    ('PB003', 'unknown_recipient', 'Create the recipient with postbell.upsert_recipient() first.'),
    ('PB004', 'unknown_tenant', 'Insert the tenant into postbell.tenant first.'),
    ('PB005', 'invalid_audience', 'Use {"recipients": [...]}, {"role": "..."}, {"topic": "..."} or {"everyone": true}.'),
    ('PB006', 'invalid_channel', (select 'Channels are ' || postbell.in_words(array_agg(name order by position)) || '.' from postbell.channel)),
    ('PB007', 'invalid_priority', 'Priorities are low, normal, high and critical.'),
    ('PB008', 'invalid_time', 'deliver_at must be finite and earlier than expires_at.'),
    ('PB009', 'key_reused', 'An idempotency key names one event: use a key that includes the entity.'),
    ('PB010', 'value_too_long', 'Identifiers have at most 255 characters.'),
    ('PB011', 'unreadable_event', 'The detail has PostgreSQL''s own message; mend the row''s content and emit it again.'),
    ('PB020', 'invalid_time_zone', 'Use a name from pg_timezone_names, such as Europe/Paris.'),
    ('PB021', 'invalid_quiet_hours', 'Leave at least one hour a week in which the person may be reached.'),
    ('PB022', 'invalid_argument', 'The message names the argument.'),
    ('PB023', 'recipient_erased', 'The person was erased. If they want to come back: postbell.upsert_recipient(…, forgive => true).'),
    ('PB024', 'held', 'A legal hold is on the person, or on what they were told: select * from postbell.hold, then postbell.release_hold(id).'),
    ('PB030', 'foreign_cluster', 'The database was restored from a dump, or upgraded with pg_upgrade: stop the producers, then select postbell.reset_router().'),
    ('PB031', 'router_overtaken', 'Another router leads; this one must stop.')
) as listed (code, name, way_out);

comment on view postbell.error_codes is
    'Every SQLSTATE and rejection reason of Postbell, with its remedy.';


create or replace function postbell.raise_error(name text, detail text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_error record;
begin
    select code, way_out into strict v_error
    from postbell.error_codes
    where name = raise_error.name;

    raise exception using
        errcode = v_error.code,
        message = replace(raise_error.name, '_', ' ') || ': ' || detail,
        hint = v_error.way_out;
end
$$;

comment on function postbell.raise_error(text, text) is
    'Raises the named error of postbell.error_codes, with its SQLSTATE and, as the hint, its remedy.';
