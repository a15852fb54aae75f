alter type postbell_private.decided add attribute category text, add attribute subject text, add attribute is_kept boolean;
comment on table postbell.attempt is 'Every call of a provider. Append-only. The inbox and the stream have none.';
create index cancellation_xid_idx on postbell_private.cancellation (xid);
