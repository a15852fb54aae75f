-- The application's own login and tables. Postbell knows of them only who the people are; the application emits, and that is all.
do $$ begin
    create role marketplace login in role postbell_producer;
exception when duplicate_object or unique_violation then
    -- Logins belong to the server; another of its databases has this one already.
    null;
end $$;
create schema shop authorization marketplace;
set role marketplace;

create table shop.person (
    id text primary key,
    tenant_id text not null,
    name text not null,
    email text,
    phone text,
    locale text,
    time_zone text,
    roles text[] not null default '{}',
    habit text not null
);
comment on table shop.person is 'Everybody who logs in: clients, writers, support. A tenant is a website of the marketplace.';
comment on column shop.person.habit is 'What is special about reaching them; the page says it.';

create table shop.account (
    client_id text primary key references shop.person,
    balance numeric(12, 2) not null default 1000000,
    points integer not null default 500,
    tier text generated always as (case when points >= 5000 then 'Gold' when points >= 1000 then 'Silver' else 'Bronze' end) stored,

    constraint wallet_is_not_overdrawn check (balance >= 0),
    constraint points_are_not_overdrawn check (points >= 0)
);

create table shop.customer_order (
    id bigint generated always as identity (start with 1001) primary key,
    client_id text not null references shop.person,
    topic text not null,
    amount numeric(12, 2) not null check (amount > 0),
    writer_id text references shop.person,
    deadline timestamptz,
    completed_at timestamptz,
    announced_at timestamptz,
    completion_event bigint
);
comment on column shop.customer_order.announced_at is 'When people are told that it is completed.';
comment on column shop.customer_order.completion_event is 'What notify_order_completed() returned, so that the event can be cancelled.';

create table shop.payment (
    id bigint generated always as identity primary key,
    client_id text not null references shop.person,
    order_id bigint references shop.customer_order,
    payment_method text not null,
    amount numeric(12, 2) not null check (amount > 0),
    failed_because text
);
comment on column shop.payment.order_id is 'Null for what is paid without an order, such as a donation.';
create unique index order_is_paid_once on shop.payment (order_id) where failed_because is null;

create table shop.refund (
    id bigint generated always as identity (start with 701) primary key,
    order_id bigint not null references shop.customer_order,
    reason text not null,

    constraint order_is_refunded_once unique (order_id)
);

create table shop.invoice (
    id bigint generated always as identity (start with 801) primary key,
    invoice_number text generated always as ('INV-' || lpad(id::text, 5, '0')) stored,
    order_id bigint not null references shop.customer_order,
    due_date date not null,

    constraint order_is_invoiced_once unique (order_id)
);

create table shop.bundle (
    id bigint generated always as identity (start with 301) primary key,
    client_id text not null references shop.person,
    name text not null,
    number_of_classes integer not null,
    total_price numeric(12, 2) not null,
    deposit_required numeric(12, 2) not null,
    classes_held integer not null default 0,
    deposit_paid_at timestamptz,

    constraint deposit_is_a_part_of_the_price check (deposit_required between 0 and total_price),
    constraint no_more_classes_than_were_bought check (classes_held <= number_of_classes)
);

create table shop.message (
    id bigint generated always as identity primary key,
    bundle_id bigint not null references shop.bundle,
    sender_id text not null references shop.person,
    body text not null check (body <> '')
);

create table shop.installment (
    id bigint generated always as identity (start with 201) primary key,
    client_id text not null references shop.person,
    order_id bigint references shop.customer_order,
    bundle_id bigint references shop.bundle,
    installment_number integer not null,
    total_installments integer not null,
    amount numeric(12, 2) not null check (amount > 0),
    due_at timestamptz not null,
    paid_at timestamptz,

    constraint installment_is_of_an_order_or_of_classes check (num_nonnulls(order_id, bundle_id) = 1)
);

create table shop.award (
    client_id text not null references shop.account,
    points integer not null,
    reason text not null,

    constraint points_are_awarded_not_taken check (points > 0)
);

create table shop.milestone (
    client_id text not null references shop.account,
    name text not null,
    reward_points integer not null
);

create table shop.badge (
    client_id text not null references shop.account,
    name text not null,
    description text not null
);

create table shop.redemption (
    id bigint generated always as identity (start with 601) primary key,
    client_id text not null references shop.account,
    item_name text not null,
    points integer not null,
    state text not null default 'requested' check (state in ('requested', 'approved', 'rejected')),
    answer text
);
comment on column shop.redemption.answer is 'The code to fetch it with, or why it was rejected.';

create table shop.ticket (
    id bigint generated always as identity (start with 501) primary key,
    number text generated always as ('T-' || id) stored,
    client_id text not null references shop.person,
    subject text not null,
    bundle_id bigint references shop.bundle,
    assignee_id text references shop.person,
    escalated_to text,
    escalated_because text,
    resolver_id text references shop.person,
    resolution text,

    constraint who_resolves_says_how check ((resolver_id is null) = (resolution is null))
);
comment on column shop.ticket.bundle_id is 'For a question about classes.';

create table shop.ticket_message (
    id bigint generated always as identity primary key,
    ticket_id bigint not null references shop.ticket,
    author_id text not null references shop.person,
    body text not null,
    is_internal boolean not null default false,

    constraint message_says_something check (body <> '')
);
comment on column shop.ticket_message.is_internal is 'A note of the staff among themselves; the client never hears of it.';
