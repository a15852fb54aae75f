create or replace function postbell.choose_providers(channel text, providers text[], tenant_id text default 'default') returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_wrong text;
begin
    perform postbell.require_tenant(choose_providers.tenant_id);
    if choose_providers.channel is null or choose_providers.channel not in ('email', 'sms', 'push') then
        perform postbell.raise_error(
            'invalid_channel', coalesce(choose_providers.channel, 'null') || ' has no choice of providers; email, sms and push have'
        );
    end if;
    select coalesce(chosen.name, 'null') into v_wrong
    from unnest(choose_providers.providers) as chosen (name)
    where chosen.name is null
       or chosen.name !~ '^[a-z][a-z0-9_]{0,62}$'
    limit 1;
    if found then
        perform postbell.raise_error('invalid_argument', v_wrong || ' cannot be a provider: use small letters, digits and _, a letter first');
    end if;
    select chosen.name into v_wrong
    from unnest(choose_providers.providers) as chosen (name)
    group by chosen.name
    having count(*) > 1
    limit 1;
    if found then
        perform postbell.raise_error('invalid_argument', 'the provider ' || v_wrong || ' is named twice');
    end if;

    delete from postbell.provider_choice
    where tenant_id = choose_providers.tenant_id
      and channel = choose_providers.channel;

    -- Null or nothing takes the choice back.
    insert into postbell.provider_choice (tenant_id, channel, position, provider)
    select choose_providers.tenant_id, choose_providers.channel, chosen.position, chosen.name
    from unnest(choose_providers.providers) with ordinality as chosen (name, position);

    -- Another number may be one to which people have answered STOP.
    perform postbell.inherit_stops(choose_providers.tenant_id);
end
$$;

comment on function postbell.choose_providers(text, text[], text) is
    'Which providers a tenant''s messages take on a channel, in order: the next where one fails. An empty list or null: all that are configured, in the order of the file. Dispatchers follow within seconds.';
