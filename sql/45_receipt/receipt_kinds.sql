create or replace view postbell.receipt_kinds as
select kind, rank, state, barred_for, meaning
from (values
    ('accepted', 1, 'sent', null, 'The provider has it.'),
    ('queued', 2, 'sent', null, 'It waits at the provider.'),
    ('sending', 3, 'sent', null, 'It is leaving the provider.'),
    ('sent', 4, 'sent', null, 'It has left the provider.'),
    ('deferred', 4, 'sent', null, 'The other side asked for patience; the provider tries again.'),
    ('failed', 5, 'failed', null, 'The provider gave up.'),
    ('dropped', 5, 'failed', null, 'The provider did not even try: it knows the address.'),
    ('undelivered', 6, 'bounced', null, 'The other side did not take it.'),
    ('delivered', 7, 'delivered', null, 'The other side took it.'),
    -- Also after delivered: the server that took a mail may find out later that nobody is there.
    ('bounced', 8, 'bounced', null, 'The other side gave it back.'),
    ('opened', 9, 'delivered', null, 'It was looked at, by the person or by their mailbox on its own.'),
    ('clicked', 9, 'delivered', null, 'A link in it was followed, by the person or by a scanner.'),
    ('complained', 9, 'delivered', 'complaint', 'The person called it spam.'),
    ('unsubscribed', 9, 'delivered', 'unsubscribe', 'The person wants no more of these.'),
    ('stopped', null, null, 'stop', 'The person answered STOP.'),
    ('resumed', null, null, null, 'The person answered START.')
) as listed (kind, rank, state, barred_for, meaning);

comment on view postbell.receipt_kinds is
    'What each kind of receipt makes of a delivery. Of one message the highest rank counts, in whatever order they come.';
