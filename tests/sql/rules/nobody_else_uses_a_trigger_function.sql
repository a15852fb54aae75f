-- On a table of somebody else's, it would meet their types, their casts and their views with the owner's rights. Whoever
-- mirrors needs follow_users, which looks at what it was put on.
select oid::regprocedure || ' by ' || grantee::regrole as broken_by
from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
where pronamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)
  and prorettype = 'trigger'::regtype
  and grantee <> proowner
  and proname <> 'follow_users';
