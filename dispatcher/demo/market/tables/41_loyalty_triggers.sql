-- Nobody calls these. Whatever changes the tables, psql included, the person hears of it.
create function shop.credit_award() returns trigger
language plpgsql as $$
declare
    v_points integer;
begin
    update shop.loyalty_account
    set points = points + new.points
    where (house, person_id) = (new.house, new.person_id)
    returning points into v_points;

    perform postbell.notify_loyalty_points_awarded(
        client_id => new.person_id, points => new.points, reason => new.reason, total_points => v_points,
        tenant_id => new.house
    );
    return null;
end
$$;
create trigger credit_award after insert on shop.award
for each row execute function shop.credit_award();

create function shop.climb_tier() returns trigger
language plpgsql as $$
begin
    new.tier := case when new.points >= 5000 then 'Gold' when new.points >= 1000 then 'Silver' else old.tier end;
    return new;
end
$$;
create trigger climb_tier before update of points on shop.loyalty_account
for each row when (new.points > old.points) execute function shop.climb_tier();

create function shop.tell_of_tier() returns trigger
language plpgsql as $$
begin
    perform postbell.notify_tier_upgraded(
        client_id => new.person_id, tier_name => new.tier,
        perks => case new.tier when 'Gold' then 'a tenth off every order' else 'answers within the day' end,
        tenant_id => new.house
    );
    return null;
end
$$;
create trigger tell_of_tier after update on shop.loyalty_account
for each row when (new.tier is distinct from old.tier and new.points > old.points) execute function shop.tell_of_tier();

create function shop.reward_milestone() returns trigger
language plpgsql as $$
begin
    update shop.loyalty_account
    set points = points + new.reward_points
    where (house, person_id) = (new.house, new.person_id);

    perform postbell.notify_milestone_reached(
        client_id => new.person_id, milestone_name => new.name, reward_points => new.reward_points,
        tenant_id => new.house
    );
    return null;
end
$$;
create trigger reward_milestone after insert on shop.milestone
for each row execute function shop.reward_milestone();

create function shop.tell_of_badge() returns trigger
language plpgsql as $$
begin
    perform postbell.notify_badge_awarded(
        client_id => new.person_id, badge_name => new.name, description => new.description,
        tenant_id => new.house
    );
    return null;
end
$$;
create trigger tell_of_badge after insert on shop.badge
for each row execute function shop.tell_of_badge();

create function shop.settle_redemption() returns trigger
language plpgsql as $$
begin
    if new.state = 'rejected' then
        perform postbell.notify_redemption_rejected(
            client_id => new.person_id, item_name => new.item_name, points_used => new.points,
            reason => new.rejection_reason, redemption_id => new.id::text, tenant_id => new.house
        );
        return null;
    end if;

    perform postbell.notify_redemption_approved(
        client_id => new.person_id, item_name => new.item_name, points_used => new.points,
        fulfillment_code => new.fulfillment_code, redemption_id => new.id::text, tenant_id => new.house
    );
    -- Where the points do not suffice this objects, and then nobody was told.
    update shop.loyalty_account
    set points = points - new.points
    where (house, person_id) = (new.house, new.person_id);
    return null;
end
$$;
create trigger settle_redemption after update of state on shop.redemption
for each row when (old.state = 'requested' and new.state <> 'requested') execute function shop.settle_redemption();
