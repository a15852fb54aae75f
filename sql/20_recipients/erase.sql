create or replace function postbell_private.salted_hash(parts text[]) returns bytea
language sql stable
return (
    select sha256(salt || convert_to(to_json(parts)::text, 'UTF8'))
    from postbell_private.erasure_salt
);

comment on function postbell_private.salted_hash(text[]) is
    'Returns the SHA-256 hash of some texts with the salt of this installation; null if nobody was ever erased.';


create or replace function postbell_private.is_erased(tenant_id text, recipient_id text) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return exists (
    select
    from postbell_private.erased_person
    where digest = postbell_private.salted_hash(array[is_erased.tenant_id, is_erased.recipient_id])
);

comment on function postbell_private.is_erased(text, text) is 'Whether a person was erased by postbell.erase_recipient(), and not brought back since.';


create or replace function postbell_private.erased_among(tenant_ids text[], recipient_ids text[])
returns table (tenant_id text, recipient_id text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Usually nobody was ever erased, and no hash is computed.
    if exists (select from postbell_private.erased_person) then
        return query
        select distinct asked.tenant_id, asked.recipient_id
        from unnest(tenant_ids, recipient_ids) as asked (tenant_id, recipient_id)
        where postbell_private.is_erased(asked.tenant_id, asked.recipient_id);
    end if;
end
$$;

comment on function postbell_private.erased_among(text[], text[]) is 'Returns those of some people who were erased.';


create or replace function postbell_private.close_erasure(erasure_id uuid) returns void
language sql
as $$
    delete from postbell_private.open_erasure as who
    where who.erasure_id = close_erasure.erasure_id;
    delete from postbell_private.erased_event as own
    where own.erasure_id = close_erasure.erasure_id;
$$;

comment on function postbell_private.close_erasure(uuid) is 'Forgets whom an erasure was of, and what was said to them.';


create or replace function postbell_private.forgive(tenant_id text, recipient_id text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_erasure_id uuid;
begin
    delete from postbell_private.erased_person
    where digest = postbell_private.salted_hash(array[forgive.tenant_id, forgive.recipient_id])
    returning erasure_id into v_erasure_id;

    -- From here on the id means somebody who is present, whose rows must stay. First, because housekeeping locks that row first.
    perform postbell_private.close_erasure(v_erasure_id);
    update postbell.erasure set
        forgiven_at = postbell.clock()
    where id = v_erasure_id;
end
$$;

comment on function postbell_private.forgive(text, text) is 'Lets an erased person be a recipient again. An erasure that is not completed ends.';


create or replace function postbell_private.count_removed(erasure_id uuid, what text, many bigint) returns void
language sql
as $$
    update postbell.erasure set
        removed = removed || jsonb_build_object(what, coalesce((removed -> what)::bigint, 0) + many)
    where id = erasure_id
      and many > 0
$$;

comment on function postbell_private.count_removed(uuid, text, bigint) is 'Adds to the figures of a certificate.';


create or replace function postbell_private.named_in(recipient text, actor text, audience jsonb) returns setof text
language sql immutable
as $$
    select recipient
    union all
    select actor
    union all
    select entry #>> '{}'
    from jsonb_path_query(audience, 'lax $.recipients[*]') as entry
$$;

comment on function postbell_private.named_in(text, text, jsonb) is 'Returns whom an event names.';


create or replace function postbell_private.rename_in_audience(audience jsonb, former text, new text) returns jsonb
language sql immutable
-- Renamed and not removed: a fan-out reads the list by position.
return case
    when jsonb_typeof(audience -> 'recipients') = 'array' then jsonb_set(
        audience, '{recipients}',
        (
            select coalesce(
                jsonb_agg(case when listed.entry #>> '{}' = former then to_jsonb(new) else listed.entry end order by listed.place), '[]'
            )
            from jsonb_array_elements(audience -> 'recipients') with ordinality as listed (entry, place)
        )
    )
    else audience
end;

comment on function postbell_private.rename_in_audience(jsonb, text, text) is 'Renames a person in the explicit list of an audience.';


create or replace function postbell_private.erase_events(who postbell_private.open_erasure, event_ids bigint[]) returns void
language plpgsql
as $$
declare
    v_own bigint[];
    v_count bigint;
begin
    -- Those that are for nobody else: no other person has a delivery, or may get one.
    v_own := array(
        select n.id
        from postbell_private.notification as n
        where n.id = any(erase_events.event_ids)
          and coalesce(n.recipient, who.recipient_id) in (who.recipient_id, who.pseudonym)
          and not exists (
              select
              from postbell.delivery as d
              where d.notification_id = n.id
                and d.recipient_id <> who.recipient_id
                and d.recipient_id not like 'erased:%'
          )
          and (
              n.audience is null
              or not exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
              and not exists (select from postbell.fanout as f where f.notification_id = n.id)
          )
    );

    update postbell_private.notification as n set
        recipient = who.pseudonym,
        audience = null,
        actor = null,
        subject = null,
        payload = '{}'
    where n.id = any(v_own)
      and (n.recipient, n.audience, n.actor, n.subject, n.payload) is distinct from (who.pseudonym, null, null, null, '{}');
    get diagnostics v_count = row_count;
    perform postbell_private.count_removed(who.erasure_id, 'notification', v_count);

    delete from postbell.scheduled_notification
    where notification_id in (
        select notification_id
        from postbell.scheduled_notification
        where notification_id = any(v_own)
        for update skip locked
    );
    get diagnostics v_count = row_count;
    perform postbell_private.count_removed(who.erasure_id, 'scheduled_notification', v_count);

    insert into postbell_private.erased_event (erasure_id, event_id)
    select who.erasure_id, own.id
    from unnest(v_own) as own (id)
    on conflict do nothing;
end
$$;

comment on function postbell_private.erase_events(postbell_private.open_erasure, bigint[]) is
    'Empties those of some events that are for nobody but the person, and cancels what is planned of them. What others are told stays.';


create or replace function postbell_private.erase_deliveries(who postbell_private.open_erasure) returns void
language plpgsql
as $$
declare
    v_ids bigint[];
    v_events bigint[];
    v_cancelled bigint;
    v_count bigint;
begin
    -- Skips what another transaction works on, and what a provider is being called for: housekeeping comes back.
    v_ids := array(
        select id
        from postbell.delivery
        where recipient_id = who.recipient_id
          and tenant_id = who.tenant_id
          and state <> 'sending'
        order by id
        for update skip locked
    );
    if cardinality(v_ids) = 0 then
        return;
    end if;

    with kept as (
        update postbell.delivery as d set
            recipient_id = who.pseudonym,
            state = case
                when d.state in ('queued', 'waiting') then postbell_private.settled_state(d.sent_at, 'cancelled')
                when d.state = 'unknown' then 'failed'
                else d.state
            end,
            reason = case
                when d.state in ('queued', 'waiting', 'unknown') then 'recipient_erased'
                -- The others are a provider's words, and may have an address.
                when d.state in ('skipped', 'expired', 'cancelled') then d.reason
            end,
            provider_message_id = null
        where d.id = any(v_ids)
        returning d.id, d.notification_id, d.state = 'cancelled' and d.reason = 'recipient_erased' as is_cancelled
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'stopped', 'recipient_erased'
        from kept
        where is_cancelled
    )

    select array_agg(distinct notification_id), count(*) filter (where is_cancelled)
    into v_events, v_cancelled
    from kept;
    perform postbell_private.count_removed(who.erasure_id, 'delivery', cardinality(v_ids));
    perform postbell_private.count_removed(who.erasure_id, 'cancelled', v_cancelled);

    update postbell.delivery_step set reason = null
    where delivery_id = any(v_ids)
      and what = 'given_up';
    update postbell.attempt set
        provider_message_id = null,
        reason = null,
        device = null
    where delivery_id = any(v_ids)
      and num_nonnulls(provider_message_id, reason, device) > 0;
    get diagnostics v_count = row_count;
    perform postbell_private.count_removed(who.erasure_id, 'attempt', v_count);

    delete from postbell.receipt
    where delivery_id = any(v_ids);
    get diagnostics v_count = row_count;
    perform postbell_private.count_removed(who.erasure_id, 'receipt', v_count);
    delete from postbell_private.early_receipt
    where delivery_id = any(v_ids);
    delete from postbell.dead_letter
    where delivery_id = any(v_ids);
    delete from postbell_private.unknown_delivery
    where delivery_id = any(v_ids);

    perform postbell_private.erase_events(who, v_events);
end
$$;

comment on function postbell_private.erase_deliveries(postbell_private.open_erasure) is
    'Cancels a person''s open deliveries and puts the pseudonym into all of them, without addresses, texts and receipts. Figures stay.';


create or replace function postbell_private.erase_inbox(who postbell_private.open_erasure) returns void
language plpgsql
as $$
declare
    v_items bigint[];
    v_count bigint;
begin
    v_items := array(
        select id
        from postbell.inbox_item
        where recipient_id = who.recipient_id
          and tenant_id = who.tenant_id
        order by id
        for update skip locked
    );
    -- Of what was read, an empty row stays, so that postbell.analytics_daily counts it.
    update postbell.inbox_item set
        recipient_id = who.pseudonym,
        subject = null,
        title = '',
        body = '',
        link = null,
        image = null,
        actions = '[]'
    where recipient_id = who.recipient_id
      and tenant_id = who.tenant_id
      and id = any(v_items)
      and read_at is not null;
    delete from postbell.inbox_item
    where recipient_id = who.recipient_id
      and tenant_id = who.tenant_id
      and id = any(v_items);
    perform postbell_private.count_removed(who.erasure_id, 'inbox_item', cardinality(v_items));
end
$$;

comment on function postbell_private.erase_inbox(postbell_private.open_erasure) is 'Removes a person''s inbox items.';


create or replace function postbell_private.erase_waiting(who postbell_private.open_erasure) returns void
language sql
as $$
    delete from postbell.waiting_delivery
    where delivery_id in (
        select delivery_id
        from postbell.waiting_delivery
        where recipient_id = who.recipient_id
          and tenant_id = who.tenant_id
        for update skip locked
    )
$$;

comment on function postbell_private.erase_waiting(postbell_private.open_erasure) is 'Ends the wait of a person''s deliveries.';


create or replace function postbell_private.erase_person(who postbell_private.open_erasure) returns void
language plpgsql
as $$
declare
    v_digest bytea;
    v_count bigint;
begin
    -- Open streams of the person may be at any gateway.
    if coalesce(current_setting('postbell.wake', true), '') <> 'off' then
        for v_digest in
            select digest
            from postbell_private.session
            where tenant_id = who.tenant_id
              and recipient_id = who.recipient_id
        loop
            perform pg_notify('postbell_session', encode(v_digest, 'hex'));
        end loop;
    end if;

    select count(*) into v_count
    from postbell.push_subscription
    where tenant_id = who.tenant_id
      and recipient_id = who.recipient_id;
    perform postbell_private.count_removed(who.erasure_id, 'push_subscription', v_count);

    -- Roles, topics, devices, choices, sessions and tickets go with the row.
    delete from postbell.recipient
    where tenant_id = who.tenant_id
      and id = who.recipient_id;
end
$$;

comment on function postbell_private.erase_person(postbell_private.open_erasure) is
    'Deletes a recipient, with roles, topics, devices, preferences, mutes, quiet hours, sessions and tickets.';


create or replace function postbell_private.addresses_of(tenant_ids text[], recipient_ids text[])
returns table (tenant_id text, recipient_id text, channel text, address text, is_unique boolean)
language sql stable
as $$
    select person.tenant_id, person.id, channel.name, reach.address, channel.address_kind not in ('email', 'phone', 'chat')
    from unnest(tenant_ids, recipient_ids) as asked (tenant_id, id)
    join postbell.recipient as person on person.tenant_id = asked.tenant_id and person.id = asked.id
    cross join postbell.channel
    cross join lateral (
        select postbell_private.normal_address(
            channel.address_kind,
            case channel.address_kind
                when 'email' then person.email when 'phone' then person.phone when 'chat' then person.chat else person.id
            end
        ) as address
    ) as reach
    where reach.address is not null
$$;

comment on function postbell_private.addresses_of(text[], text[]) is
    'Returns people''s addresses as suppressions have them. is_unique: nobody else can have the same.';


create or replace function postbell_private.is_somebody_elses(
    channel text, address text, tenant_id text, but_tenant_id text, but_recipient_id text
) returns boolean
language sql stable
-- Reads the whole table, which has no index by address: it is asked only for a suppressed address of an erased person.
as $$
    select exists (
        select
        from postbell.recipient as person
        join postbell.channel as c on c.name = is_somebody_elses.channel
        where (is_somebody_elses.tenant_id is null or person.tenant_id = is_somebody_elses.tenant_id)
          and (person.tenant_id, person.id) <> (but_tenant_id, but_recipient_id)
          and is_somebody_elses.address = postbell_private.normal_address(
              c.address_kind,
              case c.address_kind when 'email' then person.email when 'phone' then person.phone when 'chat' then person.chat end
          )
    )
$$;

comment on function postbell_private.is_somebody_elses(text, text, text, text, text) is
    'Whether a recipient of a tenant, or of any tenant if it is null, has an address, besides one person.';


create or replace function postbell_private.hash_suppressions(who postbell_private.open_erasure) returns void
language plpgsql
as $$
declare
    v_found record;
    v_count bigint := 0;
begin
    -- Of every tenant: a STOP counts for all that send from the number. Locked first: whoever imports the address meanwhile
    -- waits, or is seen by the next statement.
    for v_found in
        select s.*, own.is_unique
        from postbell_private.addresses_of(array[who.tenant_id], array[who.recipient_id]) as own
        cross join postbell.tenant
        join postbell.suppression as s on s.tenant_id = tenant.id and s.channel = own.channel and s.address = own.address
        where not own.is_unique or tenant.id = who.tenant_id
        order by s.tenant_id, s.channel, s.address
        for update of s
    loop
        continue when not v_found.is_unique and postbell_private.is_somebody_elses(
            v_found.channel, v_found.address, v_found.tenant_id, who.tenant_id, who.recipient_id
        );
        insert into postbell_private.hashed_suppression as former (tenant_id, channel, digest, reason, suppressed_at, expires_at)
        values (
            v_found.tenant_id, v_found.channel, postbell_private.salted_hash(array[v_found.channel, v_found.address]),
            v_found.reason, v_found.suppressed_at, v_found.expires_at
        )
        on conflict (tenant_id, channel, digest) do update set
            reason = excluded.reason,
            suppressed_at = excluded.suppressed_at,
            expires_at = excluded.expires_at
        where former.expires_at < excluded.expires_at;
        delete from postbell.suppression as s
        where s.tenant_id = v_found.tenant_id
          and s.channel = v_found.channel
          and s.address = v_found.address;
        v_count := v_count + 1;
    end loop;

    for v_found in
        select stop.*
        from postbell_private.addresses_of(array[who.tenant_id], array[who.recipient_id]) as own
        join postbell_private.stop on stop.channel = own.channel and stop.address = own.address
        where not own.is_unique
        order by stop.provider, stop.channel, stop.address
        for update of stop
    loop
        continue when postbell_private.is_somebody_elses(
            v_found.channel, v_found.address, null, who.tenant_id, who.recipient_id
        );
        insert into postbell_private.hashed_stop (provider, channel, digest, said_at)
        values (
            v_found.provider, v_found.channel, postbell_private.salted_hash(array[v_found.channel, v_found.address]), v_found.said_at
        )
        on conflict do nothing;
        delete from postbell_private.stop
        where stop.provider = v_found.provider
          and stop.channel = v_found.channel
          and stop.address = v_found.address;
        v_count := v_count + 1;
    end loop;
    perform postbell_private.count_removed(who.erasure_id, 'suppression', v_count);
end
$$;

comment on function postbell_private.hash_suppressions(postbell_private.open_erasure) is
    'Puts salted hashes in place of the suppressions of a person''s addresses, unless somebody else has the address, too.';


create or replace function postbell_private.revive_suppressions(tenant_ids text[], recipient_ids text[]) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant_id text;
begin
    -- Usually nobody was ever erased.
    if exists (select from postbell_private.hashed_stop) then
        for v_tenant_id in
            with revived as (
                insert into postbell_private.stop (provider, channel, address, said_at)
                select distinct hashed.provider, hashed.channel, own.address, hashed.said_at
                from postbell_private.addresses_of(revive_suppressions.tenant_ids, revive_suppressions.recipient_ids) as own
                join postbell_private.hashed_stop as hashed
                    on hashed.channel = own.channel
                    and hashed.digest = postbell_private.salted_hash(array[own.channel, own.address])
                on conflict (provider, channel, address) do nothing
                returning provider, channel
            )
            select distinct sender.tenant_id
            from revived
            cross join lateral postbell_private.tenants_of(revived.provider, revived.channel) as sender
            order by 1
        loop
            perform postbell_private.inherit_stops(v_tenant_id);
        end loop;
    end if;

    if exists (select from postbell_private.hashed_suppression) then
        perform postbell_private.suppress_for_longer(array(
            select distinct on (own.tenant_id, own.channel, own.address)
                row(
                    own.tenant_id, own.channel, own.address, hashed.reason, null, hashed.suppressed_at, hashed.expires_at
                )::postbell.suppression
            from postbell_private.addresses_of(revive_suppressions.tenant_ids, revive_suppressions.recipient_ids) as own
            join postbell_private.hashed_suppression as hashed
                on hashed.tenant_id = own.tenant_id
                and hashed.channel = own.channel
                and hashed.digest = postbell_private.salted_hash(array[own.channel, own.address])
            where hashed.expires_at > postbell.clock()
            order by own.tenant_id, own.channel, own.address
        ));
    end if;
end
$$;

comment on function postbell_private.revive_suppressions(text[], text[]) is
    'Suppresses those addresses of some people that were suppressed when they were an erased person''s. Whoever writes recipients calls it; decisions read postbell.suppression alone.';


create or replace function postbell_private.forget_suppression(channel text, address text, tenant_id text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    delete from postbell_private.hashed_suppression
    where tenant_id = forget_suppression.tenant_id
      and channel = forget_suppression.channel
      and digest = postbell_private.salted_hash(array[
          forget_suppression.channel,
          postbell_private.address_for_suppression(forget_suppression.channel, forget_suppression.address)
      ]);
    return found;
end
$$;

comment on function postbell_private.forget_suppression(text, text, text) is 'Forgets that an address of an erased person was suppressed. Returns false if it was not.';


create or replace function postbell.erase_recipient(recipient text, tenant_id text default 'default') returns postbell.erasure
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_erasure postbell.erasure;
    v_who postbell_private.open_erasure;
    v_absent integer;
begin
    perform postbell_private.require_tenant(erase_recipient.tenant_id);
    perform postbell.require_identifier('recipient', erase_recipient.recipient);
    if exists (
        select
        from postbell.hold
        where hold.tenant_id = erase_recipient.tenant_id
          and hold.recipient_id = erase_recipient.recipient
    ) or exists (
        select
        from postbell.hold
        join postbell_private.notification as n on n.tenant_id = hold.tenant_id and n.subject = hold.subject
        where hold.tenant_id = erase_recipient.tenant_id
          and (
              n.recipient = erase_recipient.recipient
              or exists (
                  select
                  from postbell.delivery as d
                  where d.notification_id = n.id
                    and d.recipient_id = erase_recipient.recipient
              )
          )
    ) then
        perform postbell.raise_error('held', format('%s of tenant %s', erase_recipient.recipient, erase_recipient.tenant_id));
    end if;
    -- Somebody who is not there is created first: another transaction that is creating them waits, or is waited for.
    insert into postbell.recipient (tenant_id, id)
    values (erase_recipient.tenant_id, erase_recipient.recipient)
    on conflict (tenant_id, id) do nothing;
    get diagnostics v_absent = row_count;
    perform
    from postbell.recipient as person
    where person.tenant_id = erase_recipient.tenant_id
      and person.id = erase_recipient.recipient
    for update;

    insert into postbell_private.erasure_salt (salt)
    values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
    on conflict do nothing;
    select erasure.* into v_erasure
    from postbell_private.erased_person
    join postbell.erasure on erasure.id = erasure_id
    where digest = postbell_private.salted_hash(array[erase_recipient.tenant_id, erase_recipient.recipient]);
    if not found then
        insert into postbell.erasure (tenant_id)
        values (erase_recipient.tenant_id)
        returning * into v_erasure;
        insert into postbell_private.erased_person (digest, erasure_id)
        values (postbell_private.salted_hash(array[erase_recipient.tenant_id, erase_recipient.recipient]), v_erasure.id);
    end if;

    insert into postbell_private.open_erasure as former (erasure_id, tenant_id, recipient_id, pseudonym, addresses)
    select
        v_erasure.id, erase_recipient.tenant_id, erase_recipient.recipient, v_erasure.pseudonym,
        array_remove(
            array[
                lower(trim(person.email)), lower(trim(person.phone)), postbell_private.normal_phone(person.phone), lower(person.chat)
            ],
            null
        )
    from postbell.recipient as person
    where person.tenant_id = erase_recipient.tenant_id
      and person.id = erase_recipient.recipient
    on conflict (erasure_id) do update set
        addresses = former.addresses || excluded.addresses,
        awaits = null,
        scan_began_at = null,
        scanned_at = null
    returning * into v_who;

    perform postbell_private.count_removed(v_erasure.id, 'recipient', 1 - v_absent);
    perform postbell_private.hash_suppressions(v_who);
    perform postbell_private.erase_events(v_who, array(
        select s.notification_id
        from postbell.scheduled_notification as s
        join postbell_private.notification as n on n.id = s.notification_id
        where n.tenant_id = v_who.tenant_id
          and n.recipient = v_who.recipient_id
    ));
    perform postbell_private.erase_waiting(v_who);
    perform postbell_private.erase_deliveries(v_who);
    perform postbell_private.erase_inbox(v_who);
    perform postbell_private.erase_person(v_who);

    update postbell.erasure set
        completed_at = null
    where id = v_erasure.id
    returning * into v_erasure;
    return v_erasure;
end
$$;

comment on function postbell.erase_recipient(text, text) is
'Erases a person, in the caller''s transaction: what is queued, waits or is planned is cancelled; inbox items, addresses, devices, choices and what events said
are gone. Figures stay under a pseudonym, and suppressed addresses as salted hashes. Returns the certificate; housekeeping looks for the rest and sets completed_at. The person is not made a recipient
again, by a mirror neither, except by postbell.upsert_recipient(…, forgive => true). Erasing somebody again returns the same certificate, and housekeeping looks again.';
