create table shop.customer_order (
    id bigint generated always as identity (start with 1001) primary key,
    house text not null,
    client_id text not null,
    topic text not null,
    amount numeric(12, 2) not null,
    writer_id text,
    deadline timestamptz,

    placed_at timestamptz not null default now(),
    completed_at timestamptz,
    completion_event bigint,

    foreign key (house, client_id) references shop.person (house, id),
    foreign key (house, writer_id) references shop.person (house, id),
    constraint amount_is_positive check (amount > 0)
);
comment on column shop.customer_order.completion_event is 'What postbell.notify() returned: so that the completion can be taken back.';
