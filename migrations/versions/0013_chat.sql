-- The check reads the table once, and rewrites nothing.
alter table postbell.recipient add column chat text;
alter table postbell.recipient
add constraint chat_is_a_secure_address check (chat ~ '^https://[!-~]+$' and length(chat) <= 1000);
comment on column postbell.recipient.chat is
    'The https:// address of an incoming webhook of Slack, Mattermost or Discord. It is a secret: whoever knows it can write there.';
comment on column postbell_private.open_erasure.addresses is 'The person''s e-mail address, phone number and chat address, in lower case.';

alter table postbell.channel drop constraint address_kind_is_known;
alter table postbell.channel
add constraint address_kind_is_known check (address_kind in ('recipient', 'email', 'phone', 'device', 'chat'));
comment on column postbell.channel.address_kind is
    'The kind of address that the channel uses: recipient (the person''s id), email, phone, device (any push subscription), or chat.';
