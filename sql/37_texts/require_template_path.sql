create or replace function postbell.require_template_path(path text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_file constant text := substring(path from '[^/]*$');
begin
    if v_file = 'event.toml' then
        perform postbell.raise_error('invalid_argument', 'event.toml is no text: postbell.register_event() declares an event');
    elsif path ~ '^(layouts|partials)/' then
        if path !~ '\.(html|txt)$' then
            perform postbell.raise_error('invalid_argument', path || ' cannot be taken in: a layout or partial is an .html or .txt file');
        end if;
    elsif coalesce(path, '') !~ '/.+/' then
        perform postbell.raise_error('invalid_argument', coalesce(path, 'null') || ' is no template: say order/paid/email.txt, or layouts/email.html');
    elsif v_file not in ('email.subject.txt', 'email.txt', 'email.html', 'in_app.json', 'push.json', 'sms.txt', 'sse.json', 'sample.json') then
        perform postbell.raise_error(
            'invalid_argument',
            'no channel has a file ' || v_file
            || '; there are email.subject.txt, email.txt, email.html, in_app.json, push.json, sms.txt, sse.json, and sample.json'
        );
    end if;
end
$$;

comment on function postbell.require_template_path(text) is 'Raises invalid_argument unless a template could be there.';
