-- Loyalty and tickets notify by triggers. Whatever changes the tables, psql included, the person hears of it.
set role marketplace;

create function shop.tenant_of(person_id text) returns text
language sql stable
return (select person.tenant_id from shop.person where person.id = person_id);

create function shop.name_of(person_id text) returns text
language sql stable
return (select person.name from shop.person where person.id = person_id);


create function shop.credit_award() returns trigger
language plpgsql as $$
declare
    v_points integer;
begin
    update shop.account
    set points = points + new.points
    where client_id = new.client_id
    returning points into v_points;

    perform postbell.notify_loyalty_points_awarded(
        client_id => new.client_id, points => new.points, reason => new.reason, total_points => v_points,
        tenant_id => shop.tenant_of(new.client_id)
    );
    return null;
end
$$;
create trigger credit_award after insert on shop.award
for each row execute function shop.credit_award();


create function shop.notify_tier() returns trigger
language plpgsql as $$
begin
    perform postbell.notify_tier_upgraded(
        client_id => new.client_id, tier_name => new.tier,
        perks => case new.tier when 'Gold' then 'a tenth off every order' else 'answers within the day' end,
        tenant_id => shop.tenant_of(new.client_id)
    );
    return null;
end
$$;
create trigger notify_tier after update on shop.account
for each row when (new.tier <> old.tier and new.points > old.points) execute function shop.notify_tier();


create function shop.reward_milestone() returns trigger
language plpgsql as $$
begin
    update shop.account
    set points = points + new.reward_points
    where client_id = new.client_id;

    perform postbell.notify_milestone_reached(
        client_id => new.client_id, milestone_name => new.name, reward_points => new.reward_points,
        tenant_id => shop.tenant_of(new.client_id)
    );
    return null;
end
$$;
create trigger reward_milestone after insert on shop.milestone
for each row execute function shop.reward_milestone();


create function shop.notify_badge() returns trigger
language plpgsql as $$
begin
    perform postbell.notify_badge_awarded(
        client_id => new.client_id, badge_name => new.name, description => new.description,
        tenant_id => shop.tenant_of(new.client_id)
    );
    return null;
end
$$;
create trigger notify_badge after insert on shop.badge
for each row execute function shop.notify_badge();


create function shop.settle_redemption() returns trigger
language plpgsql as $$
begin
    if new.state = 'rejected' then
        perform postbell.notify_redemption_rejected(
            client_id => new.client_id, item_name => new.item_name, points_used => new.points,
            reason => new.answer, redemption_id => new.id::text, tenant_id => shop.tenant_of(new.client_id)
        );
        return null;
    end if;

    perform postbell.notify_redemption_approved(
        client_id => new.client_id, item_name => new.item_name, points_used => new.points,
        fulfillment_code => new.answer, redemption_id => new.id::text, tenant_id => shop.tenant_of(new.client_id)
    );
    -- Too few points, and the constraint rolls back the event above as well.
    update shop.account
    set points = points - new.points
    where client_id = new.client_id;
    return null;
end
$$;
create trigger settle_redemption after update of state on shop.redemption
for each row when (old.state = 'requested') execute function shop.settle_redemption();


create function shop.notify_ticket() returns trigger
language plpgsql as $$
begin
    if new.bundle_id is not null then
        perform postbell.notify_class_ticket_created(
            client_id => new.client_id, subject => new.subject,
            bundle_name => (select bundle.name from shop.bundle where bundle.id = new.bundle_id),
            ticket_id => new.id::text, tenant_id => shop.tenant_of(new.client_id)
        );
        return null;
    end if;

    perform postbell.notify_ticket_created(
        ticket_number => new.number, creator_id => new.client_id, subject => new.subject, ticket_id => new.id::text,
        assignee_id => new.assignee_id, assignee_name => shop.name_of(new.assignee_id),
        tenant_id => shop.tenant_of(new.client_id)
    );
    return null;
end
$$;
create trigger notify_ticket after insert on shop.ticket
for each row execute function shop.notify_ticket();


create function shop.notify_change() returns trigger
language plpgsql as $$
declare
    v_tenant constant text := shop.tenant_of(new.client_id);
begin
    if new.assignee_id is distinct from old.assignee_id then
        perform postbell.notify_ticket_assigned(
            ticket_number => new.number, assignee_id => new.assignee_id, assignee_name => shop.name_of(new.assignee_id),
            ticket_id => new.id::text, tenant_id => v_tenant
        );
    end if;
    if new.escalated_to is distinct from old.escalated_to then
        perform postbell.notify_ticket_escalated(
            ticket_number => new.number, creator_id => new.client_id, escalated_to => new.escalated_to,
            reason => new.escalated_because, assignee_id => new.assignee_id, ticket_id => new.id::text, tenant_id => v_tenant
        );
    end if;
    if old.resolver_id is null and new.resolver_id is not null then
        perform postbell.notify_ticket_resolved(
            ticket_number => new.number, creator_id => new.client_id, resolver_name => shop.name_of(new.resolver_id),
            resolution => new.resolution, ticket_id => new.id::text, tenant_id => v_tenant
        );
    elsif old.resolver_id is not null and new.resolver_id is null then
        perform postbell.notify_ticket_reopened(
            ticket_number => new.number, creator_id => new.client_id, assignee_id => new.assignee_id,
            ticket_id => new.id::text, tenant_id => v_tenant
        );
    end if;
    return null;
end
$$;
create trigger notify_change after update on shop.ticket
for each row execute function shop.notify_change();


create function shop.notify_reply() returns trigger
language plpgsql as $$
declare
    v_ticket shop.ticket;
begin
    select * into v_ticket from shop.ticket where id = new.ticket_id;

    perform postbell.notify_ticket_reply(
        ticket_number => v_ticket.number, creator_id => v_ticket.client_id,
        replier_id => new.author_id, replier_name => shop.name_of(new.author_id),
        message => new.body, assignee_id => v_ticket.assignee_id,
        ticket_id => v_ticket.id::text, message_id => new.id::text, is_internal => new.is_internal,
        tenant_id => shop.tenant_of(v_ticket.client_id)
    );
    return null;
end
$$;
create trigger notify_reply after insert on shop.ticket_message
for each row execute function shop.notify_reply();

reset role;
