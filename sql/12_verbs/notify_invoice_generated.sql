create or replace function postbell.notify_invoice_generated(
    client_id text,
    invoice_number text,
    amount anycompatible,
    due_date date default null,
    invoice_id text default null,
    currency text default null,
    tenant_id text default 'default',
    actor text default null,
    idempotency_key text default null,
    deliver_at timestamptz default null,
    expires_at timestamptz default null
) returns bigint
language sql
as $$
    select postbell.emit(
        'payment.invoice_generated', 'invoice:' || coalesce(invoice_id, invoice_number),
        array[postbell.require_value('client_id', client_id)],
        jsonb_build_object(
            'invoice_number', postbell.require_value('invoice_number', invoice_number),
            'amount', postbell.require_value('amount', postbell.exact_amount('amount', amount)),
            'currency', currency,
            'due_date', due_date,
            'invoice_id', invoice_id
        ),
        tenant_id, actor, idempotency_key, deliver_at, expires_at
    )
$$;

comment on function postbell.notify_invoice_generated(
    text, text, anycompatible, date, text, text, text, text, text, timestamptz, timestamptz
) is 'payment.invoice_generated, to the client.';

select postbell.add_integer_ids('notify_invoice_generated');
