create table shop.wallet (
    house text not null,
    person_id text not null,
    balance numeric(12, 2) not null default 0,

    primary key (house, person_id),
    foreign key (house, person_id) references shop.person (house, id),
    constraint wallet_is_not_overdrawn check (balance >= 0)
);

create table shop.payment (
    id bigint generated always as identity primary key,
    house text not null,
    client_id text not null,
    order_id bigint references shop.customer_order (id),
    method text not null,
    amount numeric(12, 2) not null,
    failed_because text,
    paid_at timestamptz not null default now(),

    foreign key (house, client_id) references shop.person (house, id),
    constraint amount_is_positive check (amount > 0)
);
comment on column shop.payment.order_id is 'Null for what is paid without an order, such as a donation.';
create unique index order_is_paid_once on shop.payment (order_id) where failed_because is null;

create table shop.refund (
    id bigint generated always as identity (start with 701) primary key,
    payment_id bigint not null references shop.payment (id),
    amount numeric(12, 2) not null,
    reason text,
    refunded_at timestamptz not null default now(),

    constraint payment_is_refunded_once unique (payment_id)
);

create table shop.invoice (
    id bigint generated always as identity (start with 801) primary key,
    number text generated always as ('INV-' || lpad(id::text, 5, '0')) stored,
    order_id bigint not null references shop.customer_order (id),
    amount numeric(12, 2) not null,
    due_on date not null,
    written_at timestamptz not null default now(),

    constraint order_is_invoiced_once unique (order_id)
);
