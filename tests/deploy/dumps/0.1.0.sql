-- Postbell 0.1.0, commit 1a305be639, contract 3
--
-- PostgreSQL database dump
--


-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: postbell; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA postbell;


--
-- Name: SCHEMA postbell; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA postbell IS 'Notifications as part of your transaction. Emit by inserting into postbell.outbox; ask postbell.explain why and why not.';


--
-- Name: postbell_private; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA postbell_private;


--
-- Name: SCHEMA postbell_private; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA postbell_private IS 'What only Postbell''s own processes use: functions and tables that may change with any version. postbell has what is for others.';


--
-- Name: postbell_queue; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA postbell_queue;


--
-- Name: shop; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA shop;


--
-- Name: channel_name; Type: DOMAIN; Schema: postbell; Owner: -
--

CREATE DOMAIN postbell.channel_name AS text;


--
-- Name: DOMAIN channel_name; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON DOMAIN postbell.channel_name IS 'A name of postbell.channel.';


--
-- Name: delivery_state; Type: DOMAIN; Schema: postbell; Owner: -
--

CREATE DOMAIN postbell.delivery_state AS text
	CONSTRAINT delivery_state_is_known CHECK ((VALUE = ANY (ARRAY['queued'::text, 'sending'::text, 'waiting'::text, 'unknown'::text, 'sent'::text, 'delivered'::text, 'bounced'::text, 'failed'::text, 'refused'::text, 'skipped'::text, 'expired'::text, 'cancelled'::text])));


--
-- Name: DOMAIN delivery_state; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON DOMAIN postbell.delivery_state IS 'queued, sending, sent, delivered; or waiting, unknown; or an end: bounced, failed, refused, skipped, expired, cancelled.';


--
-- Name: priority; Type: DOMAIN; Schema: postbell; Owner: -
--

CREATE DOMAIN postbell.priority AS text
	CONSTRAINT priority_is_known CHECK ((VALUE = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'critical'::text])));


--
-- Name: DOMAIN priority; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON DOMAIN postbell.priority IS 'How urgent an event is. Critical passes quiet hours.';


--
-- Name: provider_state; Type: DOMAIN; Schema: postbell; Owner: -
--

CREATE DOMAIN postbell.provider_state AS text
	CONSTRAINT provider_state_is_known CHECK ((VALUE = ANY (ARRAY['ready'::text, 'open'::text, 'misconfigured'::text])));


--
-- Name: DOMAIN provider_state; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON DOMAIN postbell.provider_state IS 'ready; open: its circuit breaker is, since it fails or asked to be left alone; misconfigured: our configuration of it is at fault.';


--
-- Name: candidate; Type: TYPE; Schema: postbell_private; Owner: -
--

CREATE TYPE postbell_private.candidate AS (
	notification_id bigint,
	tenant_id text,
	event text,
	recipient_id text,
	actor text,
	notify_actor boolean,
	channels text[],
	forced_channels text[],
	priority text,
	subject text,
	deliver_at timestamp with time zone,
	expires_at timestamp with time zone,
	created_at timestamp with time zone
);


--
-- Name: TYPE candidate; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TYPE postbell_private.candidate IS 'One recipient of one event, before anything is decided.';


--
-- Name: decided; Type: TYPE; Schema: postbell_private; Owner: -
--

CREATE TYPE postbell_private.decided AS (
	notification_id bigint,
	tenant_id text,
	event text,
	recipient_id text,
	channel text,
	priority text,
	decision text,
	rung smallint,
	reason text,
	due_at timestamp with time zone,
	is_silent boolean,
	created_at timestamp with time zone,
	effect text
);


--
-- Name: TYPE decided; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TYPE postbell_private.decided IS 'What was decided about one channel of one recipient: now, later or no.';


--
-- Name: incoming_receipt; Type: TYPE; Schema: postbell_private; Owner: -
--

CREATE TYPE postbell_private.incoming_receipt AS (
	event_id text,
	delivery_id bigint,
	message_id text,
	kind text,
	occurred_at timestamp with time zone,
	code text,
	reason text,
	detail jsonb,
	blame text,
	addresses text[],
	identity text
);


--
-- Name: TYPE incoming_receipt; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TYPE postbell_private.incoming_receipt IS 'One thing that a provider tells. blame: hard if the address is bad for good, soft if for a while, stop if its owner answered so. addresses: whose it may be; they are compared and not kept. identity: that of the delivery, or how it begins; null if it is not known.';


--
-- Name: ladder_answer; Type: TYPE; Schema: postbell_private; Owner: -
--

CREATE TYPE postbell_private.ladder_answer AS (
	rung smallint,
	reason text,
	effect text
);


--
-- Name: TYPE ladder_answer; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TYPE postbell_private.ladder_answer IS 'The rung of the ladder that decided, its reason and its effect: deliver, silence, later, digest or drop.';


--
-- Name: mirrored; Type: TYPE; Schema: postbell_private; Owner: -
--

CREATE TYPE postbell_private.mirrored AS (
	tenant_id text,
	id text,
	email text,
	phone text,
	locale text,
	time_zone text,
	roles text[],
	attributes jsonb,
	is_erased boolean
);


--
-- Name: TYPE mirrored; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TYPE postbell_private.mirrored IS 'A user of the application in the columns of a recipient, before it is looked at what of that is of use.';


--
-- Name: stream_kind; Type: DOMAIN; Schema: postbell_private; Owner: -
--

CREATE DOMAIN postbell_private.stream_kind AS text
	CONSTRAINT stream_kind_is_known CHECK ((VALUE = ANY (ARRAY['notification'::text, 'added'::text, 'seen'::text, 'read'::text, 'unread'::text, 'archived'::text])));


--
-- Name: DOMAIN stream_kind; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON DOMAIN postbell_private.stream_kind IS 'notification; or what happened to inbox items: added, seen, read, unread, archived.';


--
-- Name: pgqueuer_status; Type: TYPE; Schema: postbell_queue; Owner: -
--

CREATE TYPE postbell_queue.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);


--
-- Name: add_push_subscription(text, text, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_most_devices constant integer := 20;
    v_p256dh constant text := rtrim(translate(add_push_subscription.p256dh, '+/', '-_'), '=');
    v_auth constant text := rtrim(translate(add_push_subscription.auth, '+/', '-_'), '=');
begin
    perform postbell.require_recipient(add_push_subscription.tenant_id, add_push_subscription.recipient);
    perform postbell.require_device(add_push_subscription.endpoint, v_p256dh, v_auth);

    -- Somebody else has logged in on this browser: what is for the former one must not be shown here.
    perform postbell.reassign_device(
        add_push_subscription.tenant_id, add_push_subscription.recipient, add_push_subscription.endpoint, v_auth
    );

    insert into postbell.push_subscription as known (tenant_id, recipient_id, endpoint, p256dh, auth, user_agent)
    values (
        add_push_subscription.tenant_id, add_push_subscription.recipient, add_push_subscription.endpoint,
        v_p256dh, v_auth, left(add_push_subscription.user_agent, 500)
    )
    on conflict (tenant_id, endpoint) do update set
        p256dh = excluded.p256dh,
        auth = excluded.auth,
        user_agent = coalesce(excluded.user_agent, known.user_agent);

    -- Nobody has so many browsers; and each of them is a call for every message.
    delete from postbell.push_subscription
    where id in (
        select id
        from postbell.push_subscription
        where tenant_id = add_push_subscription.tenant_id
          and recipient_id = add_push_subscription.recipient
          and endpoint <> add_push_subscription.endpoint
        order by coalesce(last_reached_at, created_at) desc, id desc
        offset v_most_devices - 1
    );
end
$$;


--
-- Name: FUNCTION add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text, tenant_id text) IS 'Lets a browser be pushed to: a PushSubscription''s endpoint and keys. Adding it again changes nothing; a browser that was somebody else''s is theirs no longer. Of more than 20, the one reached longest ago is dropped.';


--
-- Name: archive(text, bigint[], text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.archive(recipient text, item_ids bigint[], tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = postbell.clock()
    where tenant_id = archive.tenant_id
      and recipient_id = archive.recipient
      and id = any(item_ids)
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION archive(recipient text, item_ids bigint[], tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.archive(recipient text, item_ids bigint[], tenant_id text) IS 'Puts items away: they no longer count as unread. Returns how many were not away yet.';


--
-- Name: archive_all(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.archive_all(recipient text, tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        archived_at = postbell.clock()
    where tenant_id = archive_all.tenant_id
      and recipient_id = archive_all.recipient
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION archive_all(recipient text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.archive_all(recipient text, tenant_id text) IS 'Puts everything in the inbox away. Returns how many items were not away yet.';


--
-- Name: cancel(bigint); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    insert into postbell_private.cancellation (outbox_id)
    values (cancel.outbox_id);

    select recalled.taken_back, recalled.handed_over
    into taken_back, handed_over
    from postbell_private.cancel_deliveries(array[cancel.outbox_id]) as recalled;
end
$$;


--
-- Name: FUNCTION cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint) IS 'Takes back one event. Returns how many deliveries were taken back and how many were already handed over, counted as by subject.';


--
-- Name: cancel(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.cancel(subject text, tenant_id text DEFAULT 'default'::text, OUT taken_back bigint, OUT handed_over bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell.require_identifier('subject', cancel.subject);
    perform postbell.require_identifier('tenant_id', cancel.tenant_id);

    insert into postbell_private.cancellation (tenant_id, subject)
    values (cancel.tenant_id, cancel.subject);

    select recalled.taken_back, recalled.handed_over
    into taken_back, handed_over
    from postbell_private.cancel_deliveries(array(
        select id
        from postbell_private.notification
        where subject = cancel.subject
          and tenant_id = cancel.tenant_id
    )) as recalled;
end
$$;


--
-- Name: FUNCTION cancel(subject text, tenant_id text, OUT taken_back bigint, OUT handed_over bigint); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.cancel(subject text, tenant_id text, OUT taken_back bigint, OUT handed_over bigint) IS 'Takes back what was emitted about a subject until now, in this transaction too; what comes later is delivered. Returns how many deliveries were taken back and how many were already handed over. An event that is scheduled counts as one, and so does the rest of a large audience that is being told; what the router has not come to yet is taken back and not counted. What it has in hand just then is not counted either.';


--
-- Name: catalogue(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.catalogue(recipient text, tenant_id text DEFAULT 'default'::text) RETURNS TABLE(category text, event text, label text, description text, channel text, is_on boolean, is_forced boolean)
    LANGUAGE sql STABLE
    AS $$
    select
        kind.category, kind.key, kind.label, kind.description, way.channel,
        wish.channel is not null and (wish.is_forced or not choice.is_off),
        coalesce(wish.is_forced, false)
    from postbell.tenant as site
    cross join postbell.event_type as kind
    left join postbell.tenant_event as custom on custom.tenant_id = site.id and custom.event = kind.key
    cross join lateral postbell.switched_on(site.id, catalogue.recipient, kind.key) as further
    cross join unnest(kind.channels) with ordinality as way (channel, place)
    left join lateral postbell.channels_wanted(
        null, custom.default_channels, kind.default_channels, kind.forced_channels, further.channels
    ) as wish on wish.channel = way.channel
    cross join lateral postbell.is_switched_off(
        site.id, catalogue.recipient, way.channel, kind.category, kind.key
    ) as choice
    where site.id = catalogue.tenant_id
      and kind.disabled_at is null
      and custom.disabled_at is null
      and way.channel <> all(site.disabled_channels)
      and postbell.is_meant_for(site.id, catalogue.recipient, kind.roles)
    order by kind.category, kind.key, way.place
$$;


--
-- Name: FUNCTION catalogue(recipient text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.catalogue(recipient text, tenant_id text) IS 'Every event and channel that a person could hear of something by, and whether it is on for them, as the ladder would find it (mutes, quiet hours and addresses apart). What is forced cannot be switched off. Events that are meant for other roles than theirs are left out.';


--
-- Name: channels_wanted(text[], text[], text[], text[], text[]); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]) RETURNS TABLE(channel text, is_forced boolean, address_kind text, is_kept boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select way.name, coalesce(way.name = any(forced), false), way.address_kind, way.is_kept
    from postbell.channel as way
    where way.name = any(coalesce(named, of_tenant, of_event))
       or way.name = any(forced)
       -- What a person switched on for just this event, unless the producer chose the channels.
       or named is null and way.name = any(switched_on)
$$;


--
-- Name: FUNCTION channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]) IS 'Channels named by the row, else the tenant''s, else the event''s; plus forced ones; plus those a person switched on for the event. With what postbell.channel says of each.';


--
-- Name: check_mirrors(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.check_mirrors() RETURNS TABLE(source text, is_broken boolean, fault text, since timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    with mirror as (
        select
            source,
            failed_at,
            coalesce(
                postbell_private.mirror_fault(source, mapping),
                postbell_private.mirror_trigger_fault(source),
                failure
            ) as fault
        from postbell_private.recipient_mirror
    )

    select source::text, true, fault, failed_at
    from mirror
    where fault is not null

    union all

    select
        source::text, false,
        format(
            case count(distinct tenant_id)
                when 1 then 'there is no tenant %2$s: its users become recipients when there is'
                else 'there are no tenants %2$s (%1$s in all): their users become recipients when there are'
            end,
            count(distinct tenant_id),
            array_to_string((array_agg(distinct tenant_id))[:5], ', ')
        ),
        min(noted_at)
    from postbell_private.missing_tenant
    group by source
    order by 2 desc, 1
$_$;


--
-- Name: FUNCTION check_mirrors(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.check_mirrors() IS 'What is wrong with the mirrors of users tables: one that is broken makes no recipients of new users, until it is mended and postbell.mirror_recipients()
is called again; users of a tenant that is not there wait for it. Looks at the tables as they are now, and at what failed since they were mirrored.';


--
-- Name: check_names(timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.check_names(since timestamp with time zone) RETURNS TABLE(what text, name text, events bigint, last_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select known.what, left(known.name, 100), count(*), max(rejected_at)
    from postbell.rejected_event as rejected
    cross join lateral (
        select 'tenant' as what, rejected.tenant_id as name
        where rejected.reason = 'unknown_tenant'
          and not exists (select from postbell.tenant where id = rejected.tenant_id)

        union all

        select 'event', rejected.event
        where rejected.reason = 'unknown_event'
          and not exists (select from postbell.event_type where key = rejected.event)
    ) as known
    where rejected_at > check_names.since
    group by 1, 2
    order by 3 desc, 1, 2
    limit 20
$$;


--
-- Name: FUNCTION check_names(since timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.check_names(since timestamp with time zone) IS 'Tenants and events that do not exist, and that events named which were rejected after a time; the most frequent 20.';


--
-- Name: check_templates(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.check_templates() RETURNS TABLE(event text, channel postbell.channel_name, reason text, deliveries bigint, since timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select d.event, d.channel, d.reason, count(*), min(d.created_at)
    from postbell.waiting_delivery as w
    join postbell.delivery as d on d.id = w.delivery_id
    where d.reason in ('template_missing', 'template_outdated')
    group by d.event, d.channel, d.reason
    order by 4 desc, 1, 2
$$;


--
-- Name: FUNCTION check_templates(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.check_templates() IS 'What waits for a template that the dispatchers which took it do not have, or have another of than was deployed, and how much of it.';


--
-- Name: choose_providers(text, text[], text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.choose_providers(channel text, providers text[], tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    v_wrong text;
begin
    perform postbell_private.require_tenant(choose_providers.tenant_id);
    if not exists (select from postbell.channel as way where way.name = choose_providers.channel and way.is_outgoing) then
        perform postbell.raise_error(
            'invalid_channel',
            (
                select coalesce(choose_providers.channel, 'null') || ' has no choice of providers; '
                    || postbell.in_words(array_agg(name order by position)) || ' have'
                from postbell.channel
                where is_outgoing
            )
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
    perform postbell_private.inherit_stops(choose_providers.tenant_id);
end
$_$;


--
-- Name: FUNCTION choose_providers(channel text, providers text[], tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.choose_providers(channel text, providers text[], tenant_id text) IS 'Which providers a tenant''s messages take on a channel, in order: the next where one fails. An empty list or null: all that are configured, in the order of the file. Dispatchers follow within seconds.';


--
-- Name: clock(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.clock() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN now();


--
-- Name: FUNCTION clock(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.clock() IS 'The time by which Postbell decides. A test replaces this function to move the clock.';


--
-- Name: contract(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.contract() RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN 3;


--
-- Name: FUNCTION contract(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.contract() IS 'The number that schema and daemon must share. A daemon refuses a schema of another contract.';


--
-- Name: current_recipient(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.current_recipient() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('postbell.recipient'::text, true), ''::text);


--
-- Name: FUNCTION current_recipient(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.current_recipient() IS 'The person whose rows this session may read: set postbell.recipient.';


--
-- Name: current_tenant(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.current_tenant() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('postbell.tenant'::text, true), ''::text);


--
-- Name: FUNCTION current_tenant(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.current_tenant() IS 'The tenant whose rows this session may read: set postbell.tenant.';


--
-- Name: emit(text, text, text[], jsonb, text, text, text, timestamp with time zone, timestamp with time zone, jsonb); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.notify(
        event => emit.event,
        subject => emit.subject,
        recipient => case when emit.audience is null and cardinality(told.people) = 1 then told.people[1] end,
        audience => case
            when cardinality(told.people) = 0 then emit.audience
            when emit.audience is not null or cardinality(told.people) > 1
                then coalesce(emit.audience, '{}') || jsonb_build_object('recipients', told.people)
        end,
        payload => jsonb_strip_nulls(emit.payload),
        tenant_id => postbell.require_value('tenant_id', emit.tenant_id),
        actor => nullif(emit.actor, ''),
        idempotency_key => emit.idempotency_key,
        deliver_at => emit.deliver_at,
        expires_at => emit.expires_at
    )
    from (
        select array(
            select id
            from unnest(emit.people) with ordinality as named (id, place)
            where id <> ''
            group by id
            order by min(place)
        )
    ) as told (people)
    where cardinality(told.people) > 0
       or emit.audience is not null
$$;


--
-- Name: FUNCTION emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb) IS 'What every verb ends in: emits one event to some people, each once, and returns its id; null if there is nobody. Absent fields are left out of the payload.';


--
-- Name: exact_amount(text, anyelement); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.exact_amount(name text, value anyelement) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if pg_typeof(value) in ('real'::regtype, 'double precision'::regtype) then
        perform postbell.raise_error('invalid_argument', name || ' is a float, which is never exact: give a numeric or a text');
    elsif not postbell.is_of_type(to_jsonb(value::text), 'amount') then
        perform postbell.raise_error('invalid_argument', name || ' is no amount such as 19.90 but ' || left(value::text, 50));
    end if;
    return value::text;
end
$$;


--
-- Name: FUNCTION exact_amount(name text, value anyelement); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.exact_amount(name text, value anyelement) IS 'An amount as payloads have it, a decimal string; null stays null. Raises invalid_argument for a float and for what is no amount.';


--
-- Name: explain(bigint); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.explain(outbox_id bigint) RETURNS TABLE(recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    -- Decided: what was written down then.
    return query
    select d.recipient_id, d.channel::text, d.decision, d.rung, d.decision_reason, d.due_at
    from postbell.delivery as d
    where d.notification_id = explain.outbox_id
    order by d.recipient_id, d.channel;

    -- Turned away, repeated, cancelled before anything was decided, or addressed to a role without members.
    return query
    select left(r.recipient, 255), null::text, 'no', 0::smallint, r.reason, null::timestamptz
    from postbell.rejected_event as r
    where r.outbox_id = explain.outbox_id
    union all
    select null, null, 'no', 0::smallint, 'duplicate_of_' || d.first_outbox_id, null
    from postbell_private.duplicate_event as d
    where d.outbox_id = explain.outbox_id
    union all
    select
        n.recipient, null, 'no', 0::smallint,
        case
            when tombstone.is_cancelled then 'cancelled'
            when not exists (select from postbell.event_type as kind where kind.key = n.event) then 'unknown_event'
            else 'told_nobody'
        end,
        null
    from postbell_private.notification as n
    cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
    where n.id = explain.outbox_id
      and (
          tombstone.is_cancelled
          or not exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
          and not exists (select from postbell.fanout as f where f.notification_id = n.id)
      )
      and not exists (select from postbell.delivery as d where d.notification_id = n.id)
      and not exists (select from postbell.rejected_event as r where r.outbox_id = n.id);

    -- Not decided yet, for everybody or for a part of the audience: what would be decided now.
    v_event := postbell_private.undecided_event(explain.outbox_id);
    if v_event.id is not null then
        return query
        select foreseen.*
        from postbell_private.simulate(v_event) as foreseen
        where not exists (
            select
            from postbell.delivery as d
            where d.notification_id = explain.outbox_id
              and d.recipient_id = foreseen.recipient_id
              and d.channel = foreseen.channel
        )
          and not exists (
              select
              from postbell.rejected_event as r
              where r.outbox_id = explain.outbox_id
                and r.recipient = foreseen.recipient_id
          );
    end if;
end
$$;


--
-- Name: FUNCTION explain(outbox_id bigint); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.explain(outbox_id bigint) IS 'What was decided about an event, or would be if it is not routed yet (in your own transaction too): now, later or no for each person and channel, by which rung and why.';


--
-- Name: explain(text, text, jsonb, text, jsonb, text[], text[], timestamp with time zone, timestamp with time zone, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.explain(event text, recipient text DEFAULT NULL::text, payload jsonb DEFAULT '{}'::jsonb, tenant_id text DEFAULT 'default'::text, audience jsonb DEFAULT NULL::jsonb, channels text[] DEFAULT NULL::text[], forced_channels text[] DEFAULT NULL::text[], deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, subject text DEFAULT NULL::text, actor text DEFAULT NULL::text, priority text DEFAULT NULL::text) RETURNS TABLE(recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    v_event.tenant_id := explain.tenant_id;
    v_event.event := explain.event;
    v_event.recipient := explain.recipient;
    v_event.payload := explain.payload;
    v_event.audience := explain.audience;
    v_event.channels := explain.channels;
    v_event.forced_channels := explain.forced_channels;
    v_event.deliver_at := explain.deliver_at;
    v_event.expires_at := explain.expires_at;
    v_event.subject := explain.subject;
    v_event.actor := explain.actor;
    v_event.priority := explain.priority;

    return query select * from postbell_private.simulate(v_event);
end
$$;


--
-- Name: FUNCTION explain(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, subject text, actor text, priority text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.explain(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, subject text, actor text, priority text) IS 'What would be decided about an event if it were emitted now: now, later or no for each person and channel, by which rung and why. Nothing is written.';


--
-- Name: follow_users(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.follow_users() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    v_source regclass := tg_relid;
    v_mirror postbell_private.recipient_mirror;
    v_before text;
    v_after text;
    v_people postbell_private.mirrored[];
    v_fault text;
    v_failure text;
begin
    -- Where a trigger does not pass the rows, their names could be those of somebody's own view.
    if tg_op <> 'TRUNCATE' and not exists (
        select
        from pg_trigger
        where tgrelid = v_source
          and tgname = tg_name
          and (tg_op = 'DELETE' or tgnewtable = 'new_users')
          and (tg_op = 'INSERT' or tgoldtable = 'old_users')
    ) then
        perform postbell.raise_error(
            'invalid_argument', format('trigger %s is not as postbell.mirror_recipients() makes it: call that instead', tg_name)
        );
    end if;

    select * into v_mirror
    from postbell_private.recipient_mirror
    where source = v_source;
    if not found then
        return null;
    end if;

    -- Whatever is wrong with a user or with the mapping, the application's own write goes on.
    begin
        v_before := postbell_private.mirror_query(v_source, v_mirror.mapping, v_mirror.tenant_id, 'old_users');
        v_after := postbell_private.mirror_query(v_source, v_mirror.mapping, v_mirror.tenant_id, 'new_users');

        if tg_op = 'TRUNCATE' then
            for v_people in
                select people from postbell_private.read_users(v_source, v_mirror.mapping, v_mirror.tenant_id) as people
            loop
                v_fault := postbell_private.mirror_chunk('postbell_private.unlink_recipient($1)', v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;

        if tg_op in ('UPDATE', 'DELETE') then
            for v_people in execute postbell_private.in_chunks(case tg_op
                when 'UPDATE' then format(
                    'select person from (%s) as old where not exists (select from (%s) as new'
                    ' where (new.person).tenant_id = (old.person).tenant_id and (new.person).id = (old.person).id)',
                    v_before, v_after
                )
                else v_before
            end)
            loop
                v_fault := postbell_private.mirror_chunk('postbell_private.unlink_recipient($1)', v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;

        if tg_op in ('INSERT', 'UPDATE') then
            for v_people in execute postbell_private.in_chunks(case tg_op
                when 'UPDATE' then format('%s except %s', v_after, v_before)
                else v_after
            end)
            loop
                perform postbell_private.record_missing_tenants(v_source, v_people);
                v_fault := postbell_private.mirror_chunk(format('postbell_private.upsert_mirrored($1, %L)', v_mirror.mapping), v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
        end if;
    exception
        when others then
            if postbell_private.is_transient_error(sqlstate) then
                raise;
            end if;
            v_failure := coalesce(postbell_private.mirror_fault(v_source, v_mirror.mapping), sqlerrm);
    end;

    if v_failure is not null then
        perform postbell_private.report_mirror_failure(v_source, v_failure);
    end if;
    return null;
end
$_$;


--
-- Name: FUNCTION follow_users(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.follow_users() IS 'After each statement on a mirrored table: its users are recipients, those who are gone are erased. Once per statement, however many rows.';


--
-- Name: help(text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.help(about text DEFAULT NULL::text) RETURNS TABLE(name text, arguments text, purpose text, roles text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select
        proname::text,
        pg_get_function_arguments(pg_proc.oid),
        -- Its comment's first sentence.
        substring(regexp_replace(obj_description(pg_proc.oid, 'pg_proc'), '\s+', ' ', 'g') from '^.*?(?:\.(?= )|$)'),
        (
            select string_agg(replace(rolname, 'postbell_', ''), ', ' order by rolname)
            from aclexplode(proacl)
            join pg_roles on pg_roles.oid = grantee
            where rolname ~ '^postbell_'
              and grantee <> proowner
              and privilege_type = 'EXECUTE'
        )
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and prorettype <> 'trigger'::regtype
      and has_function_privilege(pg_proc.oid, 'execute')
      and (help.about is null or strpos(proname, lower(help.about)) > 0)
    order by proname, pronargs, 2
$_$;


--
-- Name: FUNCTION help(about text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.help(about text) IS 'Lists the functions of this schema that the current role may call, or those whose names contain a word. For each: arguments, purpose and the roles of Postbell that may call it.';


--
-- Name: in_words(text[]); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.in_words(names text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(array_to_string(names, ', '::text), ', ([^,]*)$'::text, ' and \1'::text);


--
-- Name: FUNCTION in_words(names text[]); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.in_words(names text[]) IS 'A list as a sentence has it: a, b and c.';


--
-- Name: is_iso_date(text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.is_iso_date(written text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (written ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'::text) THEN (((substr(written, 9))::integer)::numeric <= EXTRACT(day FROM (make_date((substr(written, 1, 4))::integer, (substr(written, 6, 2))::integer, 1) + '1 mon -1 days'::interval))) ELSE false END;


--
-- Name: FUNCTION is_iso_date(written text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.is_iso_date(written text) IS 'Whether this is a day of the calendar, written as 2026-03-01 (ISO 8601).';


--
-- Name: is_meant_for(text, text, text[]); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    -- Whose roles we do not know finds everything.
    select cardinality(is_meant_for.roles) = 0 or (
        select coalesce(array_agg(held.role) && is_meant_for.roles, true)
        from postbell.recipient_role as held
        where held.tenant_id = is_meant_for.tenant_id
          and held.recipient_id = is_meant_for.recipient_id
    )
$$;


--
-- Name: FUNCTION is_meant_for(tenant_id text, recipient_id text, roles text[]); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) IS 'Whether a page of choices shows a person an event that is meant for these roles; an empty list is for everybody.';


--
-- Name: is_of_type(jsonb, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.is_of_type(value jsonb, type text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE type WHEN 'text'::text THEN (jsonb_typeof(value) = 'string'::text) WHEN 'id'::text THEN ((jsonb_typeof(value) = 'string'::text) OR ((jsonb_typeof(value) = 'number'::text) AND ((value #>> '{}'::text[]) ~ '^-?[0-9]+$'::text))) WHEN 'amount'::text THEN ((jsonb_typeof(value) = 'string'::text) AND ((value #>> '{}'::text[]) ~ '^-?[0-9]{1,18}(\.[0-9]{1,9})?$'::text)) WHEN 'integer'::text THEN ((jsonb_typeof(value) = 'number'::text) AND ((value #>> '{}'::text[]) ~ '^-?[0-9]{1,18}$'::text)) WHEN 'number'::text THEN (jsonb_typeof(value) = 'number'::text) WHEN 'boolean'::text THEN (jsonb_typeof(value) = 'boolean'::text) WHEN 'date'::text THEN ((jsonb_typeof(value) = 'string'::text) AND postbell.is_iso_date((value #>> '{}'::text[]))) WHEN 'timestamp'::text THEN ((jsonb_typeof(value) = 'string'::text) AND ((value #>> '{}'::text[]) ~ '^.{10}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?$'::text) AND postbell.is_iso_date("left"((value #>> '{}'::text[]), 10))) WHEN 'url'::text THEN ((jsonb_typeof(value) = 'string'::text) AND ((value #>> '{}'::text[]) ~ '^https?://([^\x01-\x20\x7f/?#@:\\\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][^\x01-\x20\x7f]*)?$'::text)) WHEN 'list'::text THEN (jsonb_typeof(value) = 'array'::text) WHEN 'object'::text THEN (jsonb_typeof(value) = 'object'::text) ELSE false END;


--
-- Name: FUNCTION is_of_type(value jsonb, type text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.is_of_type(value jsonb, type text) IS 'Whether a payload value is of a declared type: text, id, amount (a decimal string), integer, number, boolean, date, timestamp (ISO 8601), url (absolute, of http or https, without a login in it), list, object.';


--
-- Name: is_switched_off(text, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text) RETURNS TABLE(is_off boolean)
    LANGUAGE sql STABLE
    AS $$
    select exists (
        select
        from postbell.switched_off_by(
            is_switched_off.tenant_id, is_switched_off.recipient_id,
            is_switched_off.channel, is_switched_off.category, is_switched_off.event
        )
    )
$$;


--
-- Name: FUNCTION is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text) IS 'Whether any explicit off covers the case. A table, so that set-based callers get it inlined.';


--
-- Name: is_time_zone(text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.is_time_zone(zone text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    -- PostgreSQL also takes POSIX rules ("EST5EDT4") and abbreviations, which no other library reads.
    if zone is null or zone !~ '^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$' then
        return false;
    end if;
    perform now() at time zone zone;
    return true;
exception
    when invalid_parameter_value then
        return false;
end
$_$;


--
-- Name: FUNCTION is_time_zone(zone text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.is_time_zone(zone text) IS 'Whether this is an IANA time zone name known to the server, such as Europe/Paris or UTC.';


--
-- Name: join_topic(text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.join_topic(recipient text, topic text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(join_topic.tenant_id, join_topic.recipient);
    perform postbell.require_identifier('topic', join_topic.topic);

    insert into postbell.topic_member (tenant_id, topic, recipient_id)
    values (join_topic.tenant_id, join_topic.topic, join_topic.recipient)
    on conflict do nothing;
end
$$;


--
-- Name: FUNCTION join_topic(recipient text, topic text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.join_topic(recipient text, topic text, tenant_id text) IS 'Makes a person a member of a topic, such as thread:7. Joining twice is joining once.';


--
-- Name: leader(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.leader(OUT process_id integer, OUT is_asleep boolean) RETURNS record
    LANGUAGE sql STABLE
    AS $$
    select
        (
            select pid
            from pg_locks
            where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
              and (classid, objid, objsubid, granted) = (1886351214, 2, 2, true)
        ),
        exists (
            select
            from pg_locks
            where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())
              and (classid, objid, objsubid, granted) = (1886351214, 1, 2, true)
              and mode = 'ExclusiveLock'
        )
$$;


--
-- Name: FUNCTION leader(OUT process_id integer, OUT is_asleep boolean); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.leader(OUT process_id integer, OUT is_asleep boolean) IS 'The session that routes (null if none does), as in pg_stat_activity, and whether it sleeps.';


--
-- Name: leave_topic(text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.leave_topic(recipient text, topic text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell.topic_member
    where tenant_id = leave_topic.tenant_id
      and topic = leave_topic.topic
      and recipient_id = leave_topic.recipient;
end
$$;


--
-- Name: FUNCTION leave_topic(recipient text, topic text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.leave_topic(recipient text, topic text, tenant_id text) IS 'Ends a membership, if there is one.';


--
-- Name: mark_all_read(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mark_all_read(recipient text, tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = postbell.clock(),
        seen_at = coalesce(seen_at, postbell.clock())
    where tenant_id = mark_all_read.tenant_id
      and recipient_id = mark_all_read.recipient
      and read_at is null
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION mark_all_read(recipient text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mark_all_read(recipient text, tenant_id text) IS 'Notes that everything in the inbox was read. Returns how many items had not been.';


--
-- Name: mark_all_seen(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mark_all_seen(recipient text, tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        seen_at = postbell.clock()
    where tenant_id = mark_all_seen.tenant_id
      and recipient_id = mark_all_seen.recipient
      -- What is read was seen: so the unread ones, which have an index, are all that can be left.
      and read_at is null
      and seen_at is null
      and archived_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION mark_all_seen(recipient text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mark_all_seen(recipient text, tenant_id text) IS 'Notes that everything in the inbox was shown. Returns how many items had not been.';


--
-- Name: mark_read(text, bigint[], text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mark_read(recipient text, item_ids bigint[], tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = postbell.clock(),
        seen_at = coalesce(seen_at, postbell.clock())
    where tenant_id = mark_read.tenant_id
      and recipient_id = mark_read.recipient
      and id = any(item_ids)
      and read_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION mark_read(recipient text, item_ids bigint[], tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mark_read(recipient text, item_ids bigint[], tenant_id text) IS 'Notes that items were read (and so seen). Returns how many had not been.';


--
-- Name: mark_seen(text, bigint[], text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        seen_at = postbell.clock()
    where tenant_id = mark_seen.tenant_id
      and recipient_id = mark_seen.recipient
      and id = any(item_ids)
      and seen_at is null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION mark_seen(recipient text, item_ids bigint[], tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text) IS 'Notes that items were shown. Returns how many had not been.';


--
-- Name: mark_unread(text, bigint[], text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text DEFAULT 'default'::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed integer;
begin
    update postbell.inbox_item set
        read_at = null
    where tenant_id = mark_unread.tenant_id
      and recipient_id = mark_unread.recipient
      and id = any(item_ids)
      and read_at is not null;
    get diagnostics v_changed = row_count;
    return v_changed;
end
$$;


--
-- Name: FUNCTION mark_unread(recipient text, item_ids bigint[], tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text) IS 'Makes items unread again. Returns how many had been read.';


--
-- Name: mirror_faults(regclass); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mirror_faults(source regclass) RETURNS TABLE(tenant_id text, recipient_id text, fault text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_mirror postbell_private.recipient_mirror;
    v_people postbell_private.mirrored[];
begin
    select * into v_mirror
    from postbell_private.recipient_mirror as known
    where known.source = mirror_faults.source;
    if not found then
        perform postbell.raise_error('invalid_argument', mirror_faults.source || ' is not mirrored');
    end if;

    for v_people in
        select people from postbell_private.read_users(v_mirror.source, v_mirror.mapping, v_mirror.tenant_id) as people
    loop
        return query
        select person.tenant_id, person.id, unnest(person.faults)
        from postbell_private.validate_recipients(v_people) as person;
    end loop;
end
$$;


--
-- Name: FUNCTION mirror_faults(source regclass); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mirror_faults(source regclass) IS 'What of a mirrored table is of no use to Postbell, and of whom. Reads the whole table.';


--
-- Name: mirror_recipients(regclass, jsonb, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mirror_recipients(source regclass, mapping jsonb, tenant_id text DEFAULT 'default'::text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    v_fault text;
    v_failure text;
    v_event text;
    v_people postbell_private.mirrored[];
    v_users bigint := 0;
begin
    perform postbell_private.require_tenant(mirror_recipients.tenant_id);

    -- Refused by a trigger if there is a fault.
    insert into postbell_private.recipient_mirror as known (source, mapping, tenant_id)
    values (mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id)
    on conflict (source) do update set
        mapping = excluded.mapping,
        tenant_id = excluded.tenant_id,
        mirrored_at = postbell.clock(),
        failed_at = null,
        failure = null;
    -- Whoever still names a tenant that is not there says so again.
    delete from postbell_private.missing_tenant as known
    where known.source = mirror_recipients.source;

    -- Once per statement: an import of many users is one write here, too. From here on nobody else writes to the
    -- table until this transaction ends, so that the copy misses nobody.
    foreach v_event in array array[
        'after insert on %s referencing new table as new_users',
        'after update on %s referencing old table as old_users new table as new_users',
        'after delete on %s referencing old table as old_users',
        'before truncate on %s'
    ] loop
        execute format(
            'create or replace trigger postbell_follows_%s ' || v_event || ' for each statement execute function postbell.follow_users()',
            split_part(v_event, ' ', 2), mirror_recipients.source
        );
    end loop;

    for v_people in
        select people
        from postbell_private.read_users(mirror_recipients.source, mirror_recipients.mapping, mirror_recipients.tenant_id) as people
    loop
        perform postbell_private.record_missing_tenants(mirror_recipients.source, v_people);
        v_fault := postbell_private.mirror_chunk(format('postbell_private.upsert_mirrored($1, %L)', mirror_recipients.mapping), v_people);
        v_failure := coalesce(v_failure, v_fault);
        v_users := v_users + cardinality(v_people);
    end loop;
    if v_failure is not null then
        raise warning 'recipients do not follow % as a whole: %', mirror_recipients.source, v_failure;
        update postbell_private.recipient_mirror as known set
            failed_at = postbell.clock(),
            failure = v_failure
        where known.source = mirror_recipients.source;
    end if;
    return v_users;
end
$_$;


--
-- Name: FUNCTION mirror_recipients(source regclass, mapping jsonb, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mirror_recipients(source regclass, mapping jsonb, tenant_id text) IS 'Keeps recipients in step with the application''s users table by triggers, and copies whoever is in it; returns how many that are. The mapping names
a column for each of a recipient''s: id, and any of email, phone, locale, time_zone, roles (a text, or a list of them), attributes (jsonb, or {"name":
"full_name"}), tenant_id, and of users who are only marked as gone erased_at (a time) or is_active (a boolean that is false of them). A user who is
deleted is erased here, too. A value that is of no use, such as an e-mail address without an @, counts as none and never stops the application''s
write; postbell.mirror_faults() lists them. Users of a tenant that is not there become recipients when it is. Call it again to change the mapping or
to copy everybody anew; postbell.check_mirrors() says when that is needed.';


--
-- Name: mute(text, timestamp with time zone, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.mute(recipient text, until timestamp with time zone DEFAULT 'infinity'::timestamp with time zone, category text DEFAULT NULL::text, event text DEFAULT NULL::text, subject text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    -- Each is asked for every event of the person's, by the one router that all share.
    v_most_mutes constant integer := 500;
begin
    perform postbell.require_recipient(mute.tenant_id, mute.recipient);
    if num_nonnulls(mute.category, mute.event, mute.subject) > 1 then
        perform postbell.raise_error('invalid_argument', 'name one of category, event and subject, or nothing for everything');
    end if;
    if mute.subject is not null then
        perform postbell.require_identifier('subject', mute.subject);
    end if;
    perform postbell.require_short('category', mute.category);
    perform postbell.require_short('event', mute.event);

    delete from postbell.mute as m
    where m.tenant_id = mute.tenant_id
      and m.recipient_id = mute.recipient
      and m.until < postbell.clock();

    if v_most_mutes <= (
        select count(*)
        from postbell.mute as m
        where m.tenant_id = mute.tenant_id
          and m.recipient_id = mute.recipient
          and (m.category, m.event, m.subject) is distinct from (mute.category, mute.event, mute.subject)
    ) then
        perform postbell.raise_error(
            'invalid_argument', format('a person mutes at most %s things at a time: unmute some', v_most_mutes)
        );
    end if;

    insert into postbell.mute (tenant_id, recipient_id, category, event, subject, until)
    values (mute.tenant_id, mute.recipient, mute.category, mute.event, mute.subject, coalesce(mute.until, 'infinity'))
    on conflict (tenant_id, recipient_id, category, event, subject) do update set
        until = excluded.until,
        muted_at = postbell.clock();
end
$$;


--
-- Name: FUNCTION mute(recipient text, until timestamp with time zone, category text, event text, subject text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.mute(recipient text, until timestamp with time zone, category text, event text, subject text, tenant_id text) IS 'Silences everything, a category, an event or a subject (thread) until a time or for good. The inbox keeps what comes, without counting it as unread; what other channels would have brought is not sent, and does not come later either. At most 500 a person; those that are over are forgotten.';


SET default_tablespace = '';

--
-- Name: outbox; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    id bigint NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
PARTITION BY LIST (slot);


--
-- Name: TABLE outbox; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox IS 'Emit here, inside your own transaction. What is committed is routed once; what is rolled back never was.';


--
-- Name: COLUMN outbox.slot; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.slot IS 'The leaf of the ring; not for producers to set.';


--
-- Name: COLUMN outbox.xid; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.xid IS 'The inserting transaction; the router reads in commit order by it. Not for producers to set.';


--
-- Name: COLUMN outbox.tenant_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.tenant_id IS 'The website; default if there is only one.';


--
-- Name: COLUMN outbox.event; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.event IS 'A key of postbell.event_type.';


--
-- Name: COLUMN outbox.recipient; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.recipient IS 'One person, by the application''s own id. For several, use audience.';


--
-- Name: COLUMN outbox.payload; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.payload IS 'One flat object, with the fields that the event declares.';


--
-- Name: COLUMN outbox.audience; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.audience IS '{"recipients": [...]}, {"role": "..."}, {"topic": "..."}, {"everyone": true}; with "notify_actor": true the actor hears too.';


--
-- Name: COLUMN outbox.channels; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.channels IS 'Instead of the event''s default channels.';


--
-- Name: COLUMN outbox.forced_channels; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.forced_channels IS 'Added to the others and past the person''s preferences.';


--
-- Name: COLUMN outbox.priority; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.priority IS 'low, normal, high or critical; else the event''s own.';


--
-- Name: COLUMN outbox.subject; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.subject IS 'The entity it is about, such as order:123: the thread for mutes and for postbell.cancel().';


--
-- Name: COLUMN outbox.actor; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.actor IS 'Who caused it. The actor is not told of their own doing.';


--
-- Name: COLUMN outbox.idempotency_key; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.idempotency_key IS 'The same key with the same content is one event; with other content it is rejected.';


--
-- Name: COLUMN outbox.deliver_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.deliver_at IS 'Not before this time. The audience is resolved then.';


--
-- Name: COLUMN outbox.expires_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.outbox.expires_at IS 'Of no use after this time (the inbox keeps it all the same).';


--
-- Name: notify(text, text, jsonb, text, jsonb, text[], text[], timestamp with time zone, timestamp with time zone, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify(event text, recipient text DEFAULT NULL::text, payload jsonb DEFAULT '{}'::jsonb, tenant_id text DEFAULT 'default'::text, audience jsonb DEFAULT NULL::jsonb, channels text[] DEFAULT NULL::text[], forced_channels text[] DEFAULT NULL::text[], deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, idempotency_key text DEFAULT NULL::text, subject text DEFAULT NULL::text, actor text DEFAULT NULL::text, priority text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE sql
    BEGIN ATOMIC
 INSERT INTO postbell.outbox (event, recipient, payload, tenant_id, audience, channels, forced_channels, deliver_at, expires_at, idempotency_key, subject, actor, priority)
   VALUES (notify.event, notify.recipient, notify.payload, notify.tenant_id, notify.audience, notify.channels, notify.forced_channels, notify.deliver_at, notify.expires_at, notify.idempotency_key, notify.subject, notify.actor, notify.priority)
   RETURNING outbox.id;
END;


--
-- Name: FUNCTION notify(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, idempotency_key text, subject text, actor text, priority text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, idempotency_key text, subject text, actor text, priority text) IS 'Emits one event in the caller''s transaction and returns its id. The same as inserting into postbell.outbox.';


--
-- Name: notify_badge_awarded(bigint, text, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_badge_awarded(client_id bigint, badge_name text, description text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_badge_awarded(client_id => client_id::text, badge_name => badge_name, description => description, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_badge_awarded(client_id bigint, badge_name text, description text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_badge_awarded(client_id bigint, badge_name text, description text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.badge_awarded, to the client.';


--
-- Name: notify_badge_awarded(text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_badge_awarded(client_id text, badge_name text, description text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'loyalty.badge_awarded', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'badge_name', postbell.require_value('badge_name', badge_name),
            'description', description
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_badge_awarded(client_id text, badge_name text, description text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_badge_awarded(client_id text, badge_name text, description text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.badge_awarded, to the client.';


--
-- Name: notify_class_bundle_completed(bigint, text, bigint, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_class_bundle_completed(client_id => client_id::text, bundle_name => bundle_name, number_of_classes => number_of_classes, bundle_id => bundle_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.bundle.completed, to the client.';


--
-- Name: notify_class_bundle_completed(text, text, bigint, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'class.bundle.completed', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'number_of_classes', postbell.require_value('number_of_classes', number_of_classes)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.bundle.completed, to the client.';


--
-- Name: notify_class_bundle_created(bigint, text, anycompatible, bigint, anycompatible, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible DEFAULT NULL::unknown, bundle_id bigint DEFAULT NULL::bigint, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_class_bundle_created(client_id => client_id::text, bundle_name => bundle_name, total_price => total_price, number_of_classes => number_of_classes, deposit_required => deposit_required, bundle_id => bundle_id::text, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.bundle.created, to the client.';


--
-- Name: notify_class_bundle_created(text, text, anycompatible, bigint, anycompatible, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible DEFAULT NULL::unknown, bundle_id text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'class.bundle.created', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'total_price', postbell.require_value('total_price', postbell.exact_amount('total_price', total_price)),
            'currency', currency,
            'number_of_classes', postbell.require_value('number_of_classes', number_of_classes),
            'deposit_required', postbell.exact_amount('deposit_required', deposit_required)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.bundle.created, to the client.';


--
-- Name: notify_class_deposit_paid(bigint, text, anycompatible, anycompatible, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible DEFAULT NULL::unknown, bundle_id bigint DEFAULT NULL::bigint, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_class_deposit_paid(client_id => client_id::text, bundle_name => bundle_name, amount => amount, balance_remaining => balance_remaining, bundle_id => bundle_id::text, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.bundle.deposit_paid, to the client.';


--
-- Name: notify_class_deposit_paid(text, text, anycompatible, anycompatible, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible DEFAULT NULL::unknown, bundle_id text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'class.bundle.deposit_paid', 'bundle:' || bundle_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'bundle_id', bundle_id,
            'bundle_name', postbell.require_value('bundle_name', bundle_name),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'balance_remaining', postbell.exact_amount('balance_remaining', balance_remaining)
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.bundle.deposit_paid, to the client.';


--
-- Name: notify_class_message_received(bigint, bigint, text, text, bigint, text, bigint[], text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text DEFAULT NULL::text, bundle_id bigint DEFAULT NULL::bigint, bundle_name text DEFAULT NULL::text, members bigint[] DEFAULT NULL::bigint[], tenant_id text DEFAULT 'default'::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_class_message_received(thread_id => thread_id::text, sender_id => sender_id::text, sender_name => sender_name, message => message, bundle_id => bundle_id::text, bundle_name => bundle_name, members => members::text[], tenant_id => tenant_id, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text, bundle_id bigint, bundle_name text, members bigint[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text, bundle_id bigint, bundle_name text, members bigint[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.message.received, to the thread''s members but never the sender. The members are those named, or else whoever joined the topic thread:ID.';


--
-- Name: notify_class_message_received(text, text, text, text, text, text, text[], text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_message_received(thread_id text, sender_id text, sender_name text, message text DEFAULT NULL::text, bundle_id text DEFAULT NULL::text, bundle_name text DEFAULT NULL::text, members text[] DEFAULT NULL::text[], tenant_id text DEFAULT 'default'::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'class.message.received', 'thread:' || thread_id,
        members,
        jsonb_build_object(
            'sender_name', postbell.require_value('sender_name', sender_name),
            'bundle_name', bundle_name,
            'message_preview', left(message, 500),
            'thread_id', postbell.require_value('thread_id', thread_id),
            'bundle_id', bundle_id
        ),
        tenant_id, postbell.require_value('sender_id', sender_id), idempotency_key, deliver_at, expires_at,
        case when members is null then jsonb_build_object('topic', 'thread:' || thread_id) end
    )
$$;


--
-- Name: FUNCTION notify_class_message_received(thread_id text, sender_id text, sender_name text, message text, bundle_id text, bundle_name text, members text[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_message_received(thread_id text, sender_id text, sender_name text, message text, bundle_id text, bundle_name text, members text[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.message.received, to the thread''s members but never the sender. The members are those named, or else whoever joined the topic thread:ID.';


--
-- Name: notify_class_ticket_created(bigint, text, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_ticket_created(client_id bigint, subject text, bundle_name text DEFAULT NULL::text, ticket_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_class_ticket_created(client_id => client_id::text, subject => subject, bundle_name => bundle_name, ticket_id => ticket_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_class_ticket_created(client_id bigint, subject text, bundle_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_ticket_created(client_id bigint, subject text, bundle_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.ticket.created, to the client.';


--
-- Name: notify_class_ticket_created(text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_class_ticket_created(client_id text, subject text, bundle_name text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'class.ticket.created', 'ticket:' || ticket_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'subject', postbell.require_value('subject', subject),
            'bundle_name', bundle_name,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_class_ticket_created(client_id text, subject text, bundle_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_class_ticket_created(client_id text, subject text, bundle_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.ticket.created, to the client.';


--
-- Name: notify_installment_due(bigint, anycompatible, date, bigint, bigint, bigint, bigint, bigint, bigint, text, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_installment_due(client_id bigint, amount anycompatible, due_date date DEFAULT NULL::date, installment_number bigint DEFAULT NULL::bigint, total_installments bigint DEFAULT NULL::bigint, installment_id bigint DEFAULT NULL::bigint, order_id bigint DEFAULT NULL::bigint, special_order_id bigint DEFAULT NULL::bigint, bundle_id bigint DEFAULT NULL::bigint, bundle_name text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_installment_due(client_id => client_id::text, amount => amount, due_date => due_date, installment_number => installment_number, total_installments => total_installments, installment_id => installment_id::text, order_id => order_id::text, special_order_id => special_order_id::text, bundle_id => bundle_id::text, bundle_name => bundle_name, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_installment_due(client_id bigint, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id bigint, order_id bigint, special_order_id bigint, bundle_id bigint, bundle_name text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_installment_due(client_id bigint, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id bigint, order_id bigint, special_order_id bigint, bundle_id bigint, bundle_name text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.installment.due if a bundle of classes is named, else payment.installment_due, to the client. Its subject is installment:ID: cancel that when it is paid before deliver_at.';


--
-- Name: notify_installment_due(text, anycompatible, date, bigint, bigint, text, text, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_installment_due(client_id text, amount anycompatible, due_date date DEFAULT NULL::date, installment_number bigint DEFAULT NULL::bigint, total_installments bigint DEFAULT NULL::bigint, installment_id text DEFAULT NULL::text, order_id text DEFAULT NULL::text, special_order_id text DEFAULT NULL::text, bundle_id text DEFAULT NULL::text, bundle_name text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        case when coalesce(bundle_id, bundle_name) is null then 'payment.installment_due' else 'class.installment.due' end,
        coalesce(
            'installment:' || installment_id, 'bundle:' || bundle_id,
            'special_order:' || special_order_id, 'order:' || order_id
        ),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'due_date', due_date,
            'installment_number', installment_number,
            'total_installments', total_installments,
            'installment_id', installment_id,
            'order_id', order_id,
            'special_order_id', special_order_id,
            'bundle_id', bundle_id,
            'bundle_name', case when bundle_id is not null then postbell.require_value('bundle_name', bundle_name) else bundle_name end
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_installment_due(client_id text, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id text, order_id text, special_order_id text, bundle_id text, bundle_name text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_installment_due(client_id text, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id text, order_id text, special_order_id text, bundle_id text, bundle_name text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'class.installment.due if a bundle of classes is named, else payment.installment_due, to the client. Its subject is installment:ID: cancel that when it is paid before deliver_at.';


--
-- Name: notify_invoice_generated(bigint, text, anycompatible, date, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date DEFAULT NULL::date, invoice_id bigint DEFAULT NULL::bigint, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_invoice_generated(client_id => client_id::text, invoice_number => invoice_number, amount => amount, due_date => due_date, invoice_id => invoice_id::text, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date, invoice_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date, invoice_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.invoice_generated, to the client.';


--
-- Name: notify_invoice_generated(text, text, anycompatible, date, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date DEFAULT NULL::date, invoice_id text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'payment.invoice_generated', 'invoice:' || coalesce(invoice_id, invoice_number),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'invoice_number', postbell.require_value('invoice_number', invoice_number),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'due_date', due_date,
            'invoice_id', invoice_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date, invoice_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date, invoice_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.invoice_generated, to the client.';


--
-- Name: notify_loyalty_points_awarded(bigint, bigint, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_loyalty_points_awarded(client_id bigint, points bigint, reason text DEFAULT NULL::text, total_points bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_loyalty_points_awarded(client_id => client_id::text, points => points, reason => reason, total_points => total_points, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_loyalty_points_awarded(client_id bigint, points bigint, reason text, total_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_loyalty_points_awarded(client_id bigint, points bigint, reason text, total_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.points_awarded, to the client.';


--
-- Name: notify_loyalty_points_awarded(text, bigint, text, bigint, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_loyalty_points_awarded(client_id text, points bigint, reason text DEFAULT NULL::text, total_points bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'loyalty.points_awarded', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'points', postbell.require_value('points', points),
            'reason', reason,
            'total_points', total_points
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_loyalty_points_awarded(client_id text, points bigint, reason text, total_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_loyalty_points_awarded(client_id text, points bigint, reason text, total_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.points_awarded, to the client.';


--
-- Name: notify_milestone_reached(bigint, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_milestone_reached(client_id => client_id::text, milestone_name => milestone_name, reward_points => reward_points, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.milestone_reached, to the client.';


--
-- Name: notify_milestone_reached(text, text, bigint, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_milestone_reached(client_id text, milestone_name text, reward_points bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'loyalty.milestone_reached', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'milestone_name', postbell.require_value('milestone_name', milestone_name),
            'reward_points', reward_points
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_milestone_reached(client_id text, milestone_name text, reward_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_milestone_reached(client_id text, milestone_name text, reward_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.milestone_reached, to the client.';


--
-- Name: notify_order_assigned(bigint, bigint, bigint, text, text, timestamp with time zone, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text DEFAULT NULL::text, writer_name text DEFAULT NULL::text, deadline timestamp with time zone DEFAULT NULL::timestamp with time zone, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_order_assigned(order_id => order_id::text, client_id => client_id::text, writer_id => writer_id::text, order_topic => order_topic, writer_name => writer_name, deadline => deadline, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.assigned, to the writer and the client. The actor, say a writer who took it, is not told.';


--
-- Name: notify_order_assigned(text, text, text, text, text, timestamp with time zone, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text DEFAULT NULL::text, writer_name text DEFAULT NULL::text, deadline timestamp with time zone DEFAULT NULL::timestamp with time zone, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'order.assigned', 'order:' || order_id,
        array[postbell.require_value('writer_id', writer_id), postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'writer_name', writer_name,
            'deadline', deadline
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.assigned, to the writer and the client. The actor, say a writer who took it, is not told.';


--
-- Name: notify_order_completed(bigint, bigint, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_completed(order_id bigint, client_id bigint, writer_id bigint DEFAULT NULL::bigint, order_topic text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_order_completed(order_id => order_id::text, client_id => client_id::text, writer_id => writer_id::text, order_topic => order_topic, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_order_completed(order_id bigint, client_id bigint, writer_id bigint, order_topic text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_completed(order_id bigint, client_id bigint, writer_id bigint, order_topic text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.completed, to the client and the writer, if there is one.';


--
-- Name: notify_order_completed(text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_completed(order_id text, client_id text, writer_id text DEFAULT NULL::text, order_topic text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'order.completed', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id), writer_id],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_order_completed(order_id text, client_id text, writer_id text, order_topic text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_completed(order_id text, client_id text, writer_id text, order_topic text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.completed, to the client and the writer, if there is one.';


--
-- Name: notify_order_created(bigint, bigint, text, anycompatible, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_created(order_id bigint, client_id bigint, order_topic text DEFAULT NULL::text, amount anycompatible DEFAULT NULL::unknown, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_order_created(order_id => order_id::text, client_id => client_id::text, order_topic => order_topic, amount => amount, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_order_created(order_id bigint, client_id bigint, order_topic text, amount anycompatible, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_created(order_id bigint, client_id bigint, order_topic text, amount anycompatible, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.created, to the client.';


--
-- Name: notify_order_created(text, text, text, anycompatible, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_created(order_id text, client_id text, order_topic text DEFAULT NULL::text, amount anycompatible DEFAULT NULL::unknown, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'order.created', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'amount', postbell.exact_amount('amount', amount),
            'currency', currency
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_order_created(order_id text, client_id text, order_topic text, amount anycompatible, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_created(order_id text, client_id text, order_topic text, amount anycompatible, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.created, to the client.';


--
-- Name: notify_order_paid(bigint, bigint, anycompatible, text, text, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text DEFAULT NULL::text, order_topic text DEFAULT NULL::text, writer_id bigint DEFAULT NULL::bigint, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_order_paid(order_id => order_id::text, client_id => client_id::text, amount => amount, payment_method => payment_method, order_topic => order_topic, writer_id => writer_id::text, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text, order_topic text, writer_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text, order_topic text, writer_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.paid, to the client and the assigned writer, if there is one. It is the only event of the moment: payment.completed is for a payment without an order.';


--
-- Name: notify_order_paid(text, text, anycompatible, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text DEFAULT NULL::text, order_topic text DEFAULT NULL::text, writer_id text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'order.paid', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id), writer_id],
        jsonb_build_object(
            'order_id', postbell.require_value('order_id', order_id),
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'payment_method', payment_method
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text, order_topic text, writer_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text, order_topic text, writer_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'order.paid, to the client and the assigned writer, if there is one. It is the only event of the moment: payment.completed is for a payment without an order.';


--
-- Name: notify_payment_completed(bigint, anycompatible, text, bigint, bigint, text, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_payment_completed(client_id bigint, amount anycompatible, payment_method text DEFAULT NULL::text, payment_id bigint DEFAULT NULL::bigint, order_id bigint DEFAULT NULL::bigint, order_topic text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_payment_completed(client_id => client_id::text, amount => amount, payment_method => payment_method, payment_id => payment_id::text, order_id => order_id::text, order_topic => order_topic, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_payment_completed(client_id bigint, amount anycompatible, payment_method text, payment_id bigint, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_payment_completed(client_id bigint, amount anycompatible, payment_method text, payment_id bigint, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.completed, to the client, for a payment that is not of an order; for one that is, notify_order_paid().';


--
-- Name: notify_payment_completed(text, anycompatible, text, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_payment_completed(client_id text, amount anycompatible, payment_method text DEFAULT NULL::text, payment_id text DEFAULT NULL::text, order_id text DEFAULT NULL::text, order_topic text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'payment.completed', coalesce('payment:' || payment_id, 'order:' || order_id),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'payment_method', payment_method
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_payment_completed(client_id text, amount anycompatible, payment_method text, payment_id text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_payment_completed(client_id text, amount anycompatible, payment_method text, payment_id text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.completed, to the client, for a payment that is not of an order; for one that is, notify_order_paid().';


--
-- Name: notify_payment_failed(bigint, anycompatible, text, bigint, text, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_payment_failed(client_id bigint, amount anycompatible, reason text DEFAULT NULL::text, order_id bigint DEFAULT NULL::bigint, order_topic text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_payment_failed(client_id => client_id::text, amount => amount, reason => reason, order_id => order_id::text, order_topic => order_topic, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_payment_failed(client_id bigint, amount anycompatible, reason text, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_payment_failed(client_id bigint, amount anycompatible, reason text, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.failed, to the client.';


--
-- Name: notify_payment_failed(text, anycompatible, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_payment_failed(client_id text, amount anycompatible, reason text DEFAULT NULL::text, order_id text DEFAULT NULL::text, order_topic text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'payment.failed', 'order:' || order_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'order_topic', order_topic,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'reason', reason
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_payment_failed(client_id text, amount anycompatible, reason text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_payment_failed(client_id text, amount anycompatible, reason text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.failed, to the client.';


--
-- Name: notify_redemption_approved(bigint, text, bigint, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text DEFAULT NULL::text, redemption_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_redemption_approved(client_id => client_id::text, item_name => item_name, points_used => points_used, fulfillment_code => fulfillment_code, redemption_id => redemption_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.redemption.approved, to the client.';


--
-- Name: notify_redemption_approved(text, text, bigint, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text DEFAULT NULL::text, redemption_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'loyalty.redemption.approved', 'redemption:' || redemption_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'item_name', postbell.require_value('item_name', item_name),
            'points_used', postbell.require_value('points_used', points_used),
            'fulfillment_code', fulfillment_code,
            'redemption_id', redemption_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.redemption.approved, to the client.';


--
-- Name: notify_redemption_rejected(bigint, text, bigint, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text DEFAULT NULL::text, redemption_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_redemption_rejected(client_id => client_id::text, item_name => item_name, points_used => points_used, reason => reason, redemption_id => redemption_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.redemption.rejected, to the client.';


--
-- Name: notify_redemption_rejected(text, text, bigint, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text DEFAULT NULL::text, redemption_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'loyalty.redemption.rejected', 'redemption:' || redemption_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'item_name', postbell.require_value('item_name', item_name),
            'points_used', postbell.require_value('points_used', points_used),
            'rejection_reason', reason,
            'redemption_id', redemption_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.redemption.rejected, to the client.';


--
-- Name: notify_refund_processed(bigint, anycompatible, text, bigint, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_refund_processed(client_id bigint, amount anycompatible, reason text DEFAULT NULL::text, refund_id bigint DEFAULT NULL::bigint, order_id bigint DEFAULT NULL::bigint, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_refund_processed(client_id => client_id::text, amount => amount, reason => reason, refund_id => refund_id::text, order_id => order_id::text, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_refund_processed(client_id bigint, amount anycompatible, reason text, refund_id bigint, order_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_refund_processed(client_id bigint, amount anycompatible, reason text, refund_id bigint, order_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.refunded, to the client.';


--
-- Name: notify_refund_processed(text, anycompatible, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_refund_processed(client_id text, amount anycompatible, reason text DEFAULT NULL::text, refund_id text DEFAULT NULL::text, order_id text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'payment.refunded', coalesce('order:' || order_id, 'refund:' || refund_id),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'order_id', order_id,
            'refund_id', refund_id,
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'reason', reason
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_refund_processed(client_id text, amount anycompatible, reason text, refund_id text, order_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_refund_processed(client_id text, amount anycompatible, reason text, refund_id text, order_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.refunded, to the client.';


--
-- Name: notify_ticket_assigned(text, bigint, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text DEFAULT NULL::text, ticket_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_ticket_assigned(ticket_number => ticket_number, assignee_id => assignee_id::text, assignee_name => assignee_name, ticket_id => ticket_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.assigned, to the assignee.';


--
-- Name: notify_ticket_assigned(text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'ticket.assigned', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('assignee_id', assignee_id)],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'assignee_name', assignee_name,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.assigned, to the assignee.';


--
-- Name: notify_ticket_created(text, bigint, text, bigint, bigint, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id bigint, subject text DEFAULT NULL::text, ticket_id bigint DEFAULT NULL::bigint, assignee_id bigint DEFAULT NULL::bigint, assignee_name text DEFAULT NULL::text, support_role text DEFAULT 'support'::text, tenant_id text DEFAULT 'default'::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint[]
    LANGUAGE sql
    AS $$select postbell.notify_ticket_created(ticket_number => ticket_number, creator_id => creator_id::text, subject => subject, ticket_id => ticket_id::text, assignee_id => assignee_id::text, assignee_name => assignee_name, support_role => support_role, tenant_id => tenant_id, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_ticket_created(ticket_number text, creator_id bigint, subject text, ticket_id bigint, assignee_id bigint, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id bigint, subject text, ticket_id bigint, assignee_id bigint, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.created, to the creator and everybody with the support role; and ticket.assigned to the assignee, if there is one. Returns the ids of both.';


--
-- Name: notify_ticket_created(text, text, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id text, subject text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, assignee_id text DEFAULT NULL::text, assignee_name text DEFAULT NULL::text, support_role text DEFAULT 'support'::text, tenant_id text DEFAULT 'default'::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint[]
    LANGUAGE sql
    AS $$
    select array_remove(
        array[
            postbell.emit(
                'ticket.created', 'ticket:' || coalesce(ticket_id, ticket_number),
                array[postbell.require_value('creator_id', creator_id)],
                jsonb_build_object(
                    'ticket_number', postbell.require_value('ticket_number', ticket_number),
                    'subject', subject,
                    'ticket_id', ticket_id
                ),
                -- No actor: the creator is told that the ticket is there.
                tenant_id, null, idempotency_key, deliver_at, expires_at,
                jsonb_build_object('role', postbell.require_value('support_role', support_role))
            ),
            case when assignee_id <> '' then postbell.notify_ticket_assigned(
                ticket_number => ticket_number, assignee_id => assignee_id, assignee_name => assignee_name, ticket_id => ticket_id,
                tenant_id => tenant_id, actor => creator_id,
                -- A key names one event, and this is another.
                idempotency_key => idempotency_key || ':assigned',
                deliver_at => deliver_at, expires_at => expires_at
            ) end
        ],
        null
    )
$$;


--
-- Name: FUNCTION notify_ticket_created(ticket_number text, creator_id text, subject text, ticket_id text, assignee_id text, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id text, subject text, ticket_id text, assignee_id text, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.created, to the creator and everybody with the support role; and ticket.assigned to the assignee, if there is one. Returns the ids of both.';


--
-- Name: notify_ticket_escalated(text, bigint, text, text, bigint, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text DEFAULT NULL::text, reason text DEFAULT NULL::text, assignee_id bigint DEFAULT NULL::bigint, ticket_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_ticket_escalated(ticket_number => ticket_number, creator_id => creator_id::text, escalated_to => escalated_to, reason => reason, assignee_id => assignee_id::text, ticket_id => ticket_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text, reason text, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text, reason text, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.escalated, to the creator and the assignee, if there is one.';


--
-- Name: notify_ticket_escalated(text, text, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text DEFAULT NULL::text, reason text DEFAULT NULL::text, assignee_id text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'ticket.escalated', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('creator_id', creator_id), assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'escalated_to', escalated_to,
            'reason', reason,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text, reason text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text, reason text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.escalated, to the creator and the assignee, if there is one.';


--
-- Name: notify_ticket_reopened(text, bigint, bigint, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint DEFAULT NULL::bigint, ticket_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_ticket_reopened(ticket_number => ticket_number, creator_id => creator_id::text, assignee_id => assignee_id::text, ticket_id => ticket_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.reopened, to the creator and the assignee, if there is one.';


--
-- Name: notify_ticket_reopened(text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'ticket.reopened', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('creator_id', creator_id), assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.reopened, to the creator and the assignee, if there is one.';


--
-- Name: notify_ticket_reply(text, bigint, bigint, text, text, bigint, bigint, bigint, boolean, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text DEFAULT NULL::text, message text DEFAULT NULL::text, assignee_id bigint DEFAULT NULL::bigint, ticket_id bigint DEFAULT NULL::bigint, message_id bigint DEFAULT NULL::bigint, is_internal boolean DEFAULT false, tenant_id text DEFAULT 'default'::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_ticket_reply(ticket_number => ticket_number, creator_id => creator_id::text, replier_id => replier_id::text, replier_name => replier_name, message => message, assignee_id => assignee_id::text, ticket_id => ticket_id::text, message_id => message_id::text, is_internal => is_internal, tenant_id => tenant_id, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text, message text, assignee_id bigint, ticket_id bigint, message_id bigint, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text, message text, assignee_id bigint, ticket_id bigint, message_id bigint, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.replied, to the creator and the assignee, never the replier. The creator does not hear of an internal note.';


--
-- Name: notify_ticket_reply(text, text, text, text, text, text, text, text, boolean, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text DEFAULT NULL::text, message text DEFAULT NULL::text, assignee_id text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, message_id text DEFAULT NULL::text, is_internal boolean DEFAULT false, tenant_id text DEFAULT 'default'::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'ticket.replied', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[case when not is_internal then postbell.require_value('creator_id', creator_id) end, assignee_id],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'replier_name', replier_name,
            'message_preview', left(message, 500),
            'ticket_id', ticket_id,
            'message_id', message_id
        ),
        tenant_id, postbell.require_value('replier_id', replier_id), idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text, message text, assignee_id text, ticket_id text, message_id text, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text, message text, assignee_id text, ticket_id text, message_id text, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.replied, to the creator and the assignee, never the replier. The creator does not hear of an internal note.';


--
-- Name: notify_ticket_resolved(text, bigint, text, text, bigint, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text DEFAULT NULL::text, resolution text DEFAULT NULL::text, ticket_id bigint DEFAULT NULL::bigint, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_ticket_resolved(ticket_number => ticket_number, creator_id => creator_id::text, resolver_name => resolver_name, resolution => resolution, ticket_id => ticket_id::text, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text, resolution text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text, resolution text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.resolved, to the creator.';


--
-- Name: notify_ticket_resolved(text, text, text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text DEFAULT NULL::text, resolution text DEFAULT NULL::text, ticket_id text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'ticket.resolved', 'ticket:' || coalesce(ticket_id, ticket_number),
        array[postbell.require_value('creator_id', creator_id)],
        jsonb_build_object(
            'ticket_number', postbell.require_value('ticket_number', ticket_number),
            'resolver_name', resolver_name,
            'resolution', resolution,
            'ticket_id', ticket_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text, resolution text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text, resolution text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'ticket.resolved, to the creator.';


--
-- Name: notify_tier_upgraded(bigint, text, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_tier_upgraded(client_id bigint, tier_name text, perks text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_tier_upgraded(client_id => client_id::text, tier_name => tier_name, perks => perks, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_tier_upgraded(client_id bigint, tier_name text, perks text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_tier_upgraded(client_id bigint, tier_name text, perks text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.tier_upgraded, to the client.';


--
-- Name: notify_tier_upgraded(text, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_tier_upgraded(client_id text, tier_name text, perks text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'loyalty.tier_upgraded', null,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'tier_name', postbell.require_value('tier_name', tier_name),
            'perks', perks
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_tier_upgraded(client_id text, tier_name text, perks text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_tier_upgraded(client_id text, tier_name text, perks text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'loyalty.tier_upgraded, to the client.';


--
-- Name: notify_wallet_loaded(bigint, anycompatible, anycompatible, bigint, text, text, bigint, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint DEFAULT NULL::bigint, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$select postbell.notify_wallet_loaded(client_id => client_id::text, amount => amount, balance => balance, wallet_id => wallet_id::text, currency => currency, tenant_id => tenant_id, actor => actor::text, idempotency_key => idempotency_key, deliver_at => deliver_at, expires_at => expires_at)$$;


--
-- Name: FUNCTION notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.wallet_loaded, to the client.';


--
-- Name: notify_wallet_loaded(text, anycompatible, anycompatible, text, text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text DEFAULT NULL::text, currency text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text, actor text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text, deliver_at timestamp with time zone DEFAULT NULL::timestamp with time zone, expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS bigint
    LANGUAGE sql
    AS $$
    select postbell.emit(
        'payment.wallet_loaded', 'wallet:' || wallet_id,
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'balance', postbell.require_value('balance', postbell.exact_amount('balance', balance))
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;


--
-- Name: FUNCTION notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'payment.wallet_loaded, to the client.';


--
-- Name: pause(text, timestamp with time zone, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.pause(recipient text, until timestamp with time zone, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postbell.mute(recipient => recipient, until => until, tenant_id => tenant_id) AS mute;
END;


--
-- Name: FUNCTION pause(recipient text, until timestamp with time zone, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.pause(recipient text, until timestamp with time zone, tenant_id text) IS 'Mutes everything until a time: the inbox keeps what comes, silently; what other channels would have brought is not sent, and does not come later either. What is forced comes all the same. Quiet hours make it wait instead.';


--
-- Name: preference_overview(timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.preference_overview(at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS TABLE(category text, event text, label text, description text, channel text, is_wanted boolean, decision text, rung smallint, reason text, due_at timestamp with time zone, is_silent boolean, off_by jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    return query
    with kind as (
        select e.category, e.key, e.label, e.description, e.channels
        from postbell.event_type as e
        where e.disabled_at is null
          and postbell.is_meant_for(postbell.current_tenant(), postbell.current_recipient(), e.roles)
          and not exists (
              select
              from postbell.tenant_event as custom
              where custom.tenant_id = postbell.current_tenant()
                and custom.event = e.key
                and custom.disabled_at is not null
          )
    ),

    -- Each event twice: as it would be emitted, and as if every channel were forced, which tells what is in the way.
    decided as materialized (
        select *
        from postbell_private.decide(array(
            select row(
                way.number, postbell.current_tenant(), kind.key, postbell.current_recipient(), null, null,
                way.named, way.named, null, null, preference_overview.at, null, null
            )::postbell_private.candidate
            from kind
            cross join lateral (values (1, null), (2, kind.channels)) as way (number, named)
        ))
    )

    select
        kind.category, kind.key, kind.label, kind.description, hoped.channel,
        given.event is not null,
        case
            when given.event is null then 'no'
            when given.due_at <= greatest(preference_overview.at, postbell.clock()) then 'now'
            else given.decision
        end,
        case when given.event is not null then given.rung when hoped.effect = 'drop' then hoped.rung end,
        case when given.event is not null then given.reason when hoped.effect = 'drop' then hoped.reason else 'not_usual' end,
        case when given.due_at > greatest(preference_overview.at, postbell.clock()) then given.due_at end,
        coalesce(given.is_silent and given.decision <> 'no', false),
        array_to_json(array(
            select jsonb_build_object('channel', off_channel, 'category', off_category, 'event', off_event)
            from postbell.switched_off_by(
                postbell.current_tenant(), postbell.current_recipient(), hoped.channel, kind.category, kind.key
            )
            order by num_nonnulls(off_channel, off_category, off_event), off_channel nulls first
        ))::jsonb
    from kind
    join decided as hoped on hoped.notification_id = 2 and hoped.event = kind.key
    left join decided as given
        on given.notification_id = 1
        and given.event = kind.key
        and given.channel = hoped.channel
    order by kind.category, kind.key, array_position(kind.channels, hoped.channel);
end
$$;


--
-- Name: FUNCTION preference_overview(at timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.preference_overview(at timestamp with time zone) IS 'What the person of this session (postbell.tenant, postbell.recipient) would get of each event, by each channel that it has, if it happened now or at a time; asked as postbell.explain() asks. A channel that is not wanted says what would be in the way, else not_usual. off_by: the explicit offs that cover it, broadest first.';


--
-- Name: quiet_moments(integer[]); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.quiet_moments(days integer[]) RETURNS TABLE(at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with own as (
        select q.day, q.starts, q.ends, home.zone
        from postbell.quiet_hours as q
        join postbell.recipient as person on person.tenant_id = q.tenant_id and person.id = q.recipient_id
        join postbell.tenant as site on site.id = q.tenant_id
        cross join lateral (
            select postbell_private.first_known_zone(array[q.time_zone, person.time_zone, site.time_zone]) as zone
        ) as home
        where q.tenant_id = postbell.current_tenant()
          and q.recipient_id = postbell.current_recipient()
          and q.day = any(days)
    ),

    -- A window that began yesterday may still have its end before it.
    near as (
        select own.*, (postbell.clock() at time zone own.zone)::date + ahead as local_day
        from own
        cross join generate_series(-1, 7) as ahead
    )

    select moment.at
    from near
    cross join lateral (values
        (postbell_private.instant_of(local_day + starts, zone)),
        (postbell_private.instant_of(local_day + case when ends > starts then 0 else 1 end + ends, zone) - interval '1 minute')
    ) as moment (at)
    where extract(isodow from local_day) = day
      and moment.at > postbell.clock()
    order by moment.at
    limit 4
$$;


--
-- Name: FUNCTION quiet_moments(days integer[]); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.quiet_moments(days integer[]) IS 'Coming moments at which it shows what the quiet hours of these weekdays do, for the person of this session: when a window starts, and the minute before it ends.';


--
-- Name: raise_error(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.raise_error(name text, detail text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


--
-- Name: FUNCTION raise_error(name text, detail text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.raise_error(name text, detail text) IS 'Raises the named error of postbell.error_codes with its SQLSTATE and its way out.';


--
-- Name: reassign_device(text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.reassign_device(tenant_id text, recipient text, endpoint text, auth text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell.push_subscription
    where tenant_id = reassign_device.tenant_id
      and endpoint = reassign_device.endpoint
      and recipient_id <> reassign_device.recipient
      and auth = reassign_device.auth;

    if exists (
        select
        from postbell.push_subscription
        where tenant_id = reassign_device.tenant_id
          and endpoint = reassign_device.endpoint
          and recipient_id <> reassign_device.recipient
    ) then
        perform postbell.raise_error('invalid_argument', 'endpoint is somebody else''s browser: subscribe anew');
    end if;
end
$$;


--
-- Name: FUNCTION reassign_device(tenant_id text, recipient text, endpoint text, auth text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.reassign_device(tenant_id text, recipient text, endpoint text, auth text) IS 'Ends whoever else''s subscription this is, given its secret; raises invalid_argument without.';


--
-- Name: refuse_tracking(text, text, boolean); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.refuse_tracking(recipient text, tenant_id text DEFAULT 'default'::text, refuses boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(refuse_tracking.tenant_id, refuse_tracking.recipient);
    update postbell.recipient set tracking_refused_at = case when refuses then coalesce(tracking_refused_at, postbell.clock()) end
    where tenant_id = refuse_tracking.tenant_id
      and id = refuse_tracking.recipient;
end
$$;


--
-- Name: FUNCTION refuse_tracking(recipient text, tenant_id text, refuses boolean); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.refuse_tracking(recipient text, tenant_id text, refuses boolean) IS 'The person does not want it to be known whether they open mails or follow links: neither is written into mails any more, nor taken from those already out. refuses => false takes it back.';


--
-- Name: register_event(text, text, text, text[], text[], jsonb, text, text, text[], boolean, text, text[]); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.register_event(key text, category text, priority text, default_channels text[], channels text[], fields jsonb DEFAULT '{}'::jsonb, label text DEFAULT NULL::text, description text DEFAULT ''::text, forced_channels text[] DEFAULT '{}'::text[], notify_actor boolean DEFAULT false, version text DEFAULT ''::text, roles text[] DEFAULT NULL::text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    insert into postbell.event_type as known (
        key, label, description, category, version,
        priority, default_channels, forced_channels, channels, notify_actor, fields, roles
    )
    values (
        register_event.key, coalesce(register_event.label, register_event.key), register_event.description,
        register_event.category, register_event.version,
        register_event.priority, register_event.default_channels, register_event.forced_channels,
        register_event.channels, register_event.notify_actor, register_event.fields,
        coalesce(register_event.roles, '{}')
    )
    on conflict (key) do update set
        label = excluded.label,
        description = excluded.description,
        category = excluded.category,
        version = excluded.version,
        priority = excluded.priority,
        default_channels = excluded.default_channels,
        forced_channels = excluded.forced_channels,
        channels = excluded.channels,
        notify_actor = excluded.notify_actor,
        fields = excluded.fields,
        roles = coalesce(register_event.roles, known.roles),
        registered_at = now()
    -- A deploy that changes nothing writes nothing.
    where (known.label, known.description, known.category, known.version, known.priority, known.default_channels,
            known.forced_channels, known.channels, known.notify_actor, known.fields, known.roles)
        is distinct from
          (excluded.label, excluded.description, excluded.category, excluded.version, excluded.priority,
            excluded.default_channels, excluded.forced_channels, excluded.channels, excluded.notify_actor, excluded.fields,
            coalesce(register_event.roles, known.roles));
end
$$;


--
-- Name: FUNCTION register_event(key text, category text, priority text, default_channels text[], channels text[], fields jsonb, label text, description text, forced_channels text[], notify_actor boolean, version text, roles text[]); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.register_event(key text, category text, priority text, default_channels text[], channels text[], fields jsonb, label text, description text, forced_channels text[], notify_actor boolean, version text, roles text[]) IS 'Makes an event known, or changes it. Deploy calls it for every template folder. Whether the event is disabled is left alone, and so are its roles if they are null. What a folder declares is as the folder says again with the next deploy.';


--
-- Name: remove_push_subscription(text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.remove_push_subscription(recipient text, endpoint text, tenant_id text DEFAULT 'default'::text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell.push_subscription
    where tenant_id = remove_push_subscription.tenant_id
      and recipient_id = remove_push_subscription.recipient
      and endpoint = remove_push_subscription.endpoint;
    return found;
end
$$;


--
-- Name: FUNCTION remove_push_subscription(recipient text, endpoint text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.remove_push_subscription(recipient text, endpoint text, tenant_id text) IS 'Ends the pushes to a browser, at a logout for instance; false if it was not theirs.';


--
-- Name: require_channel(text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.require_channel(channel text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if not exists (select from postbell.channel as known where known.name = require_channel.channel) then
        perform postbell.raise_error('invalid_channel', coalesce(require_channel.channel, 'null'));
    end if;
end
$$;


--
-- Name: FUNCTION require_channel(channel text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.require_channel(channel text) IS 'Raises invalid_channel unless there is such a channel.';


--
-- Name: require_device(text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.require_device(endpoint text, p256dh text, auth text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
    -- What stands behind the address is looked at when something is sent there: names change.
    if endpoint is null or length(endpoint) > 2000 or endpoint !~ '^https://[^/?#@\\[:space:]]+/[!-~]*$' then
        perform postbell.raise_error('invalid_argument', 'endpoint is not the https:// address of a PushSubscription');
    elsif p256dh is null or p256dh !~ '^B[A-Za-z0-9_-]{86}$' then
        perform postbell.raise_error('invalid_argument', 'p256dh is not an uncompressed P-256 key in base64url');
    elsif auth is null or auth !~ '^[A-Za-z0-9_-]{22}$' then
        perform postbell.raise_error('invalid_argument', 'auth is not 16 bytes in base64url');
    end if;
end
$_$;


--
-- Name: FUNCTION require_device(endpoint text, p256dh text, auth text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.require_device(endpoint text, p256dh text, auth text) IS 'Raises invalid_argument unless these can be the parts of a PushSubscription.';


--
-- Name: require_identifier(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.require_identifier(name text, value text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if coalesce(value, '') = '' then
        perform postbell.raise_error('invalid_argument', name || ' is empty');
    end if;
    perform postbell.require_short(name, value);
end
$$;


--
-- Name: FUNCTION require_identifier(name text, value text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.require_identifier(name text, value text) IS 'Raises unless the value has 1 to 255 characters.';


--
-- Name: require_recipient(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.require_recipient(tenant_id text, recipient text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    if not exists (
        select
        from postbell.recipient
        where tenant_id = require_recipient.tenant_id
          and id = require_recipient.recipient
    ) then
        perform postbell.raise_error('unknown_recipient',
            format('%s of tenant %s', coalesce(require_recipient.recipient, 'null'), coalesce(require_recipient.tenant_id, 'null')));
    end if;
end
$$;


--
-- Name: FUNCTION require_recipient(tenant_id text, recipient text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.require_recipient(tenant_id text, recipient text) IS 'Raises unknown_recipient unless the person exists (and may be seen by this session).';


--
-- Name: require_short(text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.require_short(name text, value text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if length(value) > 255 then
        perform postbell.raise_error('value_too_long', name || ' has ' || length(value) || ' characters');
    end if;
end
$$;


--
-- Name: FUNCTION require_short(name text, value text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.require_short(name text, value text) IS 'Raises value_too_long if the value has more than 255 characters.';


--
-- Name: require_value(text, anyelement); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.require_value(name text, value anyelement) RETURNS anyelement
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if value is null or value::text = '' then
        perform postbell.raise_error('invalid_argument', name || ' is missing');
    end if;
    return value;
end
$$;


--
-- Name: FUNCTION require_value(name text, value anyelement); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.require_value(name text, value anyelement) IS 'The value; raises invalid_argument if it is null or empty.';


--
-- Name: reset_router(); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.reset_router() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_former postbell_private.router_step;
    v_before pg_snapshot := pg_current_snapshot();
    v_own xid8 := pg_current_xact_id();
    v_emitted_again bigint;
begin
    -- No producer may be between an INSERT and its commit while the old numbering ends.
    lock table postbell.outbox, postbell_private.cancellation in share row exclusive mode;

    select * into strict v_former
    from postbell_private.router_step
    order by step desc
    limit 1;

    -- Tombstones tell earlier from later by the old ids: from now on each event that they cover has its own.
    insert into postbell_private.cancellation (outbox_id)
    select e.id
    from (
        select id, tenant_id, subject, xid, created_at
        from postbell_private.notification
        union
        select id, tenant_id, subject, xid, created_at
        from postbell.outbox
    ) as e
    cross join lateral postbell_private.is_cancelled(e.id, e.tenant_id, e.subject, e.xid, e.created_at) as tombstone
    where e.subject in (select subject from postbell_private.cancellation)
      and tombstone.is_cancelled;
    delete from postbell_private.cancellation
    where subject is not null;

    -- Ids of another cluster must not stay in the log: they would come round as new ones some day. What had been
    -- taken from it is in one of the three tables; the rest is emitted again, in transaction ids of this cluster.
    with former as (
        delete from postbell.outbox
        returning *
    )
    insert into postbell.outbox (
        id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority,
        subject, actor, idempotency_key, deliver_at, expires_at, created_at
    )
    select
        id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority,
        subject, actor, idempotency_key, deliver_at, expires_at, created_at
    from former
    where not exists (select from postbell_private.notification as n where n.id = former.id)
      and not exists (select from postbell.rejected_event as r where r.outbox_id = former.id)
      and not exists (select from postbell_private.duplicate_event as d where d.outbox_id = former.id);
    get diagnostics v_emitted_again = row_count;

    -- What open pages were told is told; which of it a page has heard cannot be said any more. It looks anew.
    delete from postbell_private.stream_event;
    delete from postbell_private.stream_truncation;
    delete from postbell_private.stream_epoch;

    -- From here on: everything but this transaction, which is yet to commit.
    insert into postbell_private.router_step (step, snapshot, system_identifier)
    select
        v_former.step + 1,
        format('%s:%s:%s', least(pg_snapshot_xmin(v_before)::text::bigint, v_own::text::bigint),
            greatest(pg_snapshot_xmax(v_before)::text::bigint, v_own::text::bigint + 1),
            (
                select string_agg(open::text, ',' order by open)
                from (
                    select xip::text::bigint as open
                    from pg_snapshot_xip(v_before) as xip
                    union
                    -- Begun after the snapshot was taken, before our own id: none of them has been routed either.
                    select generate_series(pg_snapshot_xmax(v_before)::text::bigint, v_own::text::bigint)
                    union
                    select v_own::text::bigint
                ) as all_open
            ))::pg_snapshot,
        system_identifier
    from pg_control_system();

    return v_emitted_again;
end
$$;


--
-- Name: FUNCTION reset_router(); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.reset_router() IS 'After a restore into another cluster, and after pg_upgrade: forgets the old cluster''s transaction ids and emits again, under the same ids, what had not been routed. Returns how many. Run it before producers write again.';


--
-- Name: retry(bigint, text, text, text, timestamp with time zone); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.retry(delivery_id bigint DEFAULT NULL::bigint, event text DEFAULT NULL::text, channel text DEFAULT NULL::text, tenant_id text DEFAULT NULL::text, since timestamp with time zone DEFAULT '-infinity'::timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_revived bigint[];
begin
    -- The deliveries first, and in one order, as receipts lock them.
    with chosen as materialized (
        select d.id
        from postbell.dead_letter as dead
        join postbell.delivery as d on d.id = dead.delivery_id
        where dead.died_at >= retry.since
          and (retry.delivery_id is null or d.id = retry.delivery_id)
          and (retry.event is null or d.event = retry.event)
          and (retry.channel is null or d.channel = retry.channel)
          and (retry.tenant_id is null or d.tenant_id = retry.tenant_id)
        order by d.id
        for update of d
    ),

    revived as (
        delete from postbell.dead_letter as dead
        using chosen
        where dead.delivery_id = chosen.id
        returning chosen.id
    ),

    queued as (
        update postbell.delivery as d set
            state = 'queued',
            reason = 'retried',
            attempts = 0,
            sent_at = null
        from revived
        where d.id = revived.id
        returning d.id
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what)
        select id, 'retried'
        from queued
    )

    select array_agg(id order by id) into v_revived
    from queued;

    perform postbell_private.enqueue(v_revived, is_bulk => false);
    return coalesce(cardinality(v_revived), 0);
end
$$;


--
-- Name: FUNCTION retry(delivery_id bigint, event text, channel text, tenant_id text, since timestamp with time zone); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.retry(delivery_id bigint, event text, channel text, tenant_id text, since timestamp with time zone) IS 'Sends dead letters again: one, or those of an event, channel or tenant, since a time; all if nothing is named. Returns how many.';


--
-- Name: roll_back_branding(text, integer); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.roll_back_branding(tenant_id text DEFAULT 'default'::text, to_version integer DEFAULT NULL::integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_tenant postbell.tenant;
    v_branding jsonb;
begin
    perform postbell_private.require_tenant(roll_back_branding.tenant_id);

    -- Locked, or another change could come in between.
    select * into v_tenant
    from postbell.tenant
    where id = roll_back_branding.tenant_id
    for update;

    select branding into v_branding
    from postbell.branding_version
    where tenant_id = roll_back_branding.tenant_id
      and version = coalesce(roll_back_branding.to_version, v_tenant.branding_version - 1);
    if not found then
        perform postbell.raise_error(
            'invalid_argument',
            format(
                'tenant %s has no former branding %s; the present one is %s',
                roll_back_branding.tenant_id, coalesce(roll_back_branding.to_version::text, 'at all'), v_tenant.branding_version
            )
        );
    end if;

    update postbell.tenant set
        branding = v_branding
    where id = roll_back_branding.tenant_id
    returning branding_version into v_tenant.branding_version;
    return v_tenant.branding_version;
end
$$;


--
-- Name: FUNCTION roll_back_branding(tenant_id text, to_version integer); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.roll_back_branding(tenant_id text, to_version integer) IS 'Gives a tenant a former branding again, of postbell.branding_version, and returns its new number. Without a version: the one before the present.';


--
-- Name: roll_back_text(text, text, integer); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.roll_back_text(path text, tenant_id text DEFAULT NULL::text, to_version integer DEFAULT NULL::integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_newest integer;
    v_version integer;
    v_content text;
begin
    -- As set_text() does: nobody else comes in between.
    lock table postbell.text_version in share row exclusive mode;

    select max(version) into v_newest
    from postbell.text_version
    where path = roll_back_text.path
      and tenant_id is not distinct from roll_back_text.tenant_id;
    if v_newest is null then
        perform postbell.raise_error(
            'invalid_argument',
            format('there is no text %s of %s', coalesce(roll_back_text.path, 'null'), coalesce('tenant ' || roll_back_text.tenant_id, 'everybody'))
        );
    end if;

    v_version := coalesce(roll_back_text.to_version, v_newest - 1);
    -- Before the first there was the file.
    if v_version <> 0 then
        select content into v_content
        from postbell.text_version
        where path = roll_back_text.path
          and tenant_id is not distinct from roll_back_text.tenant_id
          and version = v_version;
        if not found then
            perform postbell.raise_error(
                'invalid_argument', format('%s has no version %s; it has 0, the file, to %s', roll_back_text.path, v_version, v_newest)
            );
        end if;
    end if;

    insert into postbell.text_version (tenant_id, path, version, content, note)
    values (roll_back_text.tenant_id, roll_back_text.path, v_newest + 1, v_content, 'back to version ' || v_version);
    return v_newest + 1;
end
$$;


--
-- Name: FUNCTION roll_back_text(path text, tenant_id text, to_version integer); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.roll_back_text(path text, tenant_id text, to_version integer) IS 'Makes an earlier version of a text the newest again, and returns its new number. Without a version: the one before the newest. Version 0 is the shipped file.';


--
-- Name: set_preference(text, boolean, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.set_preference(recipient text, enabled boolean, channel text DEFAULT NULL::text, category text DEFAULT NULL::text, event text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(set_preference.tenant_id, set_preference.recipient);
    if set_preference.channel is not null then
        perform postbell.require_channel(set_preference.channel);
    end if;
    if set_preference.event is not null and set_preference.category is not null then
        perform postbell.raise_error('invalid_argument', 'name a category or an event, not both: an event has one category');
    end if;
    if not exists (select from postbell.event_type where key = set_preference.event) and set_preference.event is not null then
        perform postbell.raise_error('unknown_event', set_preference.event);
    end if;
    if set_preference.category is not null
        and not exists (select from postbell.event_type where category = set_preference.category) then
        perform postbell.raise_error('invalid_argument', 'no event has the category ' || set_preference.category);
    end if;

    -- Null takes the choice back: the defaults apply again.
    if set_preference.enabled is null then
        delete from postbell.preference
        where tenant_id = set_preference.tenant_id
          and recipient_id = set_preference.recipient
          and channel is not distinct from set_preference.channel
          and category is not distinct from set_preference.category
          and event is not distinct from set_preference.event;
        return;
    end if;

    insert into postbell.preference (tenant_id, recipient_id, channel, category, event, enabled)
    values (
        set_preference.tenant_id, set_preference.recipient, set_preference.channel,
        set_preference.category, set_preference.event, set_preference.enabled
    )
    on conflict (tenant_id, recipient_id, channel, category, event) do update set
        enabled = excluded.enabled,
        updated_at = postbell.clock();
end
$$;


--
-- Name: FUNCTION set_preference(recipient text, enabled boolean, channel text, category text, event text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.set_preference(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) IS 'Switches on or off: a channel, a category, an event, or one of the latter two on one channel; null enabled takes the choice back. Off wins over on.';


--
-- Name: set_quiet_hours(text, time without time zone, time without time zone, integer[], text, text[], text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[] DEFAULT '{1,2,3,4,5,6,7}'::integer[], time_zone text DEFAULT NULL::text, channels text[] DEFAULT NULL::text[], tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell.require_recipient(set_quiet_hours.tenant_id, set_quiet_hours.recipient);
    if set_quiet_hours.time_zone is not null and not postbell.is_time_zone(set_quiet_hours.time_zone) then
        perform postbell.raise_error('invalid_time_zone', set_quiet_hours.time_zone);
    end if;
    if not set_quiet_hours.days <@ array[1, 2, 3, 4, 5, 6, 7] then
        perform postbell.raise_error('invalid_argument', 'days are 1 (Monday) to 7 (Sunday)');
    end if;
    if (set_quiet_hours.starts is null) <> (set_quiet_hours.ends is null) then
        perform postbell.raise_error('invalid_argument', 'starts and ends are both given, or both null to end the quiet hours');
    end if;

    delete from postbell.quiet_hours
    where tenant_id = set_quiet_hours.tenant_id
      and recipient_id = set_quiet_hours.recipient
      and day = any(set_quiet_hours.days);

    if set_quiet_hours.starts is not null then
        insert into postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends, time_zone, channels)
        select distinct
            set_quiet_hours.tenant_id, set_quiet_hours.recipient, day,
            set_quiet_hours.starts, set_quiet_hours.ends, set_quiet_hours.time_zone, set_quiet_hours.channels
        from unnest(set_quiet_hours.days) as day;
    end if;
end
$$;


--
-- Name: FUNCTION set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[], time_zone text, channels text[], tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[], time_zone text, channels text[], tenant_id text) IS 'Sets the quiet window that starts on the given weekdays (1 is Monday), leaving other days as they are; null starts and ends remove it. No channels: those that interrupt. Wall-clock times in the person''s zone. Each channel needs an hour a week in which it may reach the person, whatever the days together say.';


--
-- Name: set_text(text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.set_text(path text, content text, tenant_id text DEFAULT NULL::text, note text DEFAULT NULL::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_current postbell.text_version;
    v_version integer;
begin
    if set_text.tenant_id is not null then
        perform postbell_private.require_tenant(set_text.tenant_id);
    end if;
    perform postbell_private.require_template_path(set_text.path);

    -- One after the other: the highest id that is seen is then the newest there is.
    lock table postbell.text_version in share row exclusive mode;

    select * into v_current
    from postbell.text_version
    where path = set_text.path
      and tenant_id is not distinct from set_text.tenant_id
    order by version desc
    limit 1;
    if v_current.content is null and set_text.content is null then
        perform postbell.raise_error('invalid_argument', 'there is no text ' || set_text.path || ' to take back');
    end if;
    if v_current.content = set_text.content then
        return v_current.version;
    end if;

    insert into postbell.text_version (tenant_id, path, version, content, note)
    values (set_text.tenant_id, set_text.path, coalesce(v_current.version, 0) + 1, set_text.content, set_text.note)
    returning version into v_version;
    return v_version;
end
$$;


--
-- Name: FUNCTION set_text(path text, content text, tenant_id text, note text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.set_text(path text, content text, tenant_id text, note text) IS 'Puts a text in the place of a template file, for a tenant or (null) for everybody, and returns its version. The content null takes it back: the shipped file again. It is not checked here: `postbell text set` renders it first. Dispatchers follow within seconds.';


--
-- Name: suppress(text, text, text, text, timestamp with time zone, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.suppress(channel text, address text, reason text DEFAULT 'manual'::text, detail text DEFAULT NULL::text, expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


--
-- Name: FUNCTION suppress(channel text, address text, reason text, detail text, expires_at timestamp with time zone, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.suppress(channel text, address text, reason text, detail text, expires_at timestamp with time zone, tenant_id text) IS 'Stops all messages to an address: bounce, complaint, unsubscribe, stop, gone or manual.';


--
-- Name: switch_channel(text, boolean, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.switch_channel(recipient text, enabled boolean, channel text, category text DEFAULT NULL::text, event text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_event text;
begin
    if num_nonnulls(switch_channel.category, switch_channel.event) <> 1 then
        perform postbell.raise_error('invalid_argument', 'name a category or an event');
    end if;
    -- What is switched off as a whole comes back as it was when that is taken back.
    perform postbell.set_preference(
        recipient => switch_channel.recipient, enabled => nullif(switch_channel.enabled, true), channel => switch_channel.channel,
        category => switch_channel.category, event => switch_channel.event, tenant_id => switch_channel.tenant_id
    );
    if switch_channel.enabled is false then
        return;
    end if;

    delete from postbell.preference as choice
    using postbell.event_type as kind
    where choice.tenant_id = switch_channel.tenant_id
      and choice.recipient_id = switch_channel.recipient
      and choice.channel = switch_channel.channel
      and choice.event = kind.key
      and kind.category = switch_channel.category
      -- On is to stay on; usual takes everything back.
      and (switch_channel.enabled is null or not choice.enabled);

    if switch_channel.enabled then
        for v_event in
            select kind.key
            from postbell.event_type as kind
            left join postbell.tenant_event as custom
                on custom.tenant_id = switch_channel.tenant_id and custom.event = kind.key
            where (kind.category = switch_channel.category or kind.key = switch_channel.event)
              and switch_channel.channel = any(kind.channels)
              and not exists (
                  select
                  from postbell.channels_wanted(
                      null, custom.default_channels, kind.default_channels, kind.forced_channels, null
                  ) as usual
                  where usual.channel = switch_channel.channel
              )
        loop
            perform postbell.set_preference(
                recipient => switch_channel.recipient, enabled => true, channel => switch_channel.channel,
                event => v_event, tenant_id => switch_channel.tenant_id
            );
        end loop;
    end if;
end
$$;


--
-- Name: FUNCTION switch_channel(recipient text, enabled boolean, channel text, category text, event text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.switch_channel(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) IS 'Makes all that belongs to a category, or one event, come by a channel, or not; null: as usual. On stores a choice only for what does not come by it anyway. A broader off still wins.';


--
-- Name: switch_on_only(text, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.switch_on_only(recipient text, channel text, category text DEFAULT NULL::text, event text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    -- An event's own: what is off for it may have been chosen for all of them.
    v_category constant text := coalesce(
        switch_on_only.category, (select category from postbell.event_type where key = switch_on_only.event)
    );
    v_off record;
begin
    for v_off in
        select off_channel, off_category, off_event
        from postbell.switched_off_by(
            switch_on_only.tenant_id, switch_on_only.recipient, switch_on_only.channel, v_category, switch_on_only.event
        )
        -- An off of just this event on this channel is switch_channel()'s.
        where off_event is null or off_channel is null
    loop
        perform postbell.set_preference(
            recipient => switch_on_only.recipient, enabled => null, channel => v_off.off_channel,
            category => v_off.off_category, event => v_off.off_event, tenant_id => switch_on_only.tenant_id
        );
        perform postbell.set_preference(
            recipient => switch_on_only.recipient, enabled => false, channel => rest.channel,
            category => rest.category, event => rest.event, tenant_id => switch_on_only.tenant_id
        )
        from (
            select other.name, v_off.off_category, v_off.off_event
            from postbell.channel as other
            where v_off.off_channel is null
              and other.name <> switch_on_only.channel

            union all

            select distinct switch_on_only.channel, kind.category, null
            from postbell.event_type as kind
            where v_off.off_category is null
              and v_off.off_event is null
              and kind.category <> v_category

            union all

            select switch_on_only.channel, null, kind.key
            from postbell.event_type as kind
            where v_off.off_event is null
              and kind.category = v_category
              and kind.key <> switch_on_only.event
              and switch_on_only.channel = any(kind.channels)
        ) as rest (channel, category, event);
    end loop;

    if num_nonnulls(switch_on_only.category, switch_on_only.event) = 0 then
        perform postbell.set_preference(
            recipient => switch_on_only.recipient, enabled => null, channel => switch_on_only.channel,
            tenant_id => switch_on_only.tenant_id
        );
    else
        perform postbell.switch_channel(
            recipient => switch_on_only.recipient, enabled => true, channel => switch_on_only.channel,
            category => switch_on_only.category, event => switch_on_only.event, tenant_id => switch_on_only.tenant_id
        );
    end if;
end
$$;


--
-- Name: FUNCTION switch_on_only(recipient text, channel text, category text, event text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.switch_on_only(recipient text, channel text, category text, event text, tenant_id text) IS 'Makes a category, or one event, come by a channel, or the channel alone, although something broader is off: that is taken back, and all else that it covered is off by itself.';


--
-- Name: switched_off_by(text, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text) RETURNS TABLE(off_channel text, off_category text, off_event text)
    LANGUAGE sql STABLE
    AS $$
    select choice.channel::text, choice.category, choice.event
    from postbell.preference as choice
    where choice.tenant_id = switched_off_by.tenant_id
      and choice.recipient_id = switched_off_by.recipient_id
      and not choice.enabled
      and (choice.channel is null or choice.channel = switched_off_by.channel)
      and (choice.category is null or choice.category = switched_off_by.category)
      and (choice.event is null or choice.event = switched_off_by.event)
$$;


--
-- Name: FUNCTION switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text) IS 'The explicit offs of a person that cover an event, of a category, on a channel. Any of them wins over any on.';


--
-- Name: switched_on(text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.switched_on(tenant_id text, recipient_id text, event text) RETURNS TABLE(channels text[])
    LANGUAGE sql STABLE
    AS $$
    -- An array and no aggregate, and an event that is no condition of an index whose columns before it are free: either
    -- would cost more than the row or two that a person has.
    select array(
        select choice.channel::text
        from postbell.preference as choice
        where choice.tenant_id = switched_on.tenant_id
          and choice.recipient_id = switched_on.recipient_id
          and choice.event is not distinct from switched_on.event
          and choice.enabled
    )
$$;


--
-- Name: FUNCTION switched_on(tenant_id text, recipient_id text, event text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.switched_on(tenant_id text, recipient_id text, event text) IS 'The channels that a person switched on for just this event. One row, asked once for all channels.';


--
-- Name: texts_of(text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.texts_of(tenant_id text) RETURNS TABLE(id bigint, tenant_id text, path text, version integer, content text)
    LANGUAGE sql STABLE
    AS $$
    select aged.id, aged.tenant_id, aged.path, aged.version, aged.content
    from (
        select *, row_number() over (partition by kept.tenant_id, kept.path order by kept.version desc) as age
        from postbell.text_version as kept
        where kept.tenant_id is null
           or kept.tenant_id = texts_of.tenant_id
    ) as aged
    -- Enough to find one that is good.
    where age <= 5
    order by aged.path, aged.tenant_id nulls last, aged.version desc
$$;


--
-- Name: FUNCTION texts_of(tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.texts_of(tenant_id text) IS 'What a tenant''s messages may be made of besides files: of each path the last versions, the tenant''s own first and then everybody''s, newest first.';


--
-- Name: texts_used(bigint); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.texts_used(delivery_id bigint) RETURNS TABLE(tenant_id text, path text, version integer, content text)
    LANGUAGE sql STABLE
    AS $$
    select kept.tenant_id, kept.path, kept.version, kept.content
    from postbell.delivery as sent
    join postbell.template_set as made on made.version = split_part(sent.template_version, '.', 1)
    join postbell.text_version as kept on kept.id = any(made.text_ids)
    where sent.id = texts_used.delivery_id
    order by kept.path
$$;


--
-- Name: FUNCTION texts_used(delivery_id bigint); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.texts_used(delivery_id bigint) IS 'The texts of the database that a delivery was made of; the rest of it came from template files. Nothing if all of it did.';


--
-- Name: unmirror_recipients(regclass); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.unmirror_recipients(source regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_trigger text;
begin
    for v_trigger in
        select tgname
        from pg_trigger
        where tgrelid = unmirror_recipients.source
          and tgfoid = 'postbell.follow_users'::regproc
          and tgparentid = 0
    loop
        execute format('drop trigger %I on %s', v_trigger, unmirror_recipients.source);
    end loop;

    delete from postbell_private.recipient_mirror as known
    where known.source = unmirror_recipients.source;
    delete from postbell_private.missing_tenant as known
    where known.source = unmirror_recipients.source;
end
$$;


--
-- Name: FUNCTION unmirror_recipients(source regclass); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.unmirror_recipients(source regclass) IS 'Recipients follow this table no longer; they stay as they are.';


--
-- Name: unmute(text, text, text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.unmute(recipient text, category text DEFAULT NULL::text, event text DEFAULT NULL::text, subject text DEFAULT NULL::text, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell.mute
    where tenant_id = unmute.tenant_id
      and recipient_id = unmute.recipient
      and category is not distinct from unmute.category
      and event is not distinct from unmute.event
      and subject is not distinct from unmute.subject;
end
$$;


--
-- Name: FUNCTION unmute(recipient text, category text, event text, subject text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.unmute(recipient text, category text, event text, subject text, tenant_id text) IS 'Ends what postbell.mute() with the same arguments began.';


--
-- Name: unsuppress(text, text, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.unsuppress(channel text, address text, tenant_id text DEFAULT 'default'::text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell.suppression
    where tenant_id = unsuppress.tenant_id
      and channel = unsuppress.channel
      and address = postbell_private.address_for_suppression(unsuppress.channel, unsuppress.address);
    return found;
end
$$;


--
-- Name: FUNCTION unsuppress(channel text, address text, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.unsuppress(channel text, address text, tenant_id text) IS 'Allows an address again; false if it was not suppressed.';


--
-- Name: upsert_recipient(text, text, text, text, text, text[], jsonb, text); Type: FUNCTION; Schema: postbell; Owner: -
--

CREATE FUNCTION postbell.upsert_recipient(id text, email text DEFAULT NULL::text, phone text DEFAULT NULL::text, locale text DEFAULT NULL::text, time_zone text DEFAULT NULL::text, roles text[] DEFAULT NULL::text[], attributes jsonb DEFAULT NULL::jsonb, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_role text;
begin
    perform postbell_private.require_tenant(upsert_recipient.tenant_id);
    perform postbell.require_identifier('id', upsert_recipient.id);
    perform postbell.require_short('email', upsert_recipient.email);
    perform postbell.require_short('phone', upsert_recipient.phone);
    perform postbell.require_short('locale', upsert_recipient.locale);
    foreach v_role in array coalesce(upsert_recipient.roles, '{}') loop
        perform postbell.require_identifier('a role', v_role);
    end loop;
    if upsert_recipient.time_zone is not null and not postbell.is_time_zone(upsert_recipient.time_zone) then
        perform postbell.raise_error('invalid_time_zone', upsert_recipient.time_zone);
    end if;

    insert into postbell.recipient as known (tenant_id, id, email, phone, locale, time_zone, attributes)
    values (
        upsert_recipient.tenant_id, upsert_recipient.id,
        nullif(trim(upsert_recipient.email), ''), nullif(trim(upsert_recipient.phone), ''),
        nullif(upsert_recipient.locale, ''), upsert_recipient.time_zone, coalesce(upsert_recipient.attributes, '{}')
    )
    on conflict (tenant_id, id) do update set
        email = coalesce(excluded.email, known.email),
        phone = coalesce(excluded.phone, known.phone),
        locale = coalesce(excluded.locale, known.locale),
        time_zone = coalesce(excluded.time_zone, known.time_zone),
        attributes = coalesce(upsert_recipient.attributes, known.attributes),
        updated_at = postbell.clock(),
        erased_at = null;

    -- Null leaves the roles alone, an empty list takes them all away.
    if upsert_recipient.roles is not null then
        delete from postbell.recipient_role
        where tenant_id = upsert_recipient.tenant_id
          and recipient_id = upsert_recipient.id
          and role <> all(upsert_recipient.roles);

        insert into postbell.recipient_role (tenant_id, role, recipient_id)
        select upsert_recipient.tenant_id, role, upsert_recipient.id
        from unnest(upsert_recipient.roles) as role
        on conflict do nothing;
    end if;
end
$$;


--
-- Name: FUNCTION upsert_recipient(id text, email text, phone text, locale text, time_zone text, roles text[], attributes jsonb, tenant_id text); Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON FUNCTION postbell.upsert_recipient(id text, email text, phone text, locale text, time_zone text, roles text[], attributes jsonb, tenant_id text) IS 'Creates a person or changes what is named; null leaves a value as it is.';


--
-- Name: acquire_gateway_lock(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.acquire_gateway_lock() RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '250ms'
    AS $$
begin
    perform pg_advisory_lock_shared(1919512167, 4);
    return true;
exception
    when lock_not_available then
        return false;
end
$$;


--
-- Name: FUNCTION acquire_gateway_lock(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.acquire_gateway_lock() IS 'A gateway is there until its session ends: from now on it is told of every change of an inbox. False while somebody is in flight who thought that nobody is.';


--
-- Name: acquire_gateway_sleep_lock(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.acquire_gateway_sleep_lock() RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    for v_place in 0 .. 3 loop
        -- Try, never queue: a queued exclusive request would make every writer behind it ring.
        if pg_try_advisory_lock(1919512167, v_place) then
            return v_place;
        end if;
    end loop;
    return null;
end
$$;


--
-- Name: FUNCTION acquire_gateway_sleep_lock(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.acquire_gateway_sleep_lock() IS 'A gateway sleeps: from now on whoever writes to the stream log rings. Returns its place; null while somebody who did not ring is in flight, or four others sleep. Look once more after it, then wait.';


--
-- Name: acquire_leadership(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.acquire_leadership() RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT pg_advisory_lock(1886351214, 2) AS pg_advisory_lock;
END;


--
-- Name: FUNCTION acquire_leadership(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.acquire_leadership() IS 'Waits until no other session leads, then leads until the session ends.';


--
-- Name: acquire_sleep_lock(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.acquire_sleep_lock() RETURNS boolean
    LANGUAGE sql
    RETURN pg_try_advisory_lock(1886351214, 1);


--
-- Name: FUNCTION acquire_sleep_lock(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.acquire_sleep_lock() IS 'From now on producers ring. False while a producer that did not ring is still in flight. Look once more after it, then wait.';


--
-- Name: add_integer_ids(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.add_integer_ids(verb text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    v_written oid;
    v_arguments text;
    v_passed text;
    v_types text[];
begin
    -- The one in the verb's file, which has just been defined: its ids are texts.
    select oid into strict v_written
    from pg_proc
    where pronamespace = 'postbell'::regnamespace
      and proname = add_integer_ids.verb
      and xmin = pg_current_xact_id()::xid
      and pg_get_function_arguments(oid) !~ '_id bigint';

    select
        string_agg(format('%I %s', name, type) || coalesce(' default ' || preset, ''), ', ' order by place),
        string_agg(format(case when is_id then '%1$I => %1$I::%2$s' else '%1$I => %1$I' end, name, written), ', ' order by place),
        array_agg(type order by place)
    into v_arguments, v_passed, v_types
    from (
        select
            place,
            name,
            is_id,
            format_type(given.type, null) as written,
            case when is_id then replace(format_type(given.type, null), 'text', 'bigint') else format_type(given.type, null) end as type,
            case when is_id and preset is not null then 'null' else preset end as preset
        from pg_proc
        cross join lateral unnest(proargnames, proargtypes::oid[]) with ordinality as given (name, type, place)
        cross join lateral pg_get_function_arg_default(v_written, place::integer) as preset
        cross join lateral (select name in ('actor', 'members') or name like '%\_id' and name <> 'tenant_id') as kind (is_id)
        where pg_proc.oid = v_written
    ) as argument;

    execute format(
        'create or replace function postbell.%I(%s) returns %s language sql as %L',
        verb, v_arguments, pg_get_function_result(v_written), format('select postbell.%I(%s)', verb, v_passed)
    );
    execute format(
        'comment on function postbell.%I(%s) is %L',
        verb, array_to_string(v_types, ', '), obj_description(v_written, 'pg_proc')
    );
end
$_$;


--
-- Name: FUNCTION add_integer_ids(verb text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.add_integer_ids(verb text) IS 'For deploy, behind the definition of a verb: defines it once more, with bigint in the place of every id. Where ids are of both kinds, cast the integers to text. A literal in quotes is a text, whatever stands in it.';


--
-- Name: address_for_suppression(text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.address_for_suppression(channel text, address text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select postbell_private.normal_address(
        (select way.address_kind from postbell.channel as way where way.name = address_for_suppression.channel), address
    )
$$;


--
-- Name: FUNCTION address_for_suppression(channel text, address text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.address_for_suppression(channel text, address text) IS 'An address on a channel as suppressions have it.';


--
-- Name: address_of(text, text, text, text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.address_of(kind text, tenant_id text, recipient_id text, email text, phone text) RETURNS TABLE(address text)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select case kind
        when 'recipient' then recipient_id
        when 'email' then trim(email)
        when 'phone' then postbell_private.normal_phone(phone)
        -- A person with a device; which one is asked when the message goes out. Looked up for this kind alone.
        when 'device' then (
            select device.recipient_id
            from postbell.push_subscription as device
            where device.tenant_id = address_of.tenant_id
              and device.recipient_id = address_of.recipient_id
            limit 1
        )
    end
$$;


--
-- Name: FUNCTION address_of(kind text, tenant_id text, recipient_id text, email text, phone text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.address_of(kind text, tenant_id text, recipient_id text, email text, phone text) IS 'A person''s address of a kind, see postbell.channel.address_kind; null if there is none.';


--
-- Name: advance_step(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.advance_step() RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    v_step postbell_private.router_step := postbell_private.current_step();
    v_now pg_snapshot := pg_current_snapshot();
begin
    -- With nothing emitted for long, the snapshot grows old, and the ring with it. Advance it over the silence.
    if v_step.window_snapshot is null
        and not exists (select from postbell_private.committed_between(v_step.snapshot, v_now, '0', 0, 1)) then
        insert into postbell_private.router_step (step, snapshot, system_identifier)
        values (v_step.step + 1, v_now, v_step.system_identifier)
        on conflict (step) do nothing;
    end if;

    delete from postbell_private.router_step
    where step < v_step.step - 1000;
end
$$;


--
-- Name: FUNCTION advance_step(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.advance_step() IS 'Moves the router''s progress over a silence, and forgets old steps.';


--
-- Name: analyze_grown_tables(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.analyze_grown_tables() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_table record;
    v_analyzed integer := 0;
begin
    for v_table in
        select c.oid::regclass as name
        from pg_class as c
        where c.relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and c.relkind = 'r'
          and c.relname in (
              'notification', 'delivery', 'batch', 'waiting_delivery', 'inbox_item',
              'recipient', 'preference', 'mute', 'quiet_hours', 'suppression', 'topic_member', 'recipient_role'
          )
          -- Twice as large as when it was last looked at, and no longer small.
          and pg_relation_size(c.oid) > greatest(2 * c.relpages, 32) * current_setting('block_size')::bigint
    loop
        begin
            execute format('analyze (skip_locked) %s', v_table.name);
            v_analyzed := v_analyzed + 1;
        exception
            when others then
                raise warning 'housekeeping: % cannot be analyzed: %: %', v_table.name, sqlstate, sqlerrm;
        end;
    end loop;
    return v_analyzed;
end
$$;


--
-- Name: FUNCTION analyze_grown_tables(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.analyze_grown_tables() IS 'Analyzes tables that have doubled. Autovacuum looks once a minute, and a plan made for a hundred rows must not meet a hundred thousand. Returns how many it analyzed.';


--
-- Name: apply_receipts(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.apply_receipts(delivery_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    with spoken as materialized (
        select
            r.delivery_id, r.provider_message_id, r.provider_event_id, r.occurred_at,
            r.kind, known.rank, known.state, coalesce(r.reason, r.code, r.kind) as reason
        from postbell.receipt as r
        join postbell.receipt_kinds as known on known.kind = r.kind
        where r.delivery_id = any(apply_receipts.delivery_ids)
    ),

    -- How far each message came. All that was ever said is asked, so the order of its coming does not matter.
    last_word as (
        select distinct on (delivery_id, coalesce(provider_message_id, '')) *
        from spoken
        order by delivery_id, coalesce(provider_message_id, ''), rank desc, occurred_at desc, provider_event_id
    ),

    -- One that was sent twice has arrived if either has.
    outcome as (
        select distinct on (delivery_id) *
        from last_word
        order by
            delivery_id, array_position(array['delivered', 'sent', 'bounced', 'failed'], state),
            occurred_at desc, provider_event_id
    ),

    moment as (
        select
            delivery_id,
            min(occurred_at) as known_at,
            min(occurred_at) filter (where state = 'delivered') as delivered_at,
            min(occurred_at) filter (where kind = 'opened') as opened_at,
            min(occurred_at) filter (where kind = 'clicked') as clicked_at
        from spoken
        group by delivery_id
    ),

    settled as (
        update postbell.delivery as d set
            state = moved.state,
            reason = case
                when moved.state in ('bounced', 'failed') and moved.state = outcome.state then outcome.reason
                when moved.state <> d.state then null
                else d.reason
            end,
            provider_message_id = coalesce(d.provider_message_id, outcome.provider_message_id),
            sent_at = case when moved.state in ('sent', 'delivered') then coalesce(d.sent_at, moment.known_at) else d.sent_at end,
            delivered_at = case when moved.state = 'delivered' then moment.delivered_at end,
            opened_at = moment.opened_at,
            clicked_at = moment.clicked_at
        from outcome
        join moment on moment.delivery_id = outcome.delivery_id
        join postbell.delivery as former on former.id = outcome.delivery_id
        cross join lateral (
            select case
                when outcome.state = 'delivered' then 'delivered'
                when outcome.state = 'sent' and former.state <> 'delivered' then 'sent'
                -- What is about to be tried again is not given up for what befell an earlier try.
                when former.state in ('sent', 'delivered', 'unknown', 'bounced', 'failed') then outcome.state
                else former.state
            end as state
        ) as moved
        where d.id = outcome.delivery_id
        returning d.id, d.state
    ),

    -- Known to have been sent: there is nothing to try again.
    spared as (
        delete from postbell.waiting_delivery
        where delivery_id in (select id from settled where state in ('sent', 'delivered'))
    ),

    revived as (
        delete from postbell.dead_letter
        where delivery_id in (select id from settled where state in ('sent', 'delivered'))
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from settled
    where state in ('bounced', 'failed')
    on conflict (delivery_id) do nothing;
end
$$;


--
-- Name: FUNCTION apply_receipts(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.apply_receipts(delivery_ids bigint[]) IS 'Brings deliveries to where their receipts say that they are. Never back, and the same whatever the order.';


--
-- Name: base_type(regtype); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.base_type(type regtype) RETURNS regtype
    LANGUAGE sql STABLE
    RETURN (WITH RECURSIVE beneath AS (SELECT pg_type.oid, pg_type.typtype, pg_type.typbasetype FROM pg_type WHERE (pg_type.oid = (base_type.type)::oid) UNION ALL SELECT t.oid, t.typtype, t.typbasetype FROM (beneath beneath_1 JOIN pg_type t ON ((t.oid = beneath_1.typbasetype))) WHERE (beneath_1.typtype = 'd'::"char")) SELECT beneath.oid FROM beneath WHERE (beneath.typtype <> 'd'::"char"));


--
-- Name: FUNCTION base_type(type regtype); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.base_type(type regtype) IS 'The type that a domain is of, or a domain of domains; any other type itself.';


--
-- Name: begin_operator_session(bytea, text, timestamp with time zone); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    insert into postbell_private.operator_session (digest, operator, expires_at)
    values (begin_operator_session.digest, begin_operator_session.operator, begin_operator_session.expires_at);
$$;


--
-- Name: FUNCTION begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone) IS 'Logs an operator in, until a time. Whoever calls this has seen a token of scope operator that the application signed.';


--
-- Name: begin_session(bytea, text, timestamp with time zone, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text DEFAULT 'default'::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell_private.require_present(begin_session.tenant_id, begin_session.recipient);

    insert into postbell_private.session (digest, tenant_id, recipient_id, expires_at)
    values (begin_session.digest, begin_session.tenant_id, begin_session.recipient, begin_session.expires_at);
end
$$;


--
-- Name: FUNCTION begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text) IS 'Logs a person in, until a time. Whoever calls this has seen a token that the application signed.';


--
-- Name: cancel_deliveries(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.cancel_deliveries(notification_ids bigint[], OUT taken_back bigint, OUT handed_over bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_unresolved bigint;
begin
    -- Nobody waits for anybody: a delivery that somebody has in hand just now counts as handed over. An event that the
    -- router has in hand is in neither count: whom it tells is not known here yet.
    with scheduled as (
        delete from postbell.scheduled_notification
        where notification_id in (
            select notification_id
            from postbell.scheduled_notification
            where notification_id = any(notification_ids)
            for update skip locked
        )
        returning notification_id
    ),

    being_fanned_out as (
        delete from postbell.fanout
        where notification_id in (
            select notification_id
            from postbell.fanout
            where notification_id = any(notification_ids)
            for update skip locked
        )
        returning notification_id
    )

    select (select count(*) from scheduled) + (select count(*) from being_fanned_out) into v_unresolved;

    with free as (
        select id
        from postbell.delivery
        where notification_id = any(notification_ids)
          and state in ('queued', 'waiting')
        for update skip locked
    ),

    recalled as (
        update postbell.delivery set
            -- What has reached one device of a person is sent, whatever becomes of the others.
            state = case when sent_at is null then 'cancelled' else 'sent' end,
            reason = 'cancelled'
        from free
        where delivery.id = free.id
        returning delivery.id, delivery.state
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'stopped', 'cancelled'
        from recalled
    )

    select
        v_unresolved + (select count(*) from recalled where state = 'cancelled'),
        (
            select count(*)
            from postbell.delivery
            where notification_id = any(notification_ids)
              and state not in ('skipped', 'expired', 'cancelled')
              and id not in (select id from recalled where state = 'cancelled')
        )
    into taken_back, handed_over;

    delete from postbell.waiting_delivery
    where delivery_id in (
        select id
        from postbell.delivery
        where notification_id = any(notification_ids)
          and reason = 'cancelled'
    );
end
$$;


--
-- Name: FUNCTION cancel_deliveries(notification_ids bigint[], OUT taken_back bigint, OUT handed_over bigint); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.cancel_deliveries(notification_ids bigint[], OUT taken_back bigint, OUT handed_over bigint) IS 'Cancels what is not yet in a provider''s hands, and counts both. Of an event that is scheduled, or whose large audience is being told, nobody knows yet whom else it would have been told: that rest counts as one, or not at all while the router has it in hand.';


SET default_table_access_method = heap;

--
-- Name: notification; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.notification (
    id bigint NOT NULL,
    xid xid8 NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    recipient text,
    audience jsonb,
    actor text,
    subject text COLLATE pg_catalog."C",
    payload jsonb NOT NULL,
    channels text[],
    forced_channels text[],
    priority text NOT NULL,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    routed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE notification; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.notification IS 'An event that passed the router: what its deliveries are made of. The id is that of the outbox row.';


--
-- Name: candidate_of(postbell_private.notification, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.candidate_of(notification postbell_private.notification, recipient_id text) RETURNS postbell_private.candidate
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW((notification).id, (notification).tenant_id, (notification).event, recipient_id, (notification).actor, (((notification).audience -> 'notify_actor'::text))::boolean, (notification).channels, (notification).forced_channels, (notification).priority, (notification).subject, (notification).deliver_at, (notification).expires_at, (notification).created_at)::postbell_private.candidate;


--
-- Name: FUNCTION candidate_of(notification postbell_private.notification, recipient_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.candidate_of(notification postbell_private.notification, recipient_id text) IS 'One recipient of an event, as postbell_private.decide() takes it.';


--
-- Name: check_channels(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.check_channels() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    v_column text;
    v_entry jsonb;
begin
    foreach v_column in array tg_argv loop
        continue when jsonb_typeof(to_jsonb(new) -> v_column) = 'null';
        -- A column that holds one channel is read as a list of one.
        for v_entry in select jsonb_path_query(to_jsonb(new) -> v_column, 'lax $[*]') loop
            perform postbell.require_channel(v_entry #>> '{}');
        end loop;
    end loop;
    return new;
end
$_$;


--
-- Name: FUNCTION check_channels(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.check_channels() IS 'Refuses a row that names a channel which there is not, in one of the columns that the trigger names: each holds a channel or an array of them.';


--
-- Name: check_cluster(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.check_cluster() RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if (postbell_private.current_step()).system_identifier <> (select system_identifier from pg_control_system()) then
        perform postbell.raise_error('foreign_cluster', 'the last events were routed in a cluster with another system identifier');
    end if;
end
$$;


--
-- Name: FUNCTION check_cluster(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.check_cluster() IS 'Raises foreign_cluster if the database was restored from another cluster, or upgraded with pg_upgrade, which makes a new one: the two cannot be told apart for certain, and routing on by ids of another cluster would lose events. A router asks when it takes the lead.';


--
-- Name: check_quiet_channels(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.check_quiet_channels() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if new.channels is null then
        new.channels := array(select name from postbell.channel where is_interrupting order by position);
    elsif exists (
        select
        from unnest(new.channels) as named (channel)
        left join postbell.channel as way on way.name = named.channel
        where way.is_kept is not false
    ) then
        perform postbell.raise_error(
            'invalid_channel',
            (select 'quiet hours are for ' || postbell.in_words(array_agg(name order by position)) from postbell.channel where not is_kept)
        );
    end if;
    return new;
end
$$;


--
-- Name: FUNCTION check_quiet_channels(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.check_quiet_channels() IS 'Refuses quiet hours for what is no channel, or is kept and interrupts nobody. Without channels, they are for those that interrupt.';


--
-- Name: claim_batch(bigint, text, integer, text, boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.claim_batch(batch_id bigint, batch_channel text, start_sending integer DEFAULT 0, provider text DEFAULT NULL::text, with_identities boolean DEFAULT true) RETURNS TABLE(claim_token uuid, delivery_id bigint, identity text, outbox_id bigint, tenant_id text, recipient_id text, event text, category text, channel text, priority text, state text, subject text, payload jsonb, address text, locale text, time_zone text, attributes jsonb, attempts smallint, created_at timestamp with time zone, expires_at timestamp with time zone, is_started boolean, is_forced boolean, tracking text[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_most_claims constant integer := 5;
    v_batch postbell.batch;
    v_channel postbell.channel;
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

    select * into v_channel
    from postbell.channel
    where name = v_batch.channel;

    -- What is in flight already, somebody else has begun.
    if v_channel.crash_policy = 'await_receipt' then
        perform postbell_private.mark_unknown(v_batch.delivery_ids);
    elsif v_batch.claims > 1 then
        perform postbell_private.record_unknown(v_batch.delivery_ids);
    end if;

    -- Taken again and again and never finished: something in it ends the dispatcher. Alone, it harms only itself.
    if v_batch.claims > v_most_claims then
        perform postbell_private.split_batch(v_batch);
        return;
    end if;

    perform postbell_private.stop_undeliverable(v_batch.delivery_ids[claim_batch.start_sending + 1:]);

    -- The first ones may go at once: a single message is claimed and started in one step.
    if claim_batch.start_sending > 0 then
        v_started := postbell_private.start_sending(
            v_batch.id, v_batch.claim_token, v_batch.delivery_ids[:claim_batch.start_sending],
            array_fill(claim_batch.provider, array[claim_batch.start_sending])
        );
    end if;

    return query
    select
        v_batch.claim_token, d.id, case when with_identities then postbell_private.identity_of(d) else '' end, d.notification_id, d.tenant_id, d.recipient_id,
        d.event, kind.category, d.channel::text, d.priority::text, d.state::text, n.subject, n.payload,
        reach.address, person.locale, person.time_zone, nullif(person.attributes, '{}'),
        d.attempts, d.created_at, n.expires_at, d.id = any(v_started), d.decision_reason = 'forced',
        case when person.tracking_refused_at is null then nullif(tenant.tracking, '{}') end
    from unnest(v_batch.delivery_ids) as carried (id)
    join postbell.delivery as d on d.id = carried.id
    join postbell_private.notification as n on n.id = d.notification_id
    join postbell.event_type as kind on kind.key = d.event
    join postbell.tenant as tenant on tenant.id = d.tenant_id
    join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral postbell_private.address_of(
        v_channel.address_kind, person.tenant_id, person.id, person.email, person.phone
    ) as reach
    where d.state in ('queued', 'sending')
    order by d.id;
    if not found then
        perform postbell_private.finish_batch(v_batch.id, v_batch.claim_token);
    end if;
end
$$;


--
-- Name: FUNCTION claim_batch(batch_id bigint, batch_channel text, start_sending integer, provider text, with_identities boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.claim_batch(batch_id bigint, batch_channel text, start_sending integer, provider text, with_identities boolean) IS 'Takes a batch and returns what is in it still to be delivered, with all that rendering needs. Nothing if the batch is settled. The first so many are marked as sending (is_started), by the one provider there is. One that is in state sending without that was in flight when a dispatcher died; where a second copy does harm, it is not returned but unknown. claim_token is shown to all that records or starts something of the batch. Without with_identities, identity is empty: only who hands over to a provider needs it.';


--
-- Name: classify_receipts(text, postbell_private.incoming_receipt[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) RETURNS TABLE(incoming postbell_private.incoming_receipt, tenant_id text, result text)
    LANGUAGE sql STABLE
    AS $$
    select
        n,
        d.tenant_id,
        case
            when known.is_repeated then 'repeated'
            when n.delivery_id is null and n.message_id is null then 'names_nothing'
            when n.delivery_id is null then 'kept'
            when d.id is null then 'unknown_delivery'
            -- Who has it in hand writes down in a moment to whom it was given.
            when d.state = 'sending' then 'kept'
            when not known.is_handed_over then 'never_handed_over'
            when known.is_of_another then 'another_message'
            when n.kind in ('opened', 'clicked') and not known.is_tracked then 'not_tracked'
            else 'taken'
        end
    from unnest(incoming_receipts) as n
    left join postbell.delivery as d on d.id = n.delivery_id
    left join postbell.tenant on tenant.id = d.tenant_id
    left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
    cross join lateral (
        select
            exists (
                select
                from postbell.receipt as r
                where r.provider = classify_receipts.provider
                  and r.provider_event_id = n.event_id
            ) as is_repeated,
            -- A provider speaks of what it was given, and of nobody else's. What we see ourselves carries our signature.
            exists (
                select
                from postbell.attempt as a
                where a.delivery_id = n.delivery_id
                  -- Where nobody wrote down which provider was being called in a crash, it may have been any.
                  and (a.provider in (classify_receipts.provider, 'unknown') or classify_receipts.provider = 'postbell')
            ) as is_handed_over,
            case
                -- Our own Message-ID: one that we never sent was made up.
                when n.message_id like '<%' then not exists (
                    select
                    from postbell.attempt as a
                    where a.delivery_id = n.delivery_id
                      and a.provider_message_id = n.message_id
                )
                else exists (
                    select
                    from postbell.attempt as a
                    where a.provider_message_id = n.message_id
                      and a.provider_message_id not like '<%'
                      and a.provider = classify_receipts.provider
                      and a.delivery_id <> n.delivery_id
                )
                -- Another installation may share the account, and number its deliveries as we do. Nothing can be said of a
                -- call whose answer gave no id, or ours back (postbell_): the service has one of its own then.
                or not exists (
                    select
                    from postbell.attempt as a
                    where a.delivery_id = n.delivery_id
                      and a.provider in (classify_receipts.provider, 'unknown')
                      and (
                          a.provider_message_id = n.message_id
                          or a.provider_message_id is null
                          or a.provider_message_id like 'postbell\_%'
                      )
                ) and n.message_id is not null
            end
            -- Of one that a crash undid, and whose number is another's now.
            or coalesce(not starts_with(postbell_private.identity_of(d), n.identity), false) as is_of_another,
            case n.kind when 'opened' then 'opens' else 'clicks' end = any(tenant.tracking)
                and person.tracking_refused_at is null as is_tracked
    ) as known
$$;


--
-- Name: FUNCTION classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) IS 'Whether to believe what a provider tells: taken, repeated, kept (for later), or why not.';


--
-- Name: classify_type(regtype); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.classify_type(type regtype) RETURNS text
    LANGUAGE sql STABLE
    RETURN (SELECT CASE WHEN (pg_type.typcategory = 'A'::"char") THEN 'list'::text WHEN (pg_type.typcategory = 'B'::"char") THEN 'boolean'::text WHEN (pg_type.typcategory = 'D'::"char") THEN 'time'::text WHEN (pg_type.oid = ('jsonb'::regtype)::oid) THEN 'json'::text WHEN (pg_type.oid = ANY (ARRAY[('smallint'::regtype)::oid, ('integer'::regtype)::oid, ('bigint'::regtype)::oid, ('numeric'::regtype)::oid])) THEN 'number'::text WHEN ((pg_type.typcategory = ANY (ARRAY['S'::"char", 'E'::"char"])) OR (pg_type.oid = ('uuid'::regtype)::oid)) THEN 'text'::text WHEN ((pg_type.typcategory = 'U'::"char") AND (pg_type.typnamespace <> ('pg_catalog'::regnamespace)::oid)) THEN 'text'::text ELSE 'other'::text END AS "case" FROM pg_type WHERE (pg_type.oid = (postbell_private.base_type(classify_type.type))::oid));


--
-- Name: FUNCTION classify_type(type regtype); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.classify_type(type regtype) IS 'What a column of a users table holds, as far as a mirror cares: text, number, boolean, time, list, json or other.';


--
-- Name: committed_between(pg_snapshot, pg_snapshot, xid8, bigint, integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.committed_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) RETURNS SETOF postbell.outbox
    LANGUAGE sql STABLE
    AS $$
    select e.*
    from (
        -- Transactions that were still open at the former snapshot.
        (
            select emitted.*
            from pg_snapshot_xip(committed_between.since) as was_open (xid)
            cross join lateral (
                select *
                from postbell.outbox
                where xid = was_open.xid
                  and id > case when was_open.xid = committed_between.after_xid then committed_between.after_id else 0 end
                order by id
                limit committed_between.most
            ) as emitted
            where was_open.xid >= committed_between.after_xid
              and pg_visible_in_snapshot(was_open.xid, committed_between.until)
            order by emitted.xid, emitted.id
            limit committed_between.most
        )
        union all
        -- Transactions that began since. One lower bound, not two: an index scan starts at any of several, and
        -- might start at the beginning of the log.
        (
            select *
            from postbell.outbox
            where (xid, id) > (
                    greatest(pg_snapshot_xmax(committed_between.since), committed_between.after_xid),
                    case
                        when committed_between.after_xid >= pg_snapshot_xmax(committed_between.since)
                            then committed_between.after_id
                        else 0
                    end
                )
              and xid < pg_snapshot_xmax(committed_between.until)
              and pg_visible_in_snapshot(xid, committed_between.until)
            order by xid, id
            limit committed_between.most
        )
    ) as e
    order by e.xid, e.id
    limit committed_between.most
$$;


--
-- Name: FUNCTION committed_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.committed_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) IS 'The next events, after a position, whose transactions committed between two snapshots. An open transaction is found when it commits and holds up nobody.';


--
-- Name: copy_stops(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.copy_stops() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform postbell_private.inherit_stops(new.id);
    return null;
end
$$;


--
-- Name: FUNCTION copy_stops(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.copy_stops() IS 'A new tenant sends from the numbers of the others, to which people have answered STOP.';


--
-- Name: router_step; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.router_step (
    step bigint NOT NULL,
    snapshot pg_snapshot NOT NULL,
    window_snapshot pg_snapshot,
    position_xid xid8,
    position_id bigint,
    system_identifier bigint NOT NULL,
    routed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT position_is_inside_a_window CHECK ((num_nonnulls(window_snapshot, position_xid, position_id) = ANY (ARRAY[0, 3])))
);


--
-- Name: TABLE router_step; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.router_step IS 'The router''s progress; the row with the highest step counts.';


--
-- Name: COLUMN router_step.snapshot; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.router_step.snapshot IS 'Everything visible in it is routed.';


--
-- Name: COLUMN router_step.window_snapshot; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.router_step.window_snapshot IS 'Everything visible in it and not in snapshot is being routed, in (xid, id) order; null between windows.';


--
-- Name: COLUMN router_step.position_xid; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.router_step.position_xid IS 'With position_id, the last row routed in the window.';


--
-- Name: COLUMN router_step.system_identifier; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.router_step.system_identifier IS 'The cluster in which these transaction ids mean something.';


--
-- Name: current_step(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.current_step() RETURNS postbell_private.router_step
    LANGUAGE plpgsql STABLE
    AS $$
declare
    v_step postbell_private.router_step;
begin
    select * into strict v_step
    from postbell_private.router_step
    order by step desc
    limit 1;

    -- Transaction ids only grow. If they went back, this is another cluster than the one that wrote the step.
    if pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(v_step.snapshot) then
        perform postbell.raise_error('foreign_cluster', 'transaction ids have gone back since the last routed event');
    end if;
    return v_step;
end
$$;


--
-- Name: FUNCTION current_step(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.current_step() IS 'How far the router has come. Raises foreign_cluster after a restore into another cluster.';


--
-- Name: decide(postbell_private.candidate[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.decide(candidates postbell_private.candidate[]) RETURNS SETOF postbell_private.decided
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_column
begin
    return query
    with candidate as (
        select *
        from unnest(candidates)
    ),

    -- Each recipient, beside the event, the tenant and the person.
    addressed as materialized (
        select
            candidate.*,
            greatest(candidate.deliver_at, postbell.clock()) as ready_at,
            coalesce(candidate.priority, kind.priority) as urgency,
            coalesce(candidate.recipient_id = candidate.actor, false)
                and not coalesce(candidate.notify_actor, kind.notify_actor) as is_actor,
            kind.category,
            kind.channels as templates,
            kind.disabled_at is not null as event_is_disabled,
            of_tenant.disabled_at is not null as tenant_event_is_disabled,
            kind.default_channels as event_channels,
            of_tenant.default_channels as tenant_channels,
            kind.forced_channels || candidate.forced_channels as all_forced,
            choice.channels as switched_on,
            tenant.disabled_channels,
            person.id is null as is_unknown,
            person.erased_at is not null as is_erased,
            person.email,
            person.phone,
            coalesce(person.time_zone, tenant.time_zone) as home_zone
        from candidate
        join postbell.event_type as kind on kind.key = candidate.event
        join postbell.tenant on tenant.id = candidate.tenant_id
        left join postbell.tenant_event as of_tenant
            on of_tenant.tenant_id = candidate.tenant_id and of_tenant.event = candidate.event
        left join postbell.recipient as person
            on person.tenant_id = candidate.tenant_id and person.id = candidate.recipient_id
        cross join lateral postbell.switched_on(candidate.tenant_id, candidate.recipient_id, candidate.event) as choice
    ),

    -- Each channel that is wanted, with what the ladder asks about it.
    wanted as materialized (
        select
            addressed.*,
            wish.channel,
            wish.is_forced,
            wish.is_kept,
            reach.address,
            not wish.is_kept and exists (
                select
                from postbell.suppression
                where tenant_id = addressed.tenant_id
                  and channel = wish.channel
                  and address = postbell_private.normal_address(wish.address_kind, reach.address)
                  and expires_at > postbell.clock()
            ) as is_suppressed,
            choice.is_off,
            silence.is_muted,
            case
                when not wish.is_kept and exists (
                    select
                    from postbell.quiet_hours
                    where tenant_id = addressed.tenant_id
                      and recipient_id = addressed.recipient_id
                      and wish.channel = any(channels)
                )
                    then postbell_private.quiet_until(
                        addressed.tenant_id, addressed.recipient_id, wish.channel, addressed.ready_at, addressed.home_zone
                    )
            end as quiet_until
        from addressed
        cross join lateral postbell.channels_wanted(
            addressed.channels, addressed.tenant_channels, addressed.event_channels, addressed.all_forced,
            addressed.switched_on
        ) as wish
        cross join lateral postbell.is_switched_off(
            addressed.tenant_id, addressed.recipient_id, wish.channel, addressed.category, addressed.event
        ) as choice
        cross join lateral postbell_private.is_muted(
            addressed.tenant_id, addressed.recipient_id, addressed.category, addressed.event, addressed.subject,
            addressed.ready_at
        ) as silence
        -- Named once, or postbell_private.normal_address() is not inlined, which names it twice.
        cross join lateral (
            select address
            from postbell_private.address_of(
                wish.address_kind, addressed.tenant_id, addressed.recipient_id, addressed.email, addressed.phone
            )
            offset 0
        ) as reach
    ),

    -- Once: what follows names the answer a dozen times, and would climb the ladder for each.
    judged as materialized (
        select wanted.*, answer.rung, answer.reason, answer.effect
        from wanted
        cross join lateral postbell_private.ladder(
            is_actor => wanted.is_actor,
            event_is_disabled => wanted.event_is_disabled,
            tenant_event_is_disabled => wanted.tenant_event_is_disabled,
            channel_is_disabled => wanted.channel = any(wanted.disabled_channels),
            has_template => wanted.channel = any(wanted.templates),
            is_unknown => wanted.is_unknown,
            is_erased => wanted.is_erased,
            has_address => wanted.address is not null,
            is_suppressed => wanted.is_suppressed,
            is_forced => wanted.is_forced,
            is_off => wanted.is_off,
            is_muted => wanted.is_muted,
            is_quiet => wanted.quiet_until is not null,
            is_critical => wanted.urgency = 'critical',
            is_kept => wanted.is_kept
        ) as answer
    ),

    timed as (
        select
            judged.*,
            case effect when 'later' then quiet_until else ready_at end as due_at
        from judged
    ),

    due as (
        select
            timed.*,
            -- What comes too late to interrupt is still kept where there is a record.
            effect <> 'drop' and not is_kept and expires_at <= due_at as is_expired
        from timed
    )

    select
        notification_id,
        tenant_id,
        event,
        recipient_id,
        channel,
        urgency,
        case
            when effect = 'drop' or is_expired then 'no'
            when due_at > postbell.clock() then 'later'
            else 'now'
        end,
        rung,
        case when is_expired then 'expired' else reason end,
        case when effect <> 'drop' and is_expired is not true then due_at end,
        effect = 'silence',
        created_at,
        case when is_expired then 'drop' else effect end
    from due;
end
$$;


--
-- Name: FUNCTION decide(candidates postbell_private.candidate[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.decide(candidates postbell_private.candidate[]) IS 'Who gets what: each candidate''s wanted channels, each with the rung that decided. The router and explain both ask here.';


--
-- Name: decide_again(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.decide_again(delivery_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'on'
    AS $$
#variable_conflict use_column
declare
    v_candidates postbell_private.candidate[];
    v_queued bigint[];
begin
    select array_agg(distinct postbell_private.candidate_of(n, d.recipient_id))
    into v_candidates
    from unnest(delivery_ids) as due (id)
    join postbell.delivery as d on d.id = due.id
    join postbell_private.notification as n on n.id = d.notification_id
    where d.state = 'waiting';

    with decided as materialized (
        select *
        from postbell_private.decide(v_candidates)
    ),

    settled as (
        update postbell.delivery as d set
            state = case
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when stop.reason is not null then case when d.sent_at is null then 'cancelled' else 'sent' end
                when again.decision = 'now' then 'queued'
                when again.decision = 'later' then 'waiting'
                when again.reason = 'expired' then 'expired'
                else 'skipped'
            end,
            reason = stop.reason,
            decision = case
                when stop.reason is not null then d.decision
                -- It had to wait: that stays true once its time has come.
                when d.decision = 'later' and again.decision = 'now' then d.decision
                else coalesce(again.decision, 'no')
            end,
            rung = case when stop.reason is null then coalesce(again.rung, 0) else d.rung end,
            decision_reason = case when stop.reason is null then answer.reason else d.decision_reason end,
            is_silent = coalesce(again.is_silent, d.is_silent),
            due_at = coalesce(again.due_at, d.due_at)
        from postbell.delivery as former
        -- Whatever was deleted meanwhile: each delivery gets an answer, or it would be in nobody's hands for good.
        left join postbell_private.notification as n on n.id = former.notification_id
        left join postbell.event_type as kind on kind.key = former.event
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        left join decided as again
            on again.notification_id = former.notification_id
            and again.recipient_id = former.recipient_id
            and again.channel = former.channel
        cross join lateral (
            select case
                when again.reason is not null then again.reason
                when n.id is null then 'event_deleted'
                when kind.key is null then 'unknown_event'
                else 'no_longer_wanted'
            end as reason
        ) as answer
        -- What ends it though the decision to send it stands.
        cross join lateral (
            select case
                when tombstone.is_cancelled then 'cancelled'
                when former.sent_at is not null and coalesce(again.decision, 'no') = 'no' then answer.reason
            end as reason
        ) as stop
        where former.id = any(delivery_ids)
          and d.id = former.id
          and d.state = 'waiting'
        returning
            d.id, d.tenant_id, d.recipient_id, d.state, d.due_at,
            coalesce(d.reason, d.decision_reason) as reason,
            -- Without a reason of its own, it was the decision that let it wait.
            case when former.reason is null then former.decision_reason end as waited_for
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select
            id,
            case state when 'queued' then 'released' else 'stopped' end,
            case state when 'queued' then waited_for else reason end
        from settled
        where state = 'queued' and waited_for is not null
           or state not in ('queued', 'waiting')
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, false, due_at
        from settled
        where state = 'waiting'
    )

    select array_agg(id order by id) into v_queued
    from settled
    where state = 'queued';

    perform postbell_private.enqueue(v_queued, is_bulk => false);
end
$$;


--
-- Name: FUNCTION decide_again(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.decide_again(delivery_ids bigint[]) IS 'Asks the ladder once more about deliveries that waited: the person may have changed zone, hours or mind meanwhile.';


--
-- Name: deliver(postbell_private.candidate[], boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.deliver(candidates postbell_private.candidate[], is_bulk boolean) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
    v_fault record;
begin
    -- Called directly first, with a plan that is kept: it is rare that a candidate makes it fail.
    begin
        perform postbell_private.make_deliveries(deliver.candidates, deliver.is_bulk);
        return;
    exception
        when others then
            if not postbell_private.is_content_error(sqlstate) then
                raise;
            end if;
    end;

    for v_fault in
        select (deliver.candidates[place]).notification_id, (deliver.candidates[place]).recipient_id, code, message
        from postbell_private.isolate(format('postbell_private.make_deliveries($1, %L)', deliver.is_bulk), deliver.candidates)
    loop
        perform postbell_private.reject(v_fault.notification_id, v_fault.recipient_id, v_fault.code, v_fault.message);
    end loop;
end
$_$;


--
-- Name: FUNCTION deliver(candidates postbell_private.candidate[], is_bulk boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.deliver(candidates postbell_private.candidate[], is_bulk boolean) IS 'Decides about each candidate, writes the decisions down, and queues what is due. A candidate with whom that fails is a rejection of its own.';


--
-- Name: describe_type(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.describe_type(type text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE type WHEN 'text'::text THEN 'a string'::text WHEN 'id'::text THEN 'a string or a whole number'::text WHEN 'amount'::text THEN 'a decimal string such as ''19.90'''::text WHEN 'integer'::text THEN 'a whole number of up to 18 digits'::text WHEN 'number'::text THEN 'a number'::text WHEN 'boolean'::text THEN 'true or false'::text WHEN 'date'::text THEN 'a string such as ''2026-03-01'''::text WHEN 'timestamp'::text THEN 'a string such as ''2026-03-01T09:00:00Z'''::text WHEN 'url'::text THEN 'an absolute https:// or http:// address'::text WHEN 'list'::text THEN 'a list'::text WHEN 'object'::text THEN 'an object'::text ELSE 'of a type that is known'::text END;


--
-- Name: FUNCTION describe_type(type text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.describe_type(type text) IS 'What a payload field of a declared type has to be; see postbell.is_of_type().';


--
-- Name: devices_of(bigint, uuid); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.devices_of(batch_id bigint, claim_token uuid) RETURNS TABLE(delivery_id bigint, device_id bigint, endpoint text, p256dh text, auth text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select d.id, device.id, device.endpoint, device.p256dh, device.auth
    from postbell.batch
    cross join lateral unnest(batch.delivery_ids) as carried (id)
    join postbell.delivery as d on d.id = carried.id
    join postbell.push_subscription as device
        on device.tenant_id = d.tenant_id and device.recipient_id = d.recipient_id
    where batch.id = devices_of.batch_id
      and batch.claim_token = devices_of.claim_token
      and d.state in ('queued', 'sending')
      and not exists (
          select
          from postbell.attempt as earlier
          where earlier.delivery_id = d.id
            and earlier.device = device.id::text
            -- One that refused is asked again only when somebody revives the delivery, which counts its tries anew.
            and (earlier.outcome = 'sent' or earlier.outcome = 'refused' and d.attempts + (d.state = 'queued')::integer > 1)
      )
    order by d.id, device.id
$$;


--
-- Name: FUNCTION devices_of(batch_id bigint, claim_token uuid); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.devices_of(batch_id bigint, claim_token uuid) IS 'The devices that each delivery of a claimed batch still has to reach: not those that an earlier try has settled. None if the claim does not hold.';


--
-- Name: drop_code(oid[], oid[], boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.drop_code(routines oid[], views oid[], with_dependents boolean) RETURNS SETOF text
    LANGUAGE plpgsql
    AS $$
declare
    v_in_the_way text;
    v_object text;
begin
    with recursive dependent (classid, objid) as (
        select start.classid, unnest(start.objids)
        from (values
            ('pg_proc'::regclass::oid, routines),
            ('pg_class'::regclass::oid, views)
        ) as start (classid, objids)

        union

        -- A view depends on things by its rule.
        select
            case when rule.oid is null then link.classid else 'pg_class'::regclass::oid end,
            coalesce(rule.ev_class, link.objid)
        from dependent
        join pg_depend as link
            on link.refclassid = dependent.classid
            and link.refobjid = dependent.objid
            and link.deptype in ('n', 'a', 'i')
        left join pg_rewrite as rule
            on link.classid = 'pg_rewrite'::regclass
            and rule.oid = link.objid
    ),

    code (classid, objid) as (
        select 'pg_proc'::regclass::oid, oid from pg_proc where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
        union all
        select 'pg_class'::regclass::oid, oid from pg_class where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace) and relkind in ('v', 'm')
        union all
        select 'pg_trigger'::regclass::oid, pg_trigger.oid
        from pg_trigger
        join pg_class on pg_class.oid = tgrelid
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
        union all
        select 'pg_policy'::regclass::oid, pg_policy.oid
        from pg_policy
        join pg_class on pg_class.oid = polrelid
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
        union all
        -- A view's row type, and the array of it.
        select 'pg_type'::regclass::oid, oid from pg_type where typnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
    )

    select string_agg(pg_describe_object(classid, objid, 0), ', ') into v_in_the_way
    from dependent
    where objid <> all (routines || views)
      and classid <> 'pg_type'::regclass
      and not (with_dependents and exists (select from code where code.classid = dependent.classid and code.objid = dependent.objid));

    if v_in_the_way is not null then
        raise exception using
            errcode = 'dependent_objects_still_exist',
            message = 'needed by ' || v_in_the_way,
            hint = 'Drop or change what depends on it, deploy, and create it again.';
    end if;

    -- An earlier one may have taken a later one with it.
    -- Its name is written down before, as a dropped object has none.
    foreach v_object in array array(
        select format('%s %s', 'view', oid::regclass) from pg_class where oid = any (views)
        union all
        select format('%s %s', 'routine', oid::regprocedure) from pg_proc where oid = any (routines)
    ) loop
        execute format('drop %s cascade', regexp_replace(v_object, ' ', ' if exists '));
        return next v_object;
    end loop;
end
$$;


--
-- Name: FUNCTION drop_code(routines oid[], views oid[], with_dependents boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.drop_code(routines oid[], views oid[], with_dependents boolean) IS 'For deploy: drops routines and views. With dependents, code of Postbell that needs them goes too, to be defined again; anything else that needs them is an error.';


--
-- Name: drop_undeclared(text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.drop_undeclared(triggers text[]) RETURNS SETOF text
    LANGUAGE plpgsql
    AS $$
declare
    v_trigger text;
begin
    -- A trigger that is as declared was left alone, so these go by name. A clone on a leaf goes with its parent.
    for v_trigger in
        select format('trigger %I on %s', tgname, tgrelid::regclass)
        from pg_trigger
        join pg_class on pg_class.oid = tgrelid
        where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and not tgisinternal
          and tgparentid = 0
          and relname || '.' || tgname <> all (triggers)
    loop
        execute 'drop ' || v_trigger;
        return next v_trigger;
    end loop;

    -- Deploy has just defined every declared routine and view, so a catalog row
    -- that another transaction wrote belongs to something no file declares.
    return query
    select dropped
    from postbell_private.drop_code(
        array(
            select oid
            from pg_proc
            where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
              and xmin <> pg_current_xact_id()::xid
        ),
        array(
            select pg_class.oid
            from pg_class
            join pg_rewrite on ev_class = pg_class.oid
            where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
              and relkind in ('v', 'm')
              and pg_rewrite.xmin <> pg_current_xact_id()::xid
        ),
        with_dependents => false
    ) as dropped;
end
$$;


--
-- Name: FUNCTION drop_undeclared(triggers text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.drop_undeclared(triggers text[]) IS 'For deploy: drops the routines, views and triggers that no file declares any more.';


--
-- Name: end_operator_session(bytea); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.end_operator_session(digest bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell_private.operator_session
    where digest = end_operator_session.digest;
    return found;
end
$$;


--
-- Name: FUNCTION end_operator_session(digest bytea); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.end_operator_session(digest bytea) IS 'Logs an operator out; false if there was no such session.';


--
-- Name: end_session(bytea); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.end_session(digest bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    delete from postbell_private.session
    where digest = end_session.digest;
    if not found then
        return false;
    end if;

    -- Its open streams may be with any gateway. Somebody logging out is rare enough for a NOTIFY.
    perform pg_notify('postbell_session', encode(end_session.digest, 'hex'));
    return true;
end
$$;


--
-- Name: FUNCTION end_session(digest bytea); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.end_session(digest bytea) IS 'Logs out, and tells every gateway (channel postbell_session, the digest in hexadecimal digits); false if there was no such session.';


--
-- Name: enqueue(bigint[], boolean, interval); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.enqueue(delivery_ids bigint[], is_bulk boolean, delay interval DEFAULT '00:00:00'::interval) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
    v_fault record;
begin
    if coalesce(cardinality(enqueue.delivery_ids), 0) = 0 then
        return;
    end if;

    for v_fault in
        select enqueue.delivery_ids[place] as delivery_id, code, message
        from postbell_private.isolate(format('postbell_private.make_batches($1, %L, %L)', enqueue.is_bulk, enqueue.delay), enqueue.delivery_ids)
    loop
        perform postbell_private.give_up(array[v_fault.delivery_id], array[v_fault.code || ': ' || v_fault.message]);
    end loop;
end
$_$;


--
-- Name: FUNCTION enqueue(delivery_ids bigint[], is_bulk boolean, delay interval); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.enqueue(delivery_ids bigint[], is_bulk boolean, delay interval) IS 'Queues deliveries, in batches. One that cannot be queued because of its content becomes a dead letter.';


--
-- Name: fail_deliveries(bigint, uuid, bigint[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
begin
    if v_carried is null then
        return false;
    end if;

    perform postbell_private.give_up(array_agg(given.id), array_agg(given.reason), '{queued,sending}')
    from unnest(fail_deliveries.delivery_ids, fail_deliveries.reasons) as given (id, reason)
    where given.id = any(v_carried);
    return true;
end
$$;


--
-- Name: FUNCTION fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]) IS 'Gives up deliveries of a batch that no provider was called for: their template failed, say. They become dead letters. False if the claim does not hold.';


--
-- Name: fan_out(integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.fan_out(most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    -- So many batches of large audiences may wait in the queue; the rest waits here, where it is in nobody's way.
    v_queue_limit constant integer := 20;
    v_fanout postbell.fanout;
    v_notification postbell_private.notification;
    v_is_listed boolean;
    v_members text[];
    v_candidates postbell_private.candidate[];
begin
    if not exists (select from postbell.fanout) then
        return 0;
    end if;
    if (select count(*) from postbell.batch where is_bulk) >= v_queue_limit then
        return null;
    end if;

    -- Critical first, then the tenant that waited longest for its turn, then first come.
    select f.* into v_fanout
    from postbell.fanout as f
    left join postbell_private.fanout_turn as turn on turn.tenant_id = f.tenant_id
    order by f.priority = 'critical' desc, turn.served_at nulls first, f.notification_id
    limit 1
    for update of f skip locked;
    if not found then
        return null;
    end if;

    select * into strict v_notification
    from postbell_private.notification
    where id = v_fanout.notification_id;

    if (select is_cancelled from postbell_private.is_cancelled(
        v_notification.id, v_notification.tenant_id, v_notification.subject, v_notification.xid, v_notification.created_at
    )) then
        delete from postbell.fanout where notification_id = v_fanout.notification_id;
        return 1;
    end if;

    begin
        v_is_listed := postbell_private.list_members(v_fanout);
        if v_is_listed then
            -- Without the list: it may be long, and is named with every person below.
            v_notification.audience := v_fanout.audience;
            v_members := array(
                select recipient_id
                from postbell_private.members_of(
                    v_notification.tenant_id, v_notification.recipient, v_notification.audience,
                    v_fanout.after_recipient, most, v_notification.id
                )
            );
            v_candidates := array(
                select postbell_private.candidate_of(v_notification, member)
                from unnest(v_members) as member
            );
        end if;
    exception
        when others then
            if not postbell_private.is_content_error(sqlstate) then
                raise;
            end if;
            perform postbell_private.reject(v_notification.id, null, sqlstate, sqlerrm);
            v_is_listed := true;
            v_members := '{}';
            v_candidates := '{}';
    end;
    perform postbell_private.deliver(v_candidates, is_bulk => true);

    if v_is_listed and cardinality(v_members) < most then
        delete from postbell.fanout where notification_id = v_fanout.notification_id;
    elsif v_is_listed then
        update postbell.fanout set
            after_recipient = v_members[most],
            reached = reached + most
        where notification_id = v_fanout.notification_id;
        delete from postbell_private.fanout_member
        where notification_id = v_fanout.notification_id
          and recipient_id <= v_members[most];
    end if;

    insert into postbell_private.fanout_turn (tenant_id, served_at)
    values (v_fanout.tenant_id, clock_timestamp())
    on conflict (tenant_id) do update set served_at = excluded.served_at;

    return greatest(cardinality(v_members), 1);
end
$$;


--
-- Name: FUNCTION fan_out(most integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.fan_out(most integer) IS 'Takes the next step with one large audience: takes some of an explicit list out of the event, or tells the next people. Returns how many it decided about, 1 at least; 0: none is left, null: the queue is full, ask again soon.';


--
-- Name: find_audience_fault(jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.find_audience_fault(audience jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
    select case
        when audience is null then null
        when jsonb_typeof(audience) <> 'object' then 'audience is not an object but ' || jsonb_typeof(audience)
        when not audience ?| array['recipients', 'role', 'topic', 'everyone'] then 'audience names nobody'
        else (
            select min(case key
                when 'recipients' then case
                    when jsonb_typeof(value) <> 'array' then 'recipients is not a list'
                    when jsonb_array_length(value) = 0 then 'recipients is empty'
                    when jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string" && @.type() != "number")')
                        then 'recipients has an entry that is neither string nor number'
                    when value @> '[""]' then 'recipients has an empty entry'
                end
                when 'role' then case when jsonb_typeof(value) <> 'string' then 'role is not a string' end
                when 'topic' then case when jsonb_typeof(value) <> 'string' then 'topic is not a string' end
                when 'everyone' then case when value <> 'true' then 'everyone is not true' end
                when 'notify_actor' then case when jsonb_typeof(value) <> 'boolean' then 'notify_actor is not true or false' end
                else 'audience has an unknown key ' || left(key, 50)
            end)
            from jsonb_each(audience)
        )
    end
$_$;


--
-- Name: FUNCTION find_audience_fault(audience jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.find_audience_fault(audience jsonb) IS 'What is wrong with an audience; null if nothing.';


--
-- Name: find_overlong(jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.find_overlong(audience jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case when jsonb_typeof(audience) = 'object' then (
        select min(case jsonb_typeof(value)
            when 'string' then case
                when key in ('role', 'topic') and length(value #>> '{}') > 255
                    then key || ' has ' || length(value #>> '{}') || ' characters'
            end
            when 'array' then case
                when key = 'recipients' then (
                    select 'an entry of recipients has ' || max(length(entry)) || ' characters'
                    from jsonb_array_elements_text(value) as entry
                    having max(length(entry)) > 255
                )
            end
        end)
        from jsonb_each(audience)
    ) end
$$;


--
-- Name: FUNCTION find_overlong(audience jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.find_overlong(audience jsonb) IS 'Which name in an audience is longer than 255 characters; null if none is.';


--
-- Name: find_payload_fault(jsonb, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.find_payload_fault(payload jsonb, fields jsonb) RETURNS TABLE(fault text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select case
        when jsonb_typeof(payload) <> 'object' then 'payload is not an object but ' || jsonb_typeof(payload)
        else (
            select case
                when coalesce(payload -> field.name, 'null') = 'null' then field.name || ' is missing'
                else field.name || ' is not of type ' || (field.declared ->> 'type')
                    || ': it has to be ' || postbell_private.describe_type(field.declared ->> 'type')
            end
            from jsonb_each(fields) as field (name, declared)
            where case
                -- A null is an absent value: drivers write it for an optional field that they do not have.
                when coalesce(payload -> field.name, 'null') = 'null' then (field.declared -> 'required')::boolean
                else not postbell.is_of_type(payload -> field.name, field.declared ->> 'type')
            end
            limit 1
        )
    end
$$;


--
-- Name: FUNCTION find_payload_fault(payload jsonb, fields jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.find_payload_fault(payload jsonb, fields jsonb) IS 'What is wrong with a payload, measured against an event''s declared fields; null if nothing. Extra fields are allowed. A table, so that set-based callers get it inlined.';


--
-- Name: fingerprint_of(postbell.outbox); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.fingerprint_of(event postbell.outbox) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    RETURN sha256(convert_to((jsonb_build_array((event).event, (event).recipient, (event).audience, COALESCE((event).payload, '{}'::jsonb)))::text, 'UTF8'::name));


--
-- Name: FUNCTION fingerprint_of(event postbell.outbox); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.fingerprint_of(event postbell.outbox) IS 'SHA-256 of what an event says and to whom: what an idempotency key stands for.';


--
-- Name: finish_batch(bigint, uuid); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.finish_batch(batch_id bigint, claim_token uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    delete from postbell.batch
    where id = finish_batch.batch_id
      and claim_token = finish_batch.claim_token
    returning delivery_ids into v_delivery_ids;
    if not found then
        return false;
    end if;
    perform postbell_private.requeue(v_delivery_ids);
    return true;
end
$$;


--
-- Name: FUNCTION finish_batch(batch_id bigint, claim_token uuid); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.finish_batch(batch_id bigint, claim_token uuid) IS 'Ends a batch; what is not settled goes into a new one. False if the claim does not hold.';


--
-- Name: first_known_zone(text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.first_known_zone(zones text[]) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select coalesce(
        (
            select zone
            from unnest(zones) with ordinality as named (zone, place)
            where postbell.is_time_zone(zone)
            order by place
            limit 1
        ),
        'UTC'
    )
$$;


--
-- Name: FUNCTION first_known_zone(zones text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.first_known_zone(zones text[]) IS 'The first of these that is a time zone, such as a quiet window''s, a person''s and their tenant''s; UTC if none is.';


--
-- Name: follow_tenants(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.follow_tenants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform postbell_private.upsert_awaited();
    return null;
end
$$;


--
-- Name: FUNCTION follow_tenants(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.follow_tenants() IS 'A new tenant''s users, whom a mirrored table had before, are recipients at once.';


--
-- Name: forget_early_receipts(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.forget_early_receipts() RETURNS TABLE(provider text, forgotten bigint)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- One that names its delivery stays as long as that one is in somebody's hands.
    with forgotten as (
        delete from postbell_private.early_receipt
        where delivery_id is null
          and received_at < clock_timestamp() - interval '1 hour'
        returning provider
    )

    select forgotten.provider, count(*)
    from forgotten
    group by forgotten.provider
    order by forgotten.provider
$$;


--
-- Name: FUNCTION forget_early_receipts(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.forget_early_receipts() IS 'Drops receipts that named a message which nobody wrote down within an hour: it was none of ours. Returns how many, by provider.';


--
-- Name: forget_jobs(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.forget_jobs() RETURNS void
    LANGUAGE sql
    AS $$
    delete from postbell_queue.pgqueuer_log
    where created < clock_timestamp() - interval '1 hour'
$$;


--
-- Name: FUNCTION forget_jobs(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.forget_jobs() IS 'Prunes the queue''s own history.';


--
-- Name: forget_sessions(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.forget_sessions() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    delete from postbell_private.session
    where expires_at <= postbell.clock();

    delete from postbell_private.operator_session
    where expires_at <= postbell.clock();

    delete from postbell_private.ticket
    where expires_at <= postbell.clock();
$$;


--
-- Name: FUNCTION forget_sessions(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.forget_sessions() IS 'Deletes the sessions and tickets that are over.';


--
-- Name: give_up(bigint[], text[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.give_up(delivery_ids bigint[], reasons text[], states text[] DEFAULT '{queued,waiting,sending}'::text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    with failed as (
        update postbell.delivery as d set
            -- What has reached one device of a person is sent, whatever becomes of the others.
            state = case when d.sent_at is null then 'failed' else 'sent' end,
            reason = left(given.reason, 1000)
        from unnest(give_up.delivery_ids, give_up.reasons) as given (id, reason)
        where d.id = given.id
          and d.state = any(give_up.states)
        returning d.id, d.state, d.reason
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'given_up', reason
        from failed
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from failed
    where state = 'failed'
    on conflict (delivery_id) do nothing;
end
$$;


--
-- Name: FUNCTION give_up(delivery_ids bigint[], reasons text[], states text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.give_up(delivery_ids bigint[], reasons text[], states text[]) IS 'Makes dead letters of deliveries in one of these states, each with its reason. One that has reached a device of the person counts as sent.';


--
-- Name: give_up_unknown(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.give_up_unknown(delivery_ids bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
    with given_up as (
        update postbell.delivery set
            state = 'failed',
            reason = 'never_reported'
        where id = any(delivery_ids)
          -- The provider has told about the others meanwhile.
          and state = 'unknown'
        returning id
    ),

    noted as (
        insert into postbell.delivery_step (delivery_id, what, reason)
        select id, 'given_up', 'never_reported'
        from given_up
    )

    insert into postbell.dead_letter (delivery_id)
    select id
    from given_up
    on conflict (delivery_id) do nothing
$$;


--
-- Name: FUNCTION give_up_unknown(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.give_up_unknown(delivery_ids bigint[]) IS 'Makes dead letters of deliveries whose provider never told whether they were sent.';


--
-- Name: hold_deliveries(bigint, uuid, bigint[], double precision[], boolean[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
begin
    if v_carried is null then
        return false;
    end if;

    with held as (
        update postbell.delivery as d set
            state = 'waiting',
            reason = left(given.reason, 1000),
            -- The try that was begun is given back: that there is no provider is not the message's fault.
            attempts = d.attempts - given.is_begun::integer,
            due_at = clock_timestamp() + make_interval(secs => given.seconds)
        from unnest(
            hold_deliveries.delivery_ids, hold_deliveries.seconds, hold_deliveries.begun, hold_deliveries.reasons
        ) as given (id, seconds, is_begun, reason)
        where d.id = given.id
          and d.id = any(v_carried)
          and d.state in ('queued', 'sending')
        returning d.id, d.tenant_id, d.recipient_id, d.due_at
    )
    insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
    select id, tenant_id, recipient_id, true, due_at
    from held
    on conflict (delivery_id) do nothing;

    -- A sleeping router knows of no due time that came up since.
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return true;
end
$$;


--
-- Name: FUNCTION hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]) IS 'Puts deliveries of a batch aside for so many seconds, because no provider takes them now. It costs them no try: where one was begun, it is given back. False if the claim does not hold.';


--
-- Name: delivery; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.delivery (
    id bigint NOT NULL,
    notification_id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name NOT NULL,
    priority postbell.priority NOT NULL,
    decision text NOT NULL,
    rung smallint NOT NULL,
    decision_reason text CONSTRAINT delivery_verdict_not_null NOT NULL,
    is_silent boolean NOT NULL,
    state postbell.delivery_state NOT NULL,
    reason text,
    attempts smallint DEFAULT 0 NOT NULL,
    provider text,
    provider_message_id text,
    template_version text COLLATE pg_catalog."C",
    due_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    delivered_at timestamp with time zone,
    opened_at timestamp with time zone,
    clicked_at timestamp with time zone,
    CONSTRAINT decision_is_known CHECK ((decision = ANY (ARRAY['now'::text, 'later'::text, 'no'::text])))
)
WITH (fillfactor='70');


--
-- Name: TABLE delivery; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.delivery IS 'What was decided about one channel of one recipient of one event, and what became of it.';


--
-- Name: COLUMN delivery.decision; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.decision IS 'now, later or no, as postbell.explain() says it: the last time that it was decided. later stays when its time has come.';


--
-- Name: COLUMN delivery.rung; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.rung IS 'Of the ladder, that decided the last time; 0 for none.';


--
-- Name: COLUMN delivery.decision_reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.decision_reason IS 'Why it was decided so the last time; see postbell_private.ladder().';


--
-- Name: COLUMN delivery.is_silent; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.is_silent IS 'Muted: kept in the inbox, not counted as unread.';


--
-- Name: COLUMN delivery.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.reason IS 'Why it is in its state, where the decision alone does not say: what a provider answered, say, or cancelled. Null once it is sent, on every channel, unless some of a person''s devices were not reached.';


--
-- Name: COLUMN delivery.template_version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.template_version IS 'What its text was made of, by the last that tried to send it: a hash of the event''s templates (postbell.event_type.version, or one in postbell.template_set), a dot, and the number of the tenant''s branding.';


--
-- Name: COLUMN delivery.created_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery.created_at IS 'When the event was emitted.';


--
-- Name: identity_of(postbell.delivery); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.identity_of(delivery postbell.delivery) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select left(encode(sha256(convert_to(json_build_array(
        (delivery).tenant_id,
        (delivery).notification_id,
        (delivery).recipient_id,
        (delivery).channel,
        extract(epoch from (delivery).created_at)
    )::text, 'UTF8')), 'hex'), 32)
$$;


--
-- Name: FUNCTION identity_of(delivery postbell.delivery); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.identity_of(delivery postbell.delivery) IS 'A delivery by what it is: 32 hexadecimal digits, the same whenever its event is routed, and in no other database. Its id is a number that a crash may undo and give to another.';


--
-- Name: in_chunks(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.in_chunks(query text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN format('select array_agg(person) from (select person, (row_number() over () - 1) / 5000 as portion from (%s) as found) as numbered group by portion'::text, query);


--
-- Name: FUNCTION in_chunks(query text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.in_chunks(query text) IS 'The same query by 5,000 people at a time: a table of millions must not become one value.';


--
-- Name: inherit_stops(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.inherit_stops(tenant_id text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    -- Said before the tenant was there, to a number that it does not send from.
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


--
-- Name: FUNCTION inherit_stops(tenant_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.inherit_stops(tenant_id text) IS 'Suppresses for a tenant whom it must not write to because they answered STOP to a number that it sends from, by now or only since then.';


--
-- Name: instant_of(timestamp without time zone, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.instant_of(wall_clock timestamp without time zone, zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    -- A wall-clock time has up to two instants, one per offset in force around it.
    with offsets as (
        select distinct (near at time zone zone) - (near at time zone 'UTC') as ahead
        from (values
            (wall_clock at time zone 'UTC' - interval '1 day'),
            (wall_clock at time zone 'UTC' + interval '1 day')
        ) as around (near)
    ),

    instants as (
        select (wall_clock - ahead) at time zone 'UTC' as instant
        from offsets
    )

    select coalesce(
        -- In a fold both are real and the first is meant.
        (select min(instant) from instants where instant at time zone zone = wall_clock),
        -- In a gap neither is: the first instant after it. Offsets change on whole minutes.
        (
            select min(minute)
            from (select min(instant) as since, max(instant) as until from instants) as bounds,
                lateral generate_series(date_trunc('minute', since), until, interval '1 minute') as minute
            where minute at time zone zone > wall_clock
        ),
        wall_clock at time zone zone
    )
$$;


--
-- Name: FUNCTION instant_of(wall_clock timestamp without time zone, zone text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.instant_of(wall_clock timestamp without time zone, zone text) IS 'The instant at which clocks in a zone show a time: the first of two in a fold, the end of the gap when they never do.';


--
-- Name: is_cancelled(bigint, text, text, xid8, timestamp with time zone); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.is_cancelled(outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamp with time zone) RETURNS TABLE(is_cancelled boolean)
    LANGUAGE sql STABLE
    AS $$
    select
        exists (
            select
            from postbell_private.cancellation as tombstone
            where tombstone.outbox_id = is_cancelled.outbox_id
        )
        or (
            is_cancelled.subject is not null
            and exists (
                select
                from postbell_private.cancellation as tombstone
                where tombstone.subject = is_cancelled.subject
                  and tombstone.tenant_id = is_cancelled.tenant_id
                  -- Earlier is what the canceller saw, and what its own transaction had written by then.
                  and (
                      pg_visible_in_snapshot(is_cancelled.xid, tombstone.snapshot)
                      and is_cancelled.xid <> tombstone.xid
                      or is_cancelled.xid = tombstone.xid and is_cancelled.created_at <= tombstone.cancelled_at
                  )
            )
        )
$$;


--
-- Name: FUNCTION is_cancelled(outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamp with time zone); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.is_cancelled(outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamp with time zone) IS 'Whether a tombstone covers the event. A table, so that set-based callers get it inlined.';


--
-- Name: is_content_error(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.is_content_error(code text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ("left"(code, 2) = ANY (ARRAY['21'::text, '22'::text, '23'::text, '54'::text]));


--
-- Name: FUNCTION is_content_error(code text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.is_content_error(code text) IS 'Whether an SQLSTATE blames what stands in a row: too many of something, its data, a constraint, a limit of the program. Anything else (a lost lock, a full disk, our own mistake) is not the row''s fault, and is tried again.';


--
-- Name: is_gateway_present(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.is_gateway_present() RETURNS boolean
    LANGUAGE sql
    RETURN (NOT pg_try_advisory_xact_lock(1919512167, 4));


--
-- Name: FUNCTION is_gateway_present(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.is_gateway_present() IS 'Whether a gateway may be there. If not, none comes before this transaction has ended: its changes of inboxes need not be told.';


--
-- Name: is_muted(text, text, text, text, text, timestamp with time zone); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.is_muted(tenant_id text, recipient_id text, category text, event text, subject text, at timestamp with time zone) RETURNS TABLE(is_muted boolean)
    LANGUAGE sql STABLE
    AS $$
    select exists (
        select
        from postbell.mute as silence
        where silence.tenant_id = is_muted.tenant_id
          and silence.recipient_id = is_muted.recipient_id
          and silence.until > is_muted.at
          and (silence.category is null or silence.category = is_muted.category)
          and (silence.event is null or silence.event = is_muted.event)
          and (silence.subject is null or silence.subject = is_muted.subject)
    )
$$;


--
-- Name: FUNCTION is_muted(tenant_id text, recipient_id text, category text, event text, subject text, at timestamp with time zone); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.is_muted(tenant_id text, recipient_id text, category text, event text, subject text, at timestamp with time zone) IS 'Whether everything, the category, the event or the subject is muted at a moment. A table, so that set-based callers get it inlined.';


--
-- Name: is_stream_kept(pg_snapshot); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.is_stream_kept(since pg_snapshot) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select not exists (
        select
        from postbell_private.stream_truncation
        where last_xid >= pg_snapshot_xmin(is_stream_kept.since)
    )
$$;


--
-- Name: FUNCTION is_stream_kept(since pg_snapshot); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.is_stream_kept(since pg_snapshot) IS 'Whether all that was told since a snapshot is still in the ring. Where a transaction was open for very long the answer may be no without need.';


--
-- Name: is_transient_error(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.is_transient_error(code text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ("left"(code, 2) = ANY (ARRAY['40'::text, '53'::text, '55'::text, '57'::text, '58'::text, 'XX'::text]));


--
-- Name: FUNCTION is_transient_error(code text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.is_transient_error(code text) IS 'Whether an SQLSTATE blames the moment: a deadlock, a serialization failure, no room, a lock not got, a cancelled statement, the server itself. That is for the caller to retry, and says nothing about the data or the schema.';


--
-- Name: isolate(text, anyarray); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.isolate(call text, items anyarray) RETURNS TABLE(place integer, code text, message text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_many constant integer := coalesce(cardinality(items), 0);
    v_code text;
    v_message text;
begin
    if v_many = 0 then
        return;
    end if;

    begin
        execute 'select ' || call using items;
        return;
    exception
        when others then
            if not postbell_private.is_content_error(sqlstate) then
                raise;
            end if;
            v_code := sqlstate;
            v_message := sqlerrm;
    end;

    if v_many = 1 then
        return query values (1, v_code, v_message);
        return;
    end if;
    -- Close in on the bad ones, in order; the others go their way.
    return query
    select half.place, half.code, half.message
    from postbell_private.isolate(call, items[:v_many / 2]) as half;
    return query
    select half.place + v_many / 2, half.code, half.message
    from postbell_private.isolate(call, items[v_many / 2 + 1:]) as half;
end
$$;


--
-- Name: FUNCTION isolate(call text, items anyarray); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.isolate(call text, items anyarray) IS 'Calls one of our functions with many items at once ($1). Where the content of some makes it fail, it is called with halves of them, until those few are found. Returns their places in the list, each with its SQLSTATE and message; the call has done its work for all others.';


--
-- Name: issue_ticket(bytea, text, timestamp with time zone, bytea, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea DEFAULT NULL::bytea, tenant_id text DEFAULT 'default'::text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_expires_at timestamptz := least(postbell.clock() + interval '60 seconds', issue_ticket.valid_until);
begin
    perform postbell_private.require_present(issue_ticket.tenant_id, issue_ticket.recipient);

    insert into postbell_private.ticket (digest, tenant_id, recipient_id, session_digest, expires_at, valid_until)
    values (
        issue_ticket.digest, issue_ticket.tenant_id, issue_ticket.recipient,
        issue_ticket.session_digest, v_expires_at, issue_ticket.valid_until
    );
    return v_expires_at;
end
$$;


--
-- Name: FUNCTION issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea, tenant_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea, tenant_id text) IS 'Makes a ticket for one stream; returns until when it may be used: for a minute, and no longer than what it stands for.';


--
-- Name: job_priority(text, boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.job_priority(priority text, is_bulk boolean) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (CASE priority WHEN 'critical'::text THEN 80 WHEN 'high'::text THEN 60 WHEN 'normal'::text THEN 40 ELSE 20 END - CASE WHEN (is_bulk AND (priority <> 'critical'::text)) THEN 30 ELSE 0 END);


--
-- Name: FUNCTION job_priority(priority text, is_bulk boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.job_priority(priority text, is_bulk boolean) IS 'The queue''s order: higher first.';


--
-- Name: keep_branding(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.keep_branding() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    insert into postbell.branding_version (tenant_id, version, branding)
    values (old.id, old.branding_version, old.branding);
    new.branding_version := old.branding_version + 1;
    return new;
end
$$;


--
-- Name: FUNCTION keep_branding(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.keep_branding() IS 'Keeps the branding that is about to be replaced, and numbers the new one.';


--
-- Name: ladder(boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean, boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.ladder(is_actor boolean, event_is_disabled boolean, tenant_event_is_disabled boolean, channel_is_disabled boolean, has_template boolean, is_unknown boolean, is_erased boolean, has_address boolean, is_suppressed boolean, is_forced boolean, is_off boolean, is_muted boolean, is_quiet boolean, is_critical boolean, is_kept boolean) RETURNS TABLE(rung smallint, reason text, effect text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    select (judged.answer).rung, (judged.answer).reason, (judged.answer).effect
    from (select case
        when is_actor then row(0, 'actor', 'drop')::postbell_private.ladder_answer
        when event_is_disabled then row(1, 'event_disabled', 'drop')::postbell_private.ladder_answer
        when tenant_event_is_disabled then row(1, 'tenant_event_disabled', 'drop')::postbell_private.ladder_answer
        when channel_is_disabled then row(2, 'channel_disabled', 'drop')::postbell_private.ladder_answer
        when not has_template then row(2, 'no_template', 'drop')::postbell_private.ladder_answer
        when is_unknown then row(3, 'recipient_unknown', 'drop')::postbell_private.ladder_answer
        when is_erased then row(3, 'recipient_erased', 'drop')::postbell_private.ladder_answer
        when not has_address then row(3, 'no_address', 'drop')::postbell_private.ladder_answer
        when is_suppressed then row(4, 'address_suppressed', 'drop')::postbell_private.ladder_answer
        when is_forced then row(5, 'forced', 'deliver')::postbell_private.ladder_answer
        when is_off then row(6, 'switched_off', 'drop')::postbell_private.ladder_answer
        when is_muted then row(7, 'muted', case when is_kept then 'silence' else 'drop' end)::postbell_private.ladder_answer
        when is_quiet and not is_critical then row(10, 'quiet_hours', 'later')::postbell_private.ladder_answer
        else row(11, 'wanted', 'deliver')::postbell_private.ladder_answer
    end as answer) as judged
$$;


--
-- Name: FUNCTION ladder(is_actor boolean, event_is_disabled boolean, tenant_event_is_disabled boolean, channel_is_disabled boolean, has_template boolean, is_unknown boolean, is_erased boolean, has_address boolean, is_suppressed boolean, is_forced boolean, is_off boolean, is_muted boolean, is_quiet boolean, is_critical boolean, is_kept boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.ladder(is_actor boolean, event_is_disabled boolean, tenant_event_is_disabled boolean, channel_is_disabled boolean, has_template boolean, is_unknown boolean, is_erased boolean, has_address boolean, is_suppressed boolean, is_forced boolean, is_off boolean, is_muted boolean, is_quiet boolean, is_critical boolean, is_kept boolean) IS 'The first rung that applies decides, and its effect says what happens: deliver, silence (kept where is_kept, not counted), later, digest or drop. A channel climbs: exists, usable, reachable, allowed by the address, forced, chosen, not muted, not quiet. A table, so that set-based callers get it inlined.';


--
-- Name: fanout; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.fanout (
    notification_id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    priority postbell.priority NOT NULL,
    list_length integer DEFAULT 0 NOT NULL,
    listed integer DEFAULT 0 NOT NULL,
    audience jsonb NOT NULL,
    after_recipient text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    reached bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE fanout; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.fanout IS 'Large audiences, told in chunks so that nobody else waits. After a crash the next chunk follows the last committed one.';


--
-- Name: COLUMN fanout.list_length; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.fanout.list_length IS 'How many entries the event''s explicit list has.';


--
-- Name: COLUMN fanout.listed; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.fanout.listed IS 'How many of them are in postbell_private.fanout_member by now.';


--
-- Name: COLUMN fanout.audience; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.fanout.audience IS 'The event''s without that list, which is not read again for each chunk.';


--
-- Name: COLUMN fanout.after_recipient; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.fanout.after_recipient IS 'Everybody up to this id has been decided about.';


--
-- Name: list_members(postbell.fanout); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.list_members(fanout postbell.fanout) RETURNS boolean
    LANGUAGE plpgsql
    AS $_$
declare
    -- So many take about as long as a chunk takes to be told: nobody waits for the rest of a longer list.
    v_most constant integer := 10000;
    v_listed constant integer := least((fanout).listed + v_most, (fanout).list_length);
begin
    if (fanout).listed < (fanout).list_length then
        insert into postbell_private.fanout_member (notification_id, tenant_id, recipient_id)
        select n.id, n.tenant_id, entry #>> '{}'
        from postbell_private.notification as n
        cross join lateral jsonb_path_query(
            n.audience, 'lax $.recipients[$first to $last]',
            jsonb_build_object('first', (fanout).listed, 'last', v_listed - 1)
        ) as entry
        where n.id = (fanout).notification_id
        on conflict do nothing;

        update postbell.fanout as f set
            listed = v_listed
        where f.notification_id = (list_members.fanout).notification_id;
    end if;
    return v_listed = (fanout).list_length;
end
$_$;


--
-- Name: FUNCTION list_members(fanout postbell.fanout); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.list_members(fanout postbell.fanout) IS 'Takes the next entries of an event''s explicit list into postbell_private.fanout_member. Returns whether all of them are there.';


--
-- Name: lock_batch(bigint, uuid); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.lock_batch(batch_id bigint, claim_token uuid) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_delivery_ids bigint[];
begin
    select delivery_ids into v_delivery_ids
    from postbell.batch
    where id = lock_batch.batch_id
      and claim_token = lock_batch.claim_token
    for no key update;
    return v_delivery_ids;
end
$$;


--
-- Name: FUNCTION lock_batch(batch_id bigint, claim_token uuid); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.lock_batch(batch_id bigint, claim_token uuid) IS 'The deliveries of a claimed batch, which nobody else can claim until the transaction ends. Null if the claim does not hold: another has claimed the batch since, or a crash has undone the claim.';


--
-- Name: make_batches(bigint[], boolean, interval); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.make_batches(delivery_ids bigint[], is_bulk boolean, delay interval) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    with numbered as (
        select
            d.id, d.tenant_id, d.channel, d.priority,
            (row_number() over (partition by d.tenant_id, d.channel, d.priority order by d.id) - 1)
                / way.batch_size as number
        from unnest(delivery_ids) as wanted (id)
        join postbell.delivery as d on d.id = wanted.id
        join postbell.channel as way on way.name = d.channel
    ),

    batched as (
        insert into postbell.batch (tenant_id, channel, priority, is_bulk, delivery_ids)
        select tenant_id, channel, priority, make_batches.is_bulk, array_agg(id order by id)
        from numbered
        group by tenant_id, channel, priority, number
        returning id, channel, priority, is_bulk
    )

    insert into postbell_queue.pgqueuer (entrypoint, payload, priority, status, execute_after)
    select
        'deliver.' || channel, convert_to(id::text, 'UTF8'), postbell_private.job_priority(priority, is_bulk),
        'queued', now() + delay
    from batched;
end
$$;


--
-- Name: FUNCTION make_batches(delivery_ids bigint[], is_bulk boolean, delay interval); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.make_batches(delivery_ids bigint[], is_bulk boolean, delay interval) IS 'Puts deliveries into batches of one tenant, channel and priority, each with a queue job. A job is a batch, not a message. Not for none: the queue rings for every statement, even one that inserts nothing.';


--
-- Name: make_deliveries(postbell_private.candidate[], boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.make_deliveries(candidates postbell_private.candidate[], is_bulk boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_queued bigint[];
begin
    with decided as materialized (
        select *
        from postbell_private.decide(candidates)
    ),

    made as (
        insert into postbell.delivery (
            notification_id, tenant_id, recipient_id, event, channel, priority,
            decision, rung, decision_reason, is_silent, state, due_at, created_at
        )
        select
            decided.notification_id, decided.tenant_id, decided.recipient_id, decided.event, decided.channel, decided.priority,
            decided.decision, decided.rung, decided.reason, decided.is_silent,
            case
                when decision = 'now' then 'queued'
                when decision = 'later' then 'waiting'
                when decided.reason = 'expired' then 'expired'
                else 'skipped'
            end,
            decided.due_at, decided.created_at
        from decided
        -- An inbox shows its items in order of delivery: what was emitted first gets the lower id.
        order by decided.notification_id, decided.recipient_id, decided.channel
        returning id, tenant_id, recipient_id, state, due_at
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, false, due_at
        from made
        where state = 'waiting'
    )

    select array_agg(id order by id)
    into v_queued
    from made
    where state = 'queued';

    -- What cannot be queued is the caller's to close in on, as all else that fails here.
    if v_queued is not null then
        perform postbell_private.make_batches(v_queued, is_bulk, interval '0');
    end if;
end
$$;


--
-- Name: FUNCTION make_deliveries(candidates postbell_private.candidate[], is_bulk boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.make_deliveries(candidates postbell_private.candidate[], is_bulk boolean) IS 'Decides about each candidate, writes the decisions down, and queues what is due. All of it or nothing.';


--
-- Name: make_jobs(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.make_jobs(batch_ids bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
    insert into postbell_queue.pgqueuer (entrypoint, payload, priority, status)
    select
        'deliver.' || channel, convert_to(id::text, 'UTF8'), postbell_private.job_priority(priority, is_bulk), 'queued'
    from postbell.batch
    where id = any(batch_ids)
$$;


--
-- Name: FUNCTION make_jobs(batch_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.make_jobs(batch_ids bigint[]) IS 'Gives a new job to batches.';


--
-- Name: mark_unknown(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.mark_unknown(delivery_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    -- In one order everywhere. Nearly always there is nothing in flight.
    perform
    from postbell.delivery
    where id = any(mark_unknown.delivery_ids)
      and state = 'sending'
    order by id
    for update;
    if not found then
        return;
    end if;

    with doubted as (
        update postbell.delivery as d set
            state = case when d.sent_at is null then 'unknown' else 'sent' end,
            reason = 'the dispatcher ended while the provider was being called'
        where d.id = any(mark_unknown.delivery_ids)
          and d.state = 'sending'
        returning d.id, d.channel, d.state, d.provider, d.reason
    ),

    noted as (
        insert into postbell.attempt (delivery_id, outcome, provider, reason)
        select id, 'unknown', coalesce(provider, 'unknown'), reason
        from doubted
    )

    insert into postbell_private.unknown_delivery (delivery_id, due_at)
    select doubted.id, clock_timestamp() + way.unknown_timeout
    from doubted
    join postbell.channel as way on way.name = doubted.channel
    where doubted.state = 'unknown'
    on conflict (delivery_id) do update set due_at = excluded.due_at;
end
$$;


--
-- Name: FUNCTION mark_unknown(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.mark_unknown(delivery_ids bigint[]) IS 'Settles what was in flight when its dispatcher ended, or was taken for dead: it may have been sent, and so is not sent again. A report settles it, or the end of our patience.';


--
-- Name: match_receipts(bigint[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.match_receipts(delivery_ids bigint[] DEFAULT NULL::bigint[], message_ids text[] DEFAULT NULL::text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    v_early record;
    v_fault record;
begin
    -- Nearly always: nothing came too early.
    if not exists (select from postbell_private.early_receipt) then
        return;
    end if;

    for v_early in
        with ripe as (
            select early.provider, early.receipt
            from postbell_private.early_receipt as early
            where (
                match_receipts.delivery_ids is null
                or early.delivery_id = any(match_receipts.delivery_ids)
                or early.provider_message_id = any(match_receipts.message_ids)
            )
            -- What is still too early is not touched: it keeps its place and its age.
              and case
                  when early.delivery_id is null then exists (
                      select
                      from postbell.attempt as a
                      where a.provider_message_id = early.provider_message_id
                        and a.provider_message_id not like '<%'
                        and a.provider = early.provider
                  )
                  else not exists (
                      select
                      from postbell.delivery as d
                      where d.id = early.delivery_id
                        and d.state = 'sending'
                  )
              end
            order by early.received_at
            limit 1000
            for update of early skip locked
        )
        select provider, array_agg(receipt) as receipts
        from ripe
        group by provider
    loop
        for v_fault in
            select v_early.receipts[place] ->> 'event_id' as event_id, code, message
            from postbell_private.isolate(format('postbell_private.record_early_receipts(%L, $1)', v_early.provider), v_early.receipts)
        loop
            raise warning 'receipt % of % is dropped: %: %', v_fault.event_id, v_early.provider, v_fault.code, v_fault.message;
            delete from postbell_private.early_receipt
            where provider = v_early.provider
              and provider_event_id = v_fault.event_id;
        end loop;
    end loop;
end
$_$;


--
-- Name: FUNCTION match_receipts(delivery_ids bigint[], message_ids text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.match_receipts(delivery_ids bigint[], message_ids text[]) IS 'Takes up receipts that came early: those of deliveries whose sending has just been written down, or all of them. What is still too early stays. One with which that fails is dropped, with a warning.';


--
-- Name: members_of(text, text, jsonb, text, integer, bigint); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.members_of(tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint DEFAULT NULL::bigint) RETURNS TABLE(recipient_id text)
    LANGUAGE sql STABLE
    AS $$
    select distinct member.id collate "C"
    from (
        select members_of.recipient as id

        union all
        select jsonb_array_elements_text(members_of.audience -> 'recipients')
        where members_of.fanout_id is null

        union all
        (
            select listed.recipient_id
            from postbell_private.fanout_member as listed
            where listed.notification_id = members_of.fanout_id
              and listed.recipient_id > members_of.after collate "C"
            order by listed.recipient_id
            limit members_of.most
        )

        union all
        (
            select held.recipient_id
            from postbell.recipient_role as held
            where held.tenant_id = members_of.tenant_id
              and held.role = members_of.audience ->> 'role'
              and held.recipient_id > members_of.after collate "C"
            order by held.recipient_id
            limit members_of.most
        )

        union all
        (
            select followed.recipient_id
            from postbell.topic_member as followed
            where followed.tenant_id = members_of.tenant_id
              and followed.topic = members_of.audience ->> 'topic'
              and followed.recipient_id > members_of.after collate "C"
            order by followed.recipient_id
            limit members_of.most
        )

        union all
        (
            select person.id
            from postbell.recipient as person
            where members_of.audience -> 'everyone' = 'true'
              and person.tenant_id = members_of.tenant_id
              and person.erased_at is null
              and person.id > members_of.after collate "C"
            order by person.id
            limit members_of.most
        )
    ) as member
    where member.id collate "C" > members_of.after
    order by 1
    limit members_of.most
$$;


--
-- Name: FUNCTION members_of(tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.members_of(tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint) IS 'Who an event addresses, in order of id: the next so many after the given id. An explicit list is read from the event, or where it was put for a large audience, whose id is given then.';


--
-- Name: mirror_chunk(text, postbell_private.mirrored[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.mirror_chunk(call text, people postbell_private.mirrored[]) RETURNS text
    LANGUAGE sql
    AS $$
    select format('user %s of tenant %s: %s: %s', (people[place]).id, (people[place]).tenant_id, code, message)
    from postbell_private.isolate(call, people)
    order by place
    limit 1
$$;


--
-- Name: FUNCTION mirror_chunk(call text, people postbell_private.mirrored[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.mirror_chunk(call text, people postbell_private.mirrored[]) IS 'Takes up or lets go of users, by a call as postbell_private.isolate() takes it. One with whom that fails keeps nobody else from being followed; returns what is wrong with the first of them, null if nothing.';


--
-- Name: mirror_fault(regclass, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.mirror_fault(source regclass, mapping jsonb) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    with mapped as (
        select key as name, value
        from jsonb_each(mapping)
        where key <> 'attributes' or jsonb_typeof(value) <> 'object'

        union all

        select 'attributes.' || key, value
        from jsonb_each(case when jsonb_typeof(mapping -> 'attributes') = 'object' then mapping -> 'attributes' else '{}' end)
    )

    select coalesce(
        (select 'the table is gone' where not exists (select from pg_class where oid = source)),
        (
            select source || ' is neither a table nor a partitioned one'
            from pg_class
            where oid = source
              and relkind not in ('r', 'p')
        ),
        (
            -- When the table is emptied, the trigger reads it.
            select format('%s owns Postbell and may not read %s: grant select on %s to %s', proowner::regrole, source, source, proowner::regrole)
            from pg_proc
            where oid = 'postbell.follow_users'::regproc
              and not has_table_privilege(proowner, source, 'select')
        ),
        (
            -- What is mirrored is copied with the rights of the owner of Postbell, who may read more than who asks for it.
            select format('%s may not read %s', current_user, source)
            where not has_table_privilege(source, 'select')
        ),
        (
            -- Whose it is would decide who is copied, and the policy's functions would run with the rights of who reads.
            select format('row-level security hides rows of %s from %s: mirror as a role with BYPASSRLS', source, current_user)
            where row_security_active(source)
        ),
        (
            select 'a recipient has no ' || min(name)
            from mapped
            where name not like 'attributes.%'
              and name <> all('{id,tenant_id,email,phone,locale,time_zone,roles,attributes,erased_at,is_active}')
        ),
        (select 'id is not mapped' where not coalesce(mapping ? 'id', false)),
        (
            select min(name || ': ' || case
                when jsonb_typeof(value) <> 'string' then 'name a column of ' || source
                else source || ' has no column ' || (value #>> '{}')
            end)
            from mapped
            where not exists (
                select
                from pg_attribute
                where attrelid = source
                  and attname = mapped.value #>> '{}'
                  and attnum > 0
                  and not attisdropped
                  and jsonb_typeof(mapped.value) = 'string'
            )
        ),
        (
            select min(format('%s: %s of %s is of type %s: %s', mapped.name, attname, source, format_type(atttypid, null), case
                when mapped.name in ('id', 'tenant_id') then 'name a column of text, uuid or whole numbers'
                when mapped.name = 'roles' then 'name a column of text or text[]'
                when mapped.name = 'attributes' then 'name a column of jsonb, or of each attribute: {"name": "full_name"}'
                when mapped.name = 'erased_at' then 'name the time since when a user is gone; whether one is there is is_active'
                when mapped.name = 'is_active' then 'name a boolean that is false of users who are gone'
                else 'name a column of text'
            end))
            from mapped
            join pg_attribute on attrelid = source and attname = mapped.value #>> '{}'
            left join pg_type as listed on listed.typarray = postbell_private.base_type(atttypid::regtype)
            cross join postbell_private.classify_type(atttypid::regtype) as kind
            where mapped.name not like 'attributes.%'
              and not case
                  when mapped.name in ('id', 'tenant_id') then kind in ('text', 'number')
                  when mapped.name = 'roles' then kind = 'text' or kind = 'list' and postbell_private.classify_type(listed.oid::regtype) = 'text'
                  when mapped.name = 'attributes' then kind = 'json'
                  when mapped.name = 'erased_at' then kind = 'time'
                  when mapped.name = 'is_active' then kind = 'boolean'
                  else kind = 'text'
              end
        ),
        (
            -- Else one of two rows goes, and takes the person with it who is still in the other.
            select format('id: nothing says that %s is unique in %s: make a unique index', mapping ->> 'id', source)
            where not exists (
                select
                from pg_index
                where indrelid = source
                  and indisunique
                  and indpred is null
                  and (
                        select bool_and(coalesce(attname, '') in (mapping ->> 'id', mapping ->> 'tenant_id'))
                        from unnest(indkey[0:indnkeyatts - 1]) as key (attnum)
                        left join pg_attribute as a on a.attrelid = indrelid and a.attnum = key.attnum and a.attnum > 0
                    )
            )
        )
    )
$$;


--
-- Name: FUNCTION mirror_fault(source regclass, mapping jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.mirror_fault(source regclass, mapping jsonb) IS 'What is wrong with a mapping of recipients to the columns of a table; null if nothing.';


--
-- Name: mirror_query(regclass, jsonb, text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    with known as (
        select
            attname as name,
            postbell_private.classify_type(atttypid::regtype) as kind
        from pg_attribute
        where attrelid = source
          and attnum > 0
          and not attisdropped
    ),

    -- As it is printed, not as it is cast: a cast may be the application's own, and this runs with our rights.
    printed as (
        select
            name,
            kind,
            format(case kind when 'list' then 'nullif(concat(u.%I), %L)::text[]' else 'nullif(concat(u.%I), %L)' end, name, '') as expression
        from known
    ),

    part as (
        select
            place,
            case
                when part.name = 'attributes' and jsonb_typeof(mapping -> 'attributes') = 'object' then (
                    select format(
                        'jsonb_build_object(%s)',
                        string_agg(
                            format('%L, ', key) || case when kind in ('list', 'text', 'time', 'other') then expression else format('u.%I', value) end,
                            ', '
                        )
                    )
                    from jsonb_each_text(mapping -> 'attributes')
                    left join printed on printed.name = value
                )
                when part.name = 'erased_at' then coalesce((
                    select string_agg(
                        case
                            when key = 'erased_at' and kind = 'time' then format('u.%I is not null', value)
                            when key = 'is_active' and kind = 'boolean' then format('u.%I is false', value)
                            -- Since changed: the query must fail, and not erase everybody.
                            else format('u.%I is of another type', value)
                        end,
                        ' or '
                    )
                    from jsonb_each_text(mapping)
                    left join printed as gone on gone.name = value
                    where key in ('erased_at', 'is_active')
                ), 'null')
                when not mapping ? part.name then case part.name when 'tenant_id' then quote_literal(tenant_id) else 'null' end
                -- Gone meanwhile: the query must fail, and not go on without it.
                when printed.name is null then format('u.%I', mapping ->> part.name)
                when part.name = 'roles' and kind <> 'list' then
                    format(case kind when 'text' then 'array[%s]' else '%s is of another type' end, expression)
                when part.name = 'attributes' then
                    format(case kind when 'json' then 'u.%I' else 'u.%I is of another type' end, printed.name)
                else expression
            end as expression
        from unnest(
            '{tenant_id,id,email,phone,locale,time_zone,roles,attributes,erased_at}'::text[]
        ) with ordinality as part (name, place)
        left join printed on printed.name = mapping ->> part.name
    )

    select format('select row(%s)::postbell_private.mirrored as person from %s as u', string_agg(expression, ', ' order by place), relation)
    from part
$$;


--
-- Name: FUNCTION mirror_query(source regclass, mapping jsonb, tenant_id text, relation text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) IS 'The query that reads rows of a table, or of a transition table of its columns, as postbell_private.mirrored.';


--
-- Name: mirror_trigger_fault(regclass); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.mirror_trigger_fault(source regclass) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select 'its triggers are gone or disabled'
    from pg_trigger
    where tgrelid = source
      and tgfoid = 'postbell.follow_users'::regproc
      and tgenabled <> 'D'
    having count(*) < 4
$$;


--
-- Name: FUNCTION mirror_trigger_fault(source regclass); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.mirror_trigger_fault(source regclass) IS 'What is wrong with the triggers on a mirrored table; null if nothing.';


--
-- Name: normal_phone(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.normal_phone(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(phone, (' ().-'::text || chr(160)), ''::text);


--
-- Name: FUNCTION normal_phone(phone text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.normal_phone(phone text) IS 'A phone number without what people write between its digits: what is stopped for one way of writing is stopped for all.';


--
-- Name: normal_address(text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.normal_address(kind text, address text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower((CASE WHEN (kind = 'phone'::text) THEN postbell_private.normal_phone(address) ELSE TRIM(BOTH FROM address) END COLLATE "default"));


--
-- Name: FUNCTION normal_address(kind text, address text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.normal_address(kind text, address text) IS 'An address of a kind (postbell.channel.address_kind) as suppressions have it, however it was written. Whatever compares addresses compares these.';


--
-- Name: notify_gateways(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.notify_gateways() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    -- As with the router, a NOTIFY is paid for only while a gateway sleeps. There may be several, so there are places
    -- to sleep in, each an exclusive lock. Who gets all of them shared keeps them to the commit, and need not ring.
    if coalesce(current_setting('postbell.wake', true), '') <> 'off'
        and not (
            pg_try_advisory_xact_lock_shared(1919512167, 0)
            and pg_try_advisory_xact_lock_shared(1919512167, 1)
            and pg_try_advisory_xact_lock_shared(1919512167, 2)
            and pg_try_advisory_xact_lock_shared(1919512167, 3)
        )
    then
        perform pg_notify('postbell_stream', '');
    end if;
end
$$;


--
-- Name: FUNCTION notify_gateways(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.notify_gateways() IS 'Whoever wrote to the stream log calls this in the same transaction: it rings at commit, if a gateway sleeps.';


--
-- Name: operator_session_of(bytea); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.operator_session_of(digest bytea) RETURNS TABLE(operator text, expires_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select s.operator, s.expires_at
    from postbell_private.operator_session as s
    where s.digest = operator_session_of.digest
      and s.expires_at > postbell.clock()
$$;


--
-- Name: FUNCTION operator_session_of(digest bytea); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.operator_session_of(digest bytea) IS 'Which operator''s session this is; nothing if there is none, or not any more.';


--
-- Name: pending_work(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_step constant postbell_private.router_step := postbell_private.current_step();
    v_now constant pg_snapshot := pg_current_snapshot();
begin
    has_events := v_step.window_snapshot is not null
        or v_now::text <> v_step.snapshot::text
        and exists (select from postbell_private.committed_between(v_step.snapshot, v_now, '0', 0, 1));

    due_in := least(
        (select due_at from postbell.scheduled_notification order by due_at limit 1),
        (select due_at from postbell.waiting_delivery order by due_at limit 1)
    ) - postbell.clock();

    has_fanout := exists (select from postbell.fanout);
end
$$;


--
-- Name: FUNCTION pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean) IS 'What the router has to do: whether the log goes on, how long until something that waits is due (null if nothing waits), and whether a large audience is being told. Reads only.';


--
-- Name: quiet_until(text, text, text, timestamp with time zone, text, boolean); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.quiet_until(tenant_id text, recipient text, channel text, at timestamp with time zone, home_zone text, is_wary boolean DEFAULT false) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_column
declare
    v_at timestamptz := at;
    v_until timestamptz;
begin
    -- One window may end where the next begins, or so shortly before that nothing could be sent in between: follow
    -- them, a week and a day at most.
    for step in 1..9 loop
        select max(window_end) into v_until
        from (
            select
                postbell_private.instant_of(local_day + starts, zone) as window_start,
                postbell_private.instant_of(local_day + case when ends > starts then 0 else 1 end + ends, zone) as window_end
            from (
                select
                    *,
                    case
                        when not is_wary then coalesce(q.time_zone, home_zone)
                        else postbell_private.first_known_zone(array[q.time_zone, home_zone])
                    end as zone
                from postbell.quiet_hours as q
                where q.tenant_id = quiet_until.tenant_id
                  and q.recipient_id = quiet_until.recipient
                  and quiet_until.channel = any(q.channels)
            ) as own
            -- A window that contains this moment started today or yesterday, or starts with the next day.
            cross join lateral (values
                ((v_at at time zone zone)::date),
                ((v_at at time zone zone)::date - 1),
                ((v_at at time zone zone)::date + 1)
            ) as near (local_day)
            where extract(isodow from local_day) = day
        ) as windows
        where window_start < v_at + case step when 1 then interval '1 microsecond' else interval '1 second' end
          and window_end > v_at;

        exit when v_until is null;
        v_at := v_until;
    end loop;

    -- Windows that follow each other for ever hold back nothing: it would never come.
    return case when v_until is null then nullif(v_at, at) end;
exception
    -- A zone that the server does not know must not hold back a whole batch: the next best counts then. Only
    -- then is every zone looked at beforehand, which costs more than all the rest.
    when invalid_parameter_value then
        if is_wary then
            raise;
        end if;
        return postbell_private.quiet_until(
            quiet_until.tenant_id, quiet_until.recipient, quiet_until.channel, at, home_zone, is_wary => true
        );
end
$$;


--
-- Name: FUNCTION quiet_until(tenant_id text, recipient text, channel text, at timestamp with time zone, home_zone text, is_wary boolean); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.quiet_until(tenant_id text, recipient text, channel text, at timestamp with time zone, home_zone text, is_wary boolean) IS 'When the quiet hours that hold at a moment end, for a person on a channel; null if there are none then, or if they never end. A wary one looks at each zone first: the window''s, the person''s, else UTC.';


--
-- Name: reachable_time(text, text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.reachable_time(tenant_id text, recipient text, channel text) RETURNS interval
    LANGUAGE sql STABLE
    AS $$
    -- Any week will do, by the offsets from UTC that hold now: a window of one zone may touch one of another.
    with own as (
        select
            day, starts, ends,
            (postbell.clock() at time zone home.zone) - (postbell.clock() at time zone 'UTC') as ahead
        from postbell.quiet_hours as q
        join postbell.recipient as person on person.tenant_id = q.tenant_id and person.id = q.recipient_id
        join postbell.tenant as site on site.id = q.tenant_id
        cross join lateral (
            select postbell_private.first_known_zone(array[q.time_zone, person.time_zone, site.time_zone]) as zone
        ) as home
        where q.tenant_id = reachable_time.tenant_id
          and q.recipient_id = reachable_time.recipient
          and reachable_time.channel = any(q.channels)
    ),

    quiet as (
        select coalesce(
            range_agg(tsrange(
                date '2024-01-01' + start_day + starts - ahead,
                date '2024-01-01' + start_day + case when ends > starts then 0 else 1 end + ends - ahead
            )),
            '{}'
        ) as times
        from own
        cross join lateral (values (day - 8), (day - 1), (day + 6)) as week (start_day)
    )

    select coalesce(sum(upper(free) - lower(free)), '0')
    from quiet
    cross join lateral unnest(tsmultirange(tsrange('2024-01-01', '2024-01-08')) - quiet.times) as free
$$;


--
-- Name: FUNCTION reachable_time(tenant_id text, recipient text, channel text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.reachable_time(tenant_id text, recipient text, channel text) IS 'For how long in a week a channel may reach a person, all their quiet windows together.';


--
-- Name: read_receipts(text, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.read_receipts(provider text, receipts jsonb) RETURNS postbell_private.incoming_receipt[]
    LANGUAGE sql STABLE
    AS $$
    with given as (
        select distinct on (event_id) *
        from jsonb_populate_recordset(null::postbell_private.incoming_receipt, read_receipts.receipts)
        order by event_id
    )

    select array_agg(
        row(
            given.event_id, coalesce(given.delivery_id, tried.delivery_id), given.message_id, given.kind,
            least(given.occurred_at, clock_timestamp()), given.code, given.reason, given.detail,
            given.blame, given.addresses, given.identity
        )::postbell_private.incoming_receipt
        order by given.event_id
    )
    from given
    left join lateral (
        select delivery_id
        from postbell.attempt
        where provider_message_id = given.message_id
          and provider_message_id not like '<%'
          and provider = read_receipts.provider
        order by attempted_at desc
        limit 1
    ) as tried on given.delivery_id is null
$$;


--
-- Name: FUNCTION read_receipts(provider text, receipts jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.read_receipts(provider text, receipts jsonb) IS 'What a provider told, each event once, with the delivery it is about: the one it names, else the one whose message it names.';


--
-- Name: read_users(regclass, jsonb, text, text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.read_users(source regclass, mapping jsonb, tenant_id text, tenants text[] DEFAULT NULL::text[]) RETURNS SETOF postbell_private.mirrored[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET row_security TO 'off'
    SET restrict_nonsystem_relation_kind TO 'view,foreign-table'
    AS $$
begin
    return query execute postbell_private.in_chunks(format(
        'select person from (%s) as found where %L::text[] is null or (person).tenant_id = any (%L)',
        postbell_private.mirror_query(source, mapping, tenant_id, source::text), tenants, tenants
    ));
exception
    -- Of a class that followers take for trouble of the moment, which this is not.
    when object_not_in_prerequisite_state then
        raise wrong_object_type using message = sqlerrm;
end
$$;


--
-- Name: FUNCTION read_users(source regclass, mapping jsonb, tenant_id text, tenants text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.read_users(source regclass, mapping jsonb, tenant_id text, tenants text[]) IS 'The users in a mirrored table, of some tenants or of all, by 5,000 at a time. Runs nothing of the application''s.';


--
-- Name: receive_receipt(text, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.receive_receipt(provider text, receipts jsonb) RETURNS TABLE(event_id text, result text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_incoming postbell_private.incoming_receipt[] := postbell_private.read_receipts(receive_receipt.provider, receipts);
begin
    -- The provider does not say again what we took.
    perform postbell_private.require_durable_commit();

    return query
    with judged as materialized (
        select *
        from postbell_private.record_receipts(receive_receipt.provider, v_incoming)
    ),

    kept as (
        insert into postbell_private.early_receipt (provider, provider_event_id, delivery_id, provider_message_id, receipt)
        select
            receive_receipt.provider, n.event_id, n.delivery_id, n.message_id,
            jsonb_strip_nulls(to_jsonb(n))
        from judged
        join unnest(v_incoming) as n on n.event_id = judged.event_id
        where judged.result = 'kept'
        on conflict (provider, provider_event_id) do nothing
        returning provider_event_id
    )

    select
        judged.event_id,
        case when judged.result = 'kept' and kept.provider_event_id is null then 'repeated' else judged.result end
    from judged
    left join kept on kept.provider_event_id = judged.event_id
    order by judged.event_id;
end
$$;


--
-- Name: FUNCTION receive_receipt(provider text, receipts jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.receive_receipt(provider text, receipts jsonb) IS 'Takes what a provider tells of messages, in any order and as often as it likes. receipts: [{"event_id": "e1", "kind": "delivered", "delivery_id": 1, "message_id": "m1", "occurred_at": "…", "code": null, "reason": null, "detail": {}, "blame": null, "addresses": [], "identity": null}]; delivery_id or message_id will do. identity: postbell_private.identity_of() the delivery, or how it begins. Returns for each event taken, repeated, kept (until the sending is written down), or why it is refused.';


--
-- Name: receive_reply(text, text, text, text, text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.receive_reply(provider text, event_id text, address text, words text, meaning text DEFAULT NULL::text, channel text DEFAULT 'sms'::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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

    -- Said once: a STOP that is played again must not undo the START after it.
    insert into postbell.receipt (provider, provider_event_id, kind, occurred_at)
    values (
        receive_reply.provider, receive_reply.event_id,
        case v_meaning when 'stop' then 'stopped' else 'resumed' end, clock_timestamp()
    )
    on conflict (provider, provider_event_id) do nothing;
    if not found then
        return 'repeated';
    end if;

    if v_meaning = 'stop' then
        -- First for those who are tenants later, see postbell_private.inherit_stops().
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
        -- What bounces does so still.
        delete from postbell.suppression as s
        using postbell_private.tenants_of(receive_reply.provider, receive_reply.channel) as sender
        where s.tenant_id = sender.tenant_id
          and s.channel = receive_reply.channel
          and s.address = v_address
          and s.reason = 'stop';
    end if;
    return v_meaning;
end
$_$;


--
-- Name: FUNCTION receive_reply(provider text, event_id text, address text, words text, meaning text, channel text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.receive_reply(provider text, event_id text, address text, words text, meaning text, channel text) IS 'What a person answered to one of our numbers: stop and start count for every tenant that sends through the provider. meaning: what the provider understood already (stop, start, help), else the words decide, see postbell.reply_word. Returns the meaning, repeated, or null for anything else.';


--
-- Name: recheck_waiting(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.recheck_waiting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_changed record;
begin
    if tg_op = 'DELETE' then
        v_changed := old;
    else
        v_changed := new;
    end if;

    if tg_table_name = 'recipient' then
        update postbell.waiting_delivery set due_at = postbell.clock()
        where tenant_id = v_changed.tenant_id
          and recipient_id = v_changed.id
          and not is_retry;
    else
        update postbell.waiting_delivery set due_at = postbell.clock()
        where tenant_id = v_changed.tenant_id
          and recipient_id = v_changed.recipient_id
          and not is_retry;
    end if;
    if found then
        perform pg_notify('postbell_wake', '');
    end if;
    return null;
end
$$;


--
-- Name: FUNCTION recheck_waiting(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.recheck_waiting() IS 'When a person changes zone, hours or mind, what waits for them is decided again at once.';


--
-- Name: record_attempts(bigint, uuid, bigint[], text[], text[], text[], text[], text[], text[], double precision[], real[], text[], jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb DEFAULT '{}'::jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    -- Null where it is not to be recorded, and so no delivery's.
    v_delivery_ids constant bigint[] := postbell_private.recordable(v_carried, delivery_ids, identities, outcomes);
begin
    perform postbell_private.require_durable_commit();

    insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, latency_ms)
    select delivery_id, outcome, provider, message_id, code, left(reason, 1000), latency_ms
    from unnest(v_delivery_ids, outcomes, providers, message_ids, codes, reasons, latencies_ms)
        as tried (delivery_id, outcome, provider, message_id, code, reason, latency_ms)
    where delivery_id is not null
      and (
          v_carried is not null and outcome <> 'sent'
          -- In flight: nobody has said so of this try. A dead letter that is sent again may get the same answer as before.
          or v_carried is not null and exists (
              select
              from postbell.delivery as d
              where d.id = tried.delivery_id
                and d.state = 'sending'
          )
          -- Said again by one that did not hear us commit, whether its claim still holds or not.
          or not exists (
              select
              from postbell.attempt as earlier
              where earlier.delivery_id = tried.delivery_id
                and earlier.outcome = tried.outcome
                and earlier.provider = tried.provider
                and earlier.provider_message_id is not distinct from tried.message_id
          )
      );

    perform postbell_private.settle(v_delivery_ids, outcomes, providers, message_ids, reasons, retry_after, suppressions, versions);
    perform postbell_private.match_receipts(v_delivery_ids, message_ids);
    return v_carried is not null;
end
$$;


--
-- Name: FUNCTION record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb) IS 'Writes down what providers answered, in bulk: sent, retry (after so many seconds), refused, unknown (with seconds: and tried again) or failed. A retry without seconds was passed on to the next provider and settles nothing. identities: postbell_private.identity_of() each. suppressions: what is to blame the address itself for, see postbell_private.suppressed_until(), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. False if the claim does not hold: then only what was sent is written down.';


--
-- Name: record_early_receipts(text, jsonb[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_early_receipts(provider text, receipts jsonb[]) RETURNS void
    LANGUAGE sql
    AS $$
    with judged as materialized (
        select *
        from postbell_private.record_receipts(record_early_receipts.provider, postbell_private.read_receipts(record_early_receipts.provider, to_jsonb(receipts)))
    )
    delete from postbell_private.early_receipt as early
    using judged
    where early.provider = record_early_receipts.provider
      and early.provider_event_id = judged.event_id
      and judged.result <> 'kept'
$$;


--
-- Name: FUNCTION record_early_receipts(provider text, receipts jsonb[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_early_receipts(provider text, receipts jsonb[]) IS 'Takes up receipts of a provider that came early, and forgets those that are no longer too early.';


--
-- Name: record_failover(bigint, uuid, bigint, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
begin
    perform postbell_private.require_durable_commit();

    update postbell.delivery set
        provider = record_failover.provider
    where id = record_failover.delivery_id
      and id = any(v_carried)
      and state = 'sending';
    return found;
end
$$;


--
-- Name: FUNCTION record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) IS 'Writes down that a delivery in flight is about to be handed to another provider than the one it was started for: after a crash nobody else may get it. False if it must not be: it is not in flight, or the claim does not hold.';


--
-- Name: record_inbox(bigint, uuid, json, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb DEFAULT '{}'::jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_is_attended constant boolean := postbell_private.is_gateway_present();
    v_carried bigint[];
    v_written integer;
    v_tenant_id text;
    v_recipient_ids text[];
    v_item_ids bigint[];
begin
    -- Without a claim nothing is written: after a crash these numbers may be somebody else's.
    delete from postbell.batch
    where id = record_inbox.batch_id
      and claim_token = record_inbox.claim_token
    returning delivery_ids into v_carried;
    if not found then
        return null;
    end if;

    with free as (
        select d.id, n.subject, kind.category, item.title, item.body, item.link, item.image, item.actions
        from json_to_recordset(items)
            as item (delivery_id bigint, title text, body text, link text, image text, actions jsonb)
        join postbell.delivery as d on d.id = item.delivery_id
        join postbell_private.notification as n on n.id = d.notification_id
        join postbell.event_type as kind on kind.key = d.event
        -- Not as a join: without hashes, as the dispatcher plans, it would look at every pair.
        where (item.delivery_id in (select unnest(v_carried))) is true
          and d.state = 'queued'
        -- What somebody is just cancelling is left to them.
        for update of d skip locked
    ),

    -- Whoever settles the delivery writes the item, in one transaction: once, whatever crashes.
    settled as (
        update postbell.delivery as d set
            state = 'delivered',
            reason = null,
            attempts = attempts + 1,
            provider = 'inbox',
            sent_at = clock_timestamp(),
            delivered_at = clock_timestamp(),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event)
        from free
        where d.id = free.id
        returning
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.is_silent, d.created_at,
            free.subject, free.category, free.title, free.body, free.link, free.image, free.actions
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider)
        select id, 'sent', 'inbox'
        from settled
    ),

    written as (
        insert into postbell.inbox_item (
            id, outbox_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, actions, is_silent, created_at
        )
        select
            id, notification_id, tenant_id, recipient_id, event, category, subject,
            title, body, link, image, coalesce(actions, '[]'), is_silent, created_at
        from settled
        returning id, tenant_id, recipient_id, is_silent
    )

    select
        count(*),
        min(tenant_id),
        array_agg(recipient_id) filter (where v_is_attended and not is_silent),
        array_agg(id) filter (where v_is_attended and not is_silent)
    into v_written, v_tenant_id, v_recipient_ids, v_item_ids
    from written;

    -- A batch is of one tenant, so open pages are told of it by one row.
    if v_item_ids is not null then
        insert into postbell_private.stream_event (tenant_id, kind, recipient_ids, item_ids)
        values (v_tenant_id, 'added', v_recipient_ids, v_item_ids);
        perform postbell_private.notify_gateways();
    end if;

    perform postbell_private.requeue(v_carried);
    return v_written;
end
$$;


--
-- Name: FUNCTION record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb) IS 'Puts rendered items into the inbox, settles their deliveries and ends the batch, all at once. items: [{"delivery_id": 1, "title": "…", "body": "…", "link": null, "image": null, "actions": []}]. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. Returns how many were written; null, and nothing is, if the claim does not hold.';


--
-- Name: record_marks(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_marks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    -- More than a page shows are not worth naming: it looks anew.
    v_most constant integer := 100;
begin
    if not postbell_private.is_gateway_present() then
        return null;
    end if;

    insert into postbell_private.stream_event (tenant_id, kind, recipient_ids, item_ids)
    select
        change.tenant_id, change.kind, array[change.recipient_id],
        case when count(*) <= v_most then array_agg(change.id order by change.id) end
    from (
        select
            item.tenant_id,
            item.recipient_id,
            item.id,
            case
                when item.archived_at is distinct from former.archived_at then 'archived'
                when item.read_at is null and former.read_at is not null then 'unread'
                when item.read_at is distinct from former.read_at then 'read'
                else 'seen'
            end as kind
        from marked as item
        join unmarked as former using (recipient_id, tenant_id, id)
    ) as change
    group by change.tenant_id, change.recipient_id, change.kind;
    if found then
        perform postbell_private.notify_gateways();
    end if;
    return null;
end
$$;


--
-- Name: FUNCTION record_marks(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_marks() IS 'Tells a person''s open pages what was seen, read, made unread or archived.';


--
-- Name: record_missing_tenants(regclass, postbell_private.mirrored[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_missing_tenants(source regclass, people postbell_private.mirrored[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_missing text[] := array(
        select distinct person.tenant_id
        from unnest(people) as person
        where not coalesce(person.is_erased, false)
          and length(person.tenant_id) between 1 and 255
          and octet_length(person.tenant_id) <= 600
          and not exists (select from postbell.tenant where id = person.tenant_id)
    );
    v_noted text[];
begin
    if cardinality(v_missing) = 0 then
        return;
    end if;

    -- A note serves these users, too, only if it is kept until they are committed: whoever makes the tenant meanwhile does not
    -- see them, and would delete it.
    begin
        v_noted := array(
            select known.tenant_id
            from postbell_private.missing_tenant as known
            where known.source = record_missing_tenants.source
              and known.tenant_id = any (v_missing)
            for key share skip locked
        );
    exception
        -- Deleted since this transaction began, which sees it still.
        when serialization_failure then
            v_noted := '{}';
    end;

    insert into postbell_private.missing_tenant (source, tenant_id)
    select record_missing_tenants.source, missing
    from unnest(v_missing) as missing
    where missing <> all (v_noted);
end
$$;


--
-- Name: FUNCTION record_missing_tenants(source regclass, people postbell_private.mirrored[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_missing_tenants(source regclass, people postbell_private.mirrored[]) IS 'Remembers which tenants some users name that are not there, so that they are taken when those are. Called before the users are taken: a tenant that is made in between has a note too many, and not one too few.';


--
-- Name: record_pushes(bigint, uuid, bigint[], text[], text[], text[], text[], text[], double precision[], json, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb DEFAULT '{}'::jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    -- A device that was reached is so, also of a person whose others were not.
    v_tried_ids constant bigint[] := postbell_private.recordable(
        v_carried, delivery_ids, identities, array_replace(outcomes, 'partly', 'sent')
    );
    v_settled_ids constant bigint[] := postbell_private.recordable(v_carried, delivery_ids, identities, outcomes);
begin
    perform postbell_private.require_durable_commit();

    with tried as materialized (
        select t.*, d.tenant_id, d.recipient_id
        from json_to_recordset(tries) as t (
            delivery_id bigint, device bigint, outcome text, provider text, message_id text, code text, reason text,
            latency_ms real, is_gone boolean
        )
        join postbell.delivery as d on d.id = t.delivery_id
        where d.id = any(v_tried_ids)
          and (
              v_carried is not null and t.outcome <> 'sent'
              or t.outcome = 'sent' and not exists (
                  -- Said again by one that did not hear us commit, whether its claim still holds or not.
                  select
                  from postbell.attempt as earlier
                  where earlier.delivery_id = t.delivery_id
                    and earlier.device = t.device::text
                    and earlier.outcome = 'sent'
              )
          )
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, device, latency_ms)
        select delivery_id, outcome, provider, message_id, code, left(reason, 1000), device, latency_ms
        from tried
    ),

    -- The person's own: a device's id, too, may be another's after a crash. And nobody waits for anybody over it.
    own as materialized (
        select device.id, tried.outcome, tried.is_gone
        from tried
        join postbell.push_subscription as device
            on device.id = tried.device
            and device.tenant_id = tried.tenant_id
            and device.recipient_id = tried.recipient_id
        -- To the hour: a row need not change with every message.
        where tried.is_gone
           or tried.outcome = 'sent'
          and device.last_reached_at > clock_timestamp() - interval '1 hour' is not true
        for update of device skip locked
    ),

    reached as (
        update postbell.push_subscription set
            last_reached_at = clock_timestamp()
        where id in (select id from own where outcome = 'sent')
    )

    delete from postbell.push_subscription
    where id in (select id from own where is_gone);

    -- No device's answer was the last word: it is the delivery that has no more tries.
    if 'failed' = any(outcomes) then
        insert into postbell.delivery_step (delivery_id, what, reason)
        select d.id, 'given_up', left(pushed.reason, 1000)
        from unnest(v_settled_ids, outcomes, reasons) as pushed (id, outcome, reason)
        join postbell.delivery as d on d.id = pushed.id
        where pushed.outcome = 'failed'
          and d.state = 'sending';
    end if;

    perform postbell_private.settle(
        v_settled_ids, outcomes, providers, message_ids, reasons, retry_after,
        array_fill(null::text, array[cardinality(delivery_ids)]), versions
    );
    return v_carried is not null;
end
$$;


--
-- Name: FUNCTION record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb) IS 'Writes down what the push services answered, device by device, and what the deliveries came to: as postbell_private.settle() takes it; a retry without a time settles nothing. A device that is gone is forgotten. identities: postbell_private.identity_of() each. tries: [{"delivery_id": 1, "device": 2, "outcome": "sent", "provider": "webpush", "message_id": null, "code": "201", "reason": null, "latency_ms": 9, "is_gone": false}]; versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. False if the claim does not hold: then only what was sent is written down.';


--
-- Name: record_receipts(text, postbell_private.incoming_receipt[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) RETURNS TABLE(event_id text, result text)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_results jsonb;
    v_taken postbell_private.incoming_receipt[];
begin
    -- In one order everywhere. Whoever writes down the sending is done by then, or comes after us.
    perform
    from postbell.delivery
    where id in (select delivery_id from unnest(incoming_receipts))
    order by id
    for update;

    with judged as materialized (
        select *
        from postbell_private.classify_receipts(record_receipts.provider, incoming_receipts)
    ),

    taken as (
        insert into postbell.receipt (
            provider, provider_event_id, delivery_id, tenant_id, provider_message_id,
            kind, code, reason, detail, occurred_at
        )
        select
            record_receipts.provider, (incoming).event_id, (incoming).delivery_id, tenant_id, (incoming).message_id,
            (incoming).kind, left((incoming).code, 100), left((incoming).reason, 1000), coalesce((incoming).detail, '{}'),
            coalesce((incoming).occurred_at, clock_timestamp())
        from judged
        where result = 'taken'
        on conflict (provider, provider_event_id) do nothing
        returning provider_event_id
    )

    select
        jsonb_object_agg((incoming).event_id, result),
        array_agg(incoming) filter (where (incoming).event_id in (select provider_event_id from taken))
    into v_results, v_taken
    from judged;

    if v_taken is not null then
        perform postbell_private.apply_receipts(array(select distinct delivery_id from unnest(v_taken)));
        perform postbell_private.suppress_addresses(v_taken);
    end if;

    return query
    select said.key, said.value
    from jsonb_each_text(coalesce(v_results, '{}')) as said
    order by said.key;
end
$$;


--
-- Name: FUNCTION record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) IS 'Judges what a provider told, and takes what is believed. What comes too early (kept) is left to the caller.';


--
-- Name: record_stream(bigint, uuid, json, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb DEFAULT '{}'::jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_carried bigint[];
    v_written integer;
begin
    -- Without a claim nothing is written: after a crash these numbers may be somebody else's.
    delete from postbell.batch
    where id = record_stream.batch_id
      and claim_token = record_stream.claim_token
    returning delivery_ids into v_carried;
    if not found then
        return null;
    end if;

    with free as (
        select d.id, n.subject, kind.category, item.title, item.body, item.link
        from json_to_recordset(items) as item (delivery_id bigint, title text, body text, link text)
        join postbell.delivery as d on d.id = item.delivery_id
        join postbell_private.notification as n on n.id = d.notification_id
        join postbell.event_type as kind on kind.key = d.event
        -- Not as a join: without hashes, as the dispatcher plans, it would look at every pair.
        where (item.delivery_id in (select unnest(v_carried))) is true
          and d.state = 'queued'
        -- What somebody is just cancelling is left to them.
        for update of d skip locked
    ),

    -- Whoever settles the delivery tells the page, in one transaction: once, whatever crashes.
    settled as (
        update postbell.delivery as d set
            state = 'sent',
            reason = null,
            attempts = attempts + 1,
            provider = 'stream',
            sent_at = clock_timestamp(),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event)
        from free
        where d.id = free.id
        returning
            d.id, d.notification_id, d.tenant_id, d.recipient_id, d.event, d.created_at,
            free.subject, free.category, free.title, free.body, free.link
    ),

    logged as (
        insert into postbell.attempt (delivery_id, outcome, provider)
        select id, 'sent', 'stream'
        from settled
    ),

    told as (
        insert into postbell_private.stream_event (tenant_id, kind, recipient_id, frame)
        select
            settled.tenant_id, 'notification', settled.recipient_id,
            json_build_object(
                'id', settled.id,
                'item_id', kept.id,
                'event', settled.event,
                'category', settled.category,
                'subject', settled.subject,
                'title', settled.title,
                'body', settled.body,
                'link', settled.link,
                'created_at', settled.created_at
            )
        from settled
        left join postbell.delivery as kept
            on kept.notification_id = settled.notification_id
            and kept.recipient_id = settled.recipient_id
            and kept.channel = 'in_app'
            and kept.decision <> 'no'
        order by settled.id
        returning id
    )

    select count(*) into v_written from told;
    if v_written > 0 then
        perform postbell_private.notify_gateways();
    end if;

    perform postbell_private.requeue(v_carried);
    return v_written;
end
$$;


--
-- Name: FUNCTION record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb) IS 'Tells open pages, settles the deliveries and ends the batch, all at once. items: [{"delivery_id": 1, "title": "…", "body": "…", "link": null}]. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}. Returns how many were told; null, and nobody is, if the claim does not hold.';


--
-- Name: record_unknown(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.record_unknown(delivery_ids bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
    insert into postbell.attempt (delivery_id, outcome, provider, reason)
    select id, 'unknown', coalesce(provider, 'unknown'), 'the dispatcher ended while the provider was being called'
    from postbell.delivery
    where id = any(delivery_ids)
      and state = 'sending'
$$;


--
-- Name: FUNCTION record_unknown(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.record_unknown(delivery_ids bigint[]) IS 'Writes down which deliveries were in flight when their dispatcher ended, and at whom: that one may have taken them, and its receipts are to be believed.';


--
-- Name: recordable(bigint[], bigint[], text[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.recordable(carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    AS $$
begin
    -- As nearly always.
    if recordable.carried @> recordable.delivery_ids then
        return recordable.delivery_ids;
    end if;
    return (
        select array_agg(
            case
                when recordable.carried is not null then case when tried.id = any(recordable.carried) then tried.id end
                -- That it was sent is true whoever says so. Of this very delivery: after a crash its id may be another's.
                when tried.outcome = 'sent' then (
                    select d.id
                    from postbell.delivery as d
                    where d.id = tried.id
                      and postbell_private.identity_of(d) = tried.identity
                )
            end
            order by tried.position
        )
        from unnest(recordable.delivery_ids, recordable.identities, recordable.outcomes)
        with ordinality as tried (id, identity, outcome, position)
    );
end
$$;


--
-- Name: FUNCTION recordable(carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.recordable(carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]) IS 'The delivery ids of which an outcome may be recorded, and null in place of the others. carried: the deliveries of the batch; null if the claim on it does not hold.';


--
-- Name: reject(bigint, text, text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.reject(notification_id bigint, recipient_id text, code text, message text) RETURNS void
    LANGUAGE sql
    AS $$
    -- In PostgreSQL's words. Nothing is read from what made it stumble but short names.
    insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, created_at)
    select
        n.id, n.tenant_id, n.event, coalesce(reject.recipient_id, n.recipient),
        'unreadable_event', left(reject.code || ': ' || reject.message, 1000), n.created_at
    from postbell_private.notification as n
    where n.id = reject.notification_id
    on conflict (outbox_id, recipient) do nothing
$$;


--
-- Name: FUNCTION reject(notification_id bigint, recipient_id text, code text, message text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.reject(notification_id bigint, recipient_id text, code text, message text) IS 'Notes that an event which was accepted could not be told: to one person, or to nobody more if none is named. With the SQLSTATE and the message.';


--
-- Name: reject_next(postbell_private.router_step, pg_snapshot, text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.reject_next(step postbell_private.router_step, window_snapshot pg_snapshot, code text, message text, OUT routed integer, OUT last_xid xid8, OUT last_id bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    -- What was said is in PostgreSQL's words. Nothing is read from the row that made it stumble but short names.
    insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, created_at)
    select
        emitted.id, left(emitted.tenant_id, 255), left(emitted.event, 255), left(emitted.recipient, 255),
        'unreadable_event', left(code || ': ' || message, 1000), emitted.created_at
    from postbell_private.committed_between(
        (step).snapshot, window_snapshot, coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), 1
    ) as emitted;

    select 1, emitted.xid, emitted.id
    into strict routed, last_xid, last_id
    from postbell_private.committed_between(
        (step).snapshot, window_snapshot, coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), 1
    ) as emitted;
end
$$;


--
-- Name: FUNCTION reject_next(step postbell_private.router_step, window_snapshot pg_snapshot, code text, message text, OUT routed integer, OUT last_xid xid8, OUT last_id bigint); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.reject_next(step postbell_private.router_step, window_snapshot pg_snapshot, code text, message text, OUT routed integer, OUT last_xid xid8, OUT last_id bigint) IS 'Rejects the one event that could not be routed, with its SQLSTATE, so that those behind it can be.';


--
-- Name: rejected_since(timestamp with time zone); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.rejected_since(since timestamp with time zone) RETURNS TABLE(reason text, rejected bigint, last_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select reason, count(*), max(rejected_at)
    from postbell.rejected_event
    where rejected_at > rejected_since.since
    group by reason
$$;


--
-- Name: FUNCTION rejected_since(since timestamp with time zone); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.rejected_since(since timestamp with time zone) IS 'How many events were rejected after a time, by reason.';


--
-- Name: release_due(integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.release_due(most integer DEFAULT 500) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    v_scheduled bigint[];
    v_waiting bigint[];
    v_fault record;
begin
    with due as (
        delete from postbell.scheduled_notification
        where notification_id in (
            select notification_id
            from postbell.scheduled_notification
            where due_at <= postbell.clock()
            order by due_at
            limit most
            for update skip locked
        )
        returning notification_id
    )
    select array_agg(notification_id order by notification_id) into v_scheduled from due;

    with due as (
        delete from postbell.waiting_delivery
        where delivery_id in (
            select w.delivery_id
            from postbell.waiting_delivery as w
            join postbell.delivery as d on d.id = w.delivery_id
            where w.due_at <= postbell.clock()
            order by w.due_at
            limit most
            -- A receipt locks the delivery first, and then what waits: one of us two would have to give way.
            for update skip locked
        )
        returning delivery_id
    )
    select array_agg(delivery_id order by delivery_id) into v_waiting from due;

    for v_fault in
        select v_scheduled[place] as id, code, message
        from postbell_private.isolate('postbell_private.resolve_audience($1)', v_scheduled)
    loop
        perform postbell_private.reject(v_fault.id, null, v_fault.code, v_fault.message);
    end loop;

    for v_fault in
        select v_waiting[place] as id, code, message
        from postbell_private.isolate('postbell_private.decide_again($1)', v_waiting)
    loop
        perform postbell_private.give_up(array[v_fault.id], array[v_fault.code || ': ' || v_fault.message]);
    end loop;
    return coalesce(cardinality(v_scheduled), 0) + coalesce(cardinality(v_waiting), 0);
end
$_$;


--
-- Name: FUNCTION release_due(most integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.release_due(most integer) IS 'Takes up what waited and is now due: scheduled events, quiet hours that ended, retries. One whose content makes that fail is rejected, or becomes a dead letter. Returns how many were due.';


--
-- Name: release_gateway_sleep_lock(integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.release_gateway_sleep_lock(place integer) RETURNS boolean
    LANGUAGE sql
    RETURN pg_advisory_unlock(1919512167, place);


--
-- Name: FUNCTION release_gateway_sleep_lock(place integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.release_gateway_sleep_lock(place integer) IS 'A gateway wakes and gives up its place: for its sake nobody need ring.';


--
-- Name: release_sleep_lock(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.release_sleep_lock() RETURNS boolean
    LANGUAGE sql
    RETURN pg_advisory_unlock(1886351214, 1);


--
-- Name: FUNCTION release_sleep_lock(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.release_sleep_lock() IS 'From now on producers need not ring.';


--
-- Name: report_mirror_failure(regclass, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.report_mirror_failure(source regclass, failure text) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    raise warning using
        message = format('recipients do not follow %s: %s', report_mirror_failure.source, report_mirror_failure.failure),
        hint = 'Mend it, and call postbell.mirror_recipients() again: it copies everybody.';
    -- Said once, by the first who gets to it: nobody waits for another user's transaction, or fails for it.
    update postbell_private.recipient_mirror set failed_at = postbell.clock(), failure = report_mirror_failure.failure
    where source = (
        select source
        from postbell_private.recipient_mirror
        where source = report_mirror_failure.source
          and failed_at is null
        for no key update skip locked
    );
exception
    when serialization_failure then
        null;
end
$$;


--
-- Name: FUNCTION report_mirror_failure(source regclass, failure text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.report_mirror_failure(source regclass, failure text) IS 'Warns that recipients do not follow a table, and keeps why for postbell.check_mirrors().';


--
-- Name: report_providers(text, jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.report_providers(process text, reports jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
begin
    -- Worth no waiting for the disk.
    perform set_config('synchronous_commit', 'off', true);

    -- What the process no longer has, and what processes left behind that are gone.
    delete from postbell.provider_report
    where reported_at < clock_timestamp() - interval '1 hour'
       or (
           process = report_providers.process
           and not jsonb_path_query_array(reports, '$[*].provider') ? provider
       );

    insert into postbell.provider_report (process, provider, channel, state, reason, changed_at, opens_at)
    select
        report_providers.process,
        said.provider,
        said.channel,
        -- While a deploy is rolled out, dispatchers of the version before still report the former names.
        case said.state when 'resting' then 'open' when 'paused' then 'misconfigured' else said.state end,
        left(said.reason, 1000),
        said.changed_at,
        said.opens_at
    from jsonb_to_recordset(reports)
        as said (provider text, channel text, state text, reason text, changed_at timestamptz, opens_at timestamptz)
    on conflict (process, provider) do update set
        channel = excluded.channel,
        state = excluded.state,
        reason = excluded.reason,
        changed_at = excluded.changed_at,
        opens_at = excluded.opens_at,
        reported_at = clock_timestamp();
end
$_$;


--
-- Name: FUNCTION report_providers(process text, reports jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.report_providers(process text, reports jsonb) IS 'How a dispatcher''s providers are doing: [{"provider": "main_mail", "channel": "email", "state": "ready", "reason": null, "changed_at": "…", "opens_at": null}]. Those that are not named, it has no more.';


--
-- Name: report_texts(jsonb, bigint[], jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.report_texts(faults jsonb DEFAULT '[]'::jsonb, good bigint[] DEFAULT '{}'::bigint[], template_sets jsonb DEFAULT '[]'::jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    -- Several dispatchers find the same at the same time.
    insert into postbell.text_fault as known (text_id, fault, instead)
    select said.text_id, left(said.fault, 1000), said.instead
    from jsonb_to_recordset(faults) as said (text_id bigint, fault text, instead text)
    where exists (select from postbell.text_version where id = said.text_id)
    order by said.text_id
    on conflict (text_id) do update set
        fault = excluded.fault,
        instead = excluded.instead,
        found_at = excluded.found_at
    where (known.fault, known.instead) <> (excluded.fault, excluded.instead);

    delete from postbell.text_fault
    where text_id = any(good);

    insert into postbell.template_set (version, event, text_ids)
    select said.version, said.event, array(select jsonb_array_elements_text(said.text_ids)::bigint)
    from jsonb_to_recordset(template_sets) as said (version text, event text, text_ids jsonb)
    order by said.version
    on conflict (version) do nothing;
end
$$;


--
-- Name: FUNCTION report_texts(faults jsonb, good bigint[], template_sets jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.report_texts(faults jsonb, good bigint[], template_sets jsonb) IS 'What a dispatcher made of the texts: those it could not use, [{"text_id": 3, "fault": "…", "instead": "version 2"}], those it can, and the versions of events that came out, [{"version": "…", "event": "order.paid", "text_ids": [3]}].';


--
-- Name: requeue(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.requeue(delivery_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
    perform postbell_private.enqueue(
        array(
            select id
            from postbell.delivery
            where id = any(requeue.delivery_ids)
              and state in ('queued', 'sending')
        ),
        is_bulk => false,
        delay => interval '1 second'
    );
end
$$;


--
-- Name: FUNCTION requeue(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.requeue(delivery_ids bigint[]) IS 'Puts what is not settled of a batch that has ended into a new one, for a little later: a row that somebody else held just then, a time-out.';


--
-- Name: require_durable_commit(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.require_durable_commit() RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    -- Only ever more than the operator chose: remote_write and remote_apply stay.
    if current_setting('synchronous_commit') in ('off', 'local') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
end
$$;


--
-- Name: FUNCTION require_durable_commit(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.require_durable_commit() IS 'Has the transaction wait at its commit until it is on disk, whatever the database''s default: something is about to leave the house, or was answered that nobody will say again.';


--
-- Name: require_present(text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.require_present(tenant_id text, recipient text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    if not exists (
        select
        from postbell.recipient
        where tenant_id = require_present.tenant_id
          and id = require_present.recipient
          and erased_at is null
    ) then
        perform postbell.raise_error('unknown_recipient',
            format('%s of tenant %s', coalesce(require_present.recipient, 'null'), coalesce(require_present.tenant_id, 'null')));
    end if;
end
$$;


--
-- Name: FUNCTION require_present(tenant_id text, recipient text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.require_present(tenant_id text, recipient text) IS 'Raises unknown_recipient unless the person exists and is not erased.';


--
-- Name: require_reachable_time(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.require_reachable_time() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_channel text;
begin
    select named.channel into v_channel
    from (
        select q.tenant_id, q.recipient_id, held.channel
        from postbell.quiet_hours as q
        cross join lateral unnest(q.channels) as held (channel)
        where (q.tenant_id, q.recipient_id) in (select tenant_id, recipient_id from changed)
        group by q.tenant_id, q.recipient_id, held.channel
        -- Nearly always little enough, whether they overlap or not: an import of many people looks no closer.
        having sum(case when q.ends > q.starts then q.ends - q.starts else interval '24 hours' - (q.starts - q.ends) end)
            > interval '167 hours'
        -- Lest the closer look be taken first.
        offset 0
    ) as named
    where postbell_private.reachable_time(named.tenant_id, named.recipient_id, named.channel) < interval '1 hour'
    order by named.channel
    limit 1;
    if found then
        perform postbell.raise_error(
            'invalid_quiet_hours', 'for ' || v_channel || ', all of them together leave less than an hour a week'
        );
    end if;
    return null;
end
$$;


--
-- Name: FUNCTION require_reachable_time(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.require_reachable_time() IS 'Refuses quiet hours that leave a channel less than an hour a week: what waits would wait for ever. Switching the channel off says that better.';


--
-- Name: require_template_path(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.require_template_path(path text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    v_file constant text := substring(path from '[^/]*$');
begin
    if v_file = 'event.toml' then
        perform postbell.raise_error('invalid_argument', 'event.toml is no text: postbell.register_event() declares an event');
    elsif path ~ '^(layouts|partials)/' then
        if path !~ '\.(html|txt)$' then
            perform postbell.raise_error('invalid_argument', path || ' cannot be taken in: a layout or partial is an .html or .txt file');
        end if;
    elsif coalesce(path, '') !~ '/.+/' then
        perform postbell.raise_error('invalid_argument', coalesce(path, 'null') || ' is no template: say order/paid/email.txt, or layouts/email.html');
    elsif v_file not in ('email.subject.txt', 'email.txt', 'email.html', 'in_app.json', 'push.json', 'sms.txt', 'sse.json', 'sample.json') then
        perform postbell.raise_error(
            'invalid_argument',
            'no channel has a file ' || v_file
            || '; there are email.subject.txt, email.txt, email.html, in_app.json, push.json, sms.txt, sse.json, and sample.json'
        );
    end if;
end
$_$;


--
-- Name: FUNCTION require_template_path(path text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.require_template_path(path text) IS 'Raises invalid_argument unless a template could be there.';


--
-- Name: require_tenant(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.require_tenant(tenant_id text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if not exists (select from postbell.tenant where id = require_tenant.tenant_id) then
        perform postbell.raise_error('unknown_tenant', coalesce(require_tenant.tenant_id, 'null'));
    end if;
end
$$;


--
-- Name: FUNCTION require_tenant(tenant_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.require_tenant(tenant_id text) IS 'Raises unknown_tenant unless the tenant exists.';


--
-- Name: require_valid_mirror(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.require_valid_mirror() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_fault text := postbell_private.mirror_fault(new.source, new.mapping);
begin
    if v_fault is not null then
        perform postbell.raise_error('invalid_argument', v_fault);
    end if;
    return new;
end
$$;


--
-- Name: FUNCTION require_valid_mirror(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.require_valid_mirror() IS 'Nobody has a table mirrored that they may not read, however they write it down. Asks with the rights of who writes.';


--
-- Name: resolve_audience(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.resolve_audience(notification_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    -- An audience of up to this many is told at once, a larger one, or a longer list, in turns.
    v_small constant integer := 20;
    v_candidates postbell_private.candidate[];
begin
    with accepted as materialized (
        select n as notification
        from unnest(notification_ids) as wanted (id)
        join postbell_private.notification as n on n.id = wanted.id
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        where not tombstone.is_cancelled
    ),

    scheduled as (
        insert into postbell.scheduled_notification (notification_id, tenant_id, priority, due_at)
        select (notification).id, (notification).tenant_id, (notification).priority, (notification).deliver_at
        from accepted
        where (notification).deliver_at > postbell.clock()
    ),

    due as (
        select notification
        from accepted
        where (notification).deliver_at > postbell.clock() is not true
    ),

    -- A long list is not even sorted here.
    addressed as materialized (
        select notification, (notification).recipient as recipient_id, 1 as audience_size
        from due
        where (notification).audience is null

        union all
        select notification, null, jsonb_array_length((notification).audience -> 'recipients')
        from due
        where jsonb_array_length((notification).audience -> 'recipients') > v_small

        union all
        select notification, member.recipient_id, count(*) over (partition by (notification).id)
        from due
        cross join lateral postbell_private.members_of(
            (notification).tenant_id, (notification).recipient, (notification).audience, '', v_small + 1
        ) as member
        where (notification).audience is not null
          and jsonb_array_length((notification).audience -> 'recipients') > v_small is not true
    ),

    large as (
        insert into postbell.fanout (notification_id, tenant_id, priority, list_length, audience)
        select distinct on ((notification).id)
            (notification).id, (notification).tenant_id, (notification).priority,
            coalesce(jsonb_array_length((notification).audience -> 'recipients'), 0), (notification).audience - 'recipients'
        from addressed
        where audience_size > v_small
        order by (notification).id
    )

    select array_agg(postbell_private.candidate_of(notification, recipient_id) order by (notification).id, recipient_id)
    into v_candidates
    from addressed
    where audience_size <= v_small;

    perform postbell_private.deliver(v_candidates, is_bulk => false);
end
$$;


--
-- Name: FUNCTION resolve_audience(notification_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.resolve_audience(notification_ids bigint[]) IS 'Resolves the audience of accepted events: one person or a few now, many in turns, scheduled ones when they are due.';


--
-- Name: route(integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.route(most integer DEFAULT 500) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_step postbell_private.router_step;
    v_window pg_snapshot;
    v_chunk record;
    v_most integer := most;
begin
    v_step := postbell_private.current_step();
    v_window := coalesce(v_step.window_snapshot, pg_current_snapshot());
    -- Nothing began or ended since: look no further, write nothing.
    if v_window::text = v_step.snapshot::text then
        return 0;
    end if;

    loop
        begin
            v_chunk := postbell_private.route_chunk(v_step, v_window, v_most);
            exit;
        exception
            when others then
                -- Not the event's fault: it ends the transaction, and the router tries again.
                if not postbell_private.is_content_error(sqlstate) then
                    raise;
                end if;
                if v_most = 1 then
                    v_chunk := postbell_private.reject_next(v_step, v_window, sqlstate, sqlerrm);
                    exit;
                end if;
                -- Close in on the bad row; those before it go their way.
                v_most := v_most / 2;
        end;
    end loop;

    if v_chunk.routed = 0 and v_step.window_snapshot is null then
        return 0;
    end if;

    -- A full chunk: there may be more in this window. Else the window is done.
    insert into postbell_private.router_step (step, snapshot, window_snapshot, position_xid, position_id, system_identifier)
    select
        v_step.step + 1,
        case when is_full then v_step.snapshot else v_window end,
        case when is_full then v_window end,
        case when is_full then v_chunk.last_xid end,
        case when is_full then v_chunk.last_id end,
        v_step.system_identifier
    from (select v_chunk.routed = v_most as is_full) as chunk
    on conflict (step) do nothing;
    if not found then
        perform postbell.raise_error('router_overtaken', 'step ' || v_step.step + 1 || ' is taken');
    end if;

    -- The end of a window is not the end of the log: ask again until the answer is 0.
    return greatest(v_chunk.routed, 1);
end
$$;


--
-- Name: FUNCTION route(most integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.route(most integer) IS 'Takes the next events from the outbox, in commit order, and queues their deliveries. Returns how many it took; 0 means that there was nothing.';


--
-- Name: route_chunk(postbell_private.router_step, pg_snapshot, integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.route_chunk(step postbell_private.router_step, window_snapshot pg_snapshot, most integer, OUT routed integer, OUT last_xid xid8, OUT last_id bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_accepted bigint[];
begin
    with judged as materialized (
        select
            emitted.*,
            fault.reason,
            fault.detail,
            case when emitted.idempotency_key is not null then postbell_private.fingerprint_of(emitted) end as fingerprint
        from postbell_private.committed_between(
            (step).snapshot, window_snapshot,
            coalesce((step).position_xid, '0'), coalesce((step).position_id, 0), most
        ) as emitted
        left join lateral postbell_private.validate_event(
            tenant_id => emitted.tenant_id, event => emitted.event, recipient => emitted.recipient,
            payload => emitted.payload, audience => emitted.audience,
            channels => emitted.channels, forced_channels => emitted.forced_channels, priority => emitted.priority,
            subject => emitted.subject, actor => emitted.actor, idempotency_key => emitted.idempotency_key,
            deliver_at => emitted.deliver_at, expires_at => emitted.expires_at
        ) as fault on true
    ),

    -- Who holds the idempotency key: an earlier event, or the first sound one here. A rejected event uses up no key.
    keyed as materialized (
        select
            judged.*,
            coalesce(used.outbox_id, first_value(judged.id) over same_key) as holder_id,
            coalesce(used.fingerprint, first_value(judged.fingerprint) over same_key) as holder_fingerprint
        from judged
        left join postbell_private.idempotency_key as used
            on used.tenant_id = judged.tenant_id and used.key = judged.idempotency_key
        window same_key as (
            partition by judged.tenant_id, judged.idempotency_key, judged.reason is null
            order by judged.xid, judged.id
        )
    ),

    sorted as materialized (
        select
            keyed.*,
            case
                when reason is not null then 'rejected'
                when idempotency_key is null or holder_id = id then 'accepted'
                when holder_fingerprint = fingerprint then 'duplicate'
                else 'rejected'
            end as outcome
        from keyed
    ),

    accepted as (
        insert into postbell_private.notification (
            id, xid, tenant_id, event, recipient, audience, actor, subject, payload,
            channels, forced_channels, priority, deliver_at, expires_at, created_at
        )
        select
            sorted.id, sorted.xid, sorted.tenant_id, sorted.event, nullif(sorted.recipient, ''), sorted.audience, sorted.actor,
            sorted.subject, coalesce(sorted.payload, '{}'), sorted.channels, sorted.forced_channels,
            coalesce(sorted.priority, kind.priority), sorted.deliver_at, sorted.expires_at, sorted.created_at
        from sorted
        join postbell.event_type as kind on kind.key = sorted.event
        where outcome = 'accepted'
    ),

    used as (
        insert into postbell_private.idempotency_key (tenant_id, key, fingerprint, outbox_id)
        select tenant_id, idempotency_key, fingerprint, id
        from sorted
        where outcome = 'accepted'
          and idempotency_key is not null
    ),

    repeated as (
        insert into postbell_private.duplicate_event (outbox_id, first_outbox_id, created_at)
        select id, holder_id, created_at
        from sorted
        where outcome = 'duplicate'
    ),

    rejected as (
        insert into postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, source, created_at)
        select
            id, left(tenant_id, 255), left(event, 255), left(recipient, 255),
            coalesce(reason, 'key_reused'),
            coalesce(detail, 'the key ' || idempotency_key || ' was used by event ' || holder_id || ' for something else'),
            to_jsonb(sorted) - '{slot,xid,reason,detail,fingerprint,holder_id,holder_fingerprint,outcome}'::text[],
            created_at
        from sorted
        where outcome = 'rejected'
    )

    select
        count(*),
        (array_agg(xid order by xid desc, id desc))[1],
        (array_agg(id order by xid desc, id desc))[1],
        array_agg(id) filter (where outcome = 'accepted')
    into routed, last_xid, last_id, v_accepted
    from sorted;

    if v_accepted is not null then
        perform postbell_private.resolve_audience(v_accepted);
    end if;
end
$$;


--
-- Name: FUNCTION route_chunk(step postbell_private.router_step, window_snapshot pg_snapshot, most integer, OUT routed integer, OUT last_xid xid8, OUT last_id bigint); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.route_chunk(step postbell_private.router_step, window_snapshot pg_snapshot, most integer, OUT routed integer, OUT last_xid xid8, OUT last_id bigint) IS 'One chunk of the window: sound events are accepted and told, others rejected with their reason, repeated ones noted.';


--
-- Name: session_of(bytea); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.session_of(digest bytea) RETURNS TABLE(tenant_id text, recipient_id text, expires_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select s.tenant_id, s.recipient_id, s.expires_at
    from postbell_private.session as s
    join postbell.recipient as person on person.tenant_id = s.tenant_id and person.id = s.recipient_id
    where s.digest = session_of.digest
      and s.expires_at > postbell.clock()
      and person.erased_at is null
$$;


--
-- Name: FUNCTION session_of(digest bytea); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.session_of(digest bytea) IS 'Whose session this is; nothing if there is none, or not any more.';


--
-- Name: settle(bigint[], text[], text[], text[], text[], double precision[], text[], jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.settle(delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], suppressions text[], versions jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_waiting bigint;
    v_barred postbell.suppression[];
begin
    with tried as materialized (
        select *, outcome in ('retry', 'partly') or outcome = 'unknown' and retry_after is not null as is_for_later
        from unnest(delivery_ids, outcomes, providers, message_ids, reasons, retry_after, suppressions)
            as t (delivery_id, outcome, provider, message_id, reason, retry_after, blame)
    ),

    settled as (
        update postbell.delivery as d set
            state = case
                when tried.is_for_later then 'waiting'
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when d.sent_at is not null then 'sent'
                else tried.outcome
            end,
            reason = left(tried.reason, 1000),
            provider = tried.provider,
            provider_message_id = coalesce(tried.message_id, d.provider_message_id),
            template_version = coalesce(versions ->> d.id::text, versions ->> d.event, d.template_version),
            sent_at = case when tried.outcome in ('sent', 'partly') then coalesce(d.sent_at, clock_timestamp()) else d.sent_at end,
            due_at = case
                when tried.is_for_later then clock_timestamp() + make_interval(secs => tried.retry_after)
                else d.due_at
            end
        from tried
        where d.id = tried.delivery_id
          -- Without a time, the next provider was asked at once: what that one said counts.
          and (tried.outcome <> 'retry' or tried.retry_after is not null)
          -- That it was sent is true whoever says so; the rest is for the one in whose hands it still is.
          and (d.state = 'sending' or tried.outcome = 'sent' and d.state in ('queued', 'waiting', 'unknown'))
        returning d.id, d.tenant_id, d.recipient_id, d.channel, d.state, d.due_at, tried.blame, tried.reason
    ),

    waiting as (
        insert into postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at)
        select id, tenant_id, recipient_id, true, due_at
        from settled
        where state = 'waiting'
        on conflict (delivery_id) do nothing
    ),

    -- Not sent again, for it may have been sent: a report settles it, or the end of our patience.
    doubted as (
        insert into postbell_private.unknown_delivery (delivery_id, due_at)
        select settled.id, clock_timestamp() + way.unknown_timeout
        from settled
        join postbell.channel as way on way.name = settled.channel
        where settled.state = 'unknown'
        on conflict (delivery_id) do update set due_at = excluded.due_at
    ),

    dead as (
        insert into postbell.dead_letter (delivery_id)
        select id
        from settled
        where state in ('failed', 'refused')
        on conflict (delivery_id) do nothing
    )

    select
        (select count(*) from settled where state = 'waiting'),
        array(
            select distinct on (settled.tenant_id, settled.channel, barred.address)
                row(
                    settled.tenant_id, settled.channel, barred.address,
                    case settled.blame when 'stop' then 'stop' else 'bounce' end,
                    left(settled.reason, 1000), postbell.clock(), postbell_private.suppressed_until(settled.blame)
                )::postbell.suppression
            from settled
            join postbell.recipient as person
                on person.tenant_id = settled.tenant_id and person.id = settled.recipient_id
            join postbell.channel as way on way.name = settled.channel
            cross join lateral postbell_private.address_of(
                way.address_kind, person.tenant_id, person.id, person.email, person.phone
            ) as reach
            cross join lateral (select postbell_private.normal_address(way.address_kind, reach.address) as address) as barred
            where postbell_private.suppressed_until(settled.blame) is not null
              and barred.address is not null
        )
    into v_waiting, v_barred;

    if cardinality(v_barred) > 0 then
        perform postbell_private.suppress_for_longer(v_barred);
    end if;

    -- A sleeping router knows of no due time that came up since.
    if v_waiting > 0 then
        perform pg_notify('postbell_wake', '');
    end if;
end
$$;


--
-- Name: FUNCTION settle(delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], suppressions text[], versions jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.settle(delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], suppressions text[], versions jsonb) IS 'What becomes of deliveries that were tried: sent, retry or partly (again after so many seconds; partly: some devices were reached), refused, unknown (with seconds: and tried again) or failed. suppressions: what is to blame the address itself for, see postbell_private.suppressed_until(), or null. versions: what they were rendered from, by event, and by id where one differs, {"order.paid": "…"}.';


--
-- Name: settle_unknown(integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.settle_unknown(most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
#variable_conflict use_column
declare
    v_due bigint[];
    v_skipped integer := 0;
    v_fault record;
begin
    with due as (
        delete from postbell_private.unknown_delivery
        where delivery_id in (
            select delivery_id
            from postbell_private.unknown_delivery
            where due_at <= postbell.clock()
            order by due_at
            limit most
            for update skip locked
        )
        returning delivery_id
    )
    select array_agg(due.delivery_id order by due.delivery_id) into v_due
    from due
    join postbell.delivery as d on d.id = due.delivery_id
    where d.state = 'unknown';

    for v_fault in
        select v_due[place] as id, code, message
        from postbell_private.isolate('postbell_private.give_up_unknown($1)', v_due)
    loop
        raise warning 'delivery % cannot be given up: %: %', v_fault.id, v_fault.code, v_fault.message;
        insert into postbell_private.unknown_delivery (delivery_id, due_at)
        values (v_fault.id, postbell.clock() + interval '1 hour');
        v_skipped := v_skipped + 1;
    end loop;
    return coalesce(cardinality(v_due), 0) - v_skipped;
end
$_$;


--
-- Name: FUNCTION settle_unknown(most integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.settle_unknown(most integer) IS 'Gives up deliveries of which nobody knows whether they were sent, once their provider has been silent for long enough: they become dead letters. Never sends one again by itself. Returns how many. One with which that fails is left for an hour, with a warning.';


--
-- Name: simulate(postbell.outbox); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.simulate(event postbell.outbox) RETURNS TABLE(recipient_id text, channel text, decision text, rung smallint, reason text, due_at timestamp with time zone)
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_column
declare
    v_fault record;
begin
    select fault.reason, fault.detail into v_fault
    from postbell_private.validate_event(
        tenant_id => (event).tenant_id, event => (event).event, recipient => (event).recipient,
        payload => (event).payload, audience => (event).audience,
        channels => (event).channels, forced_channels => (event).forced_channels, priority => (event).priority,
        subject => (event).subject, actor => (event).actor, idempotency_key => (event).idempotency_key,
        deliver_at => (event).deliver_at, expires_at => (event).expires_at
    ) as fault;
    if v_fault.reason is not null and v_fault.reason <> 'unknown_recipient' then
        return query select left((event).recipient, 255), null::text, 'no', 0::smallint, v_fault.reason, null::timestamptz;
        return;
    end if;

    return query
    select decided.recipient_id, decided.channel, decided.decision, decided.rung, decided.reason, decided.due_at
    from postbell_private.decide(array(
        select row(
            (event).id, (event).tenant_id, (event).event, member.recipient_id,
            (event).actor, ((event).audience -> 'notify_actor')::boolean,
            (event).channels, (event).forced_channels, (event).priority, (event).subject,
            (event).deliver_at, (event).expires_at, (event).created_at
        )::postbell_private.candidate
        from postbell_private.members_of((event).tenant_id, nullif((event).recipient, ''), (event).audience, '', null) as member
    )) as decided
    order by decided.recipient_id, decided.channel;
    if not found then
        return query select nullif((event).recipient, ''), null::text, 'no', 0::smallint, 'told_nobody', null::timestamptz;
    end if;
end
$$;


--
-- Name: FUNCTION simulate(event postbell.outbox); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.simulate(event postbell.outbox) IS 'What would be decided about an event; asked of the same functions that the router uses.';


--
-- Name: batch; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.batch (
    id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name NOT NULL,
    priority postbell.priority NOT NULL,
    is_bulk boolean NOT NULL,
    delivery_ids bigint[] NOT NULL,
    claims integer DEFAULT 0 NOT NULL,
    claim_token uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    claimed_at timestamp with time zone
);


--
-- Name: TABLE batch; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.batch IS 'Deliveries that one queue job carries. It is gone when all of them are settled.';


--
-- Name: COLUMN batch.claims; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.batch.claims IS 'How often a dispatcher took it: one that is never finished ends its dispatcher, see postbell_private.split_batch().';


--
-- Name: COLUMN batch.claim_token; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.batch.claim_token IS 'Another one for each claim. Who records, starts or finishes anything shows it.';


--
-- Name: split_batch(postbell.batch); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.split_batch(batch postbell.batch) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_delivery_id bigint;
begin
    if cardinality((batch).delivery_ids) = 1 then
        perform postbell_private.fail_deliveries(
            (batch).id, (batch).claim_token, (batch).delivery_ids,
            array['the dispatcher ended ' || (batch).claims - 1 || ' times while it had this in hand']
        );
    else
        foreach v_delivery_id in array (batch).delivery_ids loop
            perform postbell_private.enqueue(array[v_delivery_id], (batch).is_bulk);
        end loop;
    end if;

    -- By its full name: alone, it would be the row of the table, and every batch its own match.
    delete from postbell.batch where id = (split_batch.batch).id;
end
$$;


--
-- Name: FUNCTION split_batch(batch postbell.batch); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.split_batch(batch postbell.batch) IS 'Puts each delivery of a batch into a batch of its own; one that is alone already is given up.';


--
-- Name: start_sending(bigint, uuid, bigint[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[] DEFAULT NULL::text[]) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    -- Locked: whoever claims the batch next waits until these are marked, and then finds them in flight.
    v_carried constant bigint[] := postbell_private.lock_batch(batch_id, claim_token);
    v_started bigint[];
begin
    if v_carried is null then
        return null;
    end if;

    -- Of what is in flight when we crash, no second copy may go out: so it is written down before the first.
    if exists (
        select
        from postbell.batch
        join postbell.channel as way on way.name = batch.channel
        where batch.id = start_sending.batch_id
          and way.crash_policy = 'await_receipt'
    ) then
        perform postbell_private.require_durable_commit();
    end if;

    perform postbell_private.stop_undeliverable(start_sending.delivery_ids);

    with free as (
        select id
        from postbell.delivery
        where id = any(start_sending.delivery_ids)
          and id = any(v_carried)
          and state in ('queued', 'sending')
        for update skip locked
    ),

    started as (
        update postbell.delivery as d set
            state = 'sending',
            attempts = attempts + 1,
            provider = coalesce(providers[array_position(start_sending.delivery_ids, d.id)], d.provider)
        from free
        where d.id = free.id
        returning d.id
    )

    select coalesce(array_agg(id), '{}') into v_started
    from started;
    return v_started;
end
$$;


--
-- Name: FUNCTION start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[]) IS 'Marks the deliveries that are about to be in flight, and returns those that may go; null if the claim does not hold. Only these can be in doubt after a crash. providers: who is about to be asked, for each.';


--
-- Name: stop_undeliverable(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.stop_undeliverable(delivery_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    v_channel postbell.channel;
begin
    -- Looked up once: a batch has one channel.
    select way.* into v_channel
    from postbell.delivery as d
    join postbell.channel as way on way.name = d.channel
    where d.id = delivery_ids[1];

    -- Once: the ladder's answer is looked at several times, and would be asked for each.
    with climbed as materialized (
        select
            d.id,
            d.channel,
            d.is_silent,
            tombstone.is_cancelled,
            n.id is null as is_deleted,
            kind.key is null as is_unknown,
            n.expires_at <= postbell.clock() and not v_channel.is_kept as is_expired,
            answer.rung,
            answer.reason as decision_reason,
            answer.effect
        from postbell.delivery as d
        -- Whatever was deleted meanwhile: each delivery gets an answer, or it would be in nobody's hands for good.
        left join postbell_private.notification as n on n.id = d.notification_id
        left join postbell.event_type as kind on kind.key = d.event
        left join postbell.tenant_event as of_tenant on of_tenant.tenant_id = d.tenant_id and of_tenant.event = d.event
        left join postbell.tenant as tenant on tenant.id = d.tenant_id
        left join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
        cross join lateral postbell_private.address_of(
            v_channel.address_kind, person.tenant_id, person.id, person.email, person.phone
        ) as reach
        left join postbell.suppression as barred
            on barred.tenant_id = d.tenant_id
            and barred.channel = d.channel
            and barred.address = postbell_private.normal_address(v_channel.address_kind, reach.address)
            and barred.expires_at > postbell.clock()
        cross join lateral postbell.is_switched_off(d.tenant_id, d.recipient_id, d.channel, kind.category, d.event) as choice
        cross join lateral postbell_private.is_muted(
            d.tenant_id, d.recipient_id, kind.category, d.event, n.subject, postbell.clock()
        ) as silence
        cross join lateral postbell_private.ladder(
            -- Who caused it, and that its time had come, are settled.
            is_actor => false,
            event_is_disabled => kind.disabled_at is not null,
            tenant_event_is_disabled => of_tenant.disabled_at is not null,
            channel_is_disabled => d.channel = any(tenant.disabled_channels),
            has_template => d.channel = any(kind.channels),
            is_unknown => person.id is null,
            is_erased => person.erased_at is not null,
            has_address => reach.address is not null,
            is_suppressed => barred.address is not null,
            is_forced => d.decision_reason = 'forced',
            -- What is kept is there to stay.
            is_off => not v_channel.is_kept and choice.is_off,
            is_muted => silence.is_muted,
            is_quiet => false,
            is_critical => false,
            is_kept => v_channel.is_kept
        ) as answer
        where d.id = any(delivery_ids)
          and d.state in ('queued', 'sending')
    ),

    judged as (
        select
            id,
            rung,
            decision_reason,
            case
                when is_cancelled then 'cancelled'
                when is_deleted then 'event_deleted'
                when is_unknown then 'unknown_event'
                when is_expired then 'expired'
                when effect = 'drop' then decision_reason
            end as reason,
            effect = 'silence' and not is_silent as falls_silent
        from climbed
    ),

    -- Only what changes is locked, and what somebody is just cancelling is left to them.
    overtaken as (
        select judged.*
        from judged
        join postbell.delivery as d on d.id = judged.id
        where (judged.reason is not null or judged.falls_silent)
          and d.state in ('queued', 'sending')
        for update of d skip locked
    ),

    changed as (
        update postbell.delivery as d set
            state = case
                when overtaken.reason is null then d.state
                -- What has reached one device of a person is sent, whatever becomes of the others.
                when d.sent_at is not null then 'sent'
                when overtaken.reason in ('cancelled', 'expired') then overtaken.reason
                else 'skipped'
            end,
            reason = coalesce(overtaken.reason, d.reason),
            is_silent = d.is_silent or overtaken.falls_silent,
            -- What is kept silently is decided anew; what is stopped says so by its reason.
            rung = case when overtaken.reason is null then overtaken.rung else d.rung end,
            decision_reason = case when overtaken.reason is null then overtaken.decision_reason else d.decision_reason end
        from overtaken
        where d.id = overtaken.id
        returning d.id, overtaken.reason
    )

    insert into postbell.delivery_step (delivery_id, what, reason)
    select id, 'stopped', reason
    from changed
    where reason is not null;
end
$$;


--
-- Name: FUNCTION stop_undeliverable(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.stop_undeliverable(delivery_ids bigint[]) IS 'What was decided may be overtaken by the time it is sent: cancelled, expired, the event stopped or gone, the channel not used any more, the person gone, the address suppressed, the channel switched off, or muted. The ladder is climbed again: a word said now counts for what is already queued. What is muted is kept in the inbox silently.';


--
-- Name: stream_event; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
PARTITION BY LIST (slot);


--
-- Name: TABLE stream_event; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event IS 'What open pages are told: notifications, and that an inbox changed. Kept for 15 hours at least, for pages that were away.';


--
-- Name: COLUMN stream_event.slot; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_event.slot IS 'The leaf of the ring.';


--
-- Name: COLUMN stream_event.xid; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_event.xid IS 'The inserting transaction; gateways read in commit order by it.';


--
-- Name: COLUMN stream_event.frame; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_event.frame IS 'A notification as the page gets it, and whose it is: recipient_id.';


--
-- Name: COLUMN stream_event.recipient_ids; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_event.recipient_ids IS 'Whose inbox changed.';


--
-- Name: COLUMN stream_event.item_ids; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_event.item_ids IS 'Which item of each of them; with one recipient, all are theirs. Null for too many to name.';


--
-- Name: stream_between(pg_snapshot, pg_snapshot, xid8, bigint, integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8 DEFAULT '0'::xid8, after_id bigint DEFAULT 0, most integer DEFAULT 1000) RETURNS SETOF postbell_private.stream_event
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select e.*
    from (
        -- Transactions that were still open at the former snapshot.
        (
            select written.*
            from pg_snapshot_xip(stream_between.since) as was_open (xid)
            cross join lateral (
                select *
                from postbell_private.stream_event
                where xid = was_open.xid
                  and id > case when was_open.xid = stream_between.after_xid then stream_between.after_id else 0 end
                order by id
                limit stream_between.most
            ) as written
            where was_open.xid >= stream_between.after_xid
              and pg_visible_in_snapshot(was_open.xid, stream_between.until)
            order by written.xid, written.id
            limit stream_between.most
        )
        union all
        -- Transactions that began since.
        (
            select *
            from postbell_private.stream_event
            where (xid, id) > (
                    greatest(pg_snapshot_xmax(stream_between.since), stream_between.after_xid),
                    case
                        when stream_between.after_xid >= pg_snapshot_xmax(stream_between.since)
                            then stream_between.after_id
                        else 0
                    end
                )
              and xid < pg_snapshot_xmax(stream_between.until)
              and pg_visible_in_snapshot(xid, stream_between.until)
            order by xid, id
            limit stream_between.most
        )
    ) as e
    order by e.xid, e.id
    limit stream_between.most
$$;


--
-- Name: FUNCTION stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) IS 'What was told between two snapshots, after a position, to everybody. What an open transaction tells is found when it commits, and holds up nothing.';


--
-- Name: stream_missed(text, pg_snapshot, pg_snapshot, integer, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text DEFAULT 'default'::text) RETURNS TABLE(xid xid8, id bigint, frame json)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select e.xid, e.id, e.frame
    from postbell_private.stream_event as e
    where e.recipient_id = stream_missed.recipient
      and e.tenant_id = stream_missed.tenant_id
      and e.xid >= pg_snapshot_xmin(stream_missed.since)
      and not pg_visible_in_snapshot(e.xid, stream_missed.since)
      and pg_visible_in_snapshot(e.xid, stream_missed.until)
    order by e.xid, e.id
    limit stream_missed.most
$$;


--
-- Name: FUNCTION stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text) IS 'The notifications that one person was sent between two snapshots. Ask is_stream_kept() afterwards whether these were all.';


--
-- Name: stream_position(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.stream_position(OUT epoch bigint, OUT snapshot pg_snapshot) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
    v_epoch bigint;
begin
    select e.epoch into v_epoch
    from postbell_private.stream_epoch as e
    join pg_control_system() as c on c.system_identifier = e.system_identifier;

    if not found then
        -- The first since a crash, a failover or a restore: from here on transaction ids mean something else.
        insert into postbell_private.stream_epoch as e (epoch, system_identifier)
        select hashtextextended(gen_random_uuid()::text, 0), c.system_identifier
        from pg_control_system() as c
        on conflict (is_the_only_one) do update set
            epoch = excluded.epoch,
            system_identifier = excluded.system_identifier
        where e.system_identifier <> excluded.system_identifier;

        select e.epoch into strict v_epoch
        from postbell_private.stream_epoch as e;
    end if;

    epoch := v_epoch;
    snapshot := pg_current_snapshot();
end
$$;


--
-- Name: FUNCTION stream_position(OUT epoch bigint, OUT snapshot pg_snapshot); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.stream_position(OUT epoch bigint, OUT snapshot pg_snapshot) IS 'How far the stream has come: what is visible now, and the epoch in which its transaction ids mean something. See postbell_private.stream_epoch.';


--
-- Name: suppress_addresses(postbell_private.incoming_receipt[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]) RETURNS void
    LANGUAGE sql
    AS $$
    select postbell_private.suppress_for_longer(array(
        select distinct on (d.tenant_id, d.channel, barred.address)
            row(
                d.tenant_id, d.channel, barred.address,
                coalesce(known.barred_for, case n.blame when 'stop' then 'stop' else 'bounce' end),
                left(concat_ws(' ', n.kind, n.code, n.reason), 1000),
                postbell.clock(), sentence.served_at
            )::postbell.suppression
        from unnest(incoming_receipts) as n
        join postbell.receipt_kinds as known on known.kind = n.kind
        join postbell.delivery as d on d.id = n.delivery_id
        join postbell.recipient as person on person.tenant_id = d.tenant_id and person.id = d.recipient_id
        join postbell.channel as way on way.name = d.channel
        cross join lateral postbell_private.address_of(
            way.address_kind, person.tenant_id, person.id, person.email, person.phone
        ) as reach
        cross join lateral (select postbell_private.normal_address(way.address_kind, reach.address) as address) as barred
        cross join lateral (
            select case
                when known.barred_for is not null then 'infinity'
                when n.blame is not null then postbell_private.suppressed_until(n.blame)
                -- Asked for patience again and again: somebody has to leave it in peace for a while.
                when n.kind = 'deferred' and 5 <= (
                    select count(*)
                    from postbell.receipt as r
                    where r.delivery_id = n.delivery_id
                      and r.kind = 'deferred'
                ) then postbell.clock() + interval '1 day'
            end::timestamptz as served_at
        ) as sentence
        where sentence.served_at is not null
          and barred.address is not null
          -- The person may have another address by now.
          and (
              n.addresses is null
              or barred.address in (select postbell_private.normal_address(way.address_kind, a) from unnest(n.addresses) as a)
          )
        order by d.tenant_id, d.channel, barred.address, sentence.served_at desc, n.event_id
    ))
$$;


--
-- Name: FUNCTION suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]) IS 'Suppresses the addresses that receipts speak against: for good if they are bad or their owner objects, for days if they are full or slow. What is queued for them is stopped when it is claimed.';


--
-- Name: suppression; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.suppression (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    detail text,
    suppressed_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT address_is_normalised CHECK ((address = lower(TRIM(BOTH FROM address)))),
    CONSTRAINT address_is_short CHECK ((octet_length(address) <= 2000)),
    CONSTRAINT reason_is_known CHECK ((reason = ANY (ARRAY['bounce'::text, 'complaint'::text, 'unsubscribe'::text, 'stop'::text, 'gone'::text, 'manual'::text])))
);


--
-- Name: TABLE suppression; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.suppression IS 'Addresses that must not be written to, whoever has them now.';


--
-- Name: COLUMN suppression.expires_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.suppression.expires_at IS 'Soft reasons pass; infinity: for good.';


--
-- Name: suppress_for_longer(postbell.suppression[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.suppress_for_longer(barred postbell.suppression[]) RETURNS void
    LANGUAGE sql
    AS $$
    insert into postbell.suppression as former (tenant_id, channel, address, reason, detail, suppressed_at, expires_at)
    select b.tenant_id, b.channel, b.address, b.reason, b.detail, b.suppressed_at, b.expires_at
    from unnest(barred) as b
    on conflict (tenant_id, channel, address) do update set
        reason = excluded.reason,
        detail = excluded.detail,
        suppressed_at = excluded.suppressed_at,
        expires_at = excluded.expires_at
    -- A full mailbox of long ago does not speak for one that is gone now, nor does a soft reason shorten a hard one.
    where former.expires_at < excluded.expires_at
$$;


--
-- Name: FUNCTION suppress_for_longer(barred postbell.suppression[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.suppress_for_longer(barred postbell.suppression[]) IS 'Suppresses addresses, each at most once in the array, except where one is suppressed for as long already.';


--
-- Name: suppressed_until(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.suppressed_until(blame text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN CASE WHEN (blame = ANY (ARRAY['hard'::text, 'stop'::text])) THEN 'infinity'::timestamp with time zone WHEN (blame = 'soft'::text) THEN (postbell.clock() + '3 days'::interval) ELSE NULL::timestamp with time zone END;


--
-- Name: FUNCTION suppressed_until(blame text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.suppressed_until(blame text) IS 'How long an address is left in peace: for good if it is bad (hard) or its owner said so (stop), for days in doubt (soft), not at all otherwise.';


--
-- Name: sweep(interval); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.sweep(grace interval DEFAULT '00:00:30'::interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'on'
    SET enable_hashjoin TO 'on'
    AS $_$
#variable_conflict use_column
declare
    v_lost bigint[];
    v_skipped integer := 0;
    v_fault record;
begin
    select array_agg(b.id order by b.id) into v_lost
    from postbell.batch as b
    where greatest(b.created_at, b.claimed_at) < clock_timestamp() - sweep.grace
      and not exists (
          select
          from postbell_queue.pgqueuer as job
          where job.entrypoint = 'deliver.' || b.channel
            and job.payload = convert_to(b.id::text, 'UTF8')
      );

    for v_fault in
        select v_lost[place] as id, code, message
        from postbell_private.isolate('postbell_private.make_jobs($1)', v_lost)
    loop
        raise warning 'batch % cannot be given a job: %: %', v_fault.id, v_fault.code, v_fault.message;
        v_skipped := v_skipped + 1;
    end loop;
    return coalesce(cardinality(v_lost), 0) - v_skipped;
end
$_$;


--
-- Name: FUNCTION sweep(grace interval); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.sweep(grace interval) IS 'Gives a new job to every batch that lost its own. Returns how many. One with which that fails is left out, with a warning.';


--
-- Name: tenants_of(text, text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.tenants_of(provider text, channel text) RETURNS TABLE(tenant_id text)
    LANGUAGE sql STABLE
    AS $$
    select tenant.id
    from postbell.tenant
    where exists (
            select
            from postbell.provider_choice as choice
            where choice.tenant_id = tenant.id
              and choice.channel = tenants_of.channel
              and choice.provider = tenants_of.provider
        )
       -- Without a choice: any of the file's.
       or not exists (
            select
            from postbell.provider_choice as choice
            where choice.tenant_id = tenant.id
              and choice.channel = tenants_of.channel
        )
$$;


--
-- Name: FUNCTION tenants_of(provider text, channel text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.tenants_of(provider text, channel text) IS 'The tenants that may send through a provider on a channel.';


--
-- Name: text_stamp(text); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.text_stamp(tenant_id text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    -- With its time: a failover may lose a text, and give its id to the next one. And a text may be for an event that
    -- is declared nowhere but here. Where there are none, nothing is paid for that.
    select newest.id || ' ' || extract(epoch from newest.created_at) || ' ' || (
        select md5(string_agg(key || ' ' || registered_at, ',' order by key))
        from postbell.event_type
    )
    from (
        select id, created_at
        from postbell.text_version
        where tenant_id is null
           or tenant_id = text_stamp.tenant_id
        order by id desc
        limit 1
    ) as newest
$$;


--
-- Name: FUNCTION text_stamp(tenant_id text); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.text_stamp(tenant_id text) IS 'Another one whenever there is a new text for a tenant or for everybody, or an event was registered; null where there are no texts. By it dispatchers see that they have to read them again.';


--
-- Name: tidy_up(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.tidy_up() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_part text;
begin
    foreach v_part in array array[
        'advance_step', 'forget_jobs', 'settle_unknown', 'forget_sessions', 'match_receipts', 'truncate_stream',
        'upsert_awaited'
    ] loop
        begin
            execute format('select postbell_private.%I()', v_part);
        exception
            -- What fails now is done the next time, and keeps nothing else from being done.
            when others then
                -- Another cluster, another router: that is for the router to hear.
                if sqlstate like 'PB%' then
                    raise;
                end if;
                raise warning 'housekeeping: % failed: %: %', v_part, sqlstate, sqlerrm;
        end;
    end loop;
end
$$;


--
-- Name: FUNCTION tidy_up(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.tidy_up() IS 'The router''s housekeeping, every minute or so. A part that fails is left to the next time, with a warning; the others are done.';


--
-- Name: truncate_outbox(integer); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.truncate_outbox(keep_days integer DEFAULT 5) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $$
declare
    v_ring constant integer := 8;
    v_today constant bigint := extract(epoch from now())::bigint / 86400;
    v_leaf text;
    v_unrouted boolean;
    v_truncated integer := 0;
begin
    if keep_days not between 1 and v_ring - 2 then
        perform postbell.raise_error('invalid_argument', 'keep_days is from 1 to ' || v_ring - 2);
    end if;

    -- A leaf of so many days ago has nothing in it that is younger than one day less.
    for age in keep_days + 1 .. v_ring - 1 loop
        v_leaf := 'outbox_' || mod(v_today - age, v_ring);
        continue when pg_relation_size(format('postbell.%I', v_leaf)::regclass) = 0;

        begin
            execute format('lock table only postbell.%I in access exclusive mode', v_leaf);
            -- Looked at under the lock: nobody can add to the leaf now.
            execute format(
                'select exists (select from postbell.%I where xid >= pg_snapshot_xmin((postbell_private.current_step()).snapshot))', v_leaf
            ) into v_unrouted;
            if not v_unrouted then
                execute format('truncate only postbell.%I', v_leaf);
                v_truncated := v_truncated + 1;
            end if;
        exception
            when lock_not_available then
                null;
            when others then
                raise warning 'housekeeping: % cannot be emptied: %: %', v_leaf, sqlstate, sqlerrm;
        end;
    end loop;
    return v_truncated;
end
$$;


--
-- Name: FUNCTION truncate_outbox(keep_days integer); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.truncate_outbox(keep_days integer) IS 'Empties the leaves of the outbox that are older than so many days, if all in them is routed. Never waits for a producer; a leaf with which that fails is left, with a warning. Returns how many it emptied.';


--
-- Name: truncate_stream(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.truncate_stream() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $$
declare
    v_ring constant integer := 8;
    v_now constant bigint := extract(epoch from now())::bigint / 10800;
    v_slot smallint;
    v_leaf text;
    v_last_xid xid8;
    v_truncated integer := 0;
begin
    -- The leaf that is written to next, and the one after it: a round may find them in use.
    for age in v_ring - 2 .. v_ring - 1 loop
        v_slot := mod(v_now - age, v_ring);
        v_leaf := 'stream_event_' || v_slot;
        continue when pg_relation_size(format('postbell_private.%I', v_leaf)::regclass) = 0;

        begin
            execute format('lock table only postbell_private.%I in access exclusive mode', v_leaf);
            execute format('select xid from only postbell_private.%I order by xid desc limit 1', v_leaf) into v_last_xid;
            execute format('truncate only postbell_private.%I', v_leaf);
            if v_last_xid is not null then
                insert into postbell_private.stream_truncation (slot, last_xid)
                values (v_slot, v_last_xid)
                on conflict (slot) do update set
                    last_xid = excluded.last_xid,
                    truncated_at = excluded.truncated_at;
            end if;
            v_truncated := v_truncated + 1;
        exception
            when lock_not_available then
                null;
        end;
    end loop;
    return v_truncated;
end
$$;


--
-- Name: FUNCTION truncate_stream(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.truncate_stream() IS 'Empties the leaves of the stream log that are older than 15 hours, and notes what can no longer be told again. Waits for nobody. Returns how many it emptied.';


--
-- Name: undecided_event(bigint); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.undecided_event(outbox_id bigint) RETURNS postbell.outbox
    LANGUAGE plpgsql STABLE
    AS $$
#variable_conflict use_column
declare
    v_event postbell.outbox;
begin
    -- Accepted, but waiting for its time or its turn.
    select
        n.id, n.tenant_id, n.event, n.recipient, n.payload, n.audience, n.channels, n.forced_channels, n.priority,
        n.subject, n.actor, n.deliver_at, n.expires_at
    into
        v_event.id, v_event.tenant_id, v_event.event, v_event.recipient, v_event.payload, v_event.audience,
        v_event.channels, v_event.forced_channels, v_event.priority,
        v_event.subject, v_event.actor, v_event.deliver_at, v_event.expires_at
    from postbell_private.notification as n
    cross join lateral postbell_private.is_cancelled(n.id, n.tenant_id, n.subject, n.xid, n.created_at) as tombstone
    where n.id = undecided_event.outbox_id
      and not tombstone.is_cancelled
      and (
          exists (select from postbell.scheduled_notification as s where s.notification_id = n.id)
          or exists (select from postbell.fanout as f where f.notification_id = n.id)
      );

    -- Or not routed: then it is among the latest transactions of the log.
    if not found then
        select e.* into v_event
        from postbell.outbox as e
        cross join lateral postbell_private.is_cancelled(e.id, e.tenant_id, e.subject, e.xid, e.created_at) as tombstone
        where not tombstone.is_cancelled
          and e.id = undecided_event.outbox_id
          and e.xid >= (select pg_snapshot_xmin(step.snapshot) from postbell_private.current_step() as step)
          and not exists (select from postbell_private.notification as n where n.id = undecided_event.outbox_id)
          and not exists (select from postbell.rejected_event as r where r.outbox_id = undecided_event.outbox_id)
          and not exists (select from postbell_private.duplicate_event as d where d.outbox_id = undecided_event.outbox_id);
    end if;
    return v_event;
end
$$;


--
-- Name: FUNCTION undecided_event(outbox_id bigint); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.undecided_event(outbox_id bigint) IS 'An event about which something is still to be decided; a row of nulls if there is none of this id.';


--
-- Name: unknown_attempts(bigint[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.unknown_attempts(delivery_ids bigint[]) RETURNS TABLE(delivery_id bigint, provider text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select distinct on (doubt.delivery_id)
        doubt.delivery_id,
        doubt.provider
    from (
        select delivery_id, provider, attempted_at
        from postbell.attempt
        where delivery_id = any(unknown_attempts.delivery_ids)
          and outcome = 'unknown'

        union all

        -- In flight when its dispatcher ended.
        select id, provider, 'infinity'
        from postbell.delivery
        where id = any(unknown_attempts.delivery_ids)
          and state = 'sending'
          and provider is not null
    ) as doubt
    order by doubt.delivery_id, doubt.attempted_at desc
$$;


--
-- Name: FUNCTION unknown_attempts(delivery_ids bigint[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.unknown_attempts(delivery_ids bigint[]) IS 'Which of the deliveries may have been sent already, and by which provider: no other may try, or there could be two.';


--
-- Name: unlink_recipient(postbell_private.mirrored[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.unlink_recipient(people postbell_private.mirrored[]) RETURNS void
    LANGUAGE sql
    AS $$
    with gone as materialized (
        select distinct tenant_id, id
        from unnest(people)
    ),

    without_role as (
        delete from postbell.recipient_role as held
        using gone
        where held.tenant_id = gone.tenant_id
          and held.recipient_id = gone.id
    ),

    without_device as (
        delete from postbell.push_subscription as device
        using gone
        where device.tenant_id = gone.tenant_id
          and device.recipient_id = gone.id
    )

    update postbell.recipient as person
    set email = null, phone = null, attributes = '{}', updated_at = postbell.clock(), erased_at = postbell.clock()
    from gone
    where person.tenant_id = gone.tenant_id
      and person.id = gone.id
      and person.erased_at is null
$$;


--
-- Name: FUNCTION unlink_recipient(people postbell_private.mirrored[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.unlink_recipient(people postbell_private.mirrored[]) IS 'Marks recipients as erased whose users are gone: nothing is sent to them any more, and addresses, devices, roles and attributes are deleted. What was delivered stays in the log.';


--
-- Name: unread_among(text[], text[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.unread_among(tenant_ids text[], recipient_ids text[]) RETURNS TABLE(tenant_id text, recipient_id text, unread bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select asked.tenant_id, asked.recipient_id, counted.unread
    from unnest(unread_among.tenant_ids, unread_among.recipient_ids) as asked (tenant_id, recipient_id)
    join postbell.unread_counts as counted
        on counted.tenant_id = asked.tenant_id and counted.recipient_id = asked.recipient_id
$$;


--
-- Name: FUNCTION unread_among(tenant_ids text[], recipient_ids text[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.unread_among(tenant_ids text[], recipient_ids text[]) IS 'How many items of each of several people are unread, as unread_counts has it.';


--
-- Name: upsert_awaited(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.upsert_awaited() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
    v_mirror postbell_private.recipient_mirror;
    v_notes bigint[];
    v_tenants text[];
    v_people postbell_private.mirrored[];
    v_fault text;
    v_failure text;
begin
    for v_mirror in
        select *
        from postbell_private.recipient_mirror as mirror
        where exists (
            select
            from postbell_private.missing_tenant as missing
            join postbell.tenant on tenant.id = missing.tenant_id
            where missing.source = mirror.source
        )
    loop
        v_failure := null;
        begin
            -- Locked by whoever takes their users already, or writes users whom nobody else sees yet: housekeeping looks again.
            select array_agg(id), array_agg(distinct tenant_id) into v_notes, v_tenants
            from (
                select missing.id, missing.tenant_id
                from postbell_private.missing_tenant as missing
                where missing.source = v_mirror.source
                  and exists (select from postbell.tenant where id = missing.tenant_id)
                for update skip locked
            ) as locked;
            continue when v_notes is null;
            -- Who says that a table is mirrored must have put the triggers on it: nobody can on a catalog.
            v_failure := coalesce(
                postbell_private.mirror_fault(v_mirror.source, v_mirror.mapping), postbell_private.mirror_trigger_fault(v_mirror.source)
            );
            if v_failure is not null then
                perform postbell_private.report_mirror_failure(v_mirror.source, v_failure);
                continue;
            end if;
            for v_people in
                select people from postbell_private.read_users(v_mirror.source, v_mirror.mapping, v_mirror.tenant_id, v_tenants) as people
            loop
                v_fault := postbell_private.mirror_chunk(format('postbell_private.upsert_mirrored($1, %L)', v_mirror.mapping), v_people);
                v_failure := coalesce(v_failure, v_fault);
            end loop;
            -- In a snapshot from before, not all of their users may have been there to see.
            delete from postbell_private.missing_tenant
            where id = any (v_notes)
              and current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
        exception
            -- The next round of housekeeping does it.
            when serialization_failure then
                null;
            when others then
                if postbell_private.is_transient_error(sqlstate) then
                    raise;
                end if;
                v_failure := coalesce(postbell_private.mirror_fault(v_mirror.source, v_mirror.mapping), sqlerrm);
        end;
        if v_failure is not null then
            perform postbell_private.report_mirror_failure(v_mirror.source, v_failure);
        end if;
    end loop;
end
$_$;


--
-- Name: FUNCTION upsert_awaited(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.upsert_awaited() IS 'Makes recipients of users whose tenant was missing and is there now. Reads the users table once for all such tenants.';


--
-- Name: upsert_mirrored(postbell_private.mirrored[], jsonb); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.upsert_mirrored(people postbell_private.mirrored[], mapping jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
    perform postbell_private.unlink_recipient(array(
        select person
        from unnest(people) as person
        where person.is_erased
    ));

    with sound as materialized (
        -- A user twice in a statement is one recipient; in order, so that two statements do not lock crosswise.
        select distinct on (tenant_id, id) *
        from postbell_private.validate_recipients(people)
        where not is_erased
          and is_somebody
        order by tenant_id, id
    ),

    written as (
        insert into postbell.recipient as known (tenant_id, id, email, phone, locale, time_zone, attributes)
        select tenant_id, id, email, phone, locale, time_zone, attributes
        from sound
        on conflict (tenant_id, id) do update set
            -- What is not mapped is not the mirror's, and stays.
            email = case when mapping ? 'email' then excluded.email else known.email end,
            phone = case when mapping ? 'phone' then excluded.phone else known.phone end,
            locale = case when mapping ? 'locale' then excluded.locale else known.locale end,
            time_zone = case when mapping ? 'time_zone' then excluded.time_zone else known.time_zone end,
            attributes = case when mapping ? 'attributes' then excluded.attributes else known.attributes end,
            updated_at = postbell.clock(),
            erased_at = null
        where known.erased_at is not null
           or mapping ? 'email' and known.email is distinct from excluded.email
           or mapping ? 'phone' and known.phone is distinct from excluded.phone
           or mapping ? 'locale' and known.locale is distinct from excluded.locale
           or mapping ? 'time_zone' and known.time_zone is distinct from excluded.time_zone
           or mapping ? 'attributes' and known.attributes is distinct from excluded.attributes
    ),

    -- By person, which the offset sees to: an import of millions must not read all roles for each portion of it.
    held as (
        select role_of.tenant_id, role_of.role, role_of.recipient_id
        from sound
        cross join lateral (
            select *
            from postbell.recipient_role
            where tenant_id = sound.tenant_id
              and recipient_id = sound.id
            offset 0
        ) as role_of
        where mapping ? 'roles'
          and role_of.role <> all(sound.roles)
    ),

    taken_away as (
        delete from postbell.recipient_role
        where (tenant_id, role, recipient_id) in (table held)
    )

    insert into postbell.recipient_role (tenant_id, role, recipient_id)
    select tenant_id, unnest(roles), id
    from sound
    where mapping ? 'roles'
    on conflict do nothing;
end
$$;


--
-- Name: FUNCTION upsert_mirrored(people postbell_private.mirrored[], mapping jsonb); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.upsert_mirrored(people postbell_private.mirrored[], mapping jsonb) IS 'Makes recipients of users, or changes them: in the columns that are mapped, and only where something is different.';


--
-- Name: use_ticket(bytea); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.use_ticket(digest bytea) RETURNS TABLE(tenant_id text, recipient_id text, session_digest bytea, valid_until timestamp with time zone)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- Deleting it is what makes it one-use: of two who try at once, one finds it gone.
    with used as (
        delete from postbell_private.ticket
        where digest = use_ticket.digest
        returning *
    )

    select used.tenant_id, used.recipient_id, used.session_digest, used.valid_until
    from used
    join postbell.recipient as person on person.tenant_id = used.tenant_id and person.id = used.recipient_id
    where used.expires_at > postbell.clock()
      and person.erased_at is null
$$;


--
-- Name: FUNCTION use_ticket(digest bytea); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.use_ticket(digest bytea) IS 'Whom a ticket lets in, and until when; nothing if it was used, is too old, or never was. It is used up.';


--
-- Name: validate_event(text, text, text, jsonb, jsonb, text[], text[], text, text, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.validate_event(tenant_id text, event text, recipient text, payload jsonb, audience jsonb, channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) RETURNS TABLE(reason text, detail text)
    LANGUAGE sql STABLE
    AS $$
    select
        found.reason,
        -- Only for what is faulty: most events are not.
        case found.reason
            when 'value_too_long' then coalesce(
                (
                    select name || ' has ' || length(value) || ' characters'
                    from (values
                        ('tenant_id', validate_event.tenant_id), ('recipient', validate_event.recipient), ('subject', validate_event.subject),
                        ('actor', validate_event.actor), ('idempotency_key', validate_event.idempotency_key)
                    ) as identifier (name, value)
                    where length(value) > 255
                    limit 1
                ),
                postbell_private.find_overlong(validate_event.audience)
            )
            when 'unknown_tenant' then coalesce(validate_event.tenant_id, 'null')
            when 'unknown_event' then coalesce(left(validate_event.event, 100), 'null')
            when 'invalid_payload' then (
                select fault from postbell_private.find_payload_fault(coalesce(validate_event.payload, '{}'), found.fields)
            )
            when 'invalid_audience' then coalesce(
                postbell_private.find_audience_fault(validate_event.audience), 'neither recipient nor audience is named'
            )
            when 'invalid_channel' then case
                when array_ndims(validate_event.channels) > 1 or array_ndims(validate_event.forced_channels) > 1 then 'a list of lists'
                else (
                    select coalesce(left(named, 50), 'null')
                    from unnest(validate_event.channels || validate_event.forced_channels) as named
                    where named is null or named not in (select name from postbell.channel)
                    limit 1
                )
            end
            when 'invalid_priority' then left(validate_event.priority, 50)
            when 'invalid_time' then case
                when isfinite(validate_event.deliver_at) is false then 'deliver_at is ' || validate_event.deliver_at::text
                else 'expires_at is not after deliver_at'
            end
            when 'unknown_recipient' then validate_event.recipient
        end
    from (
        select
            kind.fields,
            case
                when greatest(
                    length(validate_event.tenant_id), length(validate_event.recipient), length(validate_event.subject),
                    length(validate_event.actor), length(validate_event.idempotency_key)
                ) > 255
                    or validate_event.audience is not null and postbell_private.find_overlong(validate_event.audience) is not null
                    then 'value_too_long'
                when t.id is null then 'unknown_tenant'
                when kind.key is null then 'unknown_event'
                when (select fault from postbell_private.find_payload_fault(coalesce(validate_event.payload, '{}'), kind.fields)) is not null
                    then 'invalid_payload'
                when validate_event.audience is null and coalesce(validate_event.recipient, '') = ''
                    or validate_event.audience is not null and postbell_private.find_audience_fault(validate_event.audience) is not null
                    then 'invalid_audience'
                when not validate_event.channels <@ array(select name from postbell.channel)
                    or not validate_event.forced_channels <@ array(select name from postbell.channel)
                    or array_ndims(validate_event.channels) > 1
                    or array_ndims(validate_event.forced_channels) > 1
                    then 'invalid_channel'
                when validate_event.priority not in ('low', 'normal', 'high', 'critical') then 'invalid_priority'
                when not isfinite(validate_event.deliver_at) or validate_event.expires_at <= validate_event.deliver_at then 'invalid_time'
                when validate_event.audience is null and person.id is null then 'unknown_recipient'
            end as reason
        from (values (1)) as one (row)
        left join postbell.tenant as t on t.id = validate_event.tenant_id
        left join postbell.event_type as kind on kind.key = validate_event.event
        left join postbell.recipient as person on person.tenant_id = validate_event.tenant_id and person.id = validate_event.recipient
    ) as found
    where found.reason is not null
$$;


--
-- Name: FUNCTION validate_event(tenant_id text, event text, recipient text, payload jsonb, audience jsonb, channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.validate_event(tenant_id text, event text, recipient text, payload jsonb, audience jsonb, channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) IS 'The first thing wrong with an event, by its name in postbell.error_codes; no row if it is sound. The router and strict mode ask the same question. Column by column: a row made anew for each look at it would cost more than all that is asked.';


--
-- Name: validate_recipients(postbell_private.mirrored[]); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.validate_recipients(people postbell_private.mirrored[]) RETURNS TABLE(tenant_id text, id text, email text, phone text, locale text, time_zone text, roles text[], attributes jsonb, is_erased boolean, is_somebody boolean, faults text[])
    LANGUAGE sql STABLE
    AS $_$
    with person as materialized (
        select
            given.tenant_id, given.id, nullif(trim(given.email), '') as email, nullif(trim(given.phone), '') as phone,
            nullif(trim(given.locale), '') as locale, nullif(trim(given.time_zone), '') as time_zone,
            given.roles, given.attributes, coalesce(given.is_erased, false) as is_erased,
            home.id is not null as has_tenant,
            coalesce(length(given.id) between 1 and 255, false) as has_id
        from unnest(people) as given
        left join postbell.tenant as home on home.id = given.tenant_id
    ),

    -- A server asks its files for each: once will do.
    zone as materialized (
        select name, postbell.is_time_zone(name) as is_known
        from (select distinct time_zone from person where time_zone is not null) as named (name)
    ),

    judged as (
        select
            person.*,
            email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 254 as has_email,
            postbell_private.normal_phone(phone) ~ '^[+][1-9][0-9]{6,14}$' and length(phone) <= 255 as has_phone,
            length(locale) <= 35 as has_locale,
            zone.is_known as has_zone,
            jsonb_typeof(attributes) = 'object' as has_attributes
        from person
        left join zone on zone.name = person.time_zone
    )

    select
        tenant_id, id,
        case when has_email then email end,
        case when has_phone then phone end,
        case when has_locale then locale end,
        case when has_zone then time_zone end,
        array(select distinct role from unnest(roles) as held (role) where length(role) between 1 and 255),
        case when has_attributes then attributes else '{}' end,
        is_erased,
        has_id and has_tenant,
        array_remove(
            array[
                case when not has_id then 'id is empty or too long: nobody is made of it' end,
                case when not has_tenant then 'tenant_id is unknown: nobody is made of it until there is such a tenant' end,
                case when not has_email then 'email is no address' end,
                case when not has_phone then 'phone is no international number, such as +33612345678' end,
                case when not has_locale then 'locale is too long' end,
                case when not has_zone then 'time_zone is no IANA name' end,
                case when not has_attributes then 'attributes is no object' end
            ],
            null
        )
    from judged
$_$;


--
-- Name: FUNCTION validate_recipients(people postbell_private.mirrored[]); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.validate_recipients(people postbell_private.mirrored[]) IS 'What of some users is of use to Postbell: an address that cannot be one is as none. The faults say what is not; with either of the first two, there is no recipient.';


--
-- Name: validate_strictly(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.validate_strictly() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    v_fault record;
begin
    select reason, detail into v_fault
    from postbell_private.validate_event(
        tenant_id => new.tenant_id, event => new.event, recipient => new.recipient,
        payload => new.payload, audience => new.audience,
        channels => new.channels, forced_channels => new.forced_channels, priority => new.priority,
        subject => new.subject, actor => new.actor, idempotency_key => new.idempotency_key,
        deliver_at => new.deliver_at, expires_at => new.expires_at
    );
    if found then
        perform postbell.raise_error(v_fault.reason, v_fault.detail);
    end if;
    return null;
end
$$;


--
-- Name: FUNCTION validate_strictly(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.validate_strictly() IS 'Raises at the INSERT what the router would otherwise reject later.';


--
-- Name: wake_router(); Type: FUNCTION; Schema: postbell_private; Owner: -
--

CREATE FUNCTION postbell_private.wake_router() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform pg_notify('postbell_wake', '');
    return null;
end
$$;


--
-- Name: FUNCTION wake_router(); Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON FUNCTION postbell_private.wake_router() IS 'Rings the doorbell of a sleeping router at commit.';


--
-- Name: fn_pgqueuer_changed(); Type: FUNCTION; Schema: postbell_queue; Owner: -
--

CREATE FUNCTION postbell_queue.fn_pgqueuer_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'postbell_queue',
            json_build_object(
                'channel', 'postbell_queue',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

END;
$$;


--
-- Name: attempt; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.attempt (
    delivery_id bigint NOT NULL,
    outcome text NOT NULL,
    provider text NOT NULL,
    provider_message_id text,
    code text,
    reason text,
    device text,
    latency_ms real,
    attempted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT outcome_is_known CHECK ((outcome = ANY (ARRAY['sent'::text, 'retry'::text, 'refused'::text, 'unknown'::text, 'failed'::text])))
);


--
-- Name: TABLE attempt; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.attempt IS 'Every call of a provider, append-only.';


--
-- Name: COLUMN attempt.code; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.attempt.code IS 'The provider''s own, such as 550 5.1.1.';


--
-- Name: COLUMN attempt.device; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.attempt.device IS 'For push: which subscription. A retry skips those already reached.';


--
-- Name: channel; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.channel (
    name text NOT NULL COLLATE pg_catalog."C",
    "position" smallint NOT NULL,
    address_kind text NOT NULL,
    is_outgoing boolean NOT NULL,
    is_kept boolean NOT NULL,
    is_interrupting boolean NOT NULL,
    batch_size smallint NOT NULL,
    crash_policy text,
    unknown_timeout interval,
    CONSTRAINT address_kind_is_known CHECK ((address_kind = ANY (ARRAY['recipient'::text, 'email'::text, 'phone'::text, 'device'::text]))),
    CONSTRAINT batch_size_is_positive CHECK ((batch_size > 0)),
    CONSTRAINT crash_policy_is_known CHECK ((crash_policy = ANY (ARRAY['send_again'::text, 'await_receipt'::text]))),
    CONSTRAINT name_is_lower_case CHECK ((name ~ '^[a-z][a-z0-9_]{0,30}$'::text)),
    CONSTRAINT only_what_goes_out_can_be_in_doubt CHECK ((is_outgoing = (num_nonnulls(crash_policy, unknown_timeout) = 2))),
    CONSTRAINT what_is_kept_does_not_interrupt CHECK ((NOT (is_kept AND is_interrupting)))
);


--
-- Name: TABLE channel; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.channel IS 'The ways to reach a person, and what is true of each. A deploy writes the rows; see sql/00_core/channels.sql.';


--
-- Name: COLUMN channel."position"; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel."position" IS 'The order in which channels are listed.';


--
-- Name: COLUMN channel.address_kind; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.address_kind IS 'Which address of a person it uses: recipient (the person''s own id), email, phone, or device (any push subscription).';


--
-- Name: COLUMN channel.is_outgoing; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.is_outgoing IS 'Whether a provider delivers it. Postbell writes the others itself.';


--
-- Name: COLUMN channel.is_kept; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.is_kept IS 'Whether it is a record for later: it never expires or waits for quiet hours, and what is muted is kept silently.';


--
-- Name: COLUMN channel.is_interrupting; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.is_interrupting IS 'Whether quiet hours hold it back unless the person says otherwise.';


--
-- Name: COLUMN channel.batch_size; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.batch_size IS 'The most deliveries that one queue job carries.';


--
-- Name: COLUMN channel.crash_policy; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.crash_policy IS 'What becomes of a delivery that was in flight in a crash: send_again (a second copy is recognised or harmless) or await_receipt (it is unknown until the provider says).';


--
-- Name: COLUMN channel.unknown_timeout; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.channel.unknown_timeout IS 'How long a delivery of unknown outcome waits for its provider before it is a dead letter.';


--
-- Name: analytics_channel_health; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.analytics_channel_health AS
 WITH tried AS MATERIALIZED (
         SELECT (d.channel)::text AS channel,
            a.provider,
            a.outcome,
            (a.latency_ms)::double precision AS latency_ms,
            a.attempted_at
           FROM (postbell.attempt a
             JOIN postbell.delivery d ON ((d.id = a.delivery_id)))
          WHERE (a.attempted_at >= (postbell.clock() - '1 day'::interval))
        ), barred AS (
         SELECT (suppression.channel)::text AS channel,
            suppression.suppressed_at
           FROM postbell.suppression
          WHERE (suppression.expires_at > postbell.clock())
        )
 SELECT channel.name AS channel,
    counted.provider,
    period.name AS period,
    counted.attempts,
    counted.sent,
    counted.retried,
    counted.refused,
    counted.failed,
    counted.unknown,
    counted.share_of_failures,
    counted.median_ms,
    counted.p99_ms,
    counted.last_at,
        CASE
            WHEN counted.is_whole THEN ( SELECT count(*) AS count
               FROM barred
              WHERE (barred.channel = channel.name))
            ELSE NULL::bigint
        END AS suppressed,
        CASE
            WHEN counted.is_whole THEN ( SELECT count(*) AS count
               FROM barred
              WHERE ((barred.channel = channel.name) AND (barred.suppressed_at >= period.since_at)))
            ELSE NULL::bigint
        END AS newly_suppressed
   FROM ((postbell.channel
     CROSS JOIN ( VALUES ('hour'::text,(postbell.clock() - '01:00:00'::interval)), ('day'::text,(postbell.clock() - '1 day'::interval))) period(name, since_at))
     CROSS JOIN LATERAL ( SELECT tried.provider,
            (GROUPING(tried.provider) = 1) AS is_whole,
            count(*) AS attempts,
            count(*) FILTER (WHERE (tried.outcome = 'sent'::text)) AS sent,
            count(*) FILTER (WHERE (tried.outcome = 'retry'::text)) AS retried,
            count(*) FILTER (WHERE (tried.outcome = 'refused'::text)) AS refused,
            count(*) FILTER (WHERE (tried.outcome = 'failed'::text)) AS failed,
            count(*) FILTER (WHERE (tried.outcome = 'unknown'::text)) AS unknown,
            round(((count(*) FILTER (WHERE (tried.outcome = ANY (ARRAY['retry'::text, 'refused'::text, 'failed'::text]))))::numeric / (NULLIF(count(*), 0))::numeric), 4) AS share_of_failures,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY tried.latency_ms) AS median_ms,
            percentile_cont((0.99)::double precision) WITHIN GROUP (ORDER BY tried.latency_ms) AS p99_ms,
            max(tried.attempted_at) AS last_at
           FROM tried
          WHERE ((tried.channel = channel.name) AND (tried.attempted_at >= period.since_at))
          GROUP BY GROUPING SETS ((tried.provider), ())) counted);


--
-- Name: VIEW analytics_channel_health; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.analytics_channel_health IS 'How each channel and each of its providers did over the last hour and the last day. Attempts are calls of a provider: a message that was tried three times counts three times.';


--
-- Name: COLUMN analytics_channel_health.channel; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.channel IS 'A name in postbell.channel.';


--
-- Name: COLUMN analytics_channel_health.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.provider IS 'Its configured name; inbox and stream are our own. Null: the channel as a whole.';


--
-- Name: COLUMN analytics_channel_health.period; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.period IS 'hour or day: the last one, until now.';


--
-- Name: COLUMN analytics_channel_health.attempts; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.attempts IS 'Calls of the provider; for push, one for each device.';


--
-- Name: COLUMN analytics_channel_health.sent; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.sent IS 'It took the message.';


--
-- Name: COLUMN analytics_channel_health.retried; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.retried IS 'It did not, and was asked again, or the next provider was.';


--
-- Name: COLUMN analytics_channel_health.refused; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.refused IS 'It will never take this message.';


--
-- Name: COLUMN analytics_channel_health.failed; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.failed IS 'The last try that a message had.';


--
-- Name: COLUMN analytics_channel_health.unknown; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.unknown IS 'Nobody knows whether it took the message: the connection was lost.';


--
-- Name: COLUMN analytics_channel_health.share_of_failures; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.share_of_failures IS 'Of the attempts, those retried, refused or failed: 0 to 1; null without attempts.';


--
-- Name: COLUMN analytics_channel_health.median_ms; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.median_ms IS 'Milliseconds that a call took; null where none is measured.';


--
-- Name: COLUMN analytics_channel_health.p99_ms; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.p99_ms IS 'The same, for all but the slowest in a hundred.';


--
-- Name: COLUMN analytics_channel_health.last_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.last_at IS 'The latest attempt.';


--
-- Name: COLUMN analytics_channel_health.suppressed; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.suppressed IS 'Addresses that must not be written to on the channel, now; null beside a provider.';


--
-- Name: COLUMN analytics_channel_health.newly_suppressed; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_channel_health.newly_suppressed IS 'Of these, those suppressed in the period; null beside a provider.';


--
-- Name: inbox_item; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.inbox_item (
    id bigint NOT NULL,
    outbox_id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    category text NOT NULL COLLATE pg_catalog."C",
    subject text,
    title text NOT NULL,
    body text NOT NULL,
    link text,
    image text,
    actions jsonb DEFAULT '[]'::jsonb NOT NULL,
    is_silent boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone,
    read_at timestamp with time zone,
    archived_at timestamp with time zone
);


--
-- Name: TABLE inbox_item; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.inbox_item IS 'What a person finds in the application''s inbox. The id is that of the delivery.';


--
-- Name: COLUMN inbox_item.actions; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.inbox_item.actions IS '[{"label": "...", "link": "..."}].';


--
-- Name: COLUMN inbox_item.is_silent; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.inbox_item.is_silent IS 'Came while muted: kept, not counted.';


--
-- Name: tenant; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.tenant (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    base_url text NOT NULL,
    currency text DEFAULT 'EUR'::text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    branding jsonb DEFAULT '{}'::jsonb NOT NULL,
    branding_version integer DEFAULT 1 NOT NULL,
    disabled_channels text[] DEFAULT '{}'::text[] NOT NULL,
    tracking text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT base_url_is_absolute CHECK ((base_url ~ '^https?://[^/\s]+'::text)),
    CONSTRAINT branding_is_an_object CHECK ((jsonb_typeof(branding) = 'object'::text)),
    CONSTRAINT currency_is_iso_4217 CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT id_is_short CHECK ((((length(id) >= 1) AND (length(id) <= 255)) AND (octet_length(id) <= 600))),
    CONSTRAINT tracking_is_of_opens_and_clicks CHECK ((tracking <@ ARRAY['opens'::text, 'clicks'::text]))
);


--
-- Name: TABLE tenant; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.tenant IS 'A website of the application.';


--
-- Name: COLUMN tenant.id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.id IS 'At most 255 characters and 600 bytes: with two more ids of 255 characters each, it fits into an entry of an index (2,704 bytes).';


--
-- Name: COLUMN tenant.base_url; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.base_url IS 'Links in messages are built from it.';


--
-- Name: COLUMN tenant.currency; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.currency IS 'For amounts whose payload names none. ISO 4217.';


--
-- Name: COLUMN tenant.locale; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.locale IS 'For recipients who have none.';


--
-- Name: COLUMN tenant.time_zone; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.time_zone IS 'For recipients who have none. IANA.';


--
-- Name: COLUMN tenant.branding; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.branding IS 'from_name, from_address, colours: what templates read as tenant.branding.';


--
-- Name: COLUMN tenant.branding_version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.branding_version IS 'Counts its changes; the former ones are in postbell.branding_version.';


--
-- Name: COLUMN tenant.disabled_channels; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.disabled_channels IS 'Channels that this website does not use.';


--
-- Name: COLUMN tenant.tracking; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant.tracking IS 'opens, clicks: what is to be known about e-mails. Nothing unless asked for, and never of a person who refuses it.';


--
-- Name: analytics_daily; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.analytics_daily AS
 WITH site AS MATERIALIZED (
         SELECT tenant.id AS tenant_id,
                CASE
                    WHEN postbell.is_time_zone(tenant.time_zone) THEN tenant.time_zone
                    ELSE 'UTC'::text
                END AS time_zone
           FROM postbell.tenant
        ), day AS (
         SELECT (listed.listed)::date AS day,
            (min((listed.listed AT TIME ZONE zone.name)) - '02:00:00'::interval) AS from_at,
            (max(((listed.listed + '1 day'::interval) AT TIME ZONE zone.name)) + '02:00:00'::interval) AS until_at
           FROM (generate_series((( SELECT ((notification.created_at)::date - 2)
                   FROM postbell_private.notification
                  ORDER BY notification.id
                 LIMIT 1))::timestamp without time zone, (((postbell.clock())::date + 2))::timestamp without time zone, '1 day'::interval) listed(listed)
             CROSS JOIN ( SELECT DISTINCT site.time_zone AS name
                   FROM site) zone)
          GROUP BY ((listed.listed)::date)
        )
 SELECT counted.tenant_id,
    day.day,
    counted.event,
    counted.channel,
    (sum(counted.wanted))::bigint AS wanted,
    (COALESCE(sum(counted.wanted) FILTER (WHERE (counted.why_not IS NOT NULL)), (0)::numeric))::bigint AS skipped,
    COALESCE(jsonb_object_agg(counted.why_not, counted.wanted) FILTER (WHERE (counted.why_not IS NOT NULL)), '{}'::jsonb) AS skipped_by_reason,
    (sum(counted.pending))::bigint AS pending,
    (sum(counted.sent))::bigint AS sent,
    (sum(counted.delivered))::bigint AS delivered,
    (sum(counted.bounced))::bigint AS bounced,
    (sum(counted.failed))::bigint AS failed,
    (sum(counted.opened))::bigint AS opened,
    (sum(counted.clicked))::bigint AS clicked,
    (sum(counted.read))::bigint AS read,
    max(counted.seconds[1]) FILTER (WHERE (counted.why_not IS NULL)) AS median_seconds,
    max(counted.seconds[2]) FILTER (WHERE (counted.why_not IS NULL)) AS p99_seconds
   FROM (day
     CROSS JOIN LATERAL ( SELECT d.tenant_id,
            d.event,
            (d.channel)::text AS channel,
                CASE
                    WHEN ((d.state)::text = ANY (ARRAY['skipped'::text, 'expired'::text, 'cancelled'::text])) THEN COALESCE(d.reason, d.decision_reason)
                    ELSE NULL::text
                END AS why_not,
            count(*) AS wanted,
            count(*) FILTER (WHERE ((d.state)::text = ANY (ARRAY['queued'::text, 'sending'::text, 'waiting'::text, 'unknown'::text]))) AS pending,
            count(d.sent_at) AS sent,
            count(*) FILTER (WHERE ((d.state)::text = 'delivered'::text)) AS delivered,
            count(*) FILTER (WHERE ((d.state)::text = 'bounced'::text)) AS bounced,
            count(*) FILTER (WHERE ((d.state)::text = ANY (ARRAY['failed'::text, 'refused'::text]))) AS failed,
            count(d.opened_at) AS opened,
            count(d.clicked_at) AS clicked,
            count(item.read_at) AS read,
            percentile_cont((ARRAY[0.5, 0.99])::double precision[]) WITHIN GROUP (ORDER BY ((EXTRACT(epoch FROM (d.sent_at - GREATEST(d.created_at, n.deliver_at))))::double precision)) FILTER (WHERE (d.decision = 'now'::text)) AS seconds
           FROM (((postbell.delivery d
             JOIN site ON ((site.tenant_id = d.tenant_id)))
             LEFT JOIN postbell_private.notification n ON ((n.id = d.notification_id)))
             LEFT JOIN postbell.inbox_item item ON ((((d.channel)::text = 'in_app'::text) AND (item.recipient_id = d.recipient_id) AND (item.tenant_id = d.tenant_id) AND (item.id = d.id))))
          WHERE ((d.created_at >= day.from_at) AND (d.created_at < day.until_at) AND (((d.created_at AT TIME ZONE site.time_zone))::date = day.day))
          GROUP BY d.tenant_id, d.event, d.channel,
                CASE
                    WHEN ((d.state)::text = ANY (ARRAY['skipped'::text, 'expired'::text, 'cancelled'::text])) THEN COALESCE(d.reason, d.decision_reason)
                    ELSE NULL::text
                END) counted)
  GROUP BY counted.tenant_id, day.day, counted.event, counted.channel;


--
-- Name: VIEW analytics_daily; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.analytics_daily IS 'What became of the events of each day, by tenant, event and channel. Name days (day >= current_date - 30), and a tenant if you can: only those are read. wanted = skipped + pending + failed + bounced + delivered + what is sent and not known to have arrived.';


--
-- Name: COLUMN analytics_daily.tenant_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.tenant_id IS 'The website.';


--
-- Name: COLUMN analytics_daily.day; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.day IS 'On which the events were emitted, in the tenant''s zone. What becomes of them later counts on the same day.';


--
-- Name: COLUMN analytics_daily.event; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.event IS 'A key of postbell.event_type.';


--
-- Name: COLUMN analytics_daily.channel; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.channel IS 'A name in postbell.channel.';


--
-- Name: COLUMN analytics_daily.wanted; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.wanted IS 'Deliveries that were decided about: one for each person and channel of an event.';


--
-- Name: COLUMN analytics_daily.skipped; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.skipped IS 'Of these, those that were not to be sent, or not any more: skipped, expired or cancelled.';


--
-- Name: COLUMN analytics_daily.skipped_by_reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.skipped_by_reason IS 'How many for each reason: {"switched_off": 3}. Reasons are those of postbell.delivery_log.';


--
-- Name: COLUMN analytics_daily.pending; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.pending IS 'Those that may still be sent, or whose provider has yet to tell: queued, sending, waiting or unknown.';


--
-- Name: COLUMN analytics_daily.sent; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.sent IS 'Those handed over to a provider, an inbox or open pages, whatever became of them since.';


--
-- Name: COLUMN analytics_daily.delivered; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.delivered IS 'Those that the other side is known to have taken. Inboxes always have; without reports (README) nobody knows of the others.';


--
-- Name: COLUMN analytics_daily.bounced; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.bounced IS 'Those that the other side gave back.';


--
-- Name: COLUMN analytics_daily.failed; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.failed IS 'Those that were given up, or that a provider refused. postbell.dead_letters has them, and the bounced ones.';


--
-- Name: COLUMN analytics_daily.opened; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.opened IS 'E-mails opened, where the tenant tracks it: a hint, for mailboxes load pictures on their own.';


--
-- Name: COLUMN analytics_daily.clicked; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.clicked IS 'E-mails of which a link was followed, where the tenant tracks it: a hint, for scanners follow links.';


--
-- Name: COLUMN analytics_daily.read; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.read IS 'Inbox items that are read now.';


--
-- Name: COLUMN analytics_daily.median_seconds; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.median_seconds IS 'From emitting (at the end of which stands the commit), or from deliver_at, to handing over; of those sent that were not held back by quiet hours. Null for none.';


--
-- Name: COLUMN analytics_daily.p99_seconds; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.analytics_daily.p99_seconds IS 'The same, for all but the slowest in a hundred.';


--
-- Name: batch_id_seq; Type: SEQUENCE; Schema: postbell; Owner: -
--

ALTER TABLE postbell.batch ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postbell.batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: branding_version; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.branding_version (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    branding jsonb NOT NULL,
    replaced_at timestamp with time zone DEFAULT now() NOT NULL,
    replaced_by text DEFAULT SESSION_USER NOT NULL
);


--
-- Name: TABLE branding_version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.branding_version IS 'What tenants looked like before: each branding that another has replaced. The one in use is in postbell.tenant.';


--
-- Name: COLUMN branding_version.version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.branding_version.version IS 'As postbell.delivery_log.template_version has it, behind the dot.';


--
-- Name: dead_letter; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.dead_letter (
    delivery_id bigint NOT NULL,
    died_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE dead_letter; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.dead_letter IS 'Deliveries given up on; postbell.retry() takes them up again.';


--
-- Name: dead_letters; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.dead_letters WITH (security_invoker='true') AS
 SELECT d.id AS delivery_id,
    d.notification_id AS outbox_id,
    d.tenant_id,
    d.recipient_id,
    d.event,
    d.channel,
    d.state,
    d.reason,
    d.attempts,
    d.provider,
    d.created_at,
    dead.died_at
   FROM (postbell.dead_letter dead
     JOIN postbell.delivery d ON ((d.id = dead.delivery_id)));


--
-- Name: VIEW dead_letters; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.dead_letters IS 'Deliveries given up on. postbell.retry() sends them again.';


--
-- Name: COLUMN dead_letters.delivery_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.delivery_id IS 'What postbell.retry() and postbell.delivery_timeline take.';


--
-- Name: COLUMN dead_letters.outbox_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.outbox_id IS 'The event; postbell.explain() says why it was sent at all.';


--
-- Name: COLUMN dead_letters.state; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.state IS 'refused: it will never be taken; failed: tried too often, or a provider never said whether it was sent; bounced: it came back.';


--
-- Name: COLUMN dead_letters.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.reason IS 'Of the last try; null where its state says it all.';


--
-- Name: COLUMN dead_letters.attempts; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.attempts IS 'How often it was tried; waiting for a provider to come back does not count.';


--
-- Name: COLUMN dead_letters.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.provider IS 'Who had it last, by its configured name.';


--
-- Name: COLUMN dead_letters.created_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.created_at IS 'When the event was emitted.';


--
-- Name: COLUMN dead_letters.died_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.dead_letters.died_at IS 'When it was given up.';


--
-- Name: delivery_id_seq; Type: SEQUENCE; Schema: postbell; Owner: -
--

ALTER TABLE postbell.delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postbell.delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: delivery_log; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.delivery_log WITH (security_invoker='true') AS
 SELECT id AS delivery_id,
    notification_id AS outbox_id,
    tenant_id,
    recipient_id,
    event,
    channel,
    state,
    COALESCE(reason, decision_reason) AS reason,
    attempts,
    provider,
    provider_message_id,
    due_at,
    created_at,
    sent_at,
    delivered_at,
    opened_at,
    clicked_at,
    template_version
   FROM postbell.delivery;


--
-- Name: VIEW delivery_log; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.delivery_log IS 'Every channel of every recipient of every event, with what became of it; skipped ones with their reason. postbell.texts_used() tells which texts of the database a template_version has.';


--
-- Name: COLUMN delivery_log.delivery_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.delivery_id IS 'Of one channel for one person. An item of postbell.inbox has the same.';


--
-- Name: COLUMN delivery_log.outbox_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.outbox_id IS 'The event; postbell.explain() says what was decided about it.';


--
-- Name: COLUMN delivery_log.channel; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.channel IS 'A name in postbell.channel.';


--
-- Name: COLUMN delivery_log.state; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.state IS 'queued, sending or waiting; sent or delivered; skipped, expired or cancelled; unknown; refused, failed or bounced.';


--
-- Name: COLUMN delivery_log.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.reason IS 'Why it is in its state, else why it was decided so the last time; postbell.explain() says it too. Of what is sent, on every channel, the decision: wanted, forced or muted.';


--
-- Name: COLUMN delivery_log.attempts; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.attempts IS 'How often it was tried.';


--
-- Name: COLUMN delivery_log.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.provider IS 'Who took it, or had it last, by its configured name; inbox and stream are our own.';


--
-- Name: COLUMN delivery_log.provider_message_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.provider_message_id IS 'What the provider calls it.';


--
-- Name: COLUMN delivery_log.due_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.due_at IS 'When it is to go out, if that is not at once.';


--
-- Name: COLUMN delivery_log.created_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.created_at IS 'When the event was emitted.';


--
-- Name: COLUMN delivery_log.sent_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.sent_at IS 'When a provider, or the inbox, took it.';


--
-- Name: COLUMN delivery_log.delivered_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.delivered_at IS 'When the provider reported that it arrived.';


--
-- Name: COLUMN delivery_log.opened_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.opened_at IS 'The first time; only where the tenant asks and the person does not refuse.';


--
-- Name: COLUMN delivery_log.clicked_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.clicked_at IS 'The first link that was followed, likewise.';


--
-- Name: COLUMN delivery_log.template_version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_log.template_version IS 'What its text was made of: a hash of the event''s templates, a dot, the number of the tenant''s branding. See postbell.texts_used().';


--
-- Name: delivery_step; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.delivery_step (
    delivery_id bigint NOT NULL,
    what text NOT NULL,
    reason text,
    happened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT step_is_known CHECK ((what = ANY (ARRAY['given_up'::text, 'stopped'::text, 'released'::text, 'retried'::text])))
);


--
-- Name: TABLE delivery_step; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.delivery_step IS 'What befell deliveries beside the calls of providers, append-only; see postbell.delivery_timeline.';


--
-- Name: COLUMN delivery_step.what; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_step.what IS 'given_up: by us and not by a provider, for a template that fails, say; stopped: not to be sent any more; released: what it had waited for is over; retried: a dead letter is sent again.';


--
-- Name: COLUMN delivery_step.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_step.reason IS 'Why it was given up or stopped; what it had waited for.';


--
-- Name: receipt; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.receipt (
    provider text NOT NULL COLLATE pg_catalog."C",
    provider_event_id text NOT NULL COLLATE pg_catalog."C",
    delivery_id bigint,
    tenant_id text COLLATE pg_catalog."C",
    provider_message_id text COLLATE pg_catalog."C",
    kind text NOT NULL,
    code text,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT detail_is_an_object CHECK ((jsonb_typeof(detail) = 'object'::text)),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['accepted'::text, 'queued'::text, 'sending'::text, 'sent'::text, 'deferred'::text, 'failed'::text, 'dropped'::text, 'undelivered'::text, 'delivered'::text, 'bounced'::text, 'opened'::text, 'clicked'::text, 'complained'::text, 'unsubscribed'::text, 'stopped'::text, 'resumed'::text])))
);


--
-- Name: TABLE receipt; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.receipt IS 'What came back about a message, append-only: each event of a provider once. Neither texts nor addresses are in it.';


--
-- Name: COLUMN receipt.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.receipt.provider IS 'Its configured name; postbell for what we see ourselves: bounce mails, opened and clicked.';


--
-- Name: COLUMN receipt.provider_event_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.receipt.provider_event_id IS 'The provider''s own id of the event: a repetition is known by it.';


--
-- Name: COLUMN receipt.delivery_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.receipt.delivery_id IS 'Null for a reply to our number, which belongs to no delivery.';


--
-- Name: COLUMN receipt.kind; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.receipt.kind IS 'See postbell.receipt_kinds.';


--
-- Name: COLUMN receipt.occurred_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.receipt.occurred_at IS 'By the provider''s clock, but never later than we heard of it.';


--
-- Name: delivery_timeline; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.delivery_timeline WITH (security_invoker='true') AS
 SELECT delivery.id AS delivery_id,
    delivery.created_at AS happened_at,
    'emitted'::text AS what,
    NULL::text AS provider,
    NULL::text AS code,
    NULL::text AS reason
   FROM postbell.delivery
UNION ALL
 SELECT delivery_step.delivery_id,
    delivery_step.happened_at,
    delivery_step.what,
    'postbell'::text AS provider,
    NULL::text AS code,
    delivery_step.reason
   FROM postbell.delivery_step
UNION ALL
 SELECT attempt.delivery_id,
    attempt.attempted_at AS happened_at,
    ('attempt: '::text || attempt.outcome) AS what,
    attempt.provider,
    attempt.code,
    attempt.reason
   FROM postbell.attempt
UNION ALL
 SELECT receipt.delivery_id,
    receipt.occurred_at AS happened_at,
    receipt.kind AS what,
    receipt.provider,
    receipt.code,
    receipt.reason
   FROM postbell.receipt
  WHERE (receipt.delivery_id IS NOT NULL);


--
-- Name: VIEW delivery_timeline; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.delivery_timeline IS 'What befell a delivery, from its event to the last receipt: every try, every failure, and what ended it. What was decided about it is in postbell.explain(). Order by happened_at; providers'' clocks may differ from ours.';


--
-- Name: COLUMN delivery_timeline.happened_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_timeline.happened_at IS 'By our clock; what a provider told, by the provider''s.';


--
-- Name: COLUMN delivery_timeline.what; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_timeline.what IS 'emitted; attempt and what came of it; given_up, stopped, released or retried, see postbell.delivery_step; or a receipt, by postbell.receipt_kinds.';


--
-- Name: COLUMN delivery_timeline.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_timeline.provider IS 'Its configured name; postbell for what we see ourselves.';


--
-- Name: COLUMN delivery_timeline.code; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_timeline.code IS 'The provider''s own, such as 550 5.1.1.';


--
-- Name: COLUMN delivery_timeline.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.delivery_timeline.reason IS 'Why it failed, was stopped or came back; of released, what it had waited for.';


--
-- Name: error_codes; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.error_codes AS
 SELECT code,
    name,
    way_out
   FROM ( VALUES ('PB001'::text,'unknown_event'::text,'Add the event''s template folder and deploy, or call postbell.register_event().'::text), ('PB002'::text,'invalid_payload'::text,'Compare the payload with the fields in postbell.event_type.'::text), ('PB003'::text,'unknown_recipient'::text,'Create the recipient with postbell.upsert_recipient() first.'::text), ('PB004'::text,'unknown_tenant'::text,'Insert the tenant into postbell.tenant first.'::text), ('PB005'::text,'invalid_audience'::text,'Use {"recipients": [...]}, {"role": "..."}, {"topic": "..."} or {"everyone": true}.'::text), ('PB006'::text,'invalid_channel'::text,( SELECT (('Channels are '::text || postbell.in_words(array_agg(channel.name ORDER BY channel."position"))) || '.'::text)
                   FROM postbell.channel)), ('PB007'::text,'invalid_priority'::text,'Priorities are low, normal, high and critical.'::text), ('PB008'::text,'invalid_time'::text,'deliver_at must be finite and earlier than expires_at.'::text), ('PB009'::text,'key_reused'::text,'An idempotency key names one event: use a key that includes the entity.'::text), ('PB010'::text,'value_too_long'::text,'Identifiers have at most 255 characters.'::text), ('PB011'::text,'unreadable_event'::text,'The detail has PostgreSQL''s own message; mend the row''s content and emit it again.'::text), ('PB020'::text,'invalid_time_zone'::text,'Use a name from pg_timezone_names, such as Europe/Paris.'::text), ('PB021'::text,'invalid_quiet_hours'::text,'Leave at least one hour a week in which the person may be reached.'::text), ('PB022'::text,'invalid_argument'::text,'The message names the argument.'::text), ('PB030'::text,'foreign_cluster'::text,'The database was restored from a dump, or upgraded with pg_upgrade: stop the producers, then select postbell.reset_router().'::text), ('PB031'::text,'router_overtaken'::text,'Another router leads; this one must stop.'::text)) listed(code, name, way_out);


--
-- Name: VIEW error_codes; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.error_codes IS 'Every SQLSTATE and every rejection reason of Postbell, with the way out of it.';


--
-- Name: event_type; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.event_type (
    key text NOT NULL COLLATE pg_catalog."C",
    label text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    category text NOT NULL COLLATE pg_catalog."C",
    version text DEFAULT ''::text NOT NULL,
    priority postbell.priority DEFAULT 'normal'::text NOT NULL,
    default_channels text[] NOT NULL,
    forced_channels text[] DEFAULT '{}'::text[] NOT NULL,
    channels text[] NOT NULL,
    notify_actor boolean DEFAULT false NOT NULL,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    disabled_at timestamp with time zone,
    registered_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT category_is_short CHECK (((length(category) >= 1) AND (length(category) <= 100))),
    CONSTRAINT fields_are_an_object CHECK ((jsonb_typeof(fields) = 'object'::text)),
    CONSTRAINT key_is_dotted_lower_case CHECK (((key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$'::text) AND (length(key) <= 100)))
);


--
-- Name: TABLE event_type; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.event_type IS 'The registry of events: what may be emitted, with which fields, to which channels by default.';


--
-- Name: COLUMN event_type.key; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.key IS 'subject.past_participle, such as order.paid.';


--
-- Name: COLUMN event_type.version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.version IS 'A hash of the templates; a delivery is rendered with one version.';


--
-- Name: COLUMN event_type.channels; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.channels IS 'Channels that have a template.';


--
-- Name: COLUMN event_type.notify_actor; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.notify_actor IS 'Whether the person who caused the event hears of it too.';


--
-- Name: COLUMN event_type.fields; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.fields IS '{"order_id": {"type": "id", "required": true}}; types as in postbell.is_of_type().';


--
-- Name: COLUMN event_type.roles; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.roles IS 'Who it is meant for; none: anybody. Whoever has other roles does not find it among their choices. Whom it is told, the producer says.';


--
-- Name: COLUMN event_type.disabled_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.event_type.disabled_at IS 'Set to stop the event everywhere; emitting it stays harmless.';


--
-- Name: inbox; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.inbox WITH (security_invoker='true') AS
 SELECT id,
    tenant_id,
    recipient_id,
    event,
    category,
    subject,
    title,
    body,
    link,
    image,
    actions,
    created_at,
    seen_at,
    read_at,
    archived_at
   FROM postbell.inbox_item;


--
-- Name: VIEW inbox; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.inbox IS 'Inbox items. Newest first: where tenant_id = … and recipient_id = … order by id desc.';


--
-- Name: mute; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.mute (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    category text COLLATE pg_catalog."C",
    event text COLLATE pg_catalog."C",
    subject text COLLATE pg_catalog."C",
    until timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    muted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT at_most_one_thing_is_named CHECK ((num_nonnulls(category, event, subject) <= 1)),
    CONSTRAINT what_is_named_is_short CHECK ((length(COALESCE(category, event, subject)) <= 255))
);


--
-- Name: TABLE mute; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.mute IS 'What a person does not want to be disturbed by for a while; nothing named means everything. The inbox keeps it, silently; other channels do not send it, now or later.';


--
-- Name: COLUMN mute.until; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.mute.until IS 'infinity: for good.';


--
-- Name: outbox_id_seq; Type: SEQUENCE; Schema: postbell; Owner: -
--

CREATE SEQUENCE postbell.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: outbox_id_seq; Type: SEQUENCE OWNED BY; Schema: postbell; Owner: -
--

ALTER SEQUENCE postbell.outbox_id_seq OWNED BY postbell.outbox.id;


--
-- Name: SEQUENCE outbox_id_seq; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON SEQUENCE postbell.outbox_id_seq IS 'Numbers events. Gaps are rollbacks.';


--
-- Name: outbox_0; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_0 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_0; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_0 IS 'A leaf of the ring.';


--
-- Name: outbox_1; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_1 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_1; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_1 IS 'A leaf of the ring.';


--
-- Name: outbox_2; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_2 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_2; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_2 IS 'A leaf of the ring.';


--
-- Name: outbox_3; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_3 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_3; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_3 IS 'A leaf of the ring.';


--
-- Name: outbox_4; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_4 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_4; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_4 IS 'A leaf of the ring.';


--
-- Name: outbox_5; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_5 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_5; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_5 IS 'A leaf of the ring.';


--
-- Name: outbox_6; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_6 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_6; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_6 IS 'A leaf of the ring.';


--
-- Name: outbox_7; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.outbox_7 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 86400), (8)::bigint) CONSTRAINT outbox_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT outbox_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell.outbox_id_seq'::regclass) CONSTRAINT outbox_id_not_null NOT NULL,
    tenant_id text DEFAULT 'default'::text,
    event text,
    recipient text,
    payload jsonb DEFAULT '{}'::jsonb,
    audience jsonb,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    actor text,
    idempotency_key text,
    deliver_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT outbox_created_at_not_null NOT NULL
);


--
-- Name: TABLE outbox_7; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.outbox_7 IS 'A leaf of the ring.';


--
-- Name: preference; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.preference (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name,
    category text COLLATE pg_catalog."C",
    event text COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT category_and_event_are_not_both_named CHECK (((category IS NULL) OR (event IS NULL)))
);


--
-- Name: TABLE preference; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.preference IS 'What a person switched on or off. A null column means all of them.';


--
-- Name: provider_choice; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.provider_choice (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name NOT NULL,
    "position" smallint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: TABLE provider_choice; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.provider_choice IS 'Which providers a tenant uses on a channel, in order of preference. Without rows: all that are configured, in the order of the file.';


--
-- Name: COLUMN provider_choice.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.provider_choice.provider IS 'A name from the file that POSTBELL_PROVIDERS names. Credentials are there, never here.';


--
-- Name: provider_report; Type: TABLE; Schema: postbell; Owner: -
--

CREATE UNLOGGED TABLE postbell.provider_report (
    process text NOT NULL COLLATE pg_catalog."C",
    provider text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name NOT NULL,
    state postbell.provider_state NOT NULL,
    reason text,
    changed_at timestamp with time zone NOT NULL,
    opens_at timestamp with time zone,
    reported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE provider_report; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.provider_report IS 'How the providers of each dispatcher are doing. Each says so at every change, and now and then.';


--
-- Name: COLUMN provider_report.process; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.provider_report.process IS 'Host and process id.';


--
-- Name: COLUMN provider_report.changed_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.provider_report.changed_at IS 'Since when it is in that state.';


--
-- Name: COLUMN provider_report.opens_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.provider_report.opens_at IS 'When it is asked again; null if it is ready.';


--
-- Name: providers; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.providers WITH (security_invoker='true') AS
 SELECT provider,
    (channel)::text AS channel,
    process,
    (state)::text AS state,
    reason,
    changed_at,
    opens_at,
    reported_at
   FROM postbell.provider_report
  WHERE (reported_at > (clock_timestamp() - '00:01:30'::interval));


--
-- Name: VIEW providers; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.providers IS 'How each provider is doing, as each running dispatcher sees it.';


--
-- Name: COLUMN providers.provider; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.provider IS 'Its configured name.';


--
-- Name: COLUMN providers.channel; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.channel IS 'email, sms or push.';


--
-- Name: COLUMN providers.process; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.process IS 'The dispatcher that reports: host and process id.';


--
-- Name: COLUMN providers.state; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.state IS 'ready; open: its circuit breaker is, since it fails or asked to be left alone; misconfigured: our configuration of it is at fault.';


--
-- Name: COLUMN providers.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.reason IS 'Why it is not ready.';


--
-- Name: COLUMN providers.changed_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.changed_at IS 'Since when it is in that state.';


--
-- Name: COLUMN providers.opens_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.opens_at IS 'When it is asked again; null if it is ready.';


--
-- Name: COLUMN providers.reported_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.providers.reported_at IS 'When the process said so; one that is silent for 90 seconds is not shown.';


--
-- Name: push_subscription; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.push_subscription (
    id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    endpoint text NOT NULL COLLATE pg_catalog."C",
    p256dh text NOT NULL COLLATE pg_catalog."C",
    auth text NOT NULL COLLATE pg_catalog."C",
    user_agent text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_reached_at timestamp with time zone,
    CONSTRAINT auth_is_16_bytes_in_base64url CHECK ((auth ~ '^[A-Za-z0-9_-]{22}$'::text)),
    CONSTRAINT endpoint_is_an_https_address CHECK (((endpoint ~ '^https://[^/?#@\\[:space:]]+/[!-~]*$'::text) AND (length(endpoint) <= 2000))),
    CONSTRAINT p256dh_is_a_point_in_base64url CHECK ((p256dh ~ '^B[A-Za-z0-9_-]{86}$'::text)),
    CONSTRAINT user_agent_is_short CHECK ((length(user_agent) <= 500))
);


--
-- Name: TABLE push_subscription; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.push_subscription IS 'A browser that may be pushed to. Deleted when its push service says that it is gone.';


--
-- Name: COLUMN push_subscription.endpoint; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.push_subscription.endpoint IS 'PushSubscription.endpoint: where its push service takes messages. Who knows it could write there, were it not for our key.';


--
-- Name: COLUMN push_subscription.p256dh; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.push_subscription.p256dh IS 'PushSubscription.getKey("p256dh"), base64url: a message is encrypted to it (RFC 8291).';


--
-- Name: COLUMN push_subscription.auth; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.push_subscription.auth IS 'PushSubscription.getKey("auth"), base64url: a secret that only the browser and we know.';


--
-- Name: COLUMN push_subscription.user_agent; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.push_subscription.user_agent IS 'So that a person can tell their devices apart.';


--
-- Name: COLUMN push_subscription.last_reached_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.push_subscription.last_reached_at IS 'When its push service last took a message.';


--
-- Name: push_subscription_id_seq; Type: SEQUENCE; Schema: postbell; Owner: -
--

ALTER TABLE postbell.push_subscription ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postbell.push_subscription_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: scheduled_notification; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.scheduled_notification (
    notification_id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    priority postbell.priority NOT NULL,
    due_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE scheduled_notification; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.scheduled_notification IS 'Events for later. Their audience is resolved when they are due.';


--
-- Name: waiting_delivery; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.waiting_delivery (
    delivery_id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    is_retry boolean NOT NULL,
    due_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE waiting_delivery; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.waiting_delivery IS 'Deliveries for later: quiet hours and retries. They are decided again when due.';


--
-- Name: queue_depth; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.queue_depth WITH (security_invoker='true') AS
 SELECT batch.tenant_id,
    (batch.channel)::text AS channel,
    (batch.priority)::text AS priority,
    sum(cardinality(batch.delivery_ids)) AS queued,
    NULL::bigint AS waiting,
    min(batch.created_at) AS oldest_at,
    NULL::bigint AS scheduled,
    NULL::bigint AS being_fanned_out
   FROM postbell.batch
  GROUP BY batch.tenant_id, batch.channel, batch.priority
UNION ALL
 SELECT w.tenant_id,
    (d.channel)::text AS channel,
    (d.priority)::text AS priority,
    NULL::bigint AS queued,
    count(*) AS waiting,
    min(w.due_at) AS oldest_at,
    NULL::bigint AS scheduled,
    NULL::bigint AS being_fanned_out
   FROM (postbell.waiting_delivery w
     JOIN postbell.delivery d ON ((d.id = w.delivery_id)))
  GROUP BY w.tenant_id, d.channel, d.priority
UNION ALL
 SELECT scheduled_notification.tenant_id,
    NULL::text AS channel,
    (scheduled_notification.priority)::text AS priority,
    NULL::bigint AS queued,
    NULL::bigint AS waiting,
    min(scheduled_notification.due_at) AS oldest_at,
    count(*) AS scheduled,
    NULL::bigint AS being_fanned_out
   FROM postbell.scheduled_notification
  GROUP BY scheduled_notification.tenant_id, scheduled_notification.priority
UNION ALL
 SELECT fanout.tenant_id,
    NULL::text AS channel,
    (fanout.priority)::text AS priority,
    NULL::bigint AS queued,
    NULL::bigint AS waiting,
    min(fanout.started_at) AS oldest_at,
    NULL::bigint AS scheduled,
    count(*) AS being_fanned_out
   FROM postbell.fanout
  GROUP BY fanout.tenant_id, fanout.priority;


--
-- Name: VIEW queue_depth; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.queue_depth IS 'How many deliveries are queued, since when, and how many wait for a later time, and for which at the earliest; and how many events are not yet decided about for all their people.';


--
-- Name: COLUMN queue_depth.channel; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.channel IS 'A name in postbell.channel; null in a row of events, which have none before they are decided about.';


--
-- Name: COLUMN queue_depth.priority; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.priority IS 'low, normal, high or critical; the higher ones are sent first.';


--
-- Name: COLUMN queue_depth.queued; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.queued IS 'Deliveries to be sent now; null in a row of those that wait.';


--
-- Name: COLUMN queue_depth.waiting; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.waiting IS 'Deliveries that wait for a later time, such as the end of quiet hours; null in a row of queued ones.';


--
-- Name: COLUMN queue_depth.oldest_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.oldest_at IS 'Since when the first is queued, or the first large audience is being told; or when the first that waits or is scheduled is due.';


--
-- Name: COLUMN queue_depth.scheduled; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.scheduled IS 'Events for a later time; who is told is decided then. Null in other rows.';


--
-- Name: COLUMN queue_depth.being_fanned_out; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.queue_depth.being_fanned_out IS 'Events whose large audience is being told, some people at a time. Null in other rows.';


--
-- Name: quiet_hours; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.quiet_hours (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    day smallint NOT NULL,
    starts time without time zone NOT NULL,
    ends time without time zone NOT NULL,
    time_zone text,
    channels text[] NOT NULL,
    CONSTRAINT day_is_iso_8601 CHECK (((day >= 1) AND (day <= 7)))
);


--
-- Name: TABLE quiet_hours; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.quiet_hours IS 'Do not disturb: one window per weekday, by the clock on the person''s wall. What falls into it waits for its end.';


--
-- Name: COLUMN quiet_hours.day; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.quiet_hours.day IS 'The weekday on which the window starts: 1 is Monday, 7 is Sunday (ISO 8601).';


--
-- Name: COLUMN quiet_hours.ends; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.quiet_hours.ends IS 'If not after starts: on the next day. Equal: a whole day.';


--
-- Name: COLUMN quiet_hours.time_zone; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.quiet_hours.time_zone IS 'Null: wherever the person is (postbell.recipient.time_zone).';


--
-- Name: COLUMN quiet_hours.channels; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.quiet_hours.channels IS 'Channels that hold their tongue; by default those that interrupt. What is kept never has to.';


--
-- Name: receipt_kinds; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.receipt_kinds AS
 SELECT kind,
    rank,
    state,
    barred_for,
    meaning
   FROM ( VALUES ('accepted'::text,1,'sent'::text,NULL::text,'The provider has it.'::text), ('queued'::text,2,'sent'::text,NULL::text,'It waits at the provider.'::text), ('sending'::text,3,'sent'::text,NULL::text,'It is leaving the provider.'::text), ('sent'::text,4,'sent'::text,NULL::text,'It has left the provider.'::text), ('deferred'::text,4,'sent'::text,NULL::text,'The other side asked for patience; the provider tries again.'::text), ('failed'::text,5,'failed'::text,NULL::text,'The provider gave up.'::text), ('dropped'::text,5,'failed'::text,NULL::text,'The provider did not even try: it knows the address.'::text), ('undelivered'::text,6,'bounced'::text,NULL::text,'The other side did not take it.'::text), ('delivered'::text,7,'delivered'::text,NULL::text,'The other side took it.'::text), ('bounced'::text,8,'bounced'::text,NULL::text,'The other side gave it back.'::text), ('opened'::text,9,'delivered'::text,NULL::text,'It was looked at, by the person or by their mailbox on its own.'::text), ('clicked'::text,9,'delivered'::text,NULL::text,'A link in it was followed, by the person or by a scanner.'::text), ('complained'::text,9,'delivered'::text,'complaint'::text,'The person called it spam.'::text), ('unsubscribed'::text,9,'delivered'::text,'unsubscribe'::text,'The person wants no more of these.'::text), ('stopped'::text,NULL::integer,NULL::text,'stop'::text,'The person answered STOP.'::text), ('resumed'::text,NULL::integer,NULL::text,NULL::text,'The person answered START.'::text)) listed(kind, rank, state, barred_for, meaning);


--
-- Name: VIEW receipt_kinds; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.receipt_kinds IS 'What each kind of receipt makes of a delivery. Of one message the highest rank counts, in whatever order they come.';


--
-- Name: recipient; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.recipient (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    email text,
    phone text,
    locale text,
    time_zone text,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    tracking_refused_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT addresses_are_short CHECK ((GREATEST(length(email), length(phone), length(locale)) <= 255)),
    CONSTRAINT attributes_are_an_object CHECK ((jsonb_typeof(attributes) = 'object'::text)),
    CONSTRAINT id_is_short CHECK (((length(id) >= 1) AND (length(id) <= 255)))
);


--
-- Name: TABLE recipient; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.recipient IS 'A person, by the application''s own id.';


--
-- Name: COLUMN recipient.phone; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.recipient.phone IS 'E.164, such as +33612345678.';


--
-- Name: COLUMN recipient.locale; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.recipient.locale IS 'BCP 47, such as fr-CA; the tenant''s if null.';


--
-- Name: COLUMN recipient.time_zone; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.recipient.time_zone IS 'IANA, such as Europe/Paris; the tenant''s if null or unknown.';


--
-- Name: COLUMN recipient.attributes; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.recipient.attributes IS 'What templates read as recipient.attributes.';


--
-- Name: COLUMN recipient.tracking_refused_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.recipient.tracking_refused_at IS 'Whether they open mails or follow links is nobody''s business since then; see postbell.refuse_tracking().';


--
-- Name: recipient_role; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.recipient_role (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT role_is_short CHECK (((length(role) >= 1) AND (length(role) <= 255)))
);


--
-- Name: TABLE recipient_role; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.recipient_role IS 'Who has which role; {"role": "support"} addresses them all.';


--
-- Name: rejected_event; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.rejected_event (
    outbox_id bigint NOT NULL,
    tenant_id text,
    event text,
    recipient text,
    reason text NOT NULL,
    detail text,
    source jsonb,
    created_at timestamp with time zone NOT NULL,
    rejected_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE rejected_event; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.rejected_event IS 'Events that could not be routed, whole, with the reason; and people of an audience who could not be told, one row each.';


--
-- Name: rejected_events; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.rejected_events WITH (security_invoker='true') AS
 SELECT outbox_id,
    tenant_id,
    event,
    recipient,
    reason,
    detail,
    created_at
   FROM postbell.rejected_event;


--
-- Name: VIEW rejected_events; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.rejected_events IS 'Events that told nobody anything, or not this person of their audience, and why; postbell.error_codes has the way out of each reason.';


--
-- Name: COLUMN rejected_events.outbox_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.rejected_events.outbox_id IS 'The event. What it speaks of was committed all the same.';


--
-- Name: COLUMN rejected_events.recipient; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.rejected_events.recipient IS 'As the event named them, or the one of its audience who could not be told; null for a whole audience.';


--
-- Name: COLUMN rejected_events.reason; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.rejected_events.reason IS 'By postbell.error_codes, which has the way out.';


--
-- Name: COLUMN rejected_events.detail; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.rejected_events.detail IS 'What exactly, such as the field of the payload.';


--
-- Name: COLUMN rejected_events.created_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.rejected_events.created_at IS 'When the event was emitted.';


--
-- Name: reply_word; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.reply_word (
    word text NOT NULL,
    meaning text NOT NULL,
    CONSTRAINT meaning_is_known CHECK ((meaning = ANY (ARRAY['stop'::text, 'start'::text, 'help'::text]))),
    CONSTRAINT word_is_upper_case CHECK (((word = upper(TRIM(BOTH FROM word))) AND (word <> ''::text)))
);


--
-- Name: TABLE reply_word; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.reply_word IS 'What people answer to a text message and mean by it. Add the words of your languages.';


--
-- Name: revision; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.revision (
    version_num character varying(32) NOT NULL
);


--
-- Name: TABLE revision; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.revision IS 'The migration that this schema has. Alembic keeps it.';


--
-- Name: template_set; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.template_set (
    version text CONSTRAINT edition_version_not_null NOT NULL COLLATE pg_catalog."C",
    event text CONSTRAINT edition_event_not_null NOT NULL COLLATE pg_catalog."C",
    text_ids bigint[] CONSTRAINT edition_text_ids_not_null NOT NULL,
    first_used_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT edition_first_used_at_not_null NOT NULL
);


--
-- Name: TABLE template_set; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.template_set IS 'Versions of events'' templates that have texts of the database in them. One that is not here is of files alone.';


--
-- Name: COLUMN template_set.version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.template_set.version IS 'As postbell.delivery_log.template_version has it, in front of the dot.';


--
-- Name: COLUMN template_set.text_ids; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.template_set.text_ids IS 'Of postbell.text_version: what took the place of files, or stood where there was none.';


--
-- Name: tenant_event; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.tenant_event (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    default_channels text[],
    disabled_at timestamp with time zone
);


--
-- Name: TABLE tenant_event; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.tenant_event IS 'What a tenant wants otherwise than the event''s defaults.';


--
-- Name: COLUMN tenant_event.default_channels; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant_event.default_channels IS 'Instead of the event''s; null leaves them.';


--
-- Name: COLUMN tenant_event.disabled_at; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.tenant_event.disabled_at IS 'Set to stop the event for this tenant.';


--
-- Name: text_fault; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.text_fault (
    text_id bigint NOT NULL,
    fault text NOT NULL,
    instead text NOT NULL,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE text_fault; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.text_fault IS 'Texts that a dispatcher could not use, and why. Messages go on with an earlier one.';


--
-- Name: COLUMN text_fault.instead; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.text_fault.instead IS 'What is used in its place, such as version 2.';


--
-- Name: text_version; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.text_version (
    id bigint NOT NULL,
    tenant_id text COLLATE pg_catalog."C",
    path text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    content text,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT content_is_a_text_and_not_a_book CHECK ((length(content) <= 262144)),
    CONSTRAINT path_is_that_of_a_template CHECK (((length(path) <= 200) AND ((path ~ '^(layouts|partials)(/[a-z0-9_-]+)*/[a-z0-9_.-]+\.(html|txt)$'::text) OR (path ~ '^[a-z0-9_]+(/[a-z0-9_]+)+(/[a-z0-9-]+)?/([a-z0-9_.]+\.(html|txt)|[a-z0-9_]+\.json)$'::text))))
);


--
-- Name: TABLE text_version; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.text_version IS 'Texts that take the place of template files, each version of each. Written by postbell.set_text() and postbell.roll_back_text().';


--
-- Name: COLUMN text_version.tenant_id; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.text_version.tenant_id IS 'Whose messages say it; null: everybody''s, where a tenant has no text of its own.';


--
-- Name: COLUMN text_version.path; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.text_version.path IS 'That of the template file whose place it takes: order/paid/fr/email.html, layouts/email.html.';


--
-- Name: COLUMN text_version.content; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.text_version.content IS 'Null: from here on it is the shipped file again, or for a tenant, what everybody has.';


--
-- Name: COLUMN text_version.note; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.text_version.note IS 'Why it was changed, for whoever reads the history.';


--
-- Name: COLUMN text_version.created_by; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.text_version.created_by IS 'The login.';


--
-- Name: text_version_id_seq; Type: SEQUENCE; Schema: postbell; Owner: -
--

ALTER TABLE postbell.text_version ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postbell.text_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: texts; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.texts AS
 SELECT newest.tenant_id,
    newest.path,
    newest.version,
    newest.content,
    newest.note,
    newest.created_at,
    newest.created_by,
    found.fault,
    found.instead,
    found.found_at
   FROM (( SELECT DISTINCT ON (text_version.tenant_id, text_version.path) text_version.id,
            text_version.tenant_id,
            text_version.path,
            text_version.version,
            text_version.content,
            text_version.note,
            text_version.created_at,
            text_version.created_by
           FROM postbell.text_version
          ORDER BY text_version.tenant_id, text_version.path, text_version.version DESC) newest
     LEFT JOIN postbell.text_fault found ON ((found.text_id = newest.id)))
  WHERE (newest.content IS NOT NULL);


--
-- Name: VIEW texts; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.texts IS 'The texts that take the place of template files, of each tenant and (null) of everybody, with what a dispatcher found wrong with them. What was taken back is in postbell.text_version alone.';


--
-- Name: COLUMN texts.fault; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.texts.fault IS 'Why dispatchers do not use this version, or could not for some message.';


--
-- Name: COLUMN texts.instead; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON COLUMN postbell.texts.instead IS 'What they use in its place.';


--
-- Name: topic_member; Type: TABLE; Schema: postbell; Owner: -
--

CREATE TABLE postbell.topic_member (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    topic text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT topic_is_short CHECK (((length(topic) >= 1) AND (length(topic) <= 255)))
);


--
-- Name: TABLE topic_member; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TABLE postbell.topic_member IS 'Who follows which topic; {"topic": "thread:7"} addresses them all.';


--
-- Name: unread_counts; Type: VIEW; Schema: postbell; Owner: -
--

CREATE VIEW postbell.unread_counts WITH (security_invoker='true') AS
 SELECT person.tenant_id,
    person.id AS recipient_id,
    counted.unread
   FROM (postbell.recipient person
     CROSS JOIN LATERAL ( SELECT count(*) AS unread
           FROM ( SELECT
                   FROM postbell.inbox_item item
                  WHERE ((item.tenant_id = person.tenant_id) AND (item.recipient_id = person.id) AND (item.read_at IS NULL) AND (item.archived_at IS NULL) AND (NOT item.is_silent))
                 LIMIT 100) unread_item) counted);


--
-- Name: VIEW unread_counts; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON VIEW postbell.unread_counts IS 'How many inbox items each person has not read, counted to 100 and never stored. Silent and archived ones do not count.';


--
-- Name: cancellation; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.cancellation (
    id bigint NOT NULL,
    tenant_id text COLLATE pg_catalog."C",
    subject text COLLATE pg_catalog."C",
    outbox_id bigint,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    snapshot pg_snapshot DEFAULT pg_current_snapshot() NOT NULL,
    cancelled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT one_thing_is_cancelled CHECK ((num_nonnulls(subject, outbox_id) = 1))
);


--
-- Name: TABLE cancellation; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.cancellation IS 'Tombstones: events of the subject that the canceller could see are not delivered; later ones are.';


--
-- Name: cancellation_id_seq; Type: SEQUENCE; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.cancellation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postbell_private.cancellation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: duplicate_event; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.duplicate_event (
    outbox_id bigint NOT NULL,
    first_outbox_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE duplicate_event; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.duplicate_event IS 'Events that repeat an earlier one under its idempotency key, and so tell nobody anything.';


--
-- Name: early_receipt; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.early_receipt (
    provider text NOT NULL COLLATE pg_catalog."C",
    provider_event_id text NOT NULL COLLATE pg_catalog."C",
    delivery_id bigint,
    provider_message_id text COLLATE pg_catalog."C",
    receipt jsonb NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT receipt_names_a_message CHECK ((num_nonnulls(delivery_id, provider_message_id) > 0))
);


--
-- Name: TABLE early_receipt; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.early_receipt IS 'Receipts that came while their message was still being handed over, or before we knew its id. postbell_private.match_receipts() takes them up, or postbell_private.forget_early_receipts() drops them after an hour.';


--
-- Name: COLUMN early_receipt.received_at; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.early_receipt.received_at IS 'When it came first; waiting for its message does not renew it.';


--
-- Name: fanout_member; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.fanout_member (
    notification_id bigint NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: TABLE fanout_member; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.fanout_member IS 'An explicit list of recipients, in order: it is taken out of the event once, and not anew for each chunk. Who has been decided about is deleted.';


--
-- Name: fanout_turn; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.fanout_turn (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    served_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE fanout_turn; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.fanout_turn IS 'When each tenant''s audiences last had their turn; the one that waited longest is next.';


--
-- Name: idempotency_key; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.idempotency_key (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    fingerprint bytea NOT NULL,
    outbox_id bigint NOT NULL
);


--
-- Name: TABLE idempotency_key; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.idempotency_key IS 'Which event used a key, and a hash of what it said.';


--
-- Name: missing_tenant; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.missing_tenant (
    id bigint NOT NULL,
    source regclass NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    noted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_id_is_short CHECK ((((length(tenant_id) >= 1) AND (length(tenant_id) <= 255)) AND (octet_length(tenant_id) <= 600)))
);


--
-- Name: TABLE missing_tenant; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.missing_tenant IS 'A tenant that a mirrored users table names and that does not exist. Its users become recipients when it does.';


--
-- Name: COLUMN missing_tenant.source; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.missing_tenant.source IS 'The users table.';


--
-- Name: missing_tenant_id_seq; Type: SEQUENCE; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.missing_tenant ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postbell_private.missing_tenant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: operator_session; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.operator_session (
    digest bytea NOT NULL,
    operator text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT operator_is_short CHECK (((length(operator) >= 1) AND (length(operator) <= 255)))
);


--
-- Name: TABLE operator_session; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.operator_session IS 'Which operators are logged in to the gateway. Deleting a row logs out.';


--
-- Name: COLUMN operator_session.digest; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.operator_session.digest IS 'SHA-256 of what the cookie holds.';


--
-- Name: COLUMN operator_session.operator; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.operator_session.operator IS 'Whom the token named: it shows in the gateway''s log beside what they do. No recipient.';


--
-- Name: recipient_mirror; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.recipient_mirror (
    source regclass NOT NULL,
    mapping jsonb NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    mirrored_at timestamp with time zone DEFAULT now() NOT NULL,
    failed_at timestamp with time zone,
    failure text,
    CONSTRAINT failure_has_a_time CHECK (((failed_at IS NULL) = (failure IS NULL))),
    CONSTRAINT mapping_is_an_object CHECK ((jsonb_typeof(mapping) = 'object'::text))
);


--
-- Name: TABLE recipient_mirror; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.recipient_mirror IS 'A users table of the application that recipients follow. postbell.mirror_faults() shows what of its rows is of no use.';


--
-- Name: COLUMN recipient_mirror.mapping; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.recipient_mirror.mapping IS 'Column of a recipient → column of the table, as given to postbell.mirror_recipients().';


--
-- Name: COLUMN recipient_mirror.tenant_id; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.recipient_mirror.tenant_id IS 'Whose recipients they are, if the mapping names no column for it.';


--
-- Name: COLUMN recipient_mirror.failed_at; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.recipient_mirror.failed_at IS 'When a change of the table could not be followed, say because a column is gone. Mend it and mirror again.';


--
-- Name: session; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.session (
    digest bytea NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE session; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.session IS 'Who is logged in to the gateway. Deleting a row logs out.';


--
-- Name: COLUMN session.digest; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.session.digest IS 'SHA-256 of what the cookie holds.';


--
-- Name: stop; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stop (
    provider text NOT NULL COLLATE pg_catalog."C",
    channel postbell.channel_name NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    said_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT address_is_normalised CHECK ((address = lower(TRIM(BOTH FROM address)))),
    CONSTRAINT address_is_short CHECK ((length(address) <= 255))
);


--
-- Name: TABLE stop; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stop IS 'Who answered STOP to a number of ours, until they answer START. It is suppressed for each tenant that sends from there, also for one that comes later.';


--
-- Name: COLUMN stop.provider; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stop.provider IS 'Whose number it is: a name from the file that POSTBELL_PROVIDERS names.';


--
-- Name: stream_epoch; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE UNLOGGED TABLE postbell_private.stream_epoch (
    is_the_only_one boolean DEFAULT true NOT NULL,
    epoch bigint NOT NULL,
    system_identifier bigint NOT NULL,
    CONSTRAINT there_is_one_epoch CHECK (is_the_only_one)
);


--
-- Name: TABLE stream_epoch; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_epoch IS 'The time since the server last came up from a crash, a failover or a restore. A position in the stream is good for one epoch; who comes from another looks anew.';


--
-- Name: COLUMN stream_epoch.epoch; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_epoch.epoch IS 'A random number.';


--
-- Name: COLUMN stream_epoch.system_identifier; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_epoch.system_identifier IS 'Of the cluster: a dump may bring the row into another one.';


--
-- Name: stream_event_id_seq; Type: SEQUENCE; Schema: postbell_private; Owner: -
--

CREATE SEQUENCE postbell_private.stream_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: stream_event_id_seq; Type: SEQUENCE OWNED BY; Schema: postbell_private; Owner: -
--

ALTER SEQUENCE postbell_private.stream_event_id_seq OWNED BY postbell_private.stream_event.id;


--
-- Name: SEQUENCE stream_event_id_seq; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON SEQUENCE postbell_private.stream_event_id_seq IS 'Numbers what open pages are told. Gaps are rollbacks.';


--
-- Name: stream_event_0; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_0 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_0; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_0 IS 'A leaf of the ring.';


--
-- Name: stream_event_1; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_1 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_1; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_1 IS 'A leaf of the ring.';


--
-- Name: stream_event_2; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_2 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_2; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_2 IS 'A leaf of the ring.';


--
-- Name: stream_event_3; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_3 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_3; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_3 IS 'A leaf of the ring.';


--
-- Name: stream_event_4; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_4 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_4; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_4 IS 'A leaf of the ring.';


--
-- Name: stream_event_5; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_5 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_5; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_5 IS 'A leaf of the ring.';


--
-- Name: stream_event_6; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_6 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_6; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_6 IS 'A leaf of the ring.';


--
-- Name: stream_event_7; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_event_7 (
    slot smallint DEFAULT mod(((EXTRACT(epoch FROM now()))::bigint / 10800), (8)::bigint) CONSTRAINT stream_event_slot_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT stream_event_xid_not_null NOT NULL,
    id bigint DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass) CONSTRAINT stream_event_id_not_null NOT NULL,
    tenant_id text CONSTRAINT stream_event_tenant_id_not_null NOT NULL COLLATE pg_catalog."C",
    kind postbell_private.stream_kind CONSTRAINT stream_event_kind_not_null NOT NULL,
    recipient_id text COLLATE pg_catalog."C",
    frame json,
    recipient_ids text[],
    item_ids bigint[],
    created_at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT stream_event_created_at_not_null NOT NULL
);


--
-- Name: TABLE stream_event_7; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_event_7 IS 'A leaf of the ring.';


--
-- Name: stream_truncation; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.stream_truncation (
    slot smallint NOT NULL,
    last_xid xid8 NOT NULL,
    truncated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: TABLE stream_truncation; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.stream_truncation IS 'What each leaf of the ring held when it was last emptied: who was away since before that may have missed something.';


--
-- Name: COLUMN stream_truncation.last_xid; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.stream_truncation.last_xid IS 'The last transaction in the leaf.';


--
-- Name: ticket; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.ticket (
    digest bytea NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    recipient_id text NOT NULL COLLATE pg_catalog."C",
    session_digest bytea,
    expires_at timestamp with time zone NOT NULL,
    valid_until timestamp with time zone NOT NULL
);


--
-- Name: TABLE ticket; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.ticket IS 'Good for opening one stream, once and soon, where a cookie does not travel: it may stand in an address, which gets into logs.';


--
-- Name: COLUMN ticket.digest; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.ticket.digest IS 'SHA-256 of the ticket.';


--
-- Name: COLUMN ticket.session_digest; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.ticket.session_digest IS 'The session that it was issued to, and with which it ends; null if a token was shown instead.';


--
-- Name: COLUMN ticket.expires_at; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.ticket.expires_at IS 'Until when it may be used.';


--
-- Name: COLUMN ticket.valid_until; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON COLUMN postbell_private.ticket.valid_until IS 'Until when what it stands for is valid, and a stream opened with it may stay open.';


--
-- Name: unknown_delivery; Type: TABLE; Schema: postbell_private; Owner: -
--

CREATE TABLE postbell_private.unknown_delivery (
    delivery_id bigint NOT NULL,
    due_at timestamp with time zone NOT NULL
);


--
-- Name: TABLE unknown_delivery; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TABLE postbell_private.unknown_delivery IS 'Deliveries that may or may not have been sent, until their provider tells, or is given up waiting for; see postbell_private.settle_unknown().';


--
-- Name: pgqueuer; Type: TABLE; Schema: postbell_queue; Owner: -
--

CREATE TABLE postbell_queue.pgqueuer (
    id bigint NOT NULL,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    status postbell_queue.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    slot bigint
);


--
-- Name: pgqueuer_id_seq; Type: SEQUENCE; Schema: postbell_queue; Owner: -
--

CREATE SEQUENCE postbell_queue.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: pgqueuer_id_seq; Type: SEQUENCE OWNED BY; Schema: postbell_queue; Owner: -
--

ALTER SEQUENCE postbell_queue.pgqueuer_id_seq OWNED BY postbell_queue.pgqueuer.id;


--
-- Name: pgqueuer_log; Type: TABLE; Schema: postbell_queue; Owner: -
--

CREATE TABLE postbell_queue.pgqueuer_log (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint NOT NULL,
    status postbell_queue.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);


--
-- Name: pgqueuer_log_id_seq; Type: SEQUENCE; Schema: postbell_queue; Owner: -
--

ALTER TABLE postbell_queue.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME postbell_queue.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgqueuer_schedules; Type: TABLE; Schema: postbell_queue; Owner: -
--

CREATE TABLE postbell_queue.pgqueuer_schedules (
    id bigint NOT NULL,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    status postbell_queue.pgqueuer_status DEFAULT 'queued'::postbell_queue.pgqueuer_status
);


--
-- Name: pgqueuer_schedules_id_seq; Type: SEQUENCE; Schema: postbell_queue; Owner: -
--

CREATE SEQUENCE postbell_queue.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: pgqueuer_schedules_id_seq; Type: SEQUENCE OWNED BY; Schema: postbell_queue; Owner: -
--

ALTER SEQUENCE postbell_queue.pgqueuer_schedules_id_seq OWNED BY postbell_queue.pgqueuer_schedules.id;


--
-- Name: pgqueuer_statistics; Type: TABLE; Schema: postbell_queue; Owner: -
--

CREATE TABLE postbell_queue.pgqueuer_statistics (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
    count bigint NOT NULL,
    priority integer NOT NULL,
    status postbell_queue.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);


--
-- Name: pgqueuer_statistics_id_seq; Type: SEQUENCE; Schema: postbell_queue; Owner: -
--

CREATE SEQUENCE postbell_queue.pgqueuer_statistics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: pgqueuer_statistics_id_seq; Type: SEQUENCE OWNED BY; Schema: postbell_queue; Owner: -
--

ALTER SEQUENCE postbell_queue.pgqueuer_statistics_id_seq OWNED BY postbell_queue.pgqueuer_statistics.id;


--
-- Name: users; Type: TABLE; Schema: shop; Owner: -
--

CREATE TABLE shop.users (
    id bigint NOT NULL,
    mail text,
    site text DEFAULT 'default'::text NOT NULL
);


--
-- Name: outbox_0; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_0 FOR VALUES IN ('0');


--
-- Name: outbox_1; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_1 FOR VALUES IN ('1');


--
-- Name: outbox_2; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_2 FOR VALUES IN ('2');


--
-- Name: outbox_3; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_3 FOR VALUES IN ('3');


--
-- Name: outbox_4; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_4 FOR VALUES IN ('4');


--
-- Name: outbox_5; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_5 FOR VALUES IN ('5');


--
-- Name: outbox_6; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_6 FOR VALUES IN ('6');


--
-- Name: outbox_7; Type: TABLE ATTACH; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ATTACH PARTITION postbell.outbox_7 FOR VALUES IN ('7');


--
-- Name: stream_event_0; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_0 FOR VALUES IN ('0');


--
-- Name: stream_event_1; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_1 FOR VALUES IN ('1');


--
-- Name: stream_event_2; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_2 FOR VALUES IN ('2');


--
-- Name: stream_event_3; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_3 FOR VALUES IN ('3');


--
-- Name: stream_event_4; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_4 FOR VALUES IN ('4');


--
-- Name: stream_event_5; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_5 FOR VALUES IN ('5');


--
-- Name: stream_event_6; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_6 FOR VALUES IN ('6');


--
-- Name: stream_event_7; Type: TABLE ATTACH; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ATTACH PARTITION postbell_private.stream_event_7 FOR VALUES IN ('7');


--
-- Name: outbox id; Type: DEFAULT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.outbox ALTER COLUMN id SET DEFAULT nextval('postbell.outbox_id_seq'::regclass);


--
-- Name: stream_event id; Type: DEFAULT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_event ALTER COLUMN id SET DEFAULT nextval('postbell_private.stream_event_id_seq'::regclass);


--
-- Name: pgqueuer id; Type: DEFAULT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer ALTER COLUMN id SET DEFAULT nextval('postbell_queue.pgqueuer_id_seq'::regclass);


--
-- Name: pgqueuer_schedules id; Type: DEFAULT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer_schedules ALTER COLUMN id SET DEFAULT nextval('postbell_queue.pgqueuer_schedules_id_seq'::regclass);


--
-- Name: pgqueuer_statistics id; Type: DEFAULT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer_statistics ALTER COLUMN id SET DEFAULT nextval('postbell_queue.pgqueuer_statistics_id_seq'::regclass);


--
-- Data for Name: attempt; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.attempt (delivery_id, outcome, provider, provider_message_id, code, reason, device, latency_ms, attempted_at) FROM stdin;
1	sent	inbox	\N	\N	\N	\N	\N	2026-11-30 00:36:26.498805+00
4	sent	inbox	\N	\N	\N	\N	\N	2026-11-30 00:36:26.499137+00
5	sent	inbox	\N	\N	\N	\N	\N	2026-11-30 00:36:26.499212+00
2	sent	scripted	<postbell.9540c9d991b15bab524327092e3c3a1d@postbell.example>	250	\N	\N	0.064091	2026-11-30 00:36:26.505936+00
3	sent	scripted	<postbell.31ca22c607c5f096c5f71a6b2313f0c5@postbell.example>	250	\N	\N	0.014006	2026-11-30 00:36:26.506067+00
8	unknown	test	m8	250	no answer	\N	1.5	2026-11-30 00:36:26.650107+00
9	retry	test	m9	250	greylisted	\N	1.5	2026-11-30 00:36:26.709982+00
10	refused	test	m10	250	mailbox unavailable	\N	1.5	2026-11-30 00:36:26.755567+00
11	sent	test	m11	250	\N	\N	1.5	2026-11-30 00:36:26.785617+00
\.


--
-- Data for Name: batch; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.batch (id, tenant_id, channel, priority, is_bulk, delivery_ids, claims, claim_token, created_at, claimed_at) FROM stdin;
7	default	email	normal	f	{12}	1	3e6c3851-f183-45d3-82af-8476c17b0bfa	2026-11-30 00:36:26.798009+00	\N
8	default	push	normal	f	{14}	0	\N	2026-11-30 00:36:26.838264+00	\N
9	default	in_app	normal	f	{15}	1	3c2dc7e5-f547-4c69-82cc-b86b71a5050d	2026-11-30 00:36:26.849576+00	2026-11-30 00:36:26.853881+00
10	default	in_app	normal	t	{16,17,18,19,20,21,22,23,24,25}	0	\N	2026-11-30 00:36:26.899535+00	\N
\.


--
-- Data for Name: branding_version; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.branding_version (tenant_id, version, branding, replaced_at, replaced_by) FROM stdin;
default	1	{}	2026-11-30 00:36:25.775843+00	postgres
boutique	1	{}	2026-11-30 00:36:25.775843+00	postgres
\.


--
-- Data for Name: channel; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.channel (name, "position", address_kind, is_outgoing, is_kept, is_interrupting, batch_size, crash_policy, unknown_timeout) FROM stdin;
in_app	1	recipient	f	t	f	250	\N	\N
email	2	email	t	f	f	50	send_again	01:00:00
sms	3	phone	t	f	t	50	await_receipt	12:00:00
push	4	device	t	f	t	50	send_again	01:00:00
sse	5	recipient	f	f	t	50	\N	\N
\.


--
-- Data for Name: dead_letter; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.dead_letter (delivery_id, died_at) FROM stdin;
10	2026-11-30 00:36:26.757183+00
12	2026-11-30 00:36:26.805493+00
\.


--
-- Data for Name: delivery; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.delivery (id, notification_id, tenant_id, recipient_id, event, channel, priority, decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version, due_at, created_at, sent_at, delivered_at, opened_at, clicked_at) FROM stdin;
6	7	default	u5	order.paid	email	normal	no	4	address_suppressed	f	skipped	\N	0	\N	\N	\N	\N	2026-11-30 00:36:25.9041+00	\N	\N	\N	\N
7	9	boutique	u1	order.paid	in_app	normal	no	1	tenant_event_disabled	f	skipped	\N	0	\N	\N	\N	\N	2026-11-30 00:36:25.905779+00	\N	\N	\N	\N
1	1	default	u1	order.paid	in_app	normal	now	11	wanted	f	delivered	\N	1	inbox	\N	535f7c4d3485d4e9.2	2026-11-30 00:36:26.280151+00	2026-11-30 00:36:25.896087+00	2026-11-30 00:36:26.498005+00	2026-11-30 00:36:26.498005+00	\N	\N
4	3	default	u1	order.paid	in_app	normal	now	11	wanted	f	delivered	\N	1	inbox	\N	535f7c4d3485d4e9.2	2026-11-30 00:36:26.280151+00	2026-11-30 00:36:25.900073+00	2026-11-30 00:36:26.498747+00	2026-11-30 00:36:26.498747+00	\N	\N
5	6	default	u3	order.paid	in_app	normal	now	7	muted	t	delivered	\N	1	inbox	\N	535f7c4d3485d4e9.2	2026-11-30 00:36:26.280151+00	2026-11-30 00:36:25.903223+00	2026-11-30 00:36:26.498784+00	2026-11-30 00:36:26.498784+00	\N	\N
2	2	default	u1	order.paid	email	normal	now	11	wanted	f	sent	\N	1	scripted	<postbell.9540c9d991b15bab524327092e3c3a1d@postbell.example>	535f7c4d3485d4e9.2	2026-11-30 00:36:26.280151+00	2026-11-30 00:36:25.898856+00	2026-11-30 00:36:26.511447+00	\N	\N	\N
3	3	default	u1	order.paid	email	normal	now	11	wanted	f	sent	\N	1	scripted	<postbell.31ca22c607c5f096c5f71a6b2313f0c5@postbell.example>	535f7c4d3485d4e9.2	2026-11-30 00:36:26.280151+00	2026-11-30 00:36:25.900073+00	2026-11-30 00:36:26.511526+00	\N	\N	\N
8	10	default	u1	order.paid	sms	normal	now	11	wanted	f	unknown	no answer	1	test	m8	\N	2026-11-30 00:36:26.571761+00	2026-11-30 00:36:26.5704+00	\N	\N	\N	\N
9	11	default	u1	order.paid	email	normal	now	11	wanted	f	waiting	greylisted	1	test	m9	\N	2026-11-30 00:37:26.711579+00	2026-11-30 00:36:26.659765+00	\N	\N	\N	\N
10	12	default	u1	order.paid	email	normal	now	11	wanted	f	refused	mailbox unavailable	1	test	m10	\N	2026-11-30 00:36:26.716582+00	2026-11-30 00:36:26.715757+00	\N	\N	\N	\N
12	14	default	u1	order.paid	email	normal	now	11	wanted	f	failed	template: amount is missing	0	\N	\N	\N	2026-11-30 00:36:26.791322+00	2026-11-30 00:36:26.790605+00	\N	\N	\N	\N
13	15	default	u4	order.paid	email	normal	later	10	quiet_hours	f	waiting	\N	0	\N	\N	\N	2026-11-30 03:00:00+00	2026-11-30 00:36:26.807902+00	\N	\N	\N	\N
14	16	default	u1	order.paid	push	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.83147+00	2026-11-30 00:36:26.830322+00	\N	\N	\N	\N
15	17	default	u2	order.paid	in_app	normal	now	11	wanted	f	sending	\N	1	\N	\N	\N	2026-11-30 00:36:26.843468+00	2026-11-30 00:36:26.842447+00	\N	\N	\N	\N
16	19	default	p1	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
17	19	default	p10	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
18	19	default	p11	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
19	19	default	p12	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
20	19	default	p13	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
21	19	default	p14	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
22	19	default	p15	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
11	13	default	u1	order.paid	sms	normal	now	11	wanted	f	delivered	\N	1	test	m11	\N	2026-11-30 00:36:26.762314+00	2026-11-30 00:36:26.76157+00	2026-11-30 00:36:26.787028+00	2026-11-30 00:36:26.903541+00	\N	\N
23	19	default	p16	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
24	19	default	p17	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
25	19	default	p18	order.paid	in_app	normal	now	11	wanted	f	queued	\N	0	\N	\N	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.876096+00	\N	\N	\N	\N
\.


--
-- Data for Name: delivery_step; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.delivery_step (delivery_id, what, reason, happened_at) FROM stdin;
12	given_up	template: amount is missing	2026-11-30 00:36:26.805531+00
\.


--
-- Data for Name: event_type; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.event_type (key, label, description, category, version, priority, default_channels, forced_channels, channels, notify_actor, fields, roles, disabled_at, registered_at) FROM stdin;
class.bundle.completed	Class bundle completed	All classes of a bundle have taken place.	classes	00aede6b3d6189e1	normal	{in_app,email}	{}	{email,in_app,push,sms,sse}	f	{"bundle_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": true}, "number_of_classes": {"type": "integer", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
class.bundle.created	Class bundle set up	A bundle of classes has been set up for a client.	classes	218c373daad657d2	normal	{in_app,email}	{}	{email,in_app,push,sms,sse}	f	{"currency": {"type": "text", "required": false}, "bundle_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": true}, "total_price": {"type": "amount", "required": true}, "deposit_required": {"type": "amount", "required": false}, "number_of_classes": {"type": "integer", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
class.bundle.deposit_paid	Deposit received	The deposit for a bundle of classes has arrived.	classes	cf73aa0486007198	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}, "bundle_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": true}, "balance_remaining": {"type": "amount", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
class.installment.due	Class installment due	An installment for a bundle of classes is due.	classes	20077ce4e8c202b5	critical	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}, "due_date": {"type": "timestamp", "required": false}, "bundle_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": true}, "installment_id": {"type": "id", "required": false}, "installment_number": {"type": "integer", "required": false}, "total_installments": {"type": "integer", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
class.message.received	Message about a class	Somebody has written in the conversation of a class.	classes	e426bec152ce3a63	normal	{in_app,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"bundle_id": {"type": "id", "required": false}, "thread_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": false}, "sender_name": {"type": "text", "required": true}, "message_preview": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
class.ticket.created	Request about a class received	A client's request about a class has been received.	classes	573083a8a8f59016	normal	{in_app,email}	{}	{email,in_app,push,sms,sse}	f	{"subject": {"type": "text", "required": true}, "ticket_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
loyalty.badge_awarded	Badge awarded	A client has been awarded a badge.	loyalty	3c286cb397dcfcd9	low	{in_app,sse}	{}	{email,in_app,push,sms,sse}	f	{"badge_name": {"type": "text", "required": true}, "description": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
loyalty.milestone_reached	Milestone reached	A client has reached a milestone.	loyalty	02e32a7450755664	low	{in_app,sse}	{}	{email,in_app,push,sms,sse}	f	{"reward_points": {"type": "integer", "required": false}, "milestone_name": {"type": "text", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
loyalty.points_awarded	Points earned	A client has earned loyalty points.	loyalty	55bbc1fcbd174c71	low	{in_app,sse}	{}	{email,in_app,push,sms,sse}	f	{"points": {"type": "integer", "required": true}, "reason": {"type": "text", "required": false}, "total_points": {"type": "integer", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
loyalty.redemption.approved	Reward approved	A client's redemption of points has been approved.	loyalty	b46b29168a35ea9a	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"item_name": {"type": "text", "required": true}, "points_used": {"type": "integer", "required": true}, "redemption_id": {"type": "id", "required": false}, "fulfillment_code": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
loyalty.redemption.rejected	Reward declined	A client's redemption of points has been declined.	loyalty	02fc2172effd99a4	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"item_name": {"type": "text", "required": true}, "points_used": {"type": "integer", "required": true}, "redemption_id": {"type": "id", "required": false}, "rejection_reason": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
loyalty.tier_upgraded	New loyalty tier	A client has reached a higher loyalty tier.	loyalty	7957c2d48f4afc5d	normal	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"perks": {"type": "text", "required": false}, "tier_name": {"type": "text", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
order.assigned	Order assigned	Somebody has been assigned to an order.	orders	34ac545bedf75d9a	high	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"deadline": {"type": "timestamp", "required": false}, "order_id": {"type": "id", "required": true}, "order_topic": {"type": "text", "required": false}, "writer_name": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
order.completed	Order completed	The work on an order is done.	orders	2df0c08f9917ef45	high	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"order_id": {"type": "id", "required": true}, "order_topic": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
order.created	Order received	A client has placed an order.	orders	fa0cfbedd31a5545	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": false}, "currency": {"type": "text", "required": false}, "order_id": {"type": "id", "required": true}, "order_topic": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
order.paid	Order paid	An order has been paid.	orders	989e26574ee10aa0	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}, "order_id": {"type": "id", "required": true}, "order_topic": {"type": "text", "required": false}, "payment_method": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
payment.completed	Payment received	A client's payment has arrived.	payments	64d80fe4bbfd2485	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}, "order_id": {"type": "id", "required": false}, "order_topic": {"type": "text", "required": false}, "payment_method": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
payment.failed	Payment failed	A client's payment did not go through.	payments	47e28b644c28518d	critical	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "reason": {"type": "text", "required": false}, "currency": {"type": "text", "required": false}, "order_id": {"type": "id", "required": false}, "order_topic": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
payment.installment_due	Installment due	A client's installment is due.	payments	41223a258b149a1d	critical	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}, "due_date": {"type": "date", "required": false}, "order_id": {"type": "id", "required": false}, "bundle_id": {"type": "id", "required": false}, "bundle_name": {"type": "text", "required": false}, "installment_id": {"type": "id", "required": false}, "special_order_id": {"type": "id", "required": false}, "installment_number": {"type": "integer", "required": false}, "total_installments": {"type": "integer", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
payment.invoice_generated	Invoice ready	An invoice has been made out to a client.	payments	404cfe6b656bc746	normal	{in_app,email}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}, "due_date": {"type": "date", "required": false}, "invoice_id": {"type": "id", "required": false}, "invoice_number": {"type": "id", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
payment.refunded	Payment refunded	A client has been given money back.	payments	1870dab83bd280bd	high	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "reason": {"type": "text", "required": false}, "currency": {"type": "text", "required": false}, "order_id": {"type": "id", "required": false}, "refund_id": {"type": "id", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
payment.wallet_loaded	Wallet topped up	Money has been added to a client's wallet.	payments	89df383e572fc2e2	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"amount": {"type": "amount", "required": true}, "balance": {"type": "amount", "required": true}, "currency": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
ticket.assigned	Ticket assigned	Somebody has been assigned to a support ticket.	tickets	347056fe3db5a357	high	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"ticket_id": {"type": "id", "required": false}, "assignee_name": {"type": "text", "required": false}, "ticket_number": {"type": "id", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
ticket.created	Ticket opened	A support ticket has been opened.	tickets	39eccd1951da6549	normal	{in_app,email}	{}	{email,in_app,push,sms,sse}	f	{"subject": {"type": "text", "required": false}, "ticket_id": {"type": "id", "required": false}, "ticket_number": {"type": "id", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
ticket.escalated	Ticket escalated	A support ticket has been passed on to somebody who decides more.	tickets	4eda2e24487707db	high	{in_app,email,sms,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"reason": {"type": "text", "required": false}, "ticket_id": {"type": "id", "required": false}, "escalated_to": {"type": "text", "required": false}, "ticket_number": {"type": "id", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
ticket.reopened	Ticket reopened	A support ticket is open again.	tickets	81115e785901ae54	normal	{in_app,email}	{}	{email,in_app,push,sms,sse}	f	{"ticket_id": {"type": "id", "required": false}, "ticket_number": {"type": "id", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
ticket.replied	Reply to a ticket	Somebody has replied to a support ticket.	tickets	ca7fde24ebd0ea57	high	{in_app,email,push,sse}	{}	{email,in_app,push,sms,sse}	f	{"ticket_id": {"type": "id", "required": false}, "message_id": {"type": "id", "required": false}, "replier_name": {"type": "text", "required": false}, "ticket_number": {"type": "id", "required": true}, "message_preview": {"type": "text", "required": false}}	{}	\N	2026-11-30 00:36:24.607646+00
ticket.resolved	Ticket resolved	A support ticket has been resolved.	tickets	53883465bd522d16	normal	{in_app,email,sse}	{}	{email,in_app,push,sms,sse}	f	{"ticket_id": {"type": "id", "required": false}, "resolution": {"type": "text", "required": false}, "resolver_name": {"type": "text", "required": false}, "ticket_number": {"type": "id", "required": true}}	{}	\N	2026-11-30 00:36:24.607646+00
\.


--
-- Data for Name: fanout; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.fanout (notification_id, tenant_id, priority, list_length, listed, audience, after_recipient, reached, started_at) FROM stdin;
19	default	normal	40	40	{}	p18	10	2026-11-30 00:36:26.88137+00
\.


--
-- Data for Name: inbox_item; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.inbox_item (id, outbox_id, tenant_id, recipient_id, event, category, subject, title, body, link, image, actions, is_silent, created_at, seen_at, read_at, archived_at) FROM stdin;
4	3	default	u1	order.paid	orders	order:3	Commande n° 42 payée	Nous avons reçu 19,90 € pour la commande.	http://localhost:8000/orders/42	\N	[{"link": "http://localhost:8000/orders/42", "label": "Voir la commande"}]	f	2026-11-30 00:36:25.900073+00	\N	\N	\N
5	6	default	u3	order.paid	orders	order:3	Commande n° 42 payée	Nous avons reçu 19,90 € pour la commande.	http://localhost:8000/orders/42	\N	[{"link": "http://localhost:8000/orders/42", "label": "Voir la commande"}]	t	2026-11-30 00:36:25.903223+00	\N	\N	\N
1	1	default	u1	order.paid	orders	order:1	Commande n° 42 payée	Nous avons reçu 19,90 € pour la commande.	http://localhost:8000/orders/42	\N	[{"link": "http://localhost:8000/orders/42", "label": "Voir la commande"}]	f	2026-11-30 00:36:25.896087+00	2026-11-30 00:36:26.564381+00	2026-11-30 00:36:26.564381+00	\N
\.


--
-- Data for Name: mute; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.mute (tenant_id, recipient_id, category, event, subject, until, muted_at) FROM stdin;
default	u3	\N	\N	order:3	infinity	2026-11-30 00:36:25.813707+00
\.


--
-- Data for Name: outbox_0; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_0 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: outbox_1; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_1 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: outbox_2; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_2 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: outbox_3; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_3 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
3	784	1	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	order:1	u5	once-1	\N	\N	2026-11-30 00:36:25.896087+00
3	785	2	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{email}	\N	\N	order:2	u5	once-2	\N	\N	2026-11-30 00:36:25.898856+00
3	786	3	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app,email}	\N	\N	order:3	u5	once-3	\N	\N	2026-11-30 00:36:25.900073+00
3	787	4	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	\N	\N	once-1	\N	\N	2026-11-30 00:36:25.901363+00
3	788	5	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	\N	\N	once-1	\N	\N	2026-11-30 00:36:25.902336+00
3	789	6	default	order.paid	u3	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	order:3	\N	\N	\N	\N	2026-11-30 00:36:25.903223+00
3	790	7	default	order.paid	u5	{"amount": "19.90", "order_id": 42}	\N	{email}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:25.9041+00
3	791	8	default	no.such_event	u1	{"amount": "19.90", "order_id": 42}	\N	\N	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:25.904958+00
3	792	9	boutique	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:25.905779+00
3	813	10	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{sms}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.5704+00
3	820	11	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{email}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.659765+00
3	827	12	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{email}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.715757+00
3	834	13	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{sms}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.76157+00
3	841	14	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{email}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.790605+00
3	847	15	default	order.paid	u4	{"amount": "19.90", "order_id": 42}	\N	{email}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.807902+00
3	851	16	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{push}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.830322+00
3	855	17	default	order.paid	u2	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.842447+00
3	860	18	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	\N	\N	\N	2999-01-01 12:00:00+00	\N	2026-11-30 00:36:26.857995+00
3	865	19	default	order.paid	\N	{"amount": "19.90", "order_id": 42}	{"recipients": ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "p16", "p17", "p18", "p19", "p20", "p21", "p22", "p23", "p24", "p25", "p26", "p27", "p28", "p29", "p30", "p31", "p32", "p33", "p34", "p35", "p36", "p37", "p38", "p39", "p40"]}	{in_app}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.876096+00
3	882	20	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app}	\N	\N	\N	\N	\N	\N	\N	2026-11-30 00:36:26.934986+00
3	883	21	default	order.paid	u1	{"amount": "19.90", "order_id": 42}	\N	{in_app,email}	\N	\N	\N	\N	last	\N	\N	2026-11-30 00:36:26.936077+00
\.


--
-- Data for Name: outbox_4; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_4 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: outbox_5; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_5 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: outbox_6; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_6 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: outbox_7; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.outbox_7 (slot, xid, id, tenant_id, event, recipient, payload, audience, channels, forced_channels, priority, subject, actor, idempotency_key, deliver_at, expires_at, created_at) FROM stdin;
\.


--
-- Data for Name: preference; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.preference (tenant_id, recipient_id, channel, category, event, enabled, updated_at) FROM stdin;
default	u2	sms	\N	\N	f	2026-11-30 00:36:25.806861+00
\.


--
-- Data for Name: provider_choice; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.provider_choice (tenant_id, channel, "position", provider) FROM stdin;
default	email	1	scripted
\.


--
-- Data for Name: provider_report; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.provider_report (process, provider, channel, state, reason, changed_at, opens_at, reported_at) FROM stdin;
host:1	scripted	email	ready	\N	2026-01-01 00:00:00+00	\N	2026-11-30 00:36:26.931834+00
\.


--
-- Data for Name: push_subscription; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.push_subscription (id, tenant_id, recipient_id, endpoint, p256dh, auth, user_agent, created_at, last_reached_at) FROM stdin;
1	default	u1	https://push.example/u1	BBeZI3c3aHZL9m0SouWLkgptGai7ccriL2Ac8ZMje5z-V00SmyiMiabSBp5kBETRUZ7A-saSuMJaMv5pH8rQB4o	AAECAwQFBgcICQoLDA0ODw	\N	2026-11-30 00:36:25.796478+00	\N
\.


--
-- Data for Name: quiet_hours; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.quiet_hours (tenant_id, recipient_id, day, starts, ends, time_zone, channels) FROM stdin;
default	u4	3	04:00:00	03:00:00	\N	{sms,push,email}
default	u4	5	04:00:00	03:00:00	\N	{sms,push,email}
default	u4	4	04:00:00	03:00:00	\N	{sms,push,email}
default	u4	2	04:00:00	03:00:00	\N	{sms,push,email}
default	u4	7	04:00:00	03:00:00	\N	{sms,push,email}
default	u4	6	04:00:00	03:00:00	\N	{sms,push,email}
default	u4	1	04:00:00	03:00:00	\N	{sms,push,email}
\.


--
-- Data for Name: receipt; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.receipt (provider, provider_event_id, delivery_id, tenant_id, provider_message_id, kind, code, reason, detail, occurred_at, received_at) FROM stdin;
test	1	11	default	\N	delivered	\N	\N	{}	2026-11-30 00:36:26.903541+00	2026-11-30 00:36:26.906471+00
test	3	\N	\N	\N	stopped	\N	\N	{}	2026-11-30 00:36:26.915315+00	2026-11-30 00:36:26.915316+00
\.


--
-- Data for Name: recipient; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.recipient (tenant_id, id, email, phone, locale, time_zone, attributes, created_at, updated_at, tracking_refused_at, erased_at) FROM stdin;
default	u1	u1@example.org	+33612345671	fr	\N	{}	2026-11-30 00:36:25.779044+00	2026-11-30 00:36:25.779044+00	\N	\N
default	u2	u2@example.org	+33612345672	fr	\N	{}	2026-11-30 00:36:25.786058+00	2026-11-30 00:36:25.786058+00	\N	\N
default	u3	u3@example.org	+33612345673	fr	\N	{}	2026-11-30 00:36:25.789024+00	2026-11-30 00:36:25.789024+00	\N	\N
default	u4	u4@example.org	+33612345674	fr	\N	{}	2026-11-30 00:36:25.791179+00	2026-11-30 00:36:25.791179+00	\N	\N
default	u5	u5@example.org	+33612345675	fr	\N	{}	2026-11-30 00:36:25.793243+00	2026-11-30 00:36:25.793243+00	\N	\N
boutique	u1	u1@example.org	+33612345678	\N	\N	{"name": "Ann"}	2026-11-30 00:36:25.795026+00	2026-11-30 00:36:25.795026+00	\N	\N
default	101	ada@example.org	\N	\N	\N	{}	2026-11-30 00:36:25.844068+00	2026-11-30 00:36:25.844068+00	\N	\N
default	p1	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p2	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p3	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p4	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p5	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p6	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p7	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p8	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p9	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p10	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p11	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p12	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p13	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p14	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p15	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p16	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p17	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p18	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p19	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p20	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p21	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p22	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p23	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p24	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p25	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p26	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p27	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p28	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p29	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p30	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p31	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p32	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p33	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p34	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p35	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p36	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p37	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p38	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p39	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
default	p40	\N	\N	\N	\N	{}	2026-11-30 00:36:26.872579+00	2026-11-30 00:36:26.872579+00	\N	\N
\.


--
-- Data for Name: recipient_role; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.recipient_role (tenant_id, role, recipient_id) FROM stdin;
default	client	u1
default	client	u2
default	client	u3
default	client	u4
default	client	u5
\.


--
-- Data for Name: rejected_event; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.rejected_event (outbox_id, tenant_id, event, recipient, reason, detail, source, created_at, rejected_at) FROM stdin;
8	default	no.such_event	u1	unknown_event	no.such_event	{"id": 8, "actor": null, "event": "no.such_event", "payload": {"amount": "19.90", "order_id": 42}, "subject": null, "audience": null, "channels": null, "priority": null, "recipient": "u1", "tenant_id": "default", "created_at": "2026-11-30T00:36:25.904958+00:00", "deliver_at": null, "expires_at": null, "forced_channels": null, "idempotency_key": null}	2026-11-30 00:36:25.904958+00	2026-11-30 00:36:26.309892+00
\.


--
-- Data for Name: reply_word; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.reply_word (word, meaning) FROM stdin;
STOP	stop
STOPALL	stop
UNSUBSCRIBE	stop
CANCEL	stop
END	stop
QUIT	stop
START	start
YES	start
UNSTOP	start
HELP	help
INFO	help
\.


--
-- Data for Name: revision; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.revision (version_num) FROM stdin;
0006
\.


--
-- Data for Name: scheduled_notification; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.scheduled_notification (notification_id, tenant_id, priority, due_at) FROM stdin;
18	default	normal	2999-01-01 12:00:00+00
\.


--
-- Data for Name: suppression; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.suppression (tenant_id, channel, address, reason, detail, suppressed_at, expires_at) FROM stdin;
default	email	u5@example.org	manual	\N	2026-11-30 00:36:25.831261+00	infinity
default	sms	+33612345675	stop	answered to test	2026-11-30 00:36:26.914108+00	infinity
boutique	sms	+33612345675	stop	answered to test	2026-11-30 00:36:26.914108+00	infinity
\.


--
-- Data for Name: template_set; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.template_set (version, event, text_ids, first_used_at) FROM stdin;
535f7c4d3485d4e9	order.paid	{1}	2026-11-30 00:36:26.353414+00
abc	order.paid	{2}	2026-11-30 00:36:26.929345+00
\.


--
-- Data for Name: tenant; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.tenant (id, name, base_url, currency, locale, time_zone, branding, branding_version, disabled_channels, tracking, created_at) FROM stdin;
default	Postbell	http://localhost:8000	EUR	en	UTC	{"from_name": "Boutique"}	2	{}	{}	2026-11-30 00:36:24.607646+00
boutique	boutique	https://boutique.example	EUR	en	UTC	{"from_name": "Boutique"}	2	{}	{opens}	2026-11-30 00:36:25.762877+00
\.


--
-- Data for Name: tenant_event; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.tenant_event (tenant_id, event, default_channels, disabled_at) FROM stdin;
boutique	order.paid	\N	2999-01-01 12:00:00+00
\.


--
-- Data for Name: text_fault; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.text_fault (text_id, fault, instead, found_at) FROM stdin;
2	unclosed	the file	2026-11-30 00:36:26.928855+00
\.


--
-- Data for Name: text_version; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.text_version (id, tenant_id, path, version, content, note, created_at, created_by) FROM stdin;
1	\N	order/paid/en/sms.txt	1	Paid.	shorter	2026-11-30 00:36:25.88592+00	postgres
2	boutique	order/paid/en/sms.txt	1	{{ broken	\N	2026-11-30 00:36:25.890698+00	postgres
\.


--
-- Data for Name: topic_member; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.topic_member (tenant_id, topic, recipient_id, joined_at) FROM stdin;
default	thread:7	u2	2026-11-30 00:36:25.803837+00
\.


--
-- Data for Name: waiting_delivery; Type: TABLE DATA; Schema: postbell; Owner: -
--

COPY postbell.waiting_delivery (delivery_id, tenant_id, recipient_id, is_retry, due_at) FROM stdin;
9	default	u1	t	2026-11-30 00:37:26.711579+00
13	default	u4	f	2026-11-30 03:00:00+00
\.


--
-- Data for Name: cancellation; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.cancellation (id, tenant_id, subject, outbox_id, xid, snapshot, cancelled_at) FROM stdin;
1	default	order:7	\N	863	863:863:	2026-11-30 00:36:26.869235+00
\.


--
-- Data for Name: duplicate_event; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.duplicate_event (outbox_id, first_outbox_id, created_at) FROM stdin;
4	1	2026-11-30 00:36:25.901363+00
5	1	2026-11-30 00:36:25.902336+00
\.


--
-- Data for Name: early_receipt; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.early_receipt (provider, provider_event_id, delivery_id, provider_message_id, receipt, received_at) FROM stdin;
test	2	\N	nobody's yet	{"kind": "delivered", "event_id": "2", "message_id": "nobody's yet", "occurred_at": "2026-11-30T00:36:26.903551+00:00"}	2026-11-30 00:36:26.912084+00
\.


--
-- Data for Name: fanout_member; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.fanout_member (notification_id, tenant_id, recipient_id) FROM stdin;
19	default	p2
19	default	p3
19	default	p4
19	default	p5
19	default	p6
19	default	p7
19	default	p8
19	default	p9
19	default	p19
19	default	p20
19	default	p21
19	default	p22
19	default	p23
19	default	p24
19	default	p25
19	default	p26
19	default	p27
19	default	p28
19	default	p29
19	default	p30
19	default	p31
19	default	p32
19	default	p33
19	default	p34
19	default	p35
19	default	p36
19	default	p37
19	default	p38
19	default	p39
19	default	p40
\.


--
-- Data for Name: fanout_turn; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.fanout_turn (tenant_id, served_at) FROM stdin;
default	2026-11-30 00:36:26.900393+00
\.


--
-- Data for Name: idempotency_key; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.idempotency_key (tenant_id, key, fingerprint, outbox_id) FROM stdin;
default	once-1	\\xa75b050a06d9b7bfc3fc63c15e8b8f75278a8bacbed4e708a380cf2ad2cd0c05	1
default	once-2	\\xa75b050a06d9b7bfc3fc63c15e8b8f75278a8bacbed4e708a380cf2ad2cd0c05	2
default	once-3	\\xa75b050a06d9b7bfc3fc63c15e8b8f75278a8bacbed4e708a380cf2ad2cd0c05	3
\.


--
-- Data for Name: missing_tenant; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.missing_tenant (id, source, tenant_id, noted_at) FROM stdin;
1	shop.users	not there	2026-11-30 00:36:25.844068+00
\.


--
-- Data for Name: notification; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.notification (id, xid, tenant_id, event, recipient, audience, actor, subject, payload, channels, forced_channels, priority, deliver_at, expires_at, created_at, routed_at) FROM stdin;
9	792	boutique	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{in_app}	\N	normal	\N	\N	2026-11-30 00:36:25.905779+00	2026-11-30 00:36:26.310761+00
1	784	default	order.paid	u1	\N	u5	order:1	{"amount": "19.90", "order_id": 42}	{in_app}	\N	normal	\N	\N	2026-11-30 00:36:25.896087+00	2026-11-30 00:36:26.31104+00
2	785	default	order.paid	u1	\N	u5	order:2	{"amount": "19.90", "order_id": 42}	{email}	\N	normal	\N	\N	2026-11-30 00:36:25.898856+00	2026-11-30 00:36:26.311137+00
3	786	default	order.paid	u1	\N	u5	order:3	{"amount": "19.90", "order_id": 42}	{in_app,email}	\N	normal	\N	\N	2026-11-30 00:36:25.900073+00	2026-11-30 00:36:26.311147+00
6	789	default	order.paid	u3	\N	\N	order:3	{"amount": "19.90", "order_id": 42}	{in_app}	\N	normal	\N	\N	2026-11-30 00:36:25.903223+00	2026-11-30 00:36:26.311155+00
7	790	default	order.paid	u5	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{email}	\N	normal	\N	\N	2026-11-30 00:36:25.9041+00	2026-11-30 00:36:26.311162+00
10	813	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{sms}	\N	normal	\N	\N	2026-11-30 00:36:26.5704+00	2026-11-30 00:36:26.596508+00
11	820	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{email}	\N	normal	\N	\N	2026-11-30 00:36:26.659765+00	2026-11-30 00:36:26.670066+00
12	827	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{email}	\N	normal	\N	\N	2026-11-30 00:36:26.715757+00	2026-11-30 00:36:26.724349+00
13	834	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{sms}	\N	normal	\N	\N	2026-11-30 00:36:26.76157+00	2026-11-30 00:36:26.763667+00
14	841	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{email}	\N	normal	\N	\N	2026-11-30 00:36:26.790605+00	2026-11-30 00:36:26.792588+00
15	847	default	order.paid	u4	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{email}	\N	normal	\N	\N	2026-11-30 00:36:26.807902+00	2026-11-30 00:36:26.809951+00
16	851	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{push}	\N	normal	\N	\N	2026-11-30 00:36:26.830322+00	2026-11-30 00:36:26.832699+00
17	855	default	order.paid	u2	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{in_app}	\N	normal	\N	\N	2026-11-30 00:36:26.842447+00	2026-11-30 00:36:26.844553+00
18	860	default	order.paid	u1	\N	\N	\N	{"amount": "19.90", "order_id": 42}	{in_app}	\N	normal	2999-01-01 12:00:00+00	\N	2026-11-30 00:36:26.857995+00	2026-11-30 00:36:26.860231+00
19	865	default	order.paid	\N	{"recipients": ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15", "p16", "p17", "p18", "p19", "p20", "p21", "p22", "p23", "p24", "p25", "p26", "p27", "p28", "p29", "p30", "p31", "p32", "p33", "p34", "p35", "p36", "p37", "p38", "p39", "p40"]}	\N	\N	{"amount": "19.90", "order_id": 42}	{in_app}	\N	normal	\N	\N	2026-11-30 00:36:26.876096+00	2026-11-30 00:36:26.879138+00
\.


--
-- Data for Name: operator_session; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.operator_session (digest, operator, created_at, expires_at) FROM stdin;
\\x6f70657261746f72	olga	2026-11-30 00:36:26.922031+00	2999-01-01 12:00:00+00
\.


--
-- Data for Name: recipient_mirror; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.recipient_mirror (source, mapping, tenant_id, mirrored_at, failed_at, failure) FROM stdin;
shop.users	{"id": "id", "email": "mail", "tenant_id": "site"}	default	2026-11-30 00:36:25.844068+00	\N	\N
\.


--
-- Data for Name: router_step; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.router_step (step, snapshot, window_snapshot, position_xid, position_id, system_identifier, routed_at) FROM stdin;
0	753:753:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:24.774736+00
1	794:794:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.359542+00
2	814:814:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.609547+00
3	821:821:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.676157+00
4	828:828:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.729929+00
5	835:835:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.774266+00
6	842:842:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.798373+00
7	848:848:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.825005+00
8	852:852:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.838576+00
9	856:856:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.84984+00
10	861:861:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.865145+00
11	866:866:	\N	\N	\N	7713756878214176457	2026-11-30 00:36:26.887397+00
\.


--
-- Data for Name: session; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.session (digest, tenant_id, recipient_id, created_at, expires_at) FROM stdin;
\\x73657373696f6e	default	u1	2026-11-30 00:36:26.918687+00	2999-01-01 12:00:00+00
\.


--
-- Data for Name: stop; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stop (provider, channel, address, said_at) FROM stdin;
test	sms	+33612345675	2026-11-30 00:36:26.914108+00
\.


--
-- Data for Name: stream_epoch; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_epoch (is_the_only_one, epoch, system_identifier) FROM stdin;
t	8465304987745595764	7713756878214176457
\.


--
-- Data for Name: stream_event_0; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_0 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
0	877	1	default	notification	u1	{"title": "Paid"}	\N	\N	2026-11-30 00:36:26.925219+00
\.


--
-- Data for Name: stream_event_1; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_1 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_event_2; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_2 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_event_3; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_3 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_event_4; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_4 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_event_5; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_5 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_event_6; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_6 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_event_7; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_event_7 (slot, xid, id, tenant_id, kind, recipient_id, frame, recipient_ids, item_ids, created_at) FROM stdin;
\.


--
-- Data for Name: stream_truncation; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.stream_truncation (slot, last_xid, truncated_at) FROM stdin;
1	700	2026-11-30 00:36:26.926641+00
\.


--
-- Data for Name: ticket; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.ticket (digest, tenant_id, recipient_id, session_digest, expires_at, valid_until) FROM stdin;
\\x7469636b6574	default	u1	\\x73657373696f6e	2999-01-01 12:00:00+00	2999-01-01 12:00:00+00
\.


--
-- Data for Name: unknown_delivery; Type: TABLE DATA; Schema: postbell_private; Owner: -
--

COPY postbell_private.unknown_delivery (delivery_id, due_at) FROM stdin;
8	2026-11-30 12:36:26.653899+00
\.


--
-- Data for Name: pgqueuer; Type: TABLE DATA; Schema: postbell_queue; Owner: -
--

COPY postbell_queue.pgqueuer (id, priority, queue_manager_id, created, updated, heartbeat, execute_after, status, entrypoint, dedupe_key, payload, headers, attempts, slot) FROM stdin;
3	40	\N	2026-11-30 00:36:26.571761+00	2026-11-30 00:36:26.571761+00	2026-11-30 00:36:26.571761+00	2026-11-30 00:36:26.571761+00	queued	deliver.sms	\N	\\x33	\N	0	\N
4	40	\N	2026-11-30 00:36:26.660665+00	2026-11-30 00:36:26.660665+00	2026-11-30 00:36:26.660665+00	2026-11-30 00:36:26.660665+00	queued	deliver.email	\N	\\x34	\N	0	\N
5	40	\N	2026-11-30 00:36:26.716582+00	2026-11-30 00:36:26.716582+00	2026-11-30 00:36:26.716582+00	2026-11-30 00:36:26.716582+00	queued	deliver.email	\N	\\x35	\N	0	\N
6	40	\N	2026-11-30 00:36:26.762314+00	2026-11-30 00:36:26.762314+00	2026-11-30 00:36:26.762314+00	2026-11-30 00:36:26.762314+00	queued	deliver.sms	\N	\\x36	\N	0	\N
7	40	\N	2026-11-30 00:36:26.791322+00	2026-11-30 00:36:26.791322+00	2026-11-30 00:36:26.791322+00	2026-11-30 00:36:26.791322+00	queued	deliver.email	\N	\\x37	\N	0	\N
8	40	\N	2026-11-30 00:36:26.83147+00	2026-11-30 00:36:26.83147+00	2026-11-30 00:36:26.83147+00	2026-11-30 00:36:26.83147+00	queued	deliver.push	\N	\\x38	\N	0	\N
9	40	\N	2026-11-30 00:36:26.843468+00	2026-11-30 00:36:26.843468+00	2026-11-30 00:36:26.843468+00	2026-11-30 00:36:26.843468+00	queued	deliver.in_app	\N	\\x39	\N	0	\N
10	10	\N	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.890902+00	2026-11-30 00:36:26.890902+00	queued	deliver.in_app	\N	\\x3130	\N	0	\N
\.


--
-- Data for Name: pgqueuer_log; Type: TABLE DATA; Schema: postbell_queue; Owner: -
--

COPY postbell_queue.pgqueuer_log (id, created, job_id, status, priority, entrypoint, traceback, aggregated) FROM stdin;
1	2026-11-30 00:36:26.37912+00	1	picked	40	deliver.email	\N	f
2	2026-11-30 00:36:26.379779+00	2	picked	40	deliver.in_app	\N	f
3	2026-11-30 00:36:26.517001+00	1	successful	40	deliver.email	\N	f
4	2026-11-30 00:36:26.547543+00	2	successful	40	deliver.in_app	\N	f
\.


--
-- Data for Name: pgqueuer_schedules; Type: TABLE DATA; Schema: postbell_queue; Owner: -
--

COPY postbell_queue.pgqueuer_schedules (id, expression, entrypoint, heartbeat, created, updated, next_run, last_run, status) FROM stdin;
1	* * * * *	nobody's	2026-11-30 00:36:26.932238+00	2026-11-30 00:36:26.932238+00	2026-11-30 00:36:26.932238+00	2026-11-30 00:36:26.932238+00	\N	queued
\.


--
-- Data for Name: pgqueuer_statistics; Type: TABLE DATA; Schema: postbell_queue; Owner: -
--

COPY postbell_queue.pgqueuer_statistics (id, created, count, priority, status, entrypoint) FROM stdin;
1	2026-11-30 00:36:26+00	1	0	successful	nobody's
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: shop; Owner: -
--

COPY shop.users (id, mail, site) FROM stdin;
101	ada@example.org	default
102	bob@example.org	not there
\.


--
-- Name: batch_id_seq; Type: SEQUENCE SET; Schema: postbell; Owner: -
--

SELECT pg_catalog.setval('postbell.batch_id_seq', 10, true);


--
-- Name: delivery_id_seq; Type: SEQUENCE SET; Schema: postbell; Owner: -
--

SELECT pg_catalog.setval('postbell.delivery_id_seq', 25, true);


--
-- Name: outbox_id_seq; Type: SEQUENCE SET; Schema: postbell; Owner: -
--

SELECT pg_catalog.setval('postbell.outbox_id_seq', 21, true);


--
-- Name: push_subscription_id_seq; Type: SEQUENCE SET; Schema: postbell; Owner: -
--

SELECT pg_catalog.setval('postbell.push_subscription_id_seq', 1, true);


--
-- Name: text_version_id_seq; Type: SEQUENCE SET; Schema: postbell; Owner: -
--

SELECT pg_catalog.setval('postbell.text_version_id_seq', 2, true);


--
-- Name: cancellation_id_seq; Type: SEQUENCE SET; Schema: postbell_private; Owner: -
--

SELECT pg_catalog.setval('postbell_private.cancellation_id_seq', 1, true);


--
-- Name: missing_tenant_id_seq; Type: SEQUENCE SET; Schema: postbell_private; Owner: -
--

SELECT pg_catalog.setval('postbell_private.missing_tenant_id_seq', 1, true);


--
-- Name: stream_event_id_seq; Type: SEQUENCE SET; Schema: postbell_private; Owner: -
--

SELECT pg_catalog.setval('postbell_private.stream_event_id_seq', 1, true);


--
-- Name: pgqueuer_id_seq; Type: SEQUENCE SET; Schema: postbell_queue; Owner: -
--

SELECT pg_catalog.setval('postbell_queue.pgqueuer_id_seq', 10, true);


--
-- Name: pgqueuer_log_id_seq; Type: SEQUENCE SET; Schema: postbell_queue; Owner: -
--

SELECT pg_catalog.setval('postbell_queue.pgqueuer_log_id_seq', 4, true);


--
-- Name: pgqueuer_schedules_id_seq; Type: SEQUENCE SET; Schema: postbell_queue; Owner: -
--

SELECT pg_catalog.setval('postbell_queue.pgqueuer_schedules_id_seq', 1, true);


--
-- Name: pgqueuer_statistics_id_seq; Type: SEQUENCE SET; Schema: postbell_queue; Owner: -
--

SELECT pg_catalog.setval('postbell_queue.pgqueuer_statistics_id_seq', 1, true);


--
-- Name: batch batch_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.batch
    ADD CONSTRAINT batch_pkey PRIMARY KEY (id);


--
-- Name: branding_version branding_version_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.branding_version
    ADD CONSTRAINT branding_version_pkey PRIMARY KEY (tenant_id, version);


--
-- Name: channel channel_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.channel
    ADD CONSTRAINT channel_pkey PRIMARY KEY (name);


--
-- Name: channel channel_position_key; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.channel
    ADD CONSTRAINT channel_position_key UNIQUE ("position");


--
-- Name: dead_letter dead_letter_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.dead_letter
    ADD CONSTRAINT dead_letter_pkey PRIMARY KEY (delivery_id);


--
-- Name: delivery delivery_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (id);


--
-- Name: event_type event_type_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.event_type
    ADD CONSTRAINT event_type_pkey PRIMARY KEY (key);


--
-- Name: fanout fanout_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.fanout
    ADD CONSTRAINT fanout_pkey PRIMARY KEY (notification_id);


--
-- Name: inbox_item inbox_item_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.inbox_item
    ADD CONSTRAINT inbox_item_pkey PRIMARY KEY (recipient_id, tenant_id, id);


--
-- Name: provider_choice provider_choice_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.provider_choice
    ADD CONSTRAINT provider_choice_pkey PRIMARY KEY (tenant_id, channel, "position");


--
-- Name: provider_choice provider_choice_tenant_id_channel_provider_key; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.provider_choice
    ADD CONSTRAINT provider_choice_tenant_id_channel_provider_key UNIQUE (tenant_id, channel, provider);


--
-- Name: provider_report provider_report_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.provider_report
    ADD CONSTRAINT provider_report_pkey PRIMARY KEY (process, provider);


--
-- Name: push_subscription push_subscription_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.push_subscription
    ADD CONSTRAINT push_subscription_pkey PRIMARY KEY (id);


--
-- Name: quiet_hours quiet_hours_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.quiet_hours
    ADD CONSTRAINT quiet_hours_pkey PRIMARY KEY (tenant_id, recipient_id, day);


--
-- Name: receipt receipt_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.receipt
    ADD CONSTRAINT receipt_pkey PRIMARY KEY (provider, provider_event_id);


--
-- Name: recipient recipient_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.recipient
    ADD CONSTRAINT recipient_pkey PRIMARY KEY (tenant_id, id);


--
-- Name: recipient_role recipient_role_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.recipient_role
    ADD CONSTRAINT recipient_role_pkey PRIMARY KEY (tenant_id, role, recipient_id);


--
-- Name: reply_word reply_word_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.reply_word
    ADD CONSTRAINT reply_word_pkey PRIMARY KEY (word);


--
-- Name: revision revision_pkc; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.revision
    ADD CONSTRAINT revision_pkc PRIMARY KEY (version_num);


--
-- Name: scheduled_notification scheduled_notification_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.scheduled_notification
    ADD CONSTRAINT scheduled_notification_pkey PRIMARY KEY (notification_id);


--
-- Name: suppression suppression_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.suppression
    ADD CONSTRAINT suppression_pkey PRIMARY KEY (tenant_id, channel, address);


--
-- Name: template_set template_set_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.template_set
    ADD CONSTRAINT template_set_pkey PRIMARY KEY (version);


--
-- Name: tenant_event tenant_event_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.tenant_event
    ADD CONSTRAINT tenant_event_pkey PRIMARY KEY (tenant_id, event);


--
-- Name: tenant tenant_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);


--
-- Name: text_fault text_fault_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.text_fault
    ADD CONSTRAINT text_fault_pkey PRIMARY KEY (text_id);


--
-- Name: text_version text_version_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.text_version
    ADD CONSTRAINT text_version_pkey PRIMARY KEY (id);


--
-- Name: topic_member topic_member_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.topic_member
    ADD CONSTRAINT topic_member_pkey PRIMARY KEY (tenant_id, topic, recipient_id);


--
-- Name: waiting_delivery waiting_delivery_pkey; Type: CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.waiting_delivery
    ADD CONSTRAINT waiting_delivery_pkey PRIMARY KEY (delivery_id);


--
-- Name: cancellation cancellation_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.cancellation
    ADD CONSTRAINT cancellation_pkey PRIMARY KEY (id);


--
-- Name: duplicate_event duplicate_event_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.duplicate_event
    ADD CONSTRAINT duplicate_event_pkey PRIMARY KEY (outbox_id);


--
-- Name: early_receipt early_receipt_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.early_receipt
    ADD CONSTRAINT early_receipt_pkey PRIMARY KEY (provider, provider_event_id);


--
-- Name: fanout_member fanout_member_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.fanout_member
    ADD CONSTRAINT fanout_member_pkey PRIMARY KEY (notification_id, recipient_id);


--
-- Name: fanout_turn fanout_turn_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.fanout_turn
    ADD CONSTRAINT fanout_turn_pkey PRIMARY KEY (tenant_id);


--
-- Name: idempotency_key idempotency_key_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.idempotency_key
    ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (tenant_id, key);


--
-- Name: missing_tenant missing_tenant_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.missing_tenant
    ADD CONSTRAINT missing_tenant_pkey PRIMARY KEY (id);


--
-- Name: notification notification_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);


--
-- Name: operator_session operator_session_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.operator_session
    ADD CONSTRAINT operator_session_pkey PRIMARY KEY (digest);


--
-- Name: recipient_mirror recipient_mirror_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.recipient_mirror
    ADD CONSTRAINT recipient_mirror_pkey PRIMARY KEY (source);


--
-- Name: router_step router_step_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.router_step
    ADD CONSTRAINT router_step_pkey PRIMARY KEY (step);


--
-- Name: session session_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (digest);


--
-- Name: stop stop_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stop
    ADD CONSTRAINT stop_pkey PRIMARY KEY (provider, channel, address);


--
-- Name: stream_epoch stream_epoch_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_epoch
    ADD CONSTRAINT stream_epoch_pkey PRIMARY KEY (is_the_only_one);


--
-- Name: stream_truncation stream_truncation_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.stream_truncation
    ADD CONSTRAINT stream_truncation_pkey PRIMARY KEY (slot);


--
-- Name: ticket ticket_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (digest);


--
-- Name: unknown_delivery unknown_delivery_pkey; Type: CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.unknown_delivery
    ADD CONSTRAINT unknown_delivery_pkey PRIMARY KEY (delivery_id);


--
-- Name: pgqueuer_log pgqueuer_log_pkey; Type: CONSTRAINT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);


--
-- Name: pgqueuer pgqueuer_pkey; Type: CONSTRAINT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);


--
-- Name: pgqueuer_schedules pgqueuer_schedules_expression_entrypoint_key; Type: CONSTRAINT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);


--
-- Name: pgqueuer_schedules pgqueuer_schedules_pkey; Type: CONSTRAINT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);


--
-- Name: pgqueuer_statistics pgqueuer_statistics_pkey; Type: CONSTRAINT; Schema: postbell_queue; Owner: -
--

ALTER TABLE ONLY postbell_queue.pgqueuer_statistics
    ADD CONSTRAINT pgqueuer_statistics_pkey PRIMARY KEY (id);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: attempt_of_delivery_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX attempt_of_delivery_idx ON postbell.attempt USING btree (delivery_id);


--
-- Name: attempt_of_message_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX attempt_of_message_idx ON postbell.attempt USING btree (provider_message_id) WHERE (provider_message_id !~~ '<%'::text);


--
-- Name: attempt_time_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX attempt_time_idx ON postbell.attempt USING brin (attempted_at) WITH (autosummarize='on');


--
-- Name: dead_letter_time_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX dead_letter_time_idx ON postbell.dead_letter USING btree (died_at);


--
-- Name: delivery_of_recipient_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX delivery_of_recipient_idx ON postbell.delivery USING btree (recipient_id, tenant_id, id);


--
-- Name: delivery_once_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE UNIQUE INDEX delivery_once_idx ON postbell.delivery USING btree (notification_id, recipient_id, channel);


--
-- Name: delivery_step_of_delivery_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX delivery_step_of_delivery_idx ON postbell.delivery_step USING btree (delivery_id);


--
-- Name: delivery_time_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX delivery_time_idx ON postbell.delivery USING brin (created_at timestamptz_minmax_multi_ops) WITH (autosummarize='on');


--
-- Name: inbox_item_unread_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX inbox_item_unread_idx ON postbell.inbox_item USING btree (recipient_id, tenant_id) WHERE ((read_at IS NULL) AND (archived_at IS NULL) AND (NOT is_silent));


--
-- Name: mute_choice_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE UNIQUE INDEX mute_choice_idx ON postbell.mute USING btree (tenant_id, recipient_id, category, event, subject) NULLS NOT DISTINCT;


--
-- Name: outbox_commit_order_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_commit_order_idx ON ONLY postbell.outbox USING btree (xid, id);


--
-- Name: outbox_0_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_0_xid_id_idx ON postbell.outbox_0 USING btree (xid, id);


--
-- Name: outbox_1_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_1_xid_id_idx ON postbell.outbox_1 USING btree (xid, id);


--
-- Name: outbox_2_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_2_xid_id_idx ON postbell.outbox_2 USING btree (xid, id);


--
-- Name: outbox_3_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_3_xid_id_idx ON postbell.outbox_3 USING btree (xid, id);


--
-- Name: outbox_4_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_4_xid_id_idx ON postbell.outbox_4 USING btree (xid, id);


--
-- Name: outbox_5_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_5_xid_id_idx ON postbell.outbox_5 USING btree (xid, id);


--
-- Name: outbox_6_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_6_xid_id_idx ON postbell.outbox_6 USING btree (xid, id);


--
-- Name: outbox_7_xid_id_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX outbox_7_xid_id_idx ON postbell.outbox_7 USING btree (xid, id);


--
-- Name: preference_choice_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE UNIQUE INDEX preference_choice_idx ON postbell.preference USING btree (tenant_id, recipient_id, channel, category, event) NULLS NOT DISTINCT;


--
-- Name: push_subscription_endpoint_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE UNIQUE INDEX push_subscription_endpoint_idx ON postbell.push_subscription USING btree (tenant_id, endpoint);


--
-- Name: push_subscription_of_recipient_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX push_subscription_of_recipient_idx ON postbell.push_subscription USING btree (tenant_id, recipient_id);


--
-- Name: receipt_of_delivery_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX receipt_of_delivery_idx ON postbell.receipt USING btree (delivery_id);


--
-- Name: recipient_role_of_recipient_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX recipient_role_of_recipient_idx ON postbell.recipient_role USING btree (tenant_id, recipient_id);


--
-- Name: rejected_event_created_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX rejected_event_created_idx ON postbell.rejected_event USING btree (created_at);


--
-- Name: rejected_event_once_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE UNIQUE INDEX rejected_event_once_idx ON postbell.rejected_event USING btree (outbox_id, recipient) NULLS NOT DISTINCT;


--
-- Name: rejected_event_rejected_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX rejected_event_rejected_idx ON postbell.rejected_event USING btree (rejected_at);


--
-- Name: scheduled_notification_due_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX scheduled_notification_due_idx ON postbell.scheduled_notification USING btree (due_at, notification_id);


--
-- Name: tenant_event_of_event_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX tenant_event_of_event_idx ON postbell.tenant_event USING btree (event);


--
-- Name: text_version_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE UNIQUE INDEX text_version_idx ON postbell.text_version USING btree (tenant_id, path, version) NULLS NOT DISTINCT;


--
-- Name: topic_member_of_recipient_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX topic_member_of_recipient_idx ON postbell.topic_member USING btree (tenant_id, recipient_id);


--
-- Name: waiting_delivery_due_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX waiting_delivery_due_idx ON postbell.waiting_delivery USING btree (due_at, delivery_id);


--
-- Name: waiting_delivery_of_recipient_idx; Type: INDEX; Schema: postbell; Owner: -
--

CREATE INDEX waiting_delivery_of_recipient_idx ON postbell.waiting_delivery USING btree (recipient_id, tenant_id);


--
-- Name: cancellation_outbox_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX cancellation_outbox_idx ON postbell_private.cancellation USING btree (outbox_id) WHERE (outbox_id IS NOT NULL);


--
-- Name: cancellation_subject_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX cancellation_subject_idx ON postbell_private.cancellation USING btree (subject, tenant_id) WHERE (subject IS NOT NULL);


--
-- Name: early_receipt_of_delivery_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX early_receipt_of_delivery_idx ON postbell_private.early_receipt USING btree (delivery_id);


--
-- Name: early_receipt_of_message_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX early_receipt_of_message_idx ON postbell_private.early_receipt USING btree (provider_message_id);


--
-- Name: missing_tenant_of_source_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX missing_tenant_of_source_idx ON postbell_private.missing_tenant USING btree (source, tenant_id);


--
-- Name: notification_subject_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX notification_subject_idx ON postbell_private.notification USING btree (subject, tenant_id) WHERE (subject IS NOT NULL);


--
-- Name: operator_session_end_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX operator_session_end_idx ON postbell_private.operator_session USING btree (expires_at);


--
-- Name: session_end_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX session_end_idx ON postbell_private.session USING btree (expires_at);


--
-- Name: session_of_recipient_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX session_of_recipient_idx ON postbell_private.session USING btree (tenant_id, recipient_id);


--
-- Name: stream_event_of_recipient_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_of_recipient_idx ON ONLY postbell_private.stream_event USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_0_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_0_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_0 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_commit_order_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_commit_order_idx ON ONLY postbell_private.stream_event USING btree (xid, id);


--
-- Name: stream_event_0_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_0_xid_id_idx ON postbell_private.stream_event_0 USING btree (xid, id);


--
-- Name: stream_event_1_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_1_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_1 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_1_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_1_xid_id_idx ON postbell_private.stream_event_1 USING btree (xid, id);


--
-- Name: stream_event_2_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_2_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_2 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_2_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_2_xid_id_idx ON postbell_private.stream_event_2 USING btree (xid, id);


--
-- Name: stream_event_3_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_3_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_3 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_3_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_3_xid_id_idx ON postbell_private.stream_event_3 USING btree (xid, id);


--
-- Name: stream_event_4_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_4_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_4 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_4_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_4_xid_id_idx ON postbell_private.stream_event_4 USING btree (xid, id);


--
-- Name: stream_event_5_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_5_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_5 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_5_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_5_xid_id_idx ON postbell_private.stream_event_5 USING btree (xid, id);


--
-- Name: stream_event_6_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_6_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_6 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_6_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_6_xid_id_idx ON postbell_private.stream_event_6 USING btree (xid, id);


--
-- Name: stream_event_7_recipient_id_tenant_id_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_7_recipient_id_tenant_id_xid_id_idx ON postbell_private.stream_event_7 USING btree (recipient_id, tenant_id, xid, id) WHERE (recipient_id IS NOT NULL);


--
-- Name: stream_event_7_xid_id_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX stream_event_7_xid_id_idx ON postbell_private.stream_event_7 USING btree (xid, id);


--
-- Name: ticket_end_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX ticket_end_idx ON postbell_private.ticket USING btree (expires_at);


--
-- Name: ticket_of_recipient_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX ticket_of_recipient_idx ON postbell_private.ticket USING btree (tenant_id, recipient_id);


--
-- Name: ticket_of_session_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX ticket_of_session_idx ON postbell_private.ticket USING btree (session_digest);


--
-- Name: unknown_delivery_due_idx; Type: INDEX; Schema: postbell_private; Owner: -
--

CREATE INDEX unknown_delivery_due_idx ON postbell_private.unknown_delivery USING btree (due_at, delivery_id);


--
-- Name: pgqueuer_ep_ea_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_ep_ea_idx ON postbell_queue.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::postbell_queue.pgqueuer_status);


--
-- Name: pgqueuer_ep_prio_id_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_ep_prio_id_idx ON postbell_queue.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::postbell_queue.pgqueuer_status);


--
-- Name: pgqueuer_log_created; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_log_created ON postbell_queue.pgqueuer_log USING btree (created);


--
-- Name: pgqueuer_log_job_id_status; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_log_job_id_status ON postbell_queue.pgqueuer_log USING btree (job_id, created DESC);


--
-- Name: pgqueuer_log_not_aggregated; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_log_not_aggregated ON postbell_queue.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);


--
-- Name: pgqueuer_log_status; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_log_status ON postbell_queue.pgqueuer_log USING btree (status);


--
-- Name: pgqueuer_picked_heartbeat_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_picked_heartbeat_idx ON postbell_queue.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::postbell_queue.pgqueuer_status);


--
-- Name: pgqueuer_picked_slot_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON postbell_queue.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::postbell_queue.pgqueuer_status) AND (slot IS NOT NULL));


--
-- Name: pgqueuer_priority_id_id1_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_priority_id_id1_idx ON postbell_queue.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::postbell_queue.pgqueuer_status);


--
-- Name: pgqueuer_queue_manager_id_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_queue_manager_id_idx ON postbell_queue.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);


--
-- Name: pgqueuer_statistics_unique_count; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON postbell_queue.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);


--
-- Name: pgqueuer_unique_dedupe_key; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON postbell_queue.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::postbell_queue.pgqueuer_status, 'picked'::postbell_queue.pgqueuer_status])) AND (dedupe_key IS NOT NULL));


--
-- Name: pgqueuer_updated_id_id1_idx; Type: INDEX; Schema: postbell_queue; Owner: -
--

CREATE INDEX pgqueuer_updated_id_id1_idx ON postbell_queue.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::postbell_queue.pgqueuer_status);


--
-- Name: outbox_0_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_0_xid_id_idx;


--
-- Name: outbox_1_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_1_xid_id_idx;


--
-- Name: outbox_2_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_2_xid_id_idx;


--
-- Name: outbox_3_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_3_xid_id_idx;


--
-- Name: outbox_4_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_4_xid_id_idx;


--
-- Name: outbox_5_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_5_xid_id_idx;


--
-- Name: outbox_6_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_6_xid_id_idx;


--
-- Name: outbox_7_xid_id_idx; Type: INDEX ATTACH; Schema: postbell; Owner: -
--

ALTER INDEX postbell.outbox_commit_order_idx ATTACH PARTITION postbell.outbox_7_xid_id_idx;


--
-- Name: stream_event_0_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_0_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_0_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_0_xid_id_idx;


--
-- Name: stream_event_1_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_1_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_1_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_1_xid_id_idx;


--
-- Name: stream_event_2_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_2_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_2_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_2_xid_id_idx;


--
-- Name: stream_event_3_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_3_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_3_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_3_xid_id_idx;


--
-- Name: stream_event_4_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_4_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_4_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_4_xid_id_idx;


--
-- Name: stream_event_5_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_5_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_5_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_5_xid_id_idx;


--
-- Name: stream_event_6_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_6_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_6_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_6_xid_id_idx;


--
-- Name: stream_event_7_recipient_id_tenant_id_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_of_recipient_idx ATTACH PARTITION postbell_private.stream_event_7_recipient_id_tenant_id_xid_id_idx;


--
-- Name: stream_event_7_xid_id_idx; Type: INDEX ATTACH; Schema: postbell_private; Owner: -
--

ALTER INDEX postbell_private.stream_event_commit_order_idx ATTACH PARTITION postbell_private.stream_event_7_xid_id_idx;


--
-- Name: event_type check_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF default_channels, forced_channels, channels ON postbell.event_type FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('default_channels', 'forced_channels', 'channels');


--
-- Name: TRIGGER check_channels ON event_type; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell.event_type IS 'See postbell_private.check_channels().';


--
-- Name: preference check_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF channel ON postbell.preference FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('channel');


--
-- Name: TRIGGER check_channels ON preference; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell.preference IS 'See postbell_private.check_channels().';


--
-- Name: provider_choice check_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF channel ON postbell.provider_choice FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('channel');


--
-- Name: TRIGGER check_channels ON provider_choice; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell.provider_choice IS 'See postbell_private.check_channels().';


--
-- Name: suppression check_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF channel ON postbell.suppression FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('channel');


--
-- Name: TRIGGER check_channels ON suppression; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell.suppression IS 'See postbell_private.check_channels().';


--
-- Name: tenant check_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF disabled_channels ON postbell.tenant FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('disabled_channels');


--
-- Name: TRIGGER check_channels ON tenant; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell.tenant IS 'See postbell_private.check_channels().';


--
-- Name: tenant_event check_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF default_channels ON postbell.tenant_event FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('default_channels');


--
-- Name: TRIGGER check_channels ON tenant_event; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell.tenant_event IS 'See postbell_private.check_channels().';


--
-- Name: quiet_hours check_quiet_channels; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER check_quiet_channels BEFORE INSERT OR UPDATE OF channels ON postbell.quiet_hours FOR EACH ROW EXECUTE FUNCTION postbell_private.check_quiet_channels();


--
-- Name: TRIGGER check_quiet_channels ON quiet_hours; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER check_quiet_channels ON postbell.quiet_hours IS 'See postbell_private.check_quiet_channels().';


--
-- Name: tenant copy_stops; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER copy_stops AFTER INSERT ON postbell.tenant FOR EACH ROW EXECUTE FUNCTION postbell_private.copy_stops();


--
-- Name: TRIGGER copy_stops ON tenant; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER copy_stops ON postbell.tenant IS 'See postbell_private.inherit_stops().';


--
-- Name: tenant follow_tenants; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER follow_tenants AFTER INSERT OR UPDATE OF id ON postbell.tenant FOR EACH STATEMENT EXECUTE FUNCTION postbell_private.follow_tenants();


--
-- Name: TRIGGER follow_tenants ON tenant; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER follow_tenants ON postbell.tenant IS 'Whoever waits for this tenant in a mirrored table becomes a recipient.';


--
-- Name: tenant keep_branding; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER keep_branding BEFORE UPDATE ON postbell.tenant FOR EACH ROW WHEN ((new.branding IS DISTINCT FROM old.branding)) EXECUTE FUNCTION postbell_private.keep_branding();


--
-- Name: TRIGGER keep_branding ON tenant; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER keep_branding ON postbell.tenant IS 'Each former branding can be had back with postbell.roll_back_branding().';


--
-- Name: recipient recheck_waiting_after_move; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER recheck_waiting_after_move AFTER UPDATE OF time_zone, erased_at ON postbell.recipient FOR EACH ROW WHEN (((old.time_zone IS DISTINCT FROM new.time_zone) OR (old.erased_at IS DISTINCT FROM new.erased_at))) EXECUTE FUNCTION postbell_private.recheck_waiting();


--
-- Name: TRIGGER recheck_waiting_after_move ON recipient; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER recheck_waiting_after_move ON postbell.recipient IS 'Quiet hours end by the clock of the zone in which the person now is.';


--
-- Name: mute recheck_waiting_after_mute; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER recheck_waiting_after_mute AFTER INSERT OR DELETE OR UPDATE ON postbell.mute FOR EACH ROW EXECUTE FUNCTION postbell_private.recheck_waiting();


--
-- Name: TRIGGER recheck_waiting_after_mute ON mute; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER recheck_waiting_after_mute ON postbell.mute IS 'A new mute counts for what waits, too.';


--
-- Name: preference recheck_waiting_after_preference; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER recheck_waiting_after_preference AFTER INSERT OR DELETE OR UPDATE ON postbell.preference FOR EACH ROW EXECUTE FUNCTION postbell_private.recheck_waiting();


--
-- Name: TRIGGER recheck_waiting_after_preference ON preference; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER recheck_waiting_after_preference ON postbell.preference IS 'A new choice counts for what waits, too.';


--
-- Name: quiet_hours recheck_waiting_after_quiet_hours; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER recheck_waiting_after_quiet_hours AFTER INSERT OR DELETE OR UPDATE ON postbell.quiet_hours FOR EACH ROW EXECUTE FUNCTION postbell_private.recheck_waiting();


--
-- Name: TRIGGER recheck_waiting_after_quiet_hours ON quiet_hours; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER recheck_waiting_after_quiet_hours ON postbell.quiet_hours IS 'New quiet hours count for what waits, too.';


--
-- Name: inbox_item record_marks; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER record_marks AFTER UPDATE ON postbell.inbox_item REFERENCING OLD TABLE AS unmarked NEW TABLE AS marked FOR EACH STATEMENT EXECUTE FUNCTION postbell_private.record_marks();


--
-- Name: TRIGGER record_marks ON inbox_item; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER record_marks ON postbell.inbox_item IS 'One row of the stream log for each person and statement.';


--
-- Name: quiet_hours require_reachable_time_after_insert; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER require_reachable_time_after_insert AFTER INSERT ON postbell.quiet_hours REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION postbell_private.require_reachable_time();


--
-- Name: TRIGGER require_reachable_time_after_insert ON quiet_hours; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER require_reachable_time_after_insert ON postbell.quiet_hours IS 'New quiet hours leave an hour a week.';


--
-- Name: quiet_hours require_reachable_time_after_update; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER require_reachable_time_after_update AFTER UPDATE ON postbell.quiet_hours REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION postbell_private.require_reachable_time();


--
-- Name: TRIGGER require_reachable_time_after_update ON quiet_hours; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER require_reachable_time_after_update ON postbell.quiet_hours IS 'Changed quiet hours leave an hour a week.';


--
-- Name: outbox validate_strictly; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER validate_strictly AFTER INSERT ON postbell.outbox FOR EACH ROW WHEN ((current_setting('postbell.strict'::text, true) = 'on'::text)) EXECUTE FUNCTION postbell_private.validate_strictly();


--
-- Name: TRIGGER validate_strictly ON outbox; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER validate_strictly ON postbell.outbox IS 'For development and tests: set postbell.strict = on.';


--
-- Name: outbox wake_router; Type: TRIGGER; Schema: postbell; Owner: -
--

CREATE TRIGGER wake_router AFTER INSERT ON postbell.outbox FOR EACH STATEMENT WHEN (((COALESCE(current_setting('postbell.wake'::text, true), ''::text) <> 'off'::text) AND (NOT pg_try_advisory_xact_lock_shared(1886351214, 1)))) EXECUTE FUNCTION postbell_private.wake_router();


--
-- Name: TRIGGER wake_router ON outbox; Type: COMMENT; Schema: postbell; Owner: -
--

COMMENT ON TRIGGER wake_router ON postbell.outbox IS 'Wakes the router, if it sleeps. A session that prepares transactions sets postbell.wake = off.';


--
-- Name: stop check_channels; Type: TRIGGER; Schema: postbell_private; Owner: -
--

CREATE TRIGGER check_channels BEFORE INSERT OR UPDATE OF channel ON postbell_private.stop FOR EACH ROW EXECUTE FUNCTION postbell_private.check_channels('channel');


--
-- Name: TRIGGER check_channels ON stop; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TRIGGER check_channels ON postbell_private.stop IS 'See postbell_private.check_channels().';


--
-- Name: recipient_mirror require_valid_mirror; Type: TRIGGER; Schema: postbell_private; Owner: -
--

CREATE TRIGGER require_valid_mirror BEFORE INSERT OR UPDATE OF source, mapping ON postbell_private.recipient_mirror FOR EACH ROW EXECUTE FUNCTION postbell_private.require_valid_mirror();


--
-- Name: TRIGGER require_valid_mirror ON recipient_mirror; Type: COMMENT; Schema: postbell_private; Owner: -
--

COMMENT ON TRIGGER require_valid_mirror ON postbell_private.recipient_mirror IS 'Only a table that the writer may read, with a mapping that fits it.';


--
-- Name: pgqueuer tg_pgqueuer_changed; Type: TRIGGER; Schema: postbell_queue; Owner: -
--

CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON postbell_queue.pgqueuer FOR EACH STATEMENT EXECUTE FUNCTION postbell_queue.fn_pgqueuer_changed();


--
-- Name: users postbell_follows_delete; Type: TRIGGER; Schema: shop; Owner: -
--

CREATE TRIGGER postbell_follows_delete AFTER DELETE ON shop.users REFERENCING OLD TABLE AS old_users FOR EACH STATEMENT EXECUTE FUNCTION postbell.follow_users();


--
-- Name: users postbell_follows_insert; Type: TRIGGER; Schema: shop; Owner: -
--

CREATE TRIGGER postbell_follows_insert AFTER INSERT ON shop.users REFERENCING NEW TABLE AS new_users FOR EACH STATEMENT EXECUTE FUNCTION postbell.follow_users();


--
-- Name: users postbell_follows_truncate; Type: TRIGGER; Schema: shop; Owner: -
--

CREATE TRIGGER postbell_follows_truncate BEFORE TRUNCATE ON shop.users FOR EACH STATEMENT EXECUTE FUNCTION postbell.follow_users();


--
-- Name: users postbell_follows_update; Type: TRIGGER; Schema: shop; Owner: -
--

CREATE TRIGGER postbell_follows_update AFTER UPDATE ON shop.users REFERENCING OLD TABLE AS old_users NEW TABLE AS new_users FOR EACH STATEMENT EXECUTE FUNCTION postbell.follow_users();


--
-- Name: branding_version branding_version_tenant_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.branding_version
    ADD CONSTRAINT branding_version_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES postbell.tenant(id) ON DELETE CASCADE;


--
-- Name: dead_letter dead_letter_delivery_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.dead_letter
    ADD CONSTRAINT dead_letter_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES postbell.delivery(id) ON DELETE CASCADE;


--
-- Name: delivery_step delivery_step_delivery_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.delivery_step
    ADD CONSTRAINT delivery_step_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES postbell.delivery(id) ON DELETE CASCADE;


--
-- Name: fanout fanout_notification_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.fanout
    ADD CONSTRAINT fanout_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES postbell_private.notification(id) ON DELETE CASCADE;


--
-- Name: mute mute_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.mute
    ADD CONSTRAINT mute_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: preference preference_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.preference
    ADD CONSTRAINT preference_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: provider_choice provider_choice_tenant_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.provider_choice
    ADD CONSTRAINT provider_choice_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES postbell.tenant(id) ON DELETE CASCADE;


--
-- Name: push_subscription push_subscription_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.push_subscription
    ADD CONSTRAINT push_subscription_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: quiet_hours quiet_hours_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.quiet_hours
    ADD CONSTRAINT quiet_hours_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: receipt receipt_delivery_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.receipt
    ADD CONSTRAINT receipt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES postbell.delivery(id) ON DELETE CASCADE;


--
-- Name: recipient_role recipient_role_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.recipient_role
    ADD CONSTRAINT recipient_role_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: recipient recipient_tenant_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.recipient
    ADD CONSTRAINT recipient_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES postbell.tenant(id);


--
-- Name: scheduled_notification scheduled_notification_notification_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.scheduled_notification
    ADD CONSTRAINT scheduled_notification_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES postbell_private.notification(id) ON DELETE CASCADE;


--
-- Name: suppression suppression_tenant_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.suppression
    ADD CONSTRAINT suppression_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES postbell.tenant(id) ON DELETE CASCADE;


--
-- Name: tenant_event tenant_event_event_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.tenant_event
    ADD CONSTRAINT tenant_event_event_fkey FOREIGN KEY (event) REFERENCES postbell.event_type(key) ON DELETE CASCADE;


--
-- Name: tenant_event tenant_event_tenant_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.tenant_event
    ADD CONSTRAINT tenant_event_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES postbell.tenant(id) ON DELETE CASCADE;


--
-- Name: text_fault text_fault_text_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.text_fault
    ADD CONSTRAINT text_fault_text_id_fkey FOREIGN KEY (text_id) REFERENCES postbell.text_version(id) ON DELETE CASCADE;


--
-- Name: text_version text_version_tenant_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.text_version
    ADD CONSTRAINT text_version_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES postbell.tenant(id) ON DELETE CASCADE;


--
-- Name: topic_member topic_member_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.topic_member
    ADD CONSTRAINT topic_member_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: waiting_delivery waiting_delivery_delivery_id_fkey; Type: FK CONSTRAINT; Schema: postbell; Owner: -
--

ALTER TABLE ONLY postbell.waiting_delivery
    ADD CONSTRAINT waiting_delivery_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES postbell.delivery(id) ON DELETE CASCADE;


--
-- Name: early_receipt early_receipt_delivery_id_fkey; Type: FK CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.early_receipt
    ADD CONSTRAINT early_receipt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES postbell.delivery(id) ON DELETE CASCADE;


--
-- Name: fanout_member fanout_member_notification_id_fkey; Type: FK CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.fanout_member
    ADD CONSTRAINT fanout_member_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES postbell.fanout(notification_id) ON DELETE CASCADE;


--
-- Name: session session_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.session
    ADD CONSTRAINT session_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: ticket ticket_session_digest_fkey; Type: FK CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.ticket
    ADD CONSTRAINT ticket_session_digest_fkey FOREIGN KEY (session_digest) REFERENCES postbell_private.session(digest) ON DELETE CASCADE;


--
-- Name: ticket ticket_tenant_id_recipient_id_fkey; Type: FK CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.ticket
    ADD CONSTRAINT ticket_tenant_id_recipient_id_fkey FOREIGN KEY (tenant_id, recipient_id) REFERENCES postbell.recipient(tenant_id, id) ON DELETE CASCADE;


--
-- Name: unknown_delivery unknown_delivery_delivery_id_fkey; Type: FK CONSTRAINT; Schema: postbell_private; Owner: -
--

ALTER TABLE ONLY postbell_private.unknown_delivery
    ADD CONSTRAINT unknown_delivery_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES postbell.delivery(id) ON DELETE CASCADE;


--
-- Name: delivery; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.delivery ENABLE ROW LEVEL SECURITY;

--
-- Name: inbox_item; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.inbox_item ENABLE ROW LEVEL SECURITY;

--
-- Name: mute; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.mute ENABLE ROW LEVEL SECURITY;

--
-- Name: preference; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.preference ENABLE ROW LEVEL SECURITY;

--
-- Name: push_subscription; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.push_subscription ENABLE ROW LEVEL SECURITY;

--
-- Name: quiet_hours; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.quiet_hours ENABLE ROW LEVEL SECURITY;

--
-- Name: delivery readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.delivery TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: inbox_item readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.inbox_item TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: mute readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.mute TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: preference readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.preference TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: push_subscription readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.push_subscription TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: quiet_hours readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.quiet_hours TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: recipient readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.recipient TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (id = postbell.current_recipient())));


--
-- Name: recipient_role readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.recipient_role TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: tenant readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.tenant TO postbell_reader USING ((id = postbell.current_tenant()));


--
-- Name: tenant_event readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.tenant_event TO postbell_reader USING ((tenant_id = postbell.current_tenant()));


--
-- Name: topic_member readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.topic_member TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: waiting_delivery readers_see_their_own; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell.waiting_delivery TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: recipient; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.recipient ENABLE ROW LEVEL SECURITY;

--
-- Name: recipient_role; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.recipient_role ENABLE ROW LEVEL SECURITY;

--
-- Name: delivery staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.delivery TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: inbox_item staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.inbox_item TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: mute staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.mute TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: preference staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.preference TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: push_subscription staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.push_subscription TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: quiet_hours staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.quiet_hours TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: recipient staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.recipient TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: recipient_role staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.recipient_role TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: tenant staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.tenant TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: tenant_event staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.tenant_event TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: topic_member staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.topic_member TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: waiting_delivery staff_sees_all; Type: POLICY; Schema: postbell; Owner: -
--

CREATE POLICY staff_sees_all ON postbell.waiting_delivery TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: tenant; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.tenant ENABLE ROW LEVEL SECURITY;

--
-- Name: tenant_event; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.tenant_event ENABLE ROW LEVEL SECURITY;

--
-- Name: topic_member; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.topic_member ENABLE ROW LEVEL SECURITY;

--
-- Name: waiting_delivery; Type: ROW SECURITY; Schema: postbell; Owner: -
--

ALTER TABLE postbell.waiting_delivery ENABLE ROW LEVEL SECURITY;

--
-- Name: fanout_member; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.fanout_member ENABLE ROW LEVEL SECURITY;

--
-- Name: fanout_member readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.fanout_member TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: session readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.session TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_0 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_0 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_1 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_1 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_2 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_2 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_3 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_3 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_4 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_4 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_5 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_5 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_6 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_6 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: stream_event_7 readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.stream_event_7 TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: ticket readers_see_their_own; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY readers_see_their_own ON postbell_private.ticket TO postbell_reader USING (((tenant_id = postbell.current_tenant()) AND (recipient_id = postbell.current_recipient())));


--
-- Name: session; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.session ENABLE ROW LEVEL SECURITY;

--
-- Name: fanout_member staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.fanout_member TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: session staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.session TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_0 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_0 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_1 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_1 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_2 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_2 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_3 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_3 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_4 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_4 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_5 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_5 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_6 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_6 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event_7 staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.stream_event_7 TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: ticket staff_sees_all; Type: POLICY; Schema: postbell_private; Owner: -
--

CREATE POLICY staff_sees_all ON postbell_private.ticket TO postbell_dispatcher, postbell_support, postbell_admin USING (true);


--
-- Name: stream_event; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_0; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_0 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_1; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_1 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_2; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_2 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_3; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_3 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_4; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_4 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_5; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_5 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_6; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_6 ENABLE ROW LEVEL SECURITY;

--
-- Name: stream_event_7; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.stream_event_7 ENABLE ROW LEVEL SECURITY;

--
-- Name: ticket; Type: ROW SECURITY; Schema: postbell_private; Owner: -
--

ALTER TABLE postbell_private.ticket ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA postbell; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA postbell TO postbell_producer;
GRANT USAGE ON SCHEMA postbell TO postbell_reader;
GRANT USAGE ON SCHEMA postbell TO postbell_dispatcher;
GRANT USAGE ON SCHEMA postbell TO postbell_gateway;
GRANT USAGE ON SCHEMA postbell TO postbell_support;
GRANT USAGE ON SCHEMA postbell TO postbell_admin;


--
-- Name: SCHEMA postbell_private; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA postbell_private TO postbell_dispatcher;
GRANT USAGE ON SCHEMA postbell_private TO postbell_gateway;
GRANT USAGE ON SCHEMA postbell_private TO postbell_admin;


--
-- Name: SCHEMA postbell_queue; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA postbell_queue TO postbell_dispatcher;


--
-- Name: FUNCTION add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.add_push_subscription(recipient text, endpoint text, p256dh text, auth text, user_agent text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION archive(recipient text, item_ids bigint[], tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.archive(recipient text, item_ids bigint[], tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.archive(recipient text, item_ids bigint[], tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.archive(recipient text, item_ids bigint[], tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION archive_all(recipient text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.archive_all(recipient text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.archive_all(recipient text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.archive_all(recipient text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.cancel(outbox_id bigint, OUT taken_back bigint, OUT handed_over bigint) TO postbell_admin;


--
-- Name: FUNCTION cancel(subject text, tenant_id text, OUT taken_back bigint, OUT handed_over bigint); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.cancel(subject text, tenant_id text, OUT taken_back bigint, OUT handed_over bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.cancel(subject text, tenant_id text, OUT taken_back bigint, OUT handed_over bigint) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.cancel(subject text, tenant_id text, OUT taken_back bigint, OUT handed_over bigint) TO postbell_admin;


--
-- Name: FUNCTION catalogue(recipient text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.catalogue(recipient text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.catalogue(recipient text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.catalogue(recipient text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.channels_wanted(named text[], of_tenant text[], of_event text[], forced text[], switched_on text[]) TO postbell_admin;


--
-- Name: FUNCTION check_mirrors(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.check_mirrors() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.check_mirrors() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.check_mirrors() TO postbell_support;
GRANT ALL ON FUNCTION postbell.check_mirrors() TO postbell_admin;


--
-- Name: FUNCTION check_names(since timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.check_names(since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.check_names(since timestamp with time zone) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.check_names(since timestamp with time zone) TO postbell_support;
GRANT ALL ON FUNCTION postbell.check_names(since timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION check_templates(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.check_templates() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.check_templates() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.check_templates() TO postbell_support;
GRANT ALL ON FUNCTION postbell.check_templates() TO postbell_admin;


--
-- Name: FUNCTION choose_providers(channel text, providers text[], tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.choose_providers(channel text, providers text[], tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.choose_providers(channel text, providers text[], tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION clock(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.clock() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.clock() TO postbell_producer;
GRANT ALL ON FUNCTION postbell.clock() TO postbell_reader;
GRANT ALL ON FUNCTION postbell.clock() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.clock() TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.clock() TO postbell_support;
GRANT ALL ON FUNCTION postbell.clock() TO postbell_admin;


--
-- Name: FUNCTION contract(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.contract() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.contract() TO postbell_producer;
GRANT ALL ON FUNCTION postbell.contract() TO postbell_reader;
GRANT ALL ON FUNCTION postbell.contract() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.contract() TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.contract() TO postbell_support;
GRANT ALL ON FUNCTION postbell.contract() TO postbell_admin;


--
-- Name: FUNCTION current_recipient(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.current_recipient() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.current_recipient() TO postbell_producer;
GRANT ALL ON FUNCTION postbell.current_recipient() TO postbell_reader;
GRANT ALL ON FUNCTION postbell.current_recipient() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.current_recipient() TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.current_recipient() TO postbell_support;
GRANT ALL ON FUNCTION postbell.current_recipient() TO postbell_admin;


--
-- Name: FUNCTION current_tenant(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.current_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.current_tenant() TO postbell_producer;
GRANT ALL ON FUNCTION postbell.current_tenant() TO postbell_reader;
GRANT ALL ON FUNCTION postbell.current_tenant() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.current_tenant() TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.current_tenant() TO postbell_support;
GRANT ALL ON FUNCTION postbell.current_tenant() TO postbell_admin;


--
-- Name: FUNCTION emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.emit(event text, subject text, people text[], payload jsonb, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone, audience jsonb) TO postbell_admin;


--
-- Name: FUNCTION exact_amount(name text, value anyelement); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.exact_amount(name text, value anyelement) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.exact_amount(name text, value anyelement) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.exact_amount(name text, value anyelement) TO postbell_admin;


--
-- Name: FUNCTION explain(outbox_id bigint); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.explain(outbox_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.explain(outbox_id bigint) TO postbell_support;
GRANT ALL ON FUNCTION postbell.explain(outbox_id bigint) TO postbell_admin;


--
-- Name: FUNCTION explain(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, subject text, actor text, priority text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.explain(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, subject text, actor text, priority text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.explain(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, subject text, actor text, priority text) TO postbell_support;
GRANT ALL ON FUNCTION postbell.explain(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, subject text, actor text, priority text) TO postbell_admin;


--
-- Name: FUNCTION follow_users(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.follow_users() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.follow_users() TO postbell_admin;


--
-- Name: FUNCTION help(about text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.help(about text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.help(about text) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.help(about text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.help(about text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.help(about text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.help(about text) TO postbell_support;
GRANT ALL ON FUNCTION postbell.help(about text) TO postbell_admin;


--
-- Name: FUNCTION in_words(names text[]); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.in_words(names text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.in_words(names text[]) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.in_words(names text[]) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.in_words(names text[]) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.in_words(names text[]) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.in_words(names text[]) TO postbell_support;
GRANT ALL ON FUNCTION postbell.in_words(names text[]) TO postbell_admin;


--
-- Name: FUNCTION is_iso_date(written text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.is_iso_date(written text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.is_iso_date(written text) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.is_iso_date(written text) TO postbell_admin;


--
-- Name: FUNCTION is_meant_for(tenant_id text, recipient_id text, roles text[]); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.is_meant_for(tenant_id text, recipient_id text, roles text[]) TO postbell_admin;


--
-- Name: FUNCTION is_of_type(value jsonb, type text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.is_of_type(value jsonb, type text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.is_of_type(value jsonb, type text) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.is_of_type(value jsonb, type text) TO postbell_admin;


--
-- Name: FUNCTION is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.is_switched_off(tenant_id text, recipient_id text, channel text, category text, event text) TO postbell_admin;


--
-- Name: FUNCTION is_time_zone(zone text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.is_time_zone(zone text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.is_time_zone(zone text) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.is_time_zone(zone text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.is_time_zone(zone text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.is_time_zone(zone text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.is_time_zone(zone text) TO postbell_support;
GRANT ALL ON FUNCTION postbell.is_time_zone(zone text) TO postbell_admin;


--
-- Name: FUNCTION join_topic(recipient text, topic text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.join_topic(recipient text, topic text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.join_topic(recipient text, topic text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION leader(OUT process_id integer, OUT is_asleep boolean); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.leader(OUT process_id integer, OUT is_asleep boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.leader(OUT process_id integer, OUT is_asleep boolean) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.leader(OUT process_id integer, OUT is_asleep boolean) TO postbell_support;
GRANT ALL ON FUNCTION postbell.leader(OUT process_id integer, OUT is_asleep boolean) TO postbell_admin;


--
-- Name: FUNCTION leave_topic(recipient text, topic text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.leave_topic(recipient text, topic text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.leave_topic(recipient text, topic text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mark_all_read(recipient text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mark_all_read(recipient text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mark_all_read(recipient text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.mark_all_read(recipient text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mark_all_seen(recipient text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mark_all_seen(recipient text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mark_all_seen(recipient text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.mark_all_seen(recipient text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mark_read(recipient text, item_ids bigint[], tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mark_read(recipient text, item_ids bigint[], tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mark_read(recipient text, item_ids bigint[], tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.mark_read(recipient text, item_ids bigint[], tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mark_seen(recipient text, item_ids bigint[], tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.mark_seen(recipient text, item_ids bigint[], tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mark_unread(recipient text, item_ids bigint[], tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.mark_unread(recipient text, item_ids bigint[], tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mirror_faults(source regclass); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mirror_faults(source regclass) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mirror_faults(source regclass) TO postbell_admin;


--
-- Name: FUNCTION mirror_recipients(source regclass, mapping jsonb, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mirror_recipients(source regclass, mapping jsonb, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mirror_recipients(source regclass, mapping jsonb, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION mute(recipient text, until timestamp with time zone, category text, event text, subject text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.mute(recipient text, until timestamp with time zone, category text, event text, subject text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.mute(recipient text, until timestamp with time zone, category text, event text, subject text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.mute(recipient text, until timestamp with time zone, category text, event text, subject text, tenant_id text) TO postbell_admin;


--
-- Name: TABLE outbox; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox TO postbell_admin;


--
-- Name: COLUMN outbox.id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(id) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.tenant_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(tenant_id) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.event; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(event) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.recipient; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(recipient) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.payload; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(payload) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.audience; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(audience) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.channels; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(channels) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.forced_channels; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(forced_channels) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.priority; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(priority) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.subject; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(subject) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.actor; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(actor) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.idempotency_key; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(idempotency_key) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.deliver_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(deliver_at) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: COLUMN outbox.expires_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT INSERT(expires_at) ON TABLE postbell.outbox TO postbell_producer;


--
-- Name: FUNCTION notify(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, idempotency_key text, subject text, actor text, priority text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, idempotency_key text, subject text, actor text, priority text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, idempotency_key text, subject text, actor text, priority text) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify(event text, recipient text, payload jsonb, tenant_id text, audience jsonb, channels text[], forced_channels text[], deliver_at timestamp with time zone, expires_at timestamp with time zone, idempotency_key text, subject text, actor text, priority text) TO postbell_admin;


--
-- Name: FUNCTION notify_badge_awarded(client_id bigint, badge_name text, description text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_badge_awarded(client_id bigint, badge_name text, description text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_badge_awarded(client_id bigint, badge_name text, description text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_badge_awarded(client_id bigint, badge_name text, description text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_badge_awarded(client_id text, badge_name text, description text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_badge_awarded(client_id text, badge_name text, description text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_badge_awarded(client_id text, badge_name text, description text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_badge_awarded(client_id text, badge_name text, description text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_completed(client_id bigint, bundle_name text, number_of_classes bigint, bundle_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_completed(client_id text, bundle_name text, number_of_classes bigint, bundle_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_created(client_id bigint, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_bundle_created(client_id text, bundle_name text, total_price anycompatible, number_of_classes bigint, deposit_required anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_deposit_paid(client_id bigint, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_deposit_paid(client_id text, bundle_name text, amount anycompatible, balance_remaining anycompatible, bundle_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text, bundle_id bigint, bundle_name text, members bigint[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text, bundle_id bigint, bundle_name text, members bigint[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text, bundle_id bigint, bundle_name text, members bigint[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_message_received(thread_id bigint, sender_id bigint, sender_name text, message text, bundle_id bigint, bundle_name text, members bigint[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_message_received(thread_id text, sender_id text, sender_name text, message text, bundle_id text, bundle_name text, members text[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_message_received(thread_id text, sender_id text, sender_name text, message text, bundle_id text, bundle_name text, members text[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_message_received(thread_id text, sender_id text, sender_name text, message text, bundle_id text, bundle_name text, members text[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_message_received(thread_id text, sender_id text, sender_name text, message text, bundle_id text, bundle_name text, members text[], tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_ticket_created(client_id bigint, subject text, bundle_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_ticket_created(client_id bigint, subject text, bundle_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_ticket_created(client_id bigint, subject text, bundle_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_ticket_created(client_id bigint, subject text, bundle_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_class_ticket_created(client_id text, subject text, bundle_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_class_ticket_created(client_id text, subject text, bundle_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_class_ticket_created(client_id text, subject text, bundle_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_class_ticket_created(client_id text, subject text, bundle_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_installment_due(client_id bigint, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id bigint, order_id bigint, special_order_id bigint, bundle_id bigint, bundle_name text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_installment_due(client_id bigint, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id bigint, order_id bigint, special_order_id bigint, bundle_id bigint, bundle_name text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_installment_due(client_id bigint, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id bigint, order_id bigint, special_order_id bigint, bundle_id bigint, bundle_name text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_installment_due(client_id bigint, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id bigint, order_id bigint, special_order_id bigint, bundle_id bigint, bundle_name text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_installment_due(client_id text, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id text, order_id text, special_order_id text, bundle_id text, bundle_name text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_installment_due(client_id text, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id text, order_id text, special_order_id text, bundle_id text, bundle_name text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_installment_due(client_id text, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id text, order_id text, special_order_id text, bundle_id text, bundle_name text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_installment_due(client_id text, amount anycompatible, due_date date, installment_number bigint, total_installments bigint, installment_id text, order_id text, special_order_id text, bundle_id text, bundle_name text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date, invoice_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date, invoice_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date, invoice_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_invoice_generated(client_id bigint, invoice_number text, amount anycompatible, due_date date, invoice_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date, invoice_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date, invoice_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date, invoice_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_invoice_generated(client_id text, invoice_number text, amount anycompatible, due_date date, invoice_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_loyalty_points_awarded(client_id bigint, points bigint, reason text, total_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_loyalty_points_awarded(client_id bigint, points bigint, reason text, total_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_loyalty_points_awarded(client_id bigint, points bigint, reason text, total_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_loyalty_points_awarded(client_id bigint, points bigint, reason text, total_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_loyalty_points_awarded(client_id text, points bigint, reason text, total_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_loyalty_points_awarded(client_id text, points bigint, reason text, total_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_loyalty_points_awarded(client_id text, points bigint, reason text, total_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_loyalty_points_awarded(client_id text, points bigint, reason text, total_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_milestone_reached(client_id bigint, milestone_name text, reward_points bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_milestone_reached(client_id text, milestone_name text, reward_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_milestone_reached(client_id text, milestone_name text, reward_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_milestone_reached(client_id text, milestone_name text, reward_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_milestone_reached(client_id text, milestone_name text, reward_points bigint, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_assigned(order_id bigint, client_id bigint, writer_id bigint, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_assigned(order_id text, client_id text, writer_id text, order_topic text, writer_name text, deadline timestamp with time zone, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_completed(order_id bigint, client_id bigint, writer_id bigint, order_topic text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_completed(order_id bigint, client_id bigint, writer_id bigint, order_topic text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_completed(order_id bigint, client_id bigint, writer_id bigint, order_topic text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_completed(order_id bigint, client_id bigint, writer_id bigint, order_topic text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_completed(order_id text, client_id text, writer_id text, order_topic text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_completed(order_id text, client_id text, writer_id text, order_topic text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_completed(order_id text, client_id text, writer_id text, order_topic text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_completed(order_id text, client_id text, writer_id text, order_topic text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_created(order_id bigint, client_id bigint, order_topic text, amount anycompatible, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_created(order_id bigint, client_id bigint, order_topic text, amount anycompatible, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_created(order_id bigint, client_id bigint, order_topic text, amount anycompatible, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_created(order_id bigint, client_id bigint, order_topic text, amount anycompatible, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_created(order_id text, client_id text, order_topic text, amount anycompatible, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_created(order_id text, client_id text, order_topic text, amount anycompatible, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_created(order_id text, client_id text, order_topic text, amount anycompatible, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_created(order_id text, client_id text, order_topic text, amount anycompatible, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text, order_topic text, writer_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text, order_topic text, writer_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text, order_topic text, writer_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_paid(order_id bigint, client_id bigint, amount anycompatible, payment_method text, order_topic text, writer_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text, order_topic text, writer_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text, order_topic text, writer_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text, order_topic text, writer_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_order_paid(order_id text, client_id text, amount anycompatible, payment_method text, order_topic text, writer_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_payment_completed(client_id bigint, amount anycompatible, payment_method text, payment_id bigint, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_payment_completed(client_id bigint, amount anycompatible, payment_method text, payment_id bigint, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_payment_completed(client_id bigint, amount anycompatible, payment_method text, payment_id bigint, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_payment_completed(client_id bigint, amount anycompatible, payment_method text, payment_id bigint, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_payment_completed(client_id text, amount anycompatible, payment_method text, payment_id text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_payment_completed(client_id text, amount anycompatible, payment_method text, payment_id text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_payment_completed(client_id text, amount anycompatible, payment_method text, payment_id text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_payment_completed(client_id text, amount anycompatible, payment_method text, payment_id text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_payment_failed(client_id bigint, amount anycompatible, reason text, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_payment_failed(client_id bigint, amount anycompatible, reason text, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_payment_failed(client_id bigint, amount anycompatible, reason text, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_payment_failed(client_id bigint, amount anycompatible, reason text, order_id bigint, order_topic text, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_payment_failed(client_id text, amount anycompatible, reason text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_payment_failed(client_id text, amount anycompatible, reason text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_payment_failed(client_id text, amount anycompatible, reason text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_payment_failed(client_id text, amount anycompatible, reason text, order_id text, order_topic text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_redemption_approved(client_id bigint, item_name text, points_used bigint, fulfillment_code text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_redemption_approved(client_id text, item_name text, points_used bigint, fulfillment_code text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_redemption_rejected(client_id bigint, item_name text, points_used bigint, reason text, redemption_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_redemption_rejected(client_id text, item_name text, points_used bigint, reason text, redemption_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_refund_processed(client_id bigint, amount anycompatible, reason text, refund_id bigint, order_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_refund_processed(client_id bigint, amount anycompatible, reason text, refund_id bigint, order_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_refund_processed(client_id bigint, amount anycompatible, reason text, refund_id bigint, order_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_refund_processed(client_id bigint, amount anycompatible, reason text, refund_id bigint, order_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_refund_processed(client_id text, amount anycompatible, reason text, refund_id text, order_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_refund_processed(client_id text, amount anycompatible, reason text, refund_id text, order_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_refund_processed(client_id text, amount anycompatible, reason text, refund_id text, order_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_refund_processed(client_id text, amount anycompatible, reason text, refund_id text, order_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id bigint, assignee_name text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_assigned(ticket_number text, assignee_id text, assignee_name text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_created(ticket_number text, creator_id bigint, subject text, ticket_id bigint, assignee_id bigint, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id bigint, subject text, ticket_id bigint, assignee_id bigint, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id bigint, subject text, ticket_id bigint, assignee_id bigint, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id bigint, subject text, ticket_id bigint, assignee_id bigint, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_created(ticket_number text, creator_id text, subject text, ticket_id text, assignee_id text, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id text, subject text, ticket_id text, assignee_id text, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id text, subject text, ticket_id text, assignee_id text, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_created(ticket_number text, creator_id text, subject text, ticket_id text, assignee_id text, assignee_name text, support_role text, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text, reason text, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text, reason text, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text, reason text, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id bigint, escalated_to text, reason text, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text, reason text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text, reason text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text, reason text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_escalated(ticket_number text, creator_id text, escalated_to text, reason text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id bigint, assignee_id bigint, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_reopened(ticket_number text, creator_id text, assignee_id text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text, message text, assignee_id bigint, ticket_id bigint, message_id bigint, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text, message text, assignee_id bigint, ticket_id bigint, message_id bigint, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text, message text, assignee_id bigint, ticket_id bigint, message_id bigint, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id bigint, replier_id bigint, replier_name text, message text, assignee_id bigint, ticket_id bigint, message_id bigint, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text, message text, assignee_id text, ticket_id text, message_id text, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text, message text, assignee_id text, ticket_id text, message_id text, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text, message text, assignee_id text, ticket_id text, message_id text, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_reply(ticket_number text, creator_id text, replier_id text, replier_name text, message text, assignee_id text, ticket_id text, message_id text, is_internal boolean, tenant_id text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text, resolution text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text, resolution text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text, resolution text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id bigint, resolver_name text, resolution text, ticket_id bigint, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text, resolution text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text, resolution text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text, resolution text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_ticket_resolved(ticket_number text, creator_id text, resolver_name text, resolution text, ticket_id text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_tier_upgraded(client_id bigint, tier_name text, perks text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_tier_upgraded(client_id bigint, tier_name text, perks text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_tier_upgraded(client_id bigint, tier_name text, perks text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_tier_upgraded(client_id bigint, tier_name text, perks text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_tier_upgraded(client_id text, tier_name text, perks text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_tier_upgraded(client_id text, tier_name text, perks text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_tier_upgraded(client_id text, tier_name text, perks text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_tier_upgraded(client_id text, tier_name text, perks text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_wallet_loaded(client_id bigint, amount anycompatible, balance anycompatible, wallet_id bigint, currency text, tenant_id text, actor bigint, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.notify_wallet_loaded(client_id text, amount anycompatible, balance anycompatible, wallet_id text, currency text, tenant_id text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION pause(recipient text, until timestamp with time zone, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.pause(recipient text, until timestamp with time zone, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.pause(recipient text, until timestamp with time zone, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.pause(recipient text, until timestamp with time zone, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION preference_overview(at timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.preference_overview(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.preference_overview(at timestamp with time zone) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.preference_overview(at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION quiet_moments(days integer[]); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.quiet_moments(days integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.quiet_moments(days integer[]) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.quiet_moments(days integer[]) TO postbell_admin;


--
-- Name: FUNCTION raise_error(name text, detail text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.raise_error(name text, detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.raise_error(name text, detail text) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.raise_error(name text, detail text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.raise_error(name text, detail text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.raise_error(name text, detail text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell.raise_error(name text, detail text) TO postbell_support;
GRANT ALL ON FUNCTION postbell.raise_error(name text, detail text) TO postbell_admin;


--
-- Name: FUNCTION reassign_device(tenant_id text, recipient text, endpoint text, auth text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.reassign_device(tenant_id text, recipient text, endpoint text, auth text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.reassign_device(tenant_id text, recipient text, endpoint text, auth text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.reassign_device(tenant_id text, recipient text, endpoint text, auth text) TO postbell_admin;


--
-- Name: FUNCTION refuse_tracking(recipient text, tenant_id text, refuses boolean); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.refuse_tracking(recipient text, tenant_id text, refuses boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.refuse_tracking(recipient text, tenant_id text, refuses boolean) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.refuse_tracking(recipient text, tenant_id text, refuses boolean) TO postbell_admin;


--
-- Name: FUNCTION register_event(key text, category text, priority text, default_channels text[], channels text[], fields jsonb, label text, description text, forced_channels text[], notify_actor boolean, version text, roles text[]); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.register_event(key text, category text, priority text, default_channels text[], channels text[], fields jsonb, label text, description text, forced_channels text[], notify_actor boolean, version text, roles text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.register_event(key text, category text, priority text, default_channels text[], channels text[], fields jsonb, label text, description text, forced_channels text[], notify_actor boolean, version text, roles text[]) TO postbell_admin;


--
-- Name: FUNCTION remove_push_subscription(recipient text, endpoint text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.remove_push_subscription(recipient text, endpoint text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.remove_push_subscription(recipient text, endpoint text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.remove_push_subscription(recipient text, endpoint text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION require_channel(channel text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.require_channel(channel text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.require_channel(channel text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.require_channel(channel text) TO postbell_admin;


--
-- Name: FUNCTION require_device(endpoint text, p256dh text, auth text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.require_device(endpoint text, p256dh text, auth text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.require_device(endpoint text, p256dh text, auth text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.require_device(endpoint text, p256dh text, auth text) TO postbell_admin;


--
-- Name: FUNCTION require_identifier(name text, value text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.require_identifier(name text, value text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.require_identifier(name text, value text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.require_identifier(name text, value text) TO postbell_admin;


--
-- Name: FUNCTION require_recipient(tenant_id text, recipient text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.require_recipient(tenant_id text, recipient text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.require_recipient(tenant_id text, recipient text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.require_recipient(tenant_id text, recipient text) TO postbell_admin;


--
-- Name: FUNCTION require_short(name text, value text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.require_short(name text, value text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.require_short(name text, value text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.require_short(name text, value text) TO postbell_admin;


--
-- Name: FUNCTION require_value(name text, value anyelement); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.require_value(name text, value anyelement) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.require_value(name text, value anyelement) TO postbell_producer;
GRANT ALL ON FUNCTION postbell.require_value(name text, value anyelement) TO postbell_admin;


--
-- Name: FUNCTION reset_router(); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.reset_router() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.reset_router() TO postbell_admin;


--
-- Name: FUNCTION retry(delivery_id bigint, event text, channel text, tenant_id text, since timestamp with time zone); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.retry(delivery_id bigint, event text, channel text, tenant_id text, since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.retry(delivery_id bigint, event text, channel text, tenant_id text, since timestamp with time zone) TO postbell_support;
GRANT ALL ON FUNCTION postbell.retry(delivery_id bigint, event text, channel text, tenant_id text, since timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION roll_back_branding(tenant_id text, to_version integer); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.roll_back_branding(tenant_id text, to_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.roll_back_branding(tenant_id text, to_version integer) TO postbell_admin;


--
-- Name: FUNCTION roll_back_text(path text, tenant_id text, to_version integer); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.roll_back_text(path text, tenant_id text, to_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.roll_back_text(path text, tenant_id text, to_version integer) TO postbell_admin;


--
-- Name: FUNCTION set_preference(recipient text, enabled boolean, channel text, category text, event text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.set_preference(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.set_preference(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.set_preference(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[], time_zone text, channels text[], tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[], time_zone text, channels text[], tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[], time_zone text, channels text[], tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.set_quiet_hours(recipient text, starts time without time zone, ends time without time zone, days integer[], time_zone text, channels text[], tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION set_text(path text, content text, tenant_id text, note text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.set_text(path text, content text, tenant_id text, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.set_text(path text, content text, tenant_id text, note text) TO postbell_admin;


--
-- Name: FUNCTION suppress(channel text, address text, reason text, detail text, expires_at timestamp with time zone, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.suppress(channel text, address text, reason text, detail text, expires_at timestamp with time zone, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.suppress(channel text, address text, reason text, detail text, expires_at timestamp with time zone, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION switch_channel(recipient text, enabled boolean, channel text, category text, event text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.switch_channel(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.switch_channel(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.switch_channel(recipient text, enabled boolean, channel text, category text, event text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION switch_on_only(recipient text, channel text, category text, event text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.switch_on_only(recipient text, channel text, category text, event text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.switch_on_only(recipient text, channel text, category text, event text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.switch_on_only(recipient text, channel text, category text, event text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.switched_off_by(tenant_id text, recipient_id text, channel text, category text, event text) TO postbell_admin;


--
-- Name: FUNCTION switched_on(tenant_id text, recipient_id text, event text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.switched_on(tenant_id text, recipient_id text, event text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.switched_on(tenant_id text, recipient_id text, event text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.switched_on(tenant_id text, recipient_id text, event text) TO postbell_admin;


--
-- Name: FUNCTION texts_of(tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.texts_of(tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.texts_of(tenant_id text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell.texts_of(tenant_id text) TO postbell_support;
GRANT ALL ON FUNCTION postbell.texts_of(tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION texts_used(delivery_id bigint); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.texts_used(delivery_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.texts_used(delivery_id bigint) TO postbell_support;
GRANT ALL ON FUNCTION postbell.texts_used(delivery_id bigint) TO postbell_admin;


--
-- Name: FUNCTION unmirror_recipients(source regclass); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.unmirror_recipients(source regclass) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.unmirror_recipients(source regclass) TO postbell_admin;


--
-- Name: FUNCTION unmute(recipient text, category text, event text, subject text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.unmute(recipient text, category text, event text, subject text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.unmute(recipient text, category text, event text, subject text, tenant_id text) TO postbell_reader;
GRANT ALL ON FUNCTION postbell.unmute(recipient text, category text, event text, subject text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION unsuppress(channel text, address text, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.unsuppress(channel text, address text, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.unsuppress(channel text, address text, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION upsert_recipient(id text, email text, phone text, locale text, time_zone text, roles text[], attributes jsonb, tenant_id text); Type: ACL; Schema: postbell; Owner: -
--

REVOKE ALL ON FUNCTION postbell.upsert_recipient(id text, email text, phone text, locale text, time_zone text, roles text[], attributes jsonb, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell.upsert_recipient(id text, email text, phone text, locale text, time_zone text, roles text[], attributes jsonb, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION acquire_gateway_lock(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.acquire_gateway_lock() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.acquire_gateway_lock() TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.acquire_gateway_lock() TO postbell_admin;


--
-- Name: FUNCTION acquire_gateway_sleep_lock(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.acquire_gateway_sleep_lock() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.acquire_gateway_sleep_lock() TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.acquire_gateway_sleep_lock() TO postbell_admin;


--
-- Name: FUNCTION acquire_leadership(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.acquire_leadership() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.acquire_leadership() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.acquire_leadership() TO postbell_admin;


--
-- Name: FUNCTION acquire_sleep_lock(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.acquire_sleep_lock() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.acquire_sleep_lock() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.acquire_sleep_lock() TO postbell_admin;


--
-- Name: FUNCTION add_integer_ids(verb text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.add_integer_ids(verb text) FROM PUBLIC;


--
-- Name: FUNCTION address_for_suppression(channel text, address text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.address_for_suppression(channel text, address text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.address_for_suppression(channel text, address text) TO postbell_admin;


--
-- Name: FUNCTION address_of(kind text, tenant_id text, recipient_id text, email text, phone text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.address_of(kind text, tenant_id text, recipient_id text, email text, phone text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.address_of(kind text, tenant_id text, recipient_id text, email text, phone text) TO postbell_admin;


--
-- Name: FUNCTION advance_step(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.advance_step() FROM PUBLIC;


--
-- Name: FUNCTION analyze_grown_tables(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.analyze_grown_tables() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.analyze_grown_tables() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.analyze_grown_tables() TO postbell_admin;


--
-- Name: FUNCTION apply_receipts(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.apply_receipts(delivery_ids bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION base_type(type regtype); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.base_type(type regtype) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.base_type(type regtype) TO postbell_admin;


--
-- Name: FUNCTION begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.begin_operator_session(digest bytea, operator text, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.begin_session(digest bytea, recipient text, expires_at timestamp with time zone, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION cancel_deliveries(notification_ids bigint[], OUT taken_back bigint, OUT handed_over bigint); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.cancel_deliveries(notification_ids bigint[], OUT taken_back bigint, OUT handed_over bigint) FROM PUBLIC;


--
-- Name: TABLE notification; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.notification TO postbell_admin;


--
-- Name: FUNCTION candidate_of(notification postbell_private.notification, recipient_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.candidate_of(notification postbell_private.notification, recipient_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.candidate_of(notification postbell_private.notification, recipient_id text) TO postbell_admin;


--
-- Name: FUNCTION check_channels(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.check_channels() FROM PUBLIC;


--
-- Name: FUNCTION check_cluster(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.check_cluster() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.check_cluster() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.check_cluster() TO postbell_admin;


--
-- Name: FUNCTION check_quiet_channels(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.check_quiet_channels() FROM PUBLIC;


--
-- Name: FUNCTION claim_batch(batch_id bigint, batch_channel text, start_sending integer, provider text, with_identities boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.claim_batch(batch_id bigint, batch_channel text, start_sending integer, provider text, with_identities boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.claim_batch(batch_id bigint, batch_channel text, start_sending integer, provider text, with_identities boolean) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.claim_batch(batch_id bigint, batch_channel text, start_sending integer, provider text, with_identities boolean) TO postbell_admin;


--
-- Name: FUNCTION classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.classify_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) TO postbell_admin;


--
-- Name: FUNCTION classify_type(type regtype); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.classify_type(type regtype) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.classify_type(type regtype) TO postbell_admin;


--
-- Name: FUNCTION committed_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.committed_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.committed_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) TO postbell_admin;


--
-- Name: FUNCTION copy_stops(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.copy_stops() FROM PUBLIC;


--
-- Name: TABLE router_step; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.router_step TO postbell_admin;


--
-- Name: FUNCTION current_step(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.current_step() FROM PUBLIC;


--
-- Name: FUNCTION decide(candidates postbell_private.candidate[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.decide(candidates postbell_private.candidate[]) FROM PUBLIC;


--
-- Name: FUNCTION decide_again(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.decide_again(delivery_ids bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION deliver(candidates postbell_private.candidate[], is_bulk boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.deliver(candidates postbell_private.candidate[], is_bulk boolean) FROM PUBLIC;


--
-- Name: FUNCTION describe_type(type text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.describe_type(type text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.describe_type(type text) TO postbell_admin;


--
-- Name: FUNCTION devices_of(batch_id bigint, claim_token uuid); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.devices_of(batch_id bigint, claim_token uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.devices_of(batch_id bigint, claim_token uuid) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.devices_of(batch_id bigint, claim_token uuid) TO postbell_admin;


--
-- Name: FUNCTION drop_code(routines oid[], views oid[], with_dependents boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.drop_code(routines oid[], views oid[], with_dependents boolean) FROM PUBLIC;


--
-- Name: FUNCTION drop_undeclared(triggers text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.drop_undeclared(triggers text[]) FROM PUBLIC;


--
-- Name: FUNCTION end_operator_session(digest bytea); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.end_operator_session(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.end_operator_session(digest bytea) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.end_operator_session(digest bytea) TO postbell_admin;


--
-- Name: FUNCTION end_session(digest bytea); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.end_session(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.end_session(digest bytea) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.end_session(digest bytea) TO postbell_admin;


--
-- Name: FUNCTION enqueue(delivery_ids bigint[], is_bulk boolean, delay interval); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.enqueue(delivery_ids bigint[], is_bulk boolean, delay interval) FROM PUBLIC;


--
-- Name: FUNCTION fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.fail_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], reasons text[]) TO postbell_admin;


--
-- Name: FUNCTION fan_out(most integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.fan_out(most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.fan_out(most integer) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.fan_out(most integer) TO postbell_admin;


--
-- Name: FUNCTION find_audience_fault(audience jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.find_audience_fault(audience jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.find_audience_fault(audience jsonb) TO postbell_admin;


--
-- Name: FUNCTION find_overlong(audience jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.find_overlong(audience jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.find_overlong(audience jsonb) TO postbell_admin;


--
-- Name: FUNCTION find_payload_fault(payload jsonb, fields jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.find_payload_fault(payload jsonb, fields jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.find_payload_fault(payload jsonb, fields jsonb) TO postbell_admin;


--
-- Name: FUNCTION fingerprint_of(event postbell.outbox); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.fingerprint_of(event postbell.outbox) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.fingerprint_of(event postbell.outbox) TO postbell_admin;


--
-- Name: FUNCTION finish_batch(batch_id bigint, claim_token uuid); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.finish_batch(batch_id bigint, claim_token uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.finish_batch(batch_id bigint, claim_token uuid) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.finish_batch(batch_id bigint, claim_token uuid) TO postbell_admin;


--
-- Name: FUNCTION first_known_zone(zones text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.first_known_zone(zones text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.first_known_zone(zones text[]) TO postbell_admin;


--
-- Name: FUNCTION follow_tenants(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.follow_tenants() FROM PUBLIC;


--
-- Name: FUNCTION forget_early_receipts(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.forget_early_receipts() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.forget_early_receipts() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.forget_early_receipts() TO postbell_admin;


--
-- Name: FUNCTION forget_jobs(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.forget_jobs() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.forget_jobs() TO postbell_admin;


--
-- Name: FUNCTION forget_sessions(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.forget_sessions() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.forget_sessions() TO postbell_admin;


--
-- Name: FUNCTION give_up(delivery_ids bigint[], reasons text[], states text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.give_up(delivery_ids bigint[], reasons text[], states text[]) FROM PUBLIC;


--
-- Name: FUNCTION give_up_unknown(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.give_up_unknown(delivery_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.give_up_unknown(delivery_ids bigint[]) TO postbell_admin;


--
-- Name: FUNCTION hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.hold_deliveries(batch_id bigint, claim_token uuid, delivery_ids bigint[], seconds double precision[], begun boolean[], reasons text[]) TO postbell_admin;


--
-- Name: TABLE delivery; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.delivery TO postbell_reader;
GRANT SELECT ON TABLE postbell.delivery TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.delivery TO postbell_admin;


--
-- Name: COLUMN delivery.id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(id) ON TABLE postbell.delivery TO postbell_dispatcher;


--
-- Name: COLUMN delivery.tenant_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE postbell.delivery TO postbell_dispatcher;


--
-- Name: COLUMN delivery.channel; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(channel) ON TABLE postbell.delivery TO postbell_dispatcher;


--
-- Name: COLUMN delivery.priority; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(priority) ON TABLE postbell.delivery TO postbell_dispatcher;


--
-- Name: FUNCTION identity_of(delivery postbell.delivery); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.identity_of(delivery postbell.delivery) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.identity_of(delivery postbell.delivery) TO postbell_admin;


--
-- Name: FUNCTION in_chunks(query text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.in_chunks(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.in_chunks(query text) TO postbell_admin;


--
-- Name: FUNCTION inherit_stops(tenant_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.inherit_stops(tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.inherit_stops(tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION instant_of(wall_clock timestamp without time zone, zone text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.instant_of(wall_clock timestamp without time zone, zone text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.instant_of(wall_clock timestamp without time zone, zone text) TO postbell_admin;


--
-- Name: FUNCTION is_cancelled(outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamp with time zone); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.is_cancelled(outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.is_cancelled(outbox_id bigint, tenant_id text, subject text, xid xid8, created_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION is_content_error(code text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.is_content_error(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.is_content_error(code text) TO postbell_admin;


--
-- Name: FUNCTION is_gateway_present(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.is_gateway_present() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.is_gateway_present() TO postbell_admin;


--
-- Name: FUNCTION is_muted(tenant_id text, recipient_id text, category text, event text, subject text, at timestamp with time zone); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.is_muted(tenant_id text, recipient_id text, category text, event text, subject text, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.is_muted(tenant_id text, recipient_id text, category text, event text, subject text, at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION is_stream_kept(since pg_snapshot); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.is_stream_kept(since pg_snapshot) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.is_stream_kept(since pg_snapshot) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.is_stream_kept(since pg_snapshot) TO postbell_admin;


--
-- Name: FUNCTION is_transient_error(code text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.is_transient_error(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.is_transient_error(code text) TO postbell_admin;


--
-- Name: FUNCTION isolate(call text, items anyarray); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.isolate(call text, items anyarray) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.isolate(call text, items anyarray) TO postbell_admin;


--
-- Name: FUNCTION issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea, tenant_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea, tenant_id text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.issue_ticket(digest bytea, recipient text, valid_until timestamp with time zone, session_digest bytea, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION job_priority(priority text, is_bulk boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.job_priority(priority text, is_bulk boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.job_priority(priority text, is_bulk boolean) TO postbell_admin;


--
-- Name: FUNCTION keep_branding(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.keep_branding() FROM PUBLIC;


--
-- Name: FUNCTION ladder(is_actor boolean, event_is_disabled boolean, tenant_event_is_disabled boolean, channel_is_disabled boolean, has_template boolean, is_unknown boolean, is_erased boolean, has_address boolean, is_suppressed boolean, is_forced boolean, is_off boolean, is_muted boolean, is_quiet boolean, is_critical boolean, is_kept boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.ladder(is_actor boolean, event_is_disabled boolean, tenant_event_is_disabled boolean, channel_is_disabled boolean, has_template boolean, is_unknown boolean, is_erased boolean, has_address boolean, is_suppressed boolean, is_forced boolean, is_off boolean, is_muted boolean, is_quiet boolean, is_critical boolean, is_kept boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.ladder(is_actor boolean, event_is_disabled boolean, tenant_event_is_disabled boolean, channel_is_disabled boolean, has_template boolean, is_unknown boolean, is_erased boolean, has_address boolean, is_suppressed boolean, is_forced boolean, is_off boolean, is_muted boolean, is_quiet boolean, is_critical boolean, is_kept boolean) TO postbell_admin;


--
-- Name: TABLE fanout; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.fanout TO postbell_admin;


--
-- Name: COLUMN fanout.notification_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(notification_id) ON TABLE postbell.fanout TO postbell_dispatcher;
GRANT SELECT(notification_id) ON TABLE postbell.fanout TO postbell_support;


--
-- Name: COLUMN fanout.tenant_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE postbell.fanout TO postbell_dispatcher;
GRANT SELECT(tenant_id) ON TABLE postbell.fanout TO postbell_support;


--
-- Name: COLUMN fanout.priority; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(priority) ON TABLE postbell.fanout TO postbell_dispatcher;
GRANT SELECT(priority) ON TABLE postbell.fanout TO postbell_support;


--
-- Name: COLUMN fanout.reached; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(reached) ON TABLE postbell.fanout TO postbell_dispatcher;
GRANT SELECT(reached) ON TABLE postbell.fanout TO postbell_support;


--
-- Name: COLUMN fanout.started_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(started_at) ON TABLE postbell.fanout TO postbell_dispatcher;
GRANT SELECT(started_at) ON TABLE postbell.fanout TO postbell_support;


--
-- Name: FUNCTION list_members(fanout postbell.fanout); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.list_members(fanout postbell.fanout) FROM PUBLIC;


--
-- Name: FUNCTION lock_batch(batch_id bigint, claim_token uuid); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.lock_batch(batch_id bigint, claim_token uuid) FROM PUBLIC;


--
-- Name: FUNCTION make_batches(delivery_ids bigint[], is_bulk boolean, delay interval); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.make_batches(delivery_ids bigint[], is_bulk boolean, delay interval) FROM PUBLIC;


--
-- Name: FUNCTION make_deliveries(candidates postbell_private.candidate[], is_bulk boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.make_deliveries(candidates postbell_private.candidate[], is_bulk boolean) FROM PUBLIC;


--
-- Name: FUNCTION make_jobs(batch_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.make_jobs(batch_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.make_jobs(batch_ids bigint[]) TO postbell_admin;


--
-- Name: FUNCTION mark_unknown(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.mark_unknown(delivery_ids bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION match_receipts(delivery_ids bigint[], message_ids text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.match_receipts(delivery_ids bigint[], message_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.match_receipts(delivery_ids bigint[], message_ids text[]) TO postbell_admin;


--
-- Name: FUNCTION members_of(tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.members_of(tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.members_of(tenant_id text, recipient text, audience jsonb, after text, most integer, fanout_id bigint) TO postbell_admin;


--
-- Name: FUNCTION mirror_chunk(call text, people postbell_private.mirrored[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.mirror_chunk(call text, people postbell_private.mirrored[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.mirror_chunk(call text, people postbell_private.mirrored[]) TO postbell_admin;


--
-- Name: FUNCTION mirror_fault(source regclass, mapping jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.mirror_fault(source regclass, mapping jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.mirror_fault(source regclass, mapping jsonb) TO postbell_admin;


--
-- Name: FUNCTION mirror_query(source regclass, mapping jsonb, tenant_id text, relation text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.mirror_query(source regclass, mapping jsonb, tenant_id text, relation text) TO postbell_admin;


--
-- Name: FUNCTION mirror_trigger_fault(source regclass); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.mirror_trigger_fault(source regclass) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.mirror_trigger_fault(source regclass) TO postbell_admin;


--
-- Name: FUNCTION normal_phone(phone text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.normal_phone(phone text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.normal_phone(phone text) TO postbell_admin;


--
-- Name: FUNCTION normal_address(kind text, address text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.normal_address(kind text, address text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.normal_address(kind text, address text) TO postbell_admin;


--
-- Name: FUNCTION notify_gateways(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.notify_gateways() FROM PUBLIC;


--
-- Name: FUNCTION operator_session_of(digest bytea); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.operator_session_of(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.operator_session_of(digest bytea) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.operator_session_of(digest bytea) TO postbell_admin;


--
-- Name: FUNCTION pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.pending_work(OUT has_events boolean, OUT due_in interval, OUT has_fanout boolean) TO postbell_admin;


--
-- Name: FUNCTION quiet_until(tenant_id text, recipient text, channel text, at timestamp with time zone, home_zone text, is_wary boolean); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.quiet_until(tenant_id text, recipient text, channel text, at timestamp with time zone, home_zone text, is_wary boolean) FROM PUBLIC;


--
-- Name: FUNCTION reachable_time(tenant_id text, recipient text, channel text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.reachable_time(tenant_id text, recipient text, channel text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.reachable_time(tenant_id text, recipient text, channel text) TO postbell_admin;


--
-- Name: FUNCTION read_receipts(provider text, receipts jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.read_receipts(provider text, receipts jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.read_receipts(provider text, receipts jsonb) TO postbell_admin;


--
-- Name: FUNCTION read_users(source regclass, mapping jsonb, tenant_id text, tenants text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.read_users(source regclass, mapping jsonb, tenant_id text, tenants text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.read_users(source regclass, mapping jsonb, tenant_id text, tenants text[]) TO postbell_admin;


--
-- Name: FUNCTION receive_receipt(provider text, receipts jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.receive_receipt(provider text, receipts jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.receive_receipt(provider text, receipts jsonb) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.receive_receipt(provider text, receipts jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.receive_receipt(provider text, receipts jsonb) TO postbell_admin;


--
-- Name: FUNCTION receive_reply(provider text, event_id text, address text, words text, meaning text, channel text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.receive_reply(provider text, event_id text, address text, words text, meaning text, channel text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.receive_reply(provider text, event_id text, address text, words text, meaning text, channel text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.receive_reply(provider text, event_id text, address text, words text, meaning text, channel text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.receive_reply(provider text, event_id text, address text, words text, meaning text, channel text) TO postbell_admin;


--
-- Name: FUNCTION recheck_waiting(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.recheck_waiting() FROM PUBLIC;


--
-- Name: FUNCTION record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.record_attempts(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], codes text[], reasons text[], retry_after double precision[], latencies_ms real[], suppressions text[], versions jsonb) TO postbell_admin;


--
-- Name: FUNCTION record_early_receipts(provider text, receipts jsonb[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_early_receipts(provider text, receipts jsonb[]) FROM PUBLIC;


--
-- Name: FUNCTION record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.record_failover(batch_id bigint, claim_token uuid, delivery_id bigint, provider text) TO postbell_admin;


--
-- Name: FUNCTION record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.record_inbox(batch_id bigint, claim_token uuid, items json, versions jsonb) TO postbell_admin;


--
-- Name: FUNCTION record_marks(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_marks() FROM PUBLIC;


--
-- Name: FUNCTION record_missing_tenants(source regclass, people postbell_private.mirrored[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_missing_tenants(source regclass, people postbell_private.mirrored[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_missing_tenants(source regclass, people postbell_private.mirrored[]) TO postbell_admin;


--
-- Name: FUNCTION record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.record_pushes(batch_id bigint, claim_token uuid, delivery_ids bigint[], identities text[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], tries json, versions jsonb) TO postbell_admin;


--
-- Name: FUNCTION record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_receipts(provider text, incoming_receipts postbell_private.incoming_receipt[]) FROM PUBLIC;


--
-- Name: FUNCTION record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.record_stream(batch_id bigint, claim_token uuid, items json, versions jsonb) TO postbell_admin;


--
-- Name: FUNCTION record_unknown(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.record_unknown(delivery_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.record_unknown(delivery_ids bigint[]) TO postbell_admin;


--
-- Name: FUNCTION recordable(carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.recordable(carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]) FROM PUBLIC;


--
-- Name: FUNCTION reject(notification_id bigint, recipient_id text, code text, message text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.reject(notification_id bigint, recipient_id text, code text, message text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.reject(notification_id bigint, recipient_id text, code text, message text) TO postbell_admin;


--
-- Name: FUNCTION reject_next(step postbell_private.router_step, window_snapshot pg_snapshot, code text, message text, OUT routed integer, OUT last_xid xid8, OUT last_id bigint); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.reject_next(step postbell_private.router_step, window_snapshot pg_snapshot, code text, message text, OUT routed integer, OUT last_xid xid8, OUT last_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION rejected_since(since timestamp with time zone); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.rejected_since(since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.rejected_since(since timestamp with time zone) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.rejected_since(since timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION release_due(most integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.release_due(most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.release_due(most integer) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.release_due(most integer) TO postbell_admin;


--
-- Name: FUNCTION release_gateway_sleep_lock(place integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.release_gateway_sleep_lock(place integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.release_gateway_sleep_lock(place integer) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.release_gateway_sleep_lock(place integer) TO postbell_admin;


--
-- Name: FUNCTION release_sleep_lock(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.release_sleep_lock() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.release_sleep_lock() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.release_sleep_lock() TO postbell_admin;


--
-- Name: FUNCTION report_mirror_failure(source regclass, failure text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.report_mirror_failure(source regclass, failure text) FROM PUBLIC;


--
-- Name: FUNCTION report_providers(process text, reports jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.report_providers(process text, reports jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.report_providers(process text, reports jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.report_providers(process text, reports jsonb) TO postbell_admin;


--
-- Name: FUNCTION report_texts(faults jsonb, good bigint[], template_sets jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.report_texts(faults jsonb, good bigint[], template_sets jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.report_texts(faults jsonb, good bigint[], template_sets jsonb) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.report_texts(faults jsonb, good bigint[], template_sets jsonb) TO postbell_admin;


--
-- Name: FUNCTION requeue(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.requeue(delivery_ids bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION require_durable_commit(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.require_durable_commit() FROM PUBLIC;


--
-- Name: FUNCTION require_present(tenant_id text, recipient text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.require_present(tenant_id text, recipient text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.require_present(tenant_id text, recipient text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.require_present(tenant_id text, recipient text) TO postbell_admin;


--
-- Name: FUNCTION require_reachable_time(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.require_reachable_time() FROM PUBLIC;


--
-- Name: FUNCTION require_template_path(path text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.require_template_path(path text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.require_template_path(path text) TO postbell_admin;


--
-- Name: FUNCTION require_tenant(tenant_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.require_tenant(tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.require_tenant(tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION require_valid_mirror(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.require_valid_mirror() FROM PUBLIC;


--
-- Name: FUNCTION resolve_audience(notification_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.resolve_audience(notification_ids bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION route(most integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.route(most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.route(most integer) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.route(most integer) TO postbell_admin;


--
-- Name: FUNCTION route_chunk(step postbell_private.router_step, window_snapshot pg_snapshot, most integer, OUT routed integer, OUT last_xid xid8, OUT last_id bigint); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.route_chunk(step postbell_private.router_step, window_snapshot pg_snapshot, most integer, OUT routed integer, OUT last_xid xid8, OUT last_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION session_of(digest bytea); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.session_of(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.session_of(digest bytea) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.session_of(digest bytea) TO postbell_admin;


--
-- Name: FUNCTION settle(delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], suppressions text[], versions jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.settle(delivery_ids bigint[], outcomes text[], providers text[], message_ids text[], reasons text[], retry_after double precision[], suppressions text[], versions jsonb) FROM PUBLIC;


--
-- Name: FUNCTION settle_unknown(most integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.settle_unknown(most integer) FROM PUBLIC;


--
-- Name: FUNCTION simulate(event postbell.outbox); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.simulate(event postbell.outbox) FROM PUBLIC;


--
-- Name: TABLE batch; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.batch TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.batch TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.batch TO postbell_admin;


--
-- Name: FUNCTION split_batch(batch postbell.batch); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.split_batch(batch postbell.batch) FROM PUBLIC;


--
-- Name: FUNCTION start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[]) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.start_sending(batch_id bigint, claim_token uuid, delivery_ids bigint[], providers text[]) TO postbell_admin;


--
-- Name: FUNCTION stop_undeliverable(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.stop_undeliverable(delivery_ids bigint[]) FROM PUBLIC;


--
-- Name: TABLE stream_event; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event TO postbell_admin;


--
-- Name: FUNCTION stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.stream_between(since pg_snapshot, until pg_snapshot, after_xid xid8, after_id bigint, most integer) TO postbell_admin;


--
-- Name: FUNCTION stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.stream_missed(recipient text, since pg_snapshot, until pg_snapshot, most integer, tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION stream_position(OUT epoch bigint, OUT snapshot pg_snapshot); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.stream_position(OUT epoch bigint, OUT snapshot pg_snapshot) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.stream_position(OUT epoch bigint, OUT snapshot pg_snapshot) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.stream_position(OUT epoch bigint, OUT snapshot pg_snapshot) TO postbell_admin;


--
-- Name: FUNCTION suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.suppress_addresses(incoming_receipts postbell_private.incoming_receipt[]) TO postbell_admin;


--
-- Name: TABLE suppression; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.suppression TO postbell_admin;


--
-- Name: FUNCTION suppress_for_longer(barred postbell.suppression[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.suppress_for_longer(barred postbell.suppression[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.suppress_for_longer(barred postbell.suppression[]) TO postbell_admin;


--
-- Name: FUNCTION suppressed_until(blame text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.suppressed_until(blame text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.suppressed_until(blame text) TO postbell_admin;


--
-- Name: FUNCTION sweep(grace interval); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.sweep(grace interval) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.sweep(grace interval) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.sweep(grace interval) TO postbell_admin;


--
-- Name: FUNCTION tenants_of(provider text, channel text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.tenants_of(provider text, channel text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.tenants_of(provider text, channel text) TO postbell_admin;


--
-- Name: FUNCTION text_stamp(tenant_id text); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.text_stamp(tenant_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.text_stamp(tenant_id text) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.text_stamp(tenant_id text) TO postbell_admin;


--
-- Name: FUNCTION tidy_up(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.tidy_up() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.tidy_up() TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.tidy_up() TO postbell_admin;


--
-- Name: FUNCTION truncate_outbox(keep_days integer); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.truncate_outbox(keep_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.truncate_outbox(keep_days integer) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.truncate_outbox(keep_days integer) TO postbell_admin;


--
-- Name: FUNCTION truncate_stream(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.truncate_stream() FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.truncate_stream() TO postbell_admin;


--
-- Name: FUNCTION undecided_event(outbox_id bigint); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.undecided_event(outbox_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION unknown_attempts(delivery_ids bigint[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.unknown_attempts(delivery_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.unknown_attempts(delivery_ids bigint[]) TO postbell_dispatcher;
GRANT ALL ON FUNCTION postbell_private.unknown_attempts(delivery_ids bigint[]) TO postbell_admin;


--
-- Name: FUNCTION unlink_recipient(people postbell_private.mirrored[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.unlink_recipient(people postbell_private.mirrored[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.unlink_recipient(people postbell_private.mirrored[]) TO postbell_admin;


--
-- Name: FUNCTION unread_among(tenant_ids text[], recipient_ids text[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.unread_among(tenant_ids text[], recipient_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.unread_among(tenant_ids text[], recipient_ids text[]) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.unread_among(tenant_ids text[], recipient_ids text[]) TO postbell_admin;


--
-- Name: FUNCTION upsert_awaited(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.upsert_awaited() FROM PUBLIC;


--
-- Name: FUNCTION upsert_mirrored(people postbell_private.mirrored[], mapping jsonb); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.upsert_mirrored(people postbell_private.mirrored[], mapping jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.upsert_mirrored(people postbell_private.mirrored[], mapping jsonb) TO postbell_admin;


--
-- Name: FUNCTION use_ticket(digest bytea); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.use_ticket(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.use_ticket(digest bytea) TO postbell_gateway;
GRANT ALL ON FUNCTION postbell_private.use_ticket(digest bytea) TO postbell_admin;


--
-- Name: FUNCTION validate_event(tenant_id text, event text, recipient text, payload jsonb, audience jsonb, channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.validate_event(tenant_id text, event text, recipient text, payload jsonb, audience jsonb, channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.validate_event(tenant_id text, event text, recipient text, payload jsonb, audience jsonb, channels text[], forced_channels text[], priority text, subject text, actor text, idempotency_key text, deliver_at timestamp with time zone, expires_at timestamp with time zone) TO postbell_admin;


--
-- Name: FUNCTION validate_recipients(people postbell_private.mirrored[]); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.validate_recipients(people postbell_private.mirrored[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postbell_private.validate_recipients(people postbell_private.mirrored[]) TO postbell_admin;


--
-- Name: FUNCTION validate_strictly(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.validate_strictly() FROM PUBLIC;


--
-- Name: FUNCTION wake_router(); Type: ACL; Schema: postbell_private; Owner: -
--

REVOKE ALL ON FUNCTION postbell_private.wake_router() FROM PUBLIC;


--
-- Name: FUNCTION fn_pgqueuer_changed(); Type: ACL; Schema: postbell_queue; Owner: -
--

REVOKE ALL ON FUNCTION postbell_queue.fn_pgqueuer_changed() FROM PUBLIC;


--
-- Name: TABLE attempt; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.attempt TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.attempt TO postbell_admin;


--
-- Name: TABLE channel; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.channel TO postbell_producer;
GRANT SELECT ON TABLE postbell.channel TO postbell_reader;
GRANT SELECT ON TABLE postbell.channel TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.channel TO postbell_gateway;
GRANT SELECT ON TABLE postbell.channel TO postbell_support;
GRANT SELECT ON TABLE postbell.channel TO postbell_admin;


--
-- Name: TABLE analytics_channel_health; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.analytics_channel_health TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.analytics_channel_health TO postbell_admin;


--
-- Name: TABLE inbox_item; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.inbox_item TO postbell_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.inbox_item TO postbell_admin;


--
-- Name: COLUMN inbox_item.seen_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT UPDATE(seen_at) ON TABLE postbell.inbox_item TO postbell_reader;


--
-- Name: COLUMN inbox_item.read_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT UPDATE(read_at) ON TABLE postbell.inbox_item TO postbell_reader;


--
-- Name: COLUMN inbox_item.archived_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT UPDATE(archived_at) ON TABLE postbell.inbox_item TO postbell_reader;


--
-- Name: TABLE tenant; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.tenant TO postbell_reader;
GRANT SELECT ON TABLE postbell.tenant TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.tenant TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.tenant TO postbell_admin;


--
-- Name: TABLE analytics_daily; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.analytics_daily TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.analytics_daily TO postbell_admin;


--
-- Name: SEQUENCE batch_id_seq; Type: ACL; Schema: postbell; Owner: -
--

GRANT ALL ON SEQUENCE postbell.batch_id_seq TO postbell_admin;


--
-- Name: TABLE branding_version; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.branding_version TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.branding_version TO postbell_admin;


--
-- Name: TABLE dead_letter; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.dead_letter TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.dead_letter TO postbell_admin;


--
-- Name: TABLE dead_letters; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.dead_letters TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.dead_letters TO postbell_admin;


--
-- Name: SEQUENCE delivery_id_seq; Type: ACL; Schema: postbell; Owner: -
--

GRANT ALL ON SEQUENCE postbell.delivery_id_seq TO postbell_admin;


--
-- Name: TABLE delivery_log; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.delivery_log TO postbell_reader;
GRANT SELECT ON TABLE postbell.delivery_log TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.delivery_log TO postbell_admin;


--
-- Name: TABLE delivery_step; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.delivery_step TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.delivery_step TO postbell_admin;


--
-- Name: TABLE receipt; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.receipt TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.receipt TO postbell_admin;


--
-- Name: TABLE delivery_timeline; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.delivery_timeline TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.delivery_timeline TO postbell_admin;


--
-- Name: TABLE error_codes; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.error_codes TO postbell_producer;
GRANT SELECT ON TABLE postbell.error_codes TO postbell_reader;
GRANT SELECT ON TABLE postbell.error_codes TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.error_codes TO postbell_gateway;
GRANT SELECT ON TABLE postbell.error_codes TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.error_codes TO postbell_admin;


--
-- Name: TABLE event_type; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.event_type TO postbell_reader;
GRANT SELECT ON TABLE postbell.event_type TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.event_type TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.event_type TO postbell_admin;


--
-- Name: TABLE inbox; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.inbox TO postbell_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.inbox TO postbell_admin;


--
-- Name: TABLE mute; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.mute TO postbell_reader;
GRANT SELECT ON TABLE postbell.mute TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.mute TO postbell_admin;


--
-- Name: SEQUENCE outbox_id_seq; Type: ACL; Schema: postbell; Owner: -
--

GRANT USAGE ON SEQUENCE postbell.outbox_id_seq TO postbell_producer;
GRANT ALL ON SEQUENCE postbell.outbox_id_seq TO postbell_admin;


--
-- Name: TABLE outbox_0; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_0 TO postbell_admin;


--
-- Name: TABLE outbox_1; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_1 TO postbell_admin;


--
-- Name: TABLE outbox_2; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_2 TO postbell_admin;


--
-- Name: TABLE outbox_3; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_3 TO postbell_admin;


--
-- Name: TABLE outbox_4; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_4 TO postbell_admin;


--
-- Name: TABLE outbox_5; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_5 TO postbell_admin;


--
-- Name: TABLE outbox_6; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_6 TO postbell_admin;


--
-- Name: TABLE outbox_7; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.outbox_7 TO postbell_admin;


--
-- Name: TABLE preference; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.preference TO postbell_reader;
GRANT SELECT ON TABLE postbell.preference TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.preference TO postbell_admin;


--
-- Name: TABLE provider_choice; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.provider_choice TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.provider_choice TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.provider_choice TO postbell_admin;


--
-- Name: TABLE provider_report; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.provider_report TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.provider_report TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.provider_report TO postbell_admin;


--
-- Name: TABLE providers; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.providers TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.providers TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.providers TO postbell_admin;


--
-- Name: TABLE push_subscription; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.push_subscription TO postbell_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.push_subscription TO postbell_admin;


--
-- Name: COLUMN push_subscription.id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(id) ON TABLE postbell.push_subscription TO postbell_support;


--
-- Name: COLUMN push_subscription.tenant_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE postbell.push_subscription TO postbell_support;


--
-- Name: COLUMN push_subscription.recipient_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(recipient_id) ON TABLE postbell.push_subscription TO postbell_support;


--
-- Name: COLUMN push_subscription.user_agent; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(user_agent) ON TABLE postbell.push_subscription TO postbell_support;


--
-- Name: COLUMN push_subscription.created_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(created_at) ON TABLE postbell.push_subscription TO postbell_support;


--
-- Name: COLUMN push_subscription.last_reached_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(last_reached_at) ON TABLE postbell.push_subscription TO postbell_support;


--
-- Name: SEQUENCE push_subscription_id_seq; Type: ACL; Schema: postbell; Owner: -
--

GRANT USAGE ON SEQUENCE postbell.push_subscription_id_seq TO postbell_reader;
GRANT ALL ON SEQUENCE postbell.push_subscription_id_seq TO postbell_admin;


--
-- Name: TABLE scheduled_notification; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.scheduled_notification TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.scheduled_notification TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.scheduled_notification TO postbell_admin;


--
-- Name: TABLE waiting_delivery; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.waiting_delivery TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.waiting_delivery TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.waiting_delivery TO postbell_admin;


--
-- Name: TABLE queue_depth; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.queue_depth TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.queue_depth TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.queue_depth TO postbell_admin;


--
-- Name: TABLE quiet_hours; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.quiet_hours TO postbell_reader;
GRANT SELECT ON TABLE postbell.quiet_hours TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.quiet_hours TO postbell_admin;


--
-- Name: TABLE receipt_kinds; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.receipt_kinds TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.receipt_kinds TO postbell_admin;


--
-- Name: TABLE recipient; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.recipient TO postbell_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.recipient TO postbell_admin;


--
-- Name: COLUMN recipient.tenant_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(id) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.locale; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(locale) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.time_zone; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(time_zone) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.created_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(created_at) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.updated_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(updated_at) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.tracking_refused_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT UPDATE(tracking_refused_at) ON TABLE postbell.recipient TO postbell_reader;
GRANT SELECT(tracking_refused_at) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: COLUMN recipient.erased_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(erased_at) ON TABLE postbell.recipient TO postbell_support;


--
-- Name: TABLE recipient_role; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.recipient_role TO postbell_reader;
GRANT SELECT ON TABLE postbell.recipient_role TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.recipient_role TO postbell_admin;


--
-- Name: TABLE rejected_event; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.rejected_event TO postbell_admin;


--
-- Name: COLUMN rejected_event.outbox_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(outbox_id) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.tenant_id; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.event; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(event) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.recipient; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(recipient) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.reason; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(reason) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.detail; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(detail) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.created_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(created_at) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: COLUMN rejected_event.rejected_at; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT(rejected_at) ON TABLE postbell.rejected_event TO postbell_support;


--
-- Name: TABLE rejected_events; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.rejected_events TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.rejected_events TO postbell_admin;


--
-- Name: TABLE reply_word; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.reply_word TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.reply_word TO postbell_admin;


--
-- Name: TABLE revision; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.revision TO postbell_admin;


--
-- Name: TABLE template_set; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.template_set TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.template_set TO postbell_admin;


--
-- Name: TABLE tenant_event; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.tenant_event TO postbell_reader;
GRANT SELECT ON TABLE postbell.tenant_event TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.tenant_event TO postbell_admin;


--
-- Name: TABLE text_fault; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.text_fault TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.text_fault TO postbell_admin;


--
-- Name: TABLE text_version; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.text_version TO postbell_dispatcher;
GRANT SELECT ON TABLE postbell.text_version TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.text_version TO postbell_admin;


--
-- Name: SEQUENCE text_version_id_seq; Type: ACL; Schema: postbell; Owner: -
--

GRANT ALL ON SEQUENCE postbell.text_version_id_seq TO postbell_admin;


--
-- Name: TABLE texts; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.texts TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.texts TO postbell_admin;


--
-- Name: TABLE topic_member; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.topic_member TO postbell_reader;
GRANT SELECT ON TABLE postbell.topic_member TO postbell_support;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.topic_member TO postbell_admin;


--
-- Name: TABLE unread_counts; Type: ACL; Schema: postbell; Owner: -
--

GRANT SELECT ON TABLE postbell.unread_counts TO postbell_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell.unread_counts TO postbell_admin;


--
-- Name: TABLE cancellation; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.cancellation TO postbell_admin;


--
-- Name: SEQUENCE cancellation_id_seq; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT ALL ON SEQUENCE postbell_private.cancellation_id_seq TO postbell_admin;


--
-- Name: TABLE duplicate_event; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.duplicate_event TO postbell_admin;


--
-- Name: TABLE early_receipt; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.early_receipt TO postbell_admin;


--
-- Name: TABLE fanout_member; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.fanout_member TO postbell_admin;


--
-- Name: TABLE fanout_turn; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.fanout_turn TO postbell_admin;


--
-- Name: TABLE idempotency_key; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.idempotency_key TO postbell_admin;


--
-- Name: TABLE missing_tenant; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.missing_tenant TO postbell_admin;


--
-- Name: SEQUENCE missing_tenant_id_seq; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT ALL ON SEQUENCE postbell_private.missing_tenant_id_seq TO postbell_admin;


--
-- Name: TABLE operator_session; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.operator_session TO postbell_admin;


--
-- Name: TABLE recipient_mirror; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.recipient_mirror TO postbell_admin;


--
-- Name: TABLE session; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.session TO postbell_admin;


--
-- Name: TABLE stop; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stop TO postbell_admin;


--
-- Name: TABLE stream_epoch; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_epoch TO postbell_admin;


--
-- Name: SEQUENCE stream_event_id_seq; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT ALL ON SEQUENCE postbell_private.stream_event_id_seq TO postbell_admin;


--
-- Name: TABLE stream_event_0; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_0 TO postbell_admin;


--
-- Name: TABLE stream_event_1; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_1 TO postbell_admin;


--
-- Name: TABLE stream_event_2; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_2 TO postbell_admin;


--
-- Name: TABLE stream_event_3; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_3 TO postbell_admin;


--
-- Name: TABLE stream_event_4; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_4 TO postbell_admin;


--
-- Name: TABLE stream_event_5; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_5 TO postbell_admin;


--
-- Name: TABLE stream_event_6; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_6 TO postbell_admin;


--
-- Name: TABLE stream_event_7; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_event_7 TO postbell_admin;


--
-- Name: TABLE stream_truncation; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.stream_truncation TO postbell_admin;


--
-- Name: TABLE ticket; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.ticket TO postbell_admin;


--
-- Name: TABLE unknown_delivery; Type: ACL; Schema: postbell_private; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_private.unknown_delivery TO postbell_admin;


--
-- Name: TABLE pgqueuer; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_queue.pgqueuer TO postbell_dispatcher;


--
-- Name: SEQUENCE pgqueuer_id_seq; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,USAGE ON SEQUENCE postbell_queue.pgqueuer_id_seq TO postbell_dispatcher;


--
-- Name: TABLE pgqueuer_log; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_queue.pgqueuer_log TO postbell_dispatcher;


--
-- Name: SEQUENCE pgqueuer_log_id_seq; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,USAGE ON SEQUENCE postbell_queue.pgqueuer_log_id_seq TO postbell_dispatcher;


--
-- Name: TABLE pgqueuer_schedules; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_queue.pgqueuer_schedules TO postbell_dispatcher;


--
-- Name: SEQUENCE pgqueuer_schedules_id_seq; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,USAGE ON SEQUENCE postbell_queue.pgqueuer_schedules_id_seq TO postbell_dispatcher;


--
-- Name: TABLE pgqueuer_statistics; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE postbell_queue.pgqueuer_statistics TO postbell_dispatcher;


--
-- Name: SEQUENCE pgqueuer_statistics_id_seq; Type: ACL; Schema: postbell_queue; Owner: -
--

GRANT SELECT,USAGE ON SEQUENCE postbell_queue.pgqueuer_statistics_id_seq TO postbell_dispatcher;


--
-- PostgreSQL database dump complete
--


