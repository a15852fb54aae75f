create or replace function postbell.is_content_error(code text) returns boolean
language sql immutable parallel safe
return left(code, 2) in ('21', '22', '23', '54');

comment on function postbell.is_content_error(text) is
    'Whether an SQLSTATE blames what stands in a row: too many of something, its data, a constraint, a limit of the program. Anything else (a lost lock, a full disk, our own mistake) is not the row''s fault, and is tried again.';
