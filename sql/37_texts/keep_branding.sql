create or replace function postbell.keep_branding() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into postbell.branding_version (tenant_id, version, branding)
    values (old.id, old.branding_version, old.branding);
    new.branding_version := old.branding_version + 1;
    return new;
end
$$;

comment on function postbell.keep_branding() is 'Keeps the branding that is about to be replaced, and numbers the new one.';

create or replace trigger keep_branding
before update on postbell.tenant
for each row
when (new.branding is distinct from old.branding)
execute function postbell.keep_branding();

comment on trigger keep_branding on postbell.tenant is 'Each former branding can be had back with postbell.roll_back_branding().';
