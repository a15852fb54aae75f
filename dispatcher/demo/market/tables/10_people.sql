-- The application's own login and tables. Postbell knows nothing of them but who the people are; they emit, and that is all.
do $$ begin
    create role marketplace login in role postbell_producer;
exception when duplicate_object or unique_violation then
    -- A server has its logins in common; another database of it has this one already.
    null;
end $$;
create schema shop authorization marketplace;
set role marketplace;

create table shop.person (
    house text not null,
    id text not null,
    name text not null,
    email text,
    phone text,
    locale text,
    time_zone text,
    roles text[] not null default '{}',
    habit text,

    primary key (house, id)
);
comment on table shop.person is 'Everybody who logs in: clients, writers, support. A house is a website.';
