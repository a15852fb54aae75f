create or replace function postbell_private.is_open(state text) returns boolean
language sql immutable parallel safe
return state in ('queued', 'sending', 'waiting', 'unknown');

comment on function postbell_private.is_open(text) is 'Whether a delivery in this state is yet to be settled, and so belongs to postbell.open_delivery.';


create or replace function postbell_private.place_deliveries() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (select from changed where is_open <> postbell_private.is_open(state)) then
        return null;
    end if;

    -- Not by an update of is_open: whoever waits for a row that an update moves to another partition gets an error.
    with misplaced as (
        delete from postbell.open_delivery as d
        using changed
        where d.id = changed.id
          and changed.is_open
          and not postbell_private.is_open(changed.state)
        returning d.*
    )
    insert into postbell.finished_delivery (
        id, notification_id, tenant_id, recipient_id, event, channel, priority,
        decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version,
        due_at, created_at, sent_at, delivered_at, opened_at, clicked_at, not_sent, is_open
    )
    select
        id, notification_id, tenant_id, recipient_id, event, channel, priority,
        decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version,
        due_at, created_at, sent_at, delivered_at, opened_at, clicked_at, not_sent, false
    from misplaced;

    -- The statement below locks every leaf.
    if not exists (select from changed where not is_open and postbell_private.is_open(state)) then
        return null;
    end if;
    with misplaced as (
        delete from postbell.finished_delivery as d
        using changed
        where d.id = changed.id
          and not changed.is_open
          and postbell_private.is_open(changed.state)
        returning d.*
    )
    insert into postbell.open_delivery (
        id, notification_id, tenant_id, recipient_id, event, channel, priority,
        decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version,
        due_at, created_at, sent_at, delivered_at, opened_at, clicked_at, not_sent, is_open
    )
    select
        id, notification_id, tenant_id, recipient_id, event, channel, priority,
        decision, rung, decision_reason, is_silent, state, reason, attempts, provider, provider_message_id, template_version,
        due_at, created_at, sent_at, delivered_at, opened_at, clicked_at, not_sent, true
    from misplaced;
    return null;
end
$$;

comment on function postbell_private.place_deliveries() is
    'Moves deliveries whose state has changed between postbell.open_delivery and postbell.finished_delivery, in the statement that changes it. So whoever writes a state need not know where the row lies.';


create or replace trigger place_open_deliveries
after update on postbell.open_delivery
referencing new table as changed
for each statement
execute function postbell_private.place_deliveries();

comment on trigger place_open_deliveries on postbell.open_delivery is 'What is settled leaves the table.';


create or replace trigger place_deliveries
after update on postbell.delivery
referencing new table as changed
for each statement
execute function postbell_private.place_deliveries();

comment on trigger place_deliveries on postbell.delivery is 'What is settled leaves the open deliveries, and what is opened again joins them.';
