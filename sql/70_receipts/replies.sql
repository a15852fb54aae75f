create or replace function postbell_private.tenants_of(provider text, channel text) returns table (tenant_id text)
language sql stable
as $$
    select tenant.id
    from postbell.tenant
    where exists (
            select
            from postbell.provider_choice as choice
            where choice.tenant_id = tenant.id
              and choice.channel = tenants_of.channel
              and choice.provider = tenants_of.provider
        )
       -- Without a choice, a tenant uses all configured providers.
       or not exists (
            select
            from postbell.provider_choice as choice
            where choice.tenant_id = tenant.id
              and choice.channel = tenants_of.channel
        )
$$;

comment on function postbell_private.tenants_of(text, text) is 'Returns the tenants that may send through a provider on a channel.';


create or replace function postbell_private.receive_reply(
    provider text, event_id text, address text, words text, meaning text default null, channel text default 'sms'
) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_meaning text := coalesce(
        receive_reply.meaning,
        (
            select meaning
            from postbell.reply_word
            where word = upper(regexp_replace(receive_reply.words, '^[^[:alpha:]]+|[^[:alpha:]]+$', '', 'g'))
        )
    );
    v_address constant text := postbell_private.address_for_suppression(receive_reply.channel, receive_reply.address);
begin
    if v_meaning is null or v_meaning not in ('stop', 'start') then
        return v_meaning;
    end if;

    perform postbell_private.require_durable_commit();

    -- A repeated STOP must not undo the START after it.
    insert into postbell.receipt (provider, provider_event_id, kind, occurred_at)
    values (
        receive_reply.provider, receive_reply.event_id,
        case v_meaning when 'stop' then 'stopped' else 'resumed' end, clock_timestamp()
    )
    on conflict (provider, provider_event_id, delivery_id) do nothing;
    if not found then
        return 'repeated';
    end if;

    if v_meaning = 'stop' then
        -- Also recorded for tenants that are created later, see postbell_private.inherit_stops().
        insert into postbell_private.stop (provider, channel, address)
        values (receive_reply.provider, receive_reply.channel, v_address)
        on conflict (provider, channel, address) do nothing;
        perform postbell.suppress(
            receive_reply.channel, receive_reply.address, 'stop', 'answered to ' || receive_reply.provider, 'infinity', tenant_id
        )
        from postbell_private.tenants_of(receive_reply.provider, receive_reply.channel);
    else
        delete from postbell_private.stop
        where provider = receive_reply.provider
          and channel = receive_reply.channel
          and address = v_address;
        delete from postbell_private.hashed_stop
        where provider = receive_reply.provider
          and channel = receive_reply.channel
          and digest = postbell_private.salted_hash(array[receive_reply.channel, v_address]);
        -- Only suppressions by STOP are removed, not those by bounces.
        delete from postbell.suppression as s
        using postbell_private.tenants_of(receive_reply.provider, receive_reply.channel) as sender
        where s.tenant_id = sender.tenant_id
          and s.channel = receive_reply.channel
          and s.address = v_address
          and s.reason = 'stop';
        delete from postbell_private.hashed_suppression as hashed
        using postbell_private.tenants_of(receive_reply.provider, receive_reply.channel) as sender
        where hashed.tenant_id = sender.tenant_id
          and hashed.channel = receive_reply.channel
          and hashed.digest = postbell_private.salted_hash(array[receive_reply.channel, v_address])
          and hashed.reason = 'stop';
    end if;
    return v_meaning;
end
$$;

comment on function postbell_private.receive_reply is
    'Receives a reply to a text message. Stop and start apply to every tenant that sends through the provider. meaning: stop, start or help, if the provider has recognised it; otherwise postbell.reply_word decides. Returns the meaning, repeated, or null for any other text.';
