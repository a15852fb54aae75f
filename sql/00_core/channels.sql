-- Postbell's channels. Another one is a row here, a module of dispatcher/channels and a template.
insert into postbell.channel as former (
    position, name, address_kind, is_outgoing, is_kept, is_interrupting, batch_size, crash_policy, unknown_timeout
)
values
    -- The inbox takes a batch in one statement. A provider is called for each delivery, so smaller batches spread better.
    (1, 'in_app', 'recipient', false, true, false, 250, null, null),
    -- A mailbox recognises a second copy by its Message-ID. Mail does not interrupt.
    (2, 'email', 'email', true, false, false, 50, 'send_again', '1 hour'),
    -- A second copy costs money and annoys. A provider tries for up to ten hours and sends its last receipt after that.
    (3, 'sms', 'phone', true, false, true, 50, 'await_receipt', '12 hours'),
    -- A second copy replaces the first, because both have the same topic.
    (4, 'push', 'device', true, false, true, 50, 'send_again', '1 hour'),
    (5, 'sse', 'recipient', false, false, true, 50, null, null),
    -- A second copy is one more line in a conversation.
    (6, 'chat', 'chat', true, false, true, 50, 'send_again', '1 hour')
on conflict (name) do update set
    position = excluded.position,
    address_kind = excluded.address_kind,
    is_outgoing = excluded.is_outgoing,
    is_kept = excluded.is_kept,
    is_interrupting = excluded.is_interrupting,
    batch_size = excluded.batch_size,
    crash_policy = excluded.crash_policy,
    unknown_timeout = excluded.unknown_timeout
-- Rows are written only if they changed.
where (former.position, former.address_kind, former.is_outgoing, former.is_kept, former.is_interrupting, former.batch_size,
        former.crash_policy, former.unknown_timeout)
    is distinct from
      (excluded.position, excluded.address_kind, excluded.is_outgoing, excluded.is_kept, excluded.is_interrupting,
        excluded.batch_size, excluded.crash_policy, excluded.unknown_timeout);

-- Autovacuum never analyzes a table this small, and the planner would assume hundreds of rows.
analyze postbell.channel;


create or replace function postbell.require_channel(channel text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from postbell.channel as known where known.name = require_channel.channel) then
        perform postbell.raise_error('invalid_channel', coalesce(require_channel.channel, 'null'));
    end if;
end
$$;

comment on function postbell.require_channel(text) is 'Raises invalid_channel unless the channel exists.';


create or replace function postbell_private.check_channels() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_column text;
    v_entry jsonb;
begin
    foreach v_column in array tg_argv loop
        continue when jsonb_typeof(to_jsonb(new) -> v_column) = 'null';
        -- In lax mode a column that holds one channel is read as a list of one.
        for v_entry in select jsonb_path_query(to_jsonb(new) -> v_column, 'lax $[*]') loop
            perform postbell.require_channel(v_entry #>> '{}');
        end loop;
    end loop;
    return new;
end
$$;

comment on function postbell_private.check_channels() is
    'Raises invalid_channel if a row names an unknown channel. The trigger''s arguments are the columns to check; each holds a channel or an array of channels.';
