create or replace function postbell.recordable(
    carried bigint[], delivery_ids bigint[], identities text[], outcomes text[]
) returns bigint[]
-- Not in SQL, which PostgreSQL plans anew at each call before version 18.
language plpgsql stable
as $$
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
                      and postbell.identity_of(d) = tried.identity
                )
            end
            order by tried.position
        )
        from unnest(recordable.delivery_ids, recordable.identities, recordable.outcomes)
        with ordinality as tried (id, identity, outcome, position)
    );
end
$$;

comment on function postbell.recordable(bigint[], bigint[], text[], text[]) is
    'The delivery ids of which an outcome may be recorded, and null in place of the others. carried: the deliveries of the batch; null if the claim on it does not hold.';
