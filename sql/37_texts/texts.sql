create or replace view postbell.texts as
select
    newest.tenant_id,
    newest.path,
    newest.version,
    newest.content,
    newest.note,
    newest.created_at,
    newest.created_by,
    found.fault,
    found.instead,
    found.found_at
from (
    select distinct on (tenant_id, path) *
    from postbell.text_version
    order by tenant_id asc, path asc, version desc
) as newest
left join postbell.text_fault as found on found.text_id = newest.id
where newest.content is not null;

comment on view postbell.texts is
    'The texts that take the place of template files, of each tenant and (null) of everybody, with what a dispatcher found wrong with them. What was taken back is in postbell.text_version alone.';
comment on column postbell.texts.fault is 'Why dispatchers do not use this version, or could not for some message.';
comment on column postbell.texts.instead is 'What they use in its place.';
