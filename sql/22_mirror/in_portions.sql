create or replace function postbell.in_portions(query text) returns text
language sql immutable parallel safe
return format(
    'select array_agg(person) from (select person, (row_number() over () - 1) / 5000 as portion from (%s) as found) as numbered group by portion',
    query
);

comment on function postbell.in_portions(text) is 'The same query by 5,000 people at a time: a table of millions must not become one value.';
