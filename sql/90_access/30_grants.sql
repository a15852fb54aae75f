revoke all on schema postbell, postbell_private, postbell_queue from public;
revoke all on all functions in schema postbell, postbell_private from public;
revoke all on all functions in schema postbell_queue from public;

-- Grants of earlier deploys that are no longer listed here must not stay.
revoke all on all tables in schema postbell, postbell_private
from postbell_producer, postbell_reader, postbell_dispatcher, postbell_gateway, postbell_support, postbell_admin;
revoke all on all functions in schema postbell, postbell_private, postbell_queue
from postbell_producer, postbell_reader, postbell_dispatcher, postbell_gateway, postbell_support, postbell_admin;

grant usage on schema postbell
to postbell_producer, postbell_reader, postbell_dispatcher, postbell_gateway, postbell_support, postbell_admin;
-- For our own processes, and for administrators: some public functions run as the caller and call private ones.
grant usage on schema postbell_private to postbell_dispatcher, postbell_gateway, postbell_admin;
grant select on postbell.error_codes, postbell.channel
to postbell_producer, postbell_reader, postbell_dispatcher, postbell_gateway, postbell_support, postbell_admin;
grant execute on function
    postbell.clock(), postbell.contract(), postbell.current_tenant(), postbell.current_recipient(),
    postbell.is_time_zone(text), postbell.raise_error(text, text), postbell.in_words(text[]), postbell.help(text),
    postbell.skipped_channels(text[])
to postbell_producer, postbell_reader, postbell_dispatcher, postbell_gateway, postbell_support, postbell_admin;

-- A producer emits and cancels events. It reads only the ids of its inserts.
grant insert (
    event, recipient, payload, tenant_id, audience, channels, forced_channels, priority, subject, actor,
    idempotency_key, deliver_at, expires_at
) on postbell.outbox to postbell_producer;
grant select (id) on postbell.outbox to postbell_producer;
grant usage on sequence postbell.outbox_id_seq to postbell_producer;
grant execute on function
    postbell.notify, postbell.cancel(text, text), postbell.cancel(bigint)
to postbell_producer;
-- Each verb exists for text and for integer ids, and all verbs call emit().
do $$
declare
    v_verb regprocedure;
begin
    for v_verb in
        select oid
        from pg_proc
        where pronamespace = 'postbell'::regnamespace
          and proname ^@ 'notify_'
    loop
        execute format('grant execute on function %s to postbell_producer', v_verb);
    end loop;
end
$$;
grant execute on function
    postbell.emit, postbell.require_value, postbell.exact_amount, postbell.is_of_type, postbell.is_iso_date
to postbell_producer;

-- A reader sees and changes the rows of one person, by row-level security.
grant select on
    postbell.inbox, postbell.inbox_item, postbell.unread_counts, postbell.delivery_log, postbell.delivery,
    postbell.tenant, postbell.tenant_event, postbell.recipient, postbell.recipient_role, postbell.topic_member,
    postbell.event_type, postbell.preference, postbell.mute, postbell.quiet_hours
to postbell_reader;
grant update (seen_at, read_at, archived_at) on postbell.inbox_item to postbell_reader;
grant update (tracking_refused_at, pinned_items) on postbell.recipient to postbell_reader;
grant insert, update, delete on postbell.preference, postbell.mute, postbell.quiet_hours to postbell_reader;
grant execute on function
    postbell.mark_seen, postbell.mark_read, postbell.mark_unread, postbell.archive, postbell.unarchive, postbell.pin, postbell.unpin,
    postbell.mark_all_seen, postbell.mark_all_read, postbell.undo_mark_all_read, postbell.archive_all,
    postbell.catalogue, postbell.channels_wanted, postbell.switched_on, postbell.is_switched_off, postbell.switched_off_by,
    postbell.set_preference, postbell.set_quiet_hours, postbell.mute, postbell.unmute, postbell.pause,
    postbell.switch_channel, postbell.switch_on_only, postbell.preference_overview, postbell.quiet_moments, postbell.is_meant_for,
    postbell.refuse_tracking,
    postbell.require_channel, postbell.require_recipient, postbell.require_identifier, postbell.require_short
to postbell_reader;

grant select, insert, update, delete on postbell.push_subscription to postbell_reader;
grant usage on sequence postbell.push_subscription_id_seq to postbell_reader;
grant execute on function
    postbell.add_push_subscription, postbell.remove_push_subscription, postbell.reassign_device, postbell.require_device
to postbell_reader;

-- A gateway manages sessions. It acts for a person as their reader, and for an operator as support.
grant execute on function
    postbell_private.begin_session, postbell_private.session_of, postbell_private.end_session, postbell_private.issue_ticket, postbell_private.use_ticket,
    postbell_private.require_present, postbell_private.begin_operator_session, postbell_private.operator_session_of, postbell_private.end_operator_session,
    postbell_private.acquire_gateway_lock, postbell_private.acquire_gateway_sleep_lock, postbell_private.release_gateway_sleep_lock, postbell_private.stream_position, postbell_private.stream_between, postbell_private.stream_missed,
    postbell_private.is_stream_kept, postbell_private.unread_among
to postbell_gateway;
-- Receipts and replies arrive at the gateway, or as mail at a command.
grant execute on function postbell_private.receive_receipt, postbell_private.receive_reply to postbell_gateway, postbell_dispatcher;

-- The dispatcher writes through functions only.
grant execute on function
    postbell_private.check_cluster, postbell_private.acquire_leadership, postbell_private.acquire_sleep_lock, postbell_private.release_sleep_lock,
    postbell_private.read_chunk, postbell_private.read_due, postbell_private.read_fanout, postbell_private.route,
    postbell_private.release_due, postbell_private.fan_out, postbell_private.pending_work, postbell_private.take_back_items,
    postbell_private.claim_batch, postbell_private.keep_claims, postbell_private.queue_batch, postbell_private.start_sending,
    postbell_private.record_attempts, postbell_private.record_inbox, postbell_private.record_stream,
    postbell_private.finish_batch, postbell_private.fail_deliveries, postbell_private.sweep, postbell_private.tidy_up, postbell_private.truncate_outbox,
    postbell_private.analyze_grown_tables, postbell_private.analyze_parent, postbell_private.apply_retention, postbell_private.rejected_since, postbell.leader,
    postbell_private.hold_deliveries, postbell_private.unknown_attempts, postbell_private.record_failover, postbell_private.report_providers,
    postbell_private.text_stamp, postbell.texts_of, postbell_private.report_texts, postbell_private.announce_templates, postbell_private.forget_early_receipts,
    postbell.check_mirrors, postbell.check_templates, postbell.check_names
to postbell_dispatcher;
grant select on postbell.tenant, postbell.event_type, postbell.event_choice, postbell.batch, postbell.waiting_delivery, postbell.queue_depth
to postbell_dispatcher;
grant select on postbell.scheduled_notification to postbell_dispatcher, postbell_support;
grant select (notification_id, tenant_id, priority, reached, started_at) on postbell.fanout
to postbell_dispatcher, postbell_support;
grant select on postbell.provider_choice, postbell.provider_report, postbell.providers to postbell_dispatcher;
grant select on postbell.text_version to postbell_dispatcher;
grant select (id, tenant_id, channel, priority) on postbell.delivery to postbell_dispatcher;
grant usage on schema postbell_queue to postbell_dispatcher;
grant select, insert, update, delete on all tables in schema postbell_queue to postbell_dispatcher;
grant usage, select on all sequences in schema postbell_queue to postbell_dispatcher;
-- Both the dispatcher and the owner would fire pgqueuer's trigger in one session, if it were enabled; see postbell_admin below.
alter function postbell_queue.fn_pgqueuer_changed() set search_path = pg_catalog, pg_temp; -- noqa: PRS

-- Support explains deliveries, without access to their content or addresses. Template overrides have no personal data.
grant select on postbell.texts, postbell.text_version, postbell.text_fault, postbell.template_set, postbell.branding_version
to postbell_support;
grant execute on function postbell.texts_used, postbell.texts_of to postbell_support;
grant select on postbell.provider_choice, postbell.provider_report, postbell.providers to postbell_support;
grant select on
    postbell.delivery_log, postbell.delivery, postbell.attempt, postbell.dead_letters, postbell.dead_letter,
    postbell.queue_depth, postbell.batch, postbell.waiting_delivery, postbell.rejected_events,
    postbell.receipt, postbell.receipt_kinds, postbell.reply_word, postbell.delivery_timeline, postbell.delivery_step,
    postbell.event_type, postbell.tenant, postbell.tenant_event,
    postbell.preference, postbell.mute, postbell.quiet_hours, postbell.recipient_role, postbell.topic_member,
    postbell.analytics_daily, postbell.analytics_channel_health
to postbell_support;
grant select (tenant_id, id, locale, time_zone, created_at, updated_at, tracking_refused_at, erased_at) on postbell.recipient to postbell_support;
grant select (id, tenant_id, recipient_id, user_agent, created_at, last_reached_at) on postbell.push_subscription
to postbell_support;
grant select (outbox_id, tenant_id, event, recipient, reason, detail, created_at, rejected_at)
on postbell.rejected_event to postbell_support;
grant execute on function
    postbell.retry, postbell.leader, postbell.check_mirrors, postbell.check_templates, postbell.check_names,
    postbell.find_recipients, postbell.delivery_address,
    postbell.explain(bigint),
    postbell.explain(text, text, jsonb, text, jsonb, text[], text[], timestamptz, timestamptz, text, text, text)
to postbell_support;

-- An administrator changes rows, not tables: a trigger or foreign key of theirs would run with the owner's rights.
grant select, insert, update, delete on all tables in schema postbell, postbell_private to postbell_admin;
-- Channels are written by deploys alone, because code depends on them.
revoke insert, update, delete on postbell.channel from postbell_admin;
-- With the salt, they could try ids and addresses on the hashes of erased persons.
revoke all on postbell_private.erasure_salt from postbell_admin;
grant all on all sequences in schema postbell, postbell_private to postbell_admin;
grant execute on all functions in schema postbell, postbell_private to postbell_admin;
-- They do not call internal PL/pgSQL functions without a fixed search_path. Such a function is compiled once a session,
-- and could resolve the types of its variables in the administrator's schemas before the owner runs it. They do not call
-- our trigger functions on tables of theirs either, except follow_users(), which mirroring needs and which checks its table.
do $$
declare
    v_function regprocedure;
begin
    for v_function in
        select pg_proc.oid
        from pg_proc
        join pg_language on pg_language.oid = prolang
        where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
          and lanname = 'plpgsql'
          and proname <> 'follow_users'
          and (
              prorettype = 'trigger'::regtype
              or not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false)
          )
    loop
        execute format('revoke execute on function %s from postbell_admin', v_function);
    end loop;
end
$$;

-- Functions that deploys and housekeeping call are the owner's alone.
revoke execute on function postbell_private.add_integer_ids, postbell_private.upsert_awaited, postbell_private.record_early_receipts from postbell_admin;
