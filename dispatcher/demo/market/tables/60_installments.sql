create table shop.installment (
    id bigint generated always as identity (start with 201) primary key,
    order_id bigint references shop.customer_order (id),
    bundle_id bigint references shop.bundle (id),
    number integer not null,
    total integer not null,
    amount numeric(12, 2) not null,
    due_on date not null,
    reminded_at timestamptz not null,
    paid_at timestamptz,

    constraint installment_is_of_an_order_or_of_classes check (num_nonnulls(order_id, bundle_id) = 1),
    constraint amount_is_positive check (amount > 0)
);
create index installment_of_order_idx on shop.installment (order_id);
create index installment_of_bundle_idx on shop.installment (bundle_id);
