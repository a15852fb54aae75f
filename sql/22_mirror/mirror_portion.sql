create or replace function postbell.mirror_portion(call text, people postbell.mirrored[]) returns text
language sql
as $$
    select format('user %s of tenant %s: %s: %s', (people[place]).id, (people[place]).tenant_id, code, message)
    from postbell.isolate(call, people)
    order by place
    limit 1
$$;

comment on function postbell.mirror_portion(text, postbell.mirrored[]) is
    'Takes up or lets go of users, by a call as postbell.isolate() takes it. One with whom that fails keeps nobody else from being followed; returns what is wrong with the first of them, null if nothing.';
