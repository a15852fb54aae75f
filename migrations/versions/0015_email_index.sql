-- Without a deploy ahead of it, as in a new database, there is no index yet.
create index if not exists recipient_email_idx on postbell.recipient (lower(trim(email)));
