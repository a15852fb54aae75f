create table postbell.event_choice (
    pattern text collate "C" primary key,

    chosen_at timestamptz not null default now(),

    constraint pattern_is_that_of_keys check (pattern ~ '^[a-z0-9_.*]+$' and length(pattern) <= 100)
);
comment on table postbell.event_choice is 'Which events of the template folders a deploy registers; all of them if there is no row. Written by postbell deploy --events.';
comment on column postbell.event_choice.pattern is 'A key, in which * is any number of characters, such as order.*.';

comment on table postbell.text_fault is 'Template overrides that a dispatcher could not use, and why. Messages use the file.';
comment on column postbell.text_fault.instead is 'What is used instead: the file, or nothing where there is none.';
