create or replace function postbell.report_texts(faults jsonb default '[]', good bigint[] default '{}', editions jsonb default '[]')
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    -- Several dispatchers find the same at the same time.
    insert into postbell.text_fault as known (text_id, fault, instead)
    select said.text_id, left(said.fault, 1000), said.instead
    from jsonb_to_recordset(faults) as said (text_id bigint, fault text, instead text)
    where exists (select from postbell.text_version where id = said.text_id)
    order by said.text_id
    on conflict (text_id) do update set
        fault = excluded.fault,
        instead = excluded.instead,
        found_at = excluded.found_at
    where (known.fault, known.instead) <> (excluded.fault, excluded.instead);

    delete from postbell.text_fault
    where text_id = any(good);

    insert into postbell.edition (version, event, text_ids)
    select said.version, said.event, array(select jsonb_array_elements_text(said.text_ids)::bigint)
    from jsonb_to_recordset(editions) as said (version text, event text, text_ids jsonb)
    order by said.version
    on conflict (version) do nothing;
end
$$;

comment on function postbell.report_texts(jsonb, bigint[], jsonb) is
    'What a dispatcher made of the texts: those it could not use, [{"text_id": 3, "fault": "…", "instead": "version 2"}], those it can, and the versions of events that came out, [{"version": "…", "event": "order.paid", "text_ids": [3]}].';
