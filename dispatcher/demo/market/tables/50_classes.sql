create table shop.bundle (
    id bigint generated always as identity (start with 301) primary key,
    house text not null,
    client_id text not null,
    name text not null,
    number_of_classes integer not null,
    total_price numeric(12, 2) not null,
    deposit numeric(12, 2) not null,
    classes_held integer not null default 0,

    deposit_paid_at timestamptz,
    completed_at timestamptz,

    foreign key (house, client_id) references shop.person (house, id),
    constraint deposit_is_a_part_of_the_price check (deposit >= 0 and deposit <= total_price),
    constraint no_more_classes_than_were_bought check (classes_held <= number_of_classes)
);

create table shop.thread (
    id bigint generated always as identity (start with 401) primary key,
    bundle_id bigint not null references shop.bundle (id)
);
create index thread_of_bundle_idx on shop.thread (bundle_id);

create table shop.thread_member (
    thread_id bigint not null references shop.thread (id),
    house text not null,
    person_id text not null,

    primary key (thread_id, person_id),
    foreign key (house, person_id) references shop.person (house, id)
);

create table shop.message (
    id bigint generated always as identity primary key,
    thread_id bigint not null references shop.thread (id),
    sender_id text not null,
    body text not null,
    sent_at timestamptz not null default now(),

    foreign key (thread_id, sender_id) references shop.thread_member (thread_id, person_id),
    constraint message_says_something check (body <> '')
);
