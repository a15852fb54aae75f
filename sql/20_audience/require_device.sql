create or replace function postbell.require_device(endpoint text, p256dh text, auth text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- What stands behind the address is looked at when something is sent there: names change.
    if endpoint is null or length(endpoint) > 2000 or endpoint !~ '^https://[^/?#@\\[:space:]]+/[!-~]*$' then
        perform postbell.raise_error('invalid_argument', 'endpoint is not the https:// address of a PushSubscription');
    elsif p256dh is null or p256dh !~ '^B[A-Za-z0-9_-]{86}$' then
        perform postbell.raise_error('invalid_argument', 'p256dh is not an uncompressed P-256 key in base64url');
    elsif auth is null or auth !~ '^[A-Za-z0-9_-]{22}$' then
        perform postbell.raise_error('invalid_argument', 'auth is not 16 bytes in base64url');
    end if;
end
$$;

comment on function postbell.require_device(text, text, text) is 'Raises invalid_argument unless these can be the parts of a PushSubscription.';
