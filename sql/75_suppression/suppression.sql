create or replace function postbell_private.digest_of_secret(address text) returns text
language sql immutable parallel safe
-- A digest is its own, so that one that was read from postbell.suppression can be given back.
return case when address ~* '^https:' then encode(sha256(convert_to(address, 'UTF8')), 'hex') else address end;

comment on function postbell_private.digest_of_secret(text) is 'Returns the SHA-256 hash of an https:// address that is a secret; any other text as it is.';


create or replace function postbell_private.normal_address(kind text, address text) returns text
language sql immutable parallel safe
-- Lower case by the database's collation, whatever that of the column.
return lower(case
    when kind = 'phone' then postbell_private.normal_phone(address)
    when kind = 'chat' then postbell_private.digest_of_secret(trim(address))
    else trim(address)
end collate "default");

comment on function postbell_private.normal_address(text, text) is 'Normalises an address of a kind (postbell.channel.address_kind) for suppressions. Addresses are compared in this form.';


create or replace function postbell_private.address_for_suppression(channel text, address text) returns text
language sql stable
as $$
    select postbell_private.normal_address(
        (select channel.address_kind from postbell.channel where channel.name = address_for_suppression.channel), address
    )
$$;

comment on function postbell_private.address_for_suppression(text, text) is 'Normalises an address on a channel for suppressions.';


create or replace function postbell_private.suppressed_until(blame text) returns timestamptz
language sql stable
return case
    when blame in ('hard', 'stop') then 'infinity'
    when blame = 'soft' then postbell.clock() + interval '3 days'
end;

comment on function postbell_private.suppressed_until(text) is
    'Returns until when an address is suppressed: for good if it is invalid (hard) or its owner answered STOP (stop), for three days after a soft failure (soft), null otherwise.';


create or replace trigger check_channels
before insert or update of channel on postbell.suppression
for each row
execute function postbell_private.check_channels('channel');

comment on trigger check_channels on postbell.suppression is 'See postbell_private.check_channels().';


create or replace trigger check_channels
before insert or update of channel on postbell_private.stop
for each row
execute function postbell_private.check_channels('channel');

comment on trigger check_channels on postbell_private.stop is 'See postbell_private.check_channels().';


create or replace function postbell_private.suppress_for_longer(barred postbell.suppression[]) returns void
language sql
as $$
    insert into postbell.suppression as former (tenant_id, channel, address, reason, detail, suppressed_at, expires_at)
    select b.tenant_id, b.channel, b.address, b.reason, b.detail, b.suppressed_at, b.expires_at
    from unnest(barred) as b
    on conflict (tenant_id, channel, address) do update set
        reason = excluded.reason,
        detail = excluded.detail,
        suppressed_at = excluded.suppressed_at,
        expires_at = excluded.expires_at
    -- A longer suppression is never shortened, and keeps its reason.
    where former.expires_at < excluded.expires_at
$$;

comment on function postbell_private.suppress_for_longer(postbell.suppression[]) is
    'Suppresses addresses, unless they are suppressed for as long already. The array must have each address at most once.';


create or replace function postbell.suppress(
    channel text,
    address text,
    reason text default 'manual',
    detail text default null,
    expires_at timestamptz default 'infinity',
    tenant_id text default 'default'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into postbell.suppression (tenant_id, channel, address, reason, detail, expires_at)
    values (
        suppress.tenant_id, suppress.channel, postbell_private.address_for_suppression(suppress.channel, suppress.address),
        suppress.reason, suppress.detail, coalesce(suppress.expires_at, 'infinity')
    )
    on conflict (tenant_id, channel, address) do update set
        reason = excluded.reason,
        detail = excluded.detail,
        expires_at = excluded.expires_at,
        suppressed_at = postbell.clock();
end
$$;

comment on function postbell.suppress is 'Suppresses an address on a channel, so that no messages are sent to it. The reason is bounce, complaint, unsubscribe, stop, gone or manual.';


create or replace function postbell.unsuppress(channel text, address text, tenant_id text default 'default') returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_was_hashed constant boolean := postbell_private.forget_suppression(unsuppress.channel, unsuppress.address, unsuppress.tenant_id);
begin
    delete from postbell.suppression
    where tenant_id = unsuppress.tenant_id
      and channel = unsuppress.channel
      and address = postbell_private.address_for_suppression(unsuppress.channel, unsuppress.address);
    return found or v_was_hashed;
end
$$;

comment on function postbell.unsuppress(text, text, text) is 'Removes the suppression of an address on a channel. Returns false if it was not suppressed.';


create or replace function postbell_private.inherit_stops(tenant_id text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- STOPs from before the tenant existed, to numbers from which it does not send.
    delete from postbell.suppression as former
    using postbell.tenant
    where tenant.id = inherit_stops.tenant_id
      and former.tenant_id = tenant.id
      and former.reason = 'stop'
      and former.suppressed_at < tenant.created_at
      and not exists (
          select
          from postbell_private.stop
          cross join lateral postbell_private.tenants_of(stop.provider, stop.channel) as sender
          where stop.channel = former.channel
            and stop.address = former.address
            and sender.tenant_id = tenant.id
      );

    perform postbell_private.suppress_for_longer(array(
        select distinct on (stop.channel, stop.address)
            row(
                inherit_stops.tenant_id, stop.channel, stop.address,
                'stop', 'answered to ' || stop.provider, stop.said_at, 'infinity'
            )::postbell.suppression
        from postbell_private.stop
        cross join lateral postbell_private.tenants_of(stop.provider, stop.channel) as sender
        where sender.tenant_id = inherit_stops.tenant_id
        order by stop.channel, stop.address, stop.said_at
    ));
end
$$;

comment on function postbell_private.inherit_stops(text) is
    'Suppresses for a tenant the addresses that answered STOP to a number from which it sends, also if it has used the number only since.';


create or replace function postbell_private.copy_stops() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform postbell_private.inherit_stops(new.id);
    return null;
end
$$;

comment on function postbell_private.copy_stops() is 'Suppresses for a new tenant the addresses that answered STOP to the numbers it shares with other tenants.';


create or replace trigger copy_stops
after insert on postbell.tenant
for each row
execute function postbell_private.copy_stops();

comment on trigger copy_stops on postbell.tenant is 'See postbell_private.inherit_stops().';
