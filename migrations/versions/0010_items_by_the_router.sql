alter type postbell_private.decided add attribute category text, add attribute subject text, add attribute is_kept boolean;
comment on table postbell.attempt is 'Every call of a provider. Append-only. The inbox and the stream have none.';
-- Those that there are have nothing to be applied to.
alter table postbell_private.cancellation add column last_delivery_id bigint, add column applied_at timestamptz default now();
alter table postbell_private.cancellation alter column applied_at drop default;
create index cancellation_to_apply_idx on postbell_private.cancellation (id) where applied_at is null;
comment on column postbell_private.cancellation.last_delivery_id is 'The last delivery that the cancelling transaction could see.';
comment on column postbell_private.cancellation.applied_at is 'When the router has removed the inbox items that were written while the cancellation was open; null until then.';
alter table postbell.delivery add column not_sent text[];
comment on column postbell.delivery.not_sent is 'The other channels of the person and event that the router decided against, each as "channel:rung:reason". Null if there are none; the first row of the person has them.';
