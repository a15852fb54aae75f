create or replace function postbell.texts_used(delivery_id bigint)
returns table (tenant_id text, path text, version integer, content text)
language sql stable
as $$
    select kept.tenant_id, kept.path, kept.version, kept.content
    from postbell.delivery as sent
    join postbell.edition as made on made.version = split_part(sent.template_version, '.', 1)
    join postbell.text_version as kept on kept.id = any(made.text_ids)
    where sent.id = texts_used.delivery_id
    order by kept.path
$$;

comment on function postbell.texts_used(bigint) is
    'The texts of the database that a delivery was made of; the rest of it came from template files. Nothing if all of it did.';
