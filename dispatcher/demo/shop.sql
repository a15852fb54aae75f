-- The application's own tables. Postbell knows nothing of them, and they nothing of Postbell.
create role shop login in role postbell_producer;
create schema shop authorization shop;
set role shop;

create table shop.customer (
    house text not null,
    id text not null,
    name text not null,
    credit numeric(12, 2) not null,

    primary key (house, id),
    constraint credit_is_not_overdrawn check (credit >= 0)
);

create table shop.customer_order (
    id bigint generated always as identity (start with 1001) primary key,
    house text not null,
    customer_id text not null,
    topic text not null,
    amount numeric(12, 2) not null,
    writer_id text,
    placed_at timestamptz not null default now(),
    completed_at timestamptz,

    foreign key (house, customer_id) references shop.customer (house, id),
    foreign key (house, writer_id) references shop.customer (house, id),
    constraint amount_is_positive check (amount > 0)
);

create table shop.payment (
    id bigint generated always as identity primary key,
    order_id bigint not null references shop.customer_order (id),
    method text not null,
    amount numeric(12, 2) not null,
    paid_at timestamptz not null default now(),

    constraint order_is_paid_once unique (order_id)
);

reset role;
