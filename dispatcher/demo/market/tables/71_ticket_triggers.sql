create function shop.name_of(house text, person_id text) returns text
language sql stable
return (select person.name from shop.person where (person.house, person.id) = (name_of.house, name_of.person_id));

create function shop.tell_of_ticket() returns trigger
language plpgsql as $$
begin
    if new.bundle_id is not null then
        perform postbell.notify_class_ticket_created(
            client_id => new.creator_id, subject => new.subject,
            bundle_name => (select bundle.name from shop.bundle where bundle.id = new.bundle_id),
            ticket_id => new.id::text, tenant_id => new.house
        );
        return null;
    end if;

    perform postbell.notify_ticket_created(
        ticket_number => new.number, creator_id => new.creator_id, subject => new.subject, ticket_id => new.id::text,
        assignee_id => new.assignee_id, assignee_name => shop.name_of(new.house, new.assignee_id),
        tenant_id => new.house
    );
    return null;
end
$$;
create trigger tell_of_ticket after insert on shop.ticket
for each row execute function shop.tell_of_ticket();

create function shop.tell_of_assignee() returns trigger
language plpgsql as $$
begin
    perform postbell.notify_ticket_assigned(
        ticket_number => new.number, assignee_id => new.assignee_id,
        assignee_name => shop.name_of(new.house, new.assignee_id),
        ticket_id => new.id::text, tenant_id => new.house
    );
    return null;
end
$$;
create trigger tell_of_assignee after update of assignee_id on shop.ticket
for each row when (new.assignee_id is distinct from old.assignee_id and new.assignee_id is not null)
execute function shop.tell_of_assignee();

create function shop.tell_of_reply() returns trigger
language plpgsql as $$
declare
    v_ticket shop.ticket;
begin
    select * into v_ticket from shop.ticket where id = new.ticket_id;

    perform postbell.notify_ticket_reply(
        ticket_number => v_ticket.number, creator_id => v_ticket.creator_id,
        replier_id => new.author_id, replier_name => shop.name_of(v_ticket.house, new.author_id),
        message => new.body, assignee_id => v_ticket.assignee_id,
        ticket_id => v_ticket.id::text, message_id => new.id::text, is_internal => new.is_internal,
        tenant_id => v_ticket.house
    );
    return null;
end
$$;
create trigger tell_of_reply after insert on shop.ticket_message
for each row execute function shop.tell_of_reply();

create function shop.tell_of_end() returns trigger
language plpgsql as $$
begin
    if new.resolved_at is null then
        perform postbell.notify_ticket_reopened(
            ticket_number => new.number, creator_id => new.creator_id, assignee_id => new.assignee_id,
            ticket_id => new.id::text, tenant_id => new.house
        );
        return null;
    end if;

    perform postbell.notify_ticket_resolved(
        ticket_number => new.number, creator_id => new.creator_id,
        resolver_name => shop.name_of(new.house, new.resolver_id), resolution => new.resolution,
        ticket_id => new.id::text, tenant_id => new.house
    );
    return null;
end
$$;
create trigger tell_of_end after update of resolved_at on shop.ticket
for each row when ((old.resolved_at is null) <> (new.resolved_at is null)) execute function shop.tell_of_end();

create function shop.tell_of_escalation() returns trigger
language plpgsql as $$
begin
    perform postbell.notify_ticket_escalated(
        ticket_number => new.number, creator_id => new.creator_id, escalated_to => new.escalated_to,
        reason => new.escalated_because, assignee_id => new.assignee_id,
        ticket_id => new.id::text, tenant_id => new.house
    );
    return null;
end
$$;
create trigger tell_of_escalation after update of escalated_to on shop.ticket
for each row when (new.escalated_to is distinct from old.escalated_to) execute function shop.tell_of_escalation();
