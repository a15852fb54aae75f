"""The public contract as text, as far as no page of docs/reference says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, LiteralString

from psycopg import Connection

ROOT: Final = Path(__file__).parents[2]
#: Those of an application, a person and a help desk. An admin may do all of it; the others are our
#: own processes'.
ROLES: Final = ("postbell_producer", "postbell_reader", "postbell_support")


def grants(connection: Connection[Any]) -> str:
    """What each public role may do with relations, columns, sequences and functions."""
    rows = connection.execute(_GRANTS, {"roles": list(ROLES)})
    return "".join(f"{role}: {right} on {name}\n" for role, right, name in rows)


def openapi(document: Any) -> str:
    """The gateway's description of itself."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


_GRANTS: LiteralString = """
    with granted (role, privilege, name) as (
        select grantee::regrole::text, privilege_type, relname::text
        from pg_class, aclexplode(relacl)
        where relnamespace = 'postbell'::regnamespace
          and relkind in ('r', 'p', 'v', 'm', 'S')
          and not relispartition
        union all
        select grantee::regrole::text, privilege_type, format('%%I.%%I', relname, attname)
        from pg_attribute
        join pg_class on attrelid = pg_class.oid, aclexplode(attacl)
        where relnamespace = 'postbell'::regnamespace
          and not relispartition
        union all
        select
            grantee::regrole::text, privilege_type,
            format('%%I(%%s)', proname, pg_get_function_identity_arguments(pg_proc.oid))
        from pg_proc, aclexplode(proacl)
        where pronamespace = 'postbell'::regnamespace
        union all
        select grantee::regrole::text, privilege_type, 'schema ' || nspname
        from pg_namespace, aclexplode(nspacl)
        where nspname like 'postbell%%'
    )
    select role, privilege, name
    from granted
    where role = any (%(roles)s)
    order by role collate "C", name collate "C", privilege collate "C"
"""
