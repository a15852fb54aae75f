create or replace function postbell.claim_batch(
    batch_id bigint, batch_channel text, start_sending integer default 0, provider text default null,
    with_identities boolean default true
)
returns table (
    claim_token uuid, delivery_id bigint, identity text, outbox_id bigint, tenant_id text, recipient_id text,
    event text, category text, channel text, priority text, state text, subject text, payload jsonb,
    address text, locale text, time_zone text, attributes jsonb,
    attempts smallint, created_at timestamptz, expires_at timestamptz, is_started boolean, is_forced boolean,
    tracking text[]
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_most_claims constant integer := 5;
    v_batch postbell.batch;
    v_started bigint[] := '{}';
begin
    -- A claim lost in a crash of the server is made again: no need to wait for the disk. For this transaction,
    -- which is the call: a setting of the function's own would be taken back before the commit.
    perform set_config('synchronous_commit', 'off', true);

    update postbell.batch set
        claims = claims + 1,
        claim_token = gen_random_uuid(),
        claimed_at = clock_timestamp()
    where id = claim_batch.batch_id
      -- A job from before a crash may name a batch that is another's now.
      and channel = claim_batch.batch_channel
    returning * into v_batch;
    if not found then
        return;
    end if;

    -- What is in flight already, somebody else has begun.
    if postbell.is_sent_once(v_batch.channel) then
        perform postbell.leave_in_doubt(v_batch.delivery_ids);
    elsif v_batch.claims > 1 then
        perform postbell.note_doubts(v_batch.delivery_ids);
    end if;

    -- Taken again and again and never finished: something in it ends the dispatcher. Alone, it harms only itself.
    if v_batch.claims > v_most_claims then
        perform postbell.break_up(v_batch);
        return;
    end if;

    perform postbell.stop_undeliverable(v_batch.delivery_ids[claim_batch.start_sending + 1:]);

    -- The first ones may go at once: a single message is claimed and started in one step.
    if claim_batch.start_sending > 0 then
        v_started := postbell.start_sending(
            v_batch.id, v_batch.claim_token, v_batch.delivery_ids[:claim_batch.start_sending],
            array_fill(claim_batch.provider, array[claim_batch.start_sending])
        );
    end if;

    return query
    select
        v_batch.claim_token, d.id, case when with_identities then postbell.identity_of(d) else '' end, d.notification_id, d.tenant_id, d.recipient_id,
        d.event, kind.category, d.channel::text, d.priority::text, d.state::text, n.subject, n.payload,
        reach.address, person.locale, person.time_zone, nullif(person.attributes, '{}'),
        d.attempts, d.created_at, n.expires_at, d.id = any(v_started), d.rung = 5,
        case when d.channel = 'email' and person.tracking_refused_at is null then nullif(tenant.tracking, '{}') end
    from unnest(v_batch.delivery_ids) as carried (id)
    join postbell.delivery as d on d.id = carried.id
    join postbell.notification as n on n.id = d.notification_id
    join postbell.event_type as kind on kind.key = d.event
    join postbell.tenant as tenant on tenant.id = d.tenant_id
    join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral postbell.address_on(d.channel, person.tenant_id, person.id, person.email, person.phone) as reach
    where d.state in ('queued', 'sending')
    order by d.id;
    if not found then
        perform postbell.finish_batch(v_batch.id, v_batch.claim_token);
    end if;
end
$$;

comment on function postbell.claim_batch(bigint, text, integer, text, boolean) is
    'Takes a batch and returns what is in it still to be delivered, with all that rendering needs. Nothing if the batch is settled. The first so many are marked as sending (is_started), by the one provider there is. One that is in state sending without that was in flight when a dispatcher died; where a second copy does harm, it is not returned but unknown. claim_token is shown to all that records or starts something of the batch. Without with_identities, identity is empty: only who hands over to a provider needs it.';
