create or replace function postbell.require_sound_mirror() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_fault text := postbell.mirror_fault(new.source, new.mapping);
begin
    if v_fault is not null then
        perform postbell.raise_error('invalid_argument', v_fault);
    end if;
    return new;
end
$$;

comment on function postbell.require_sound_mirror() is
    'Nobody has a table mirrored that they may not read, however they write it down. Asks with the rights of who writes.';

create or replace trigger require_sound_mirror
before insert or update of source, mapping on postbell.recipient_mirror
for each row
execute function postbell.require_sound_mirror();

comment on trigger require_sound_mirror on postbell.recipient_mirror is 'Only a table that the writer may read, with a mapping that fits it.';
