-- The argument of postbell_private.decide().
create type postbell_private.candidate as (
    notification_id bigint,
    tenant_id text,
    event text,
    recipient_id text,
    actor text,
    notify_actor boolean,
    channels text[],
    forced_channels text[],
    priority text,
    subject text,
    deliver_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz
);
comment on type postbell_private.candidate is 'One recipient of one event, to be decided about.';

-- The result of postbell_private.ladder().
create type postbell_private.ladder_answer as (
    rung smallint,
    reason text,
    effect text
);
comment on type postbell_private.ladder_answer is 'The rung of the ladder that decided, its reason and its effect: deliver, silence, later, digest or drop.';

-- The result of postbell_private.decide().
create type postbell_private.decided as (
    notification_id bigint,
    tenant_id text,
    event text,
    recipient_id text,
    channel text,
    priority text,
    decision text,
    rung smallint,
    reason text,
    due_at timestamptz,
    is_silent boolean,
    created_at timestamptz,
    effect text,
    category text,
    subject text,
    is_kept boolean
);
comment on type postbell_private.decided is 'The decision about one channel of one recipient: now, later or no.';
