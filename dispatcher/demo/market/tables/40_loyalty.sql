create table shop.loyalty_account (
    house text not null,
    person_id text not null,
    points integer not null default 0,
    tier text not null default 'Bronze',

    primary key (house, person_id),
    foreign key (house, person_id) references shop.person (house, id),
    constraint points_are_not_overdrawn check (points >= 0)
);

create table shop.award (
    id bigint generated always as identity primary key,
    house text not null,
    person_id text not null,
    points integer not null,
    reason text,

    foreign key (house, person_id) references shop.loyalty_account (house, person_id),
    constraint points_are_awarded_not_taken check (points > 0)
);

create table shop.milestone (
    id bigint generated always as identity primary key,
    house text not null,
    person_id text not null,
    name text not null,
    reward_points integer not null default 0,

    foreign key (house, person_id) references shop.loyalty_account (house, person_id)
);

create table shop.badge (
    id bigint generated always as identity primary key,
    house text not null,
    person_id text not null,
    name text not null,
    description text,

    foreign key (house, person_id) references shop.loyalty_account (house, person_id)
);

create table shop.redemption (
    id bigint generated always as identity (start with 601) primary key,
    house text not null,
    person_id text not null,
    item_name text not null,
    points integer not null,
    state text not null default 'requested',
    fulfillment_code text,
    rejection_reason text,

    foreign key (house, person_id) references shop.loyalty_account (house, person_id),
    constraint state_is_known check (state in ('requested', 'approved', 'rejected'))
);
