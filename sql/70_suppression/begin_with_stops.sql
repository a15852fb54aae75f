create or replace function postbell.begin_with_stops() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform postbell.inherit_stops(new.id);
    return null;
end
$$;

comment on function postbell.begin_with_stops() is 'A new tenant sends from the numbers of the others, to which people have answered STOP.';

create or replace trigger begin_with_stops
after insert on postbell.tenant
for each row
execute function postbell.begin_with_stops();

comment on trigger begin_with_stops on postbell.tenant is 'See postbell.inherit_stops().';
