alter table postbell.event_type add column payload_check jsonpath;
comment on column postbell.event_type.payload_check is 'A predicate compiled from fields. A payload of which it is true is valid; any other is checked by postbell_private.find_payload_fault().';
comment on table postbell.batch is 'Deliveries that are claimed and sent together: those of one queue job, or a few without one. The row is deleted when all of them are settled.';
comment on column postbell.batch.claimed_at is 'When the batch was claimed, or last known to be in progress without a queue job; see postbell_private.sweep().';
