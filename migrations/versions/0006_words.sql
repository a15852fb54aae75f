alter table postbell.delivery rename column verdict to decision_reason;
alter type postbell_private.verdict rename to ladder_answer;
alter type postbell_private.notice rename to incoming_receipt;
alter table postbell.edition rename to template_set;
alter table postbell.template_set rename constraint edition_pkey to template_set_pkey;
comment on column postbell.delivery.template_version is
    'What its text was made of, by the last that tried to send it: a hash of the event''s templates (postbell.event_type.version, or one in postbell.template_set), a dot, and the number of the tenant''s branding.';
