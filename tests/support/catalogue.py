"""What a schema is, by PostgreSQL's catalogue, as lines that two databases can be compared by.

One line says one thing: a column with its type and default, a constraint, an index, a grant. Not
compared are OIDs and what PostgreSQL names itself where the name depends on its version (not-null
constraints), and leaves, which are made like their parents; of the columns' order, only who comes
before whom.
"""

from __future__ import annotations

import psycopg

from dispatcher import package_data
from dispatcher.deploy import queue_schema
from dispatcher.deploy.declarations import table_files
from dispatcher.deploy.definition import Definition
from tests.support import given
from tests.support.given import Connection

#: Ours and pgqueuer's.
SCHEMAS = "^postbell"
#: Alembic's own; no declaration has it.
REVISION = "postbell.revision"


def declare_tables(connection: Connection) -> None:
    """The tables of `sql/*/tables.sql`, and pgqueuer's, as they are declared."""
    connection.execute(queue_schema.install_sql().encode())
    for path in table_files(package_data.folder("sql")):
        try:
            connection.execute(path.read_bytes())
        except psycopg.Error as error:
            raise AssertionError(f"{path}: {error}") from error


def declare_code(connection: Connection) -> None:
    """Functions, views, triggers, roles, policies and grants, as the other files declare them."""
    definition = Definition(connection, package_data.folder("sql"))
    definition.define()
    definition.define_access()


def everything(connection: Connection) -> list[str]:
    """What a deploy leaves behind: tables, types, code, grants."""
    connection.execute("set search_path = pg_catalog")
    lines = [
        line
        for query in _QUERIES
        for (line,) in connection.execute(
            query.replace(":schemas", f"'{SCHEMAS}'").replace(":revision", REVISION).encode()
        )
    ]
    connection.execute("reset search_path")
    return sorted(lines)


def difference(found: list[str], wanted: list[str]) -> list[str]:
    """What is in one of them only: + if it should not be there, - if it is missing."""
    too_much, missing = set(found) - set(wanted), set(wanted) - set(found)
    return [f"+ {line}" for line in sorted(too_much)] + [f"- {line}" for line in sorted(missing)]


def first_rows(connection: Connection) -> list[str]:
    """The rows that a new schema has from the start, but for times and what names the cluster."""
    names = given.column(
        connection,
        "select oid::regclass::text from pg_class"
        " where relnamespace in ('postbell'::regnamespace, 'postbell_private'::regnamespace)"
        " and relkind = 'r'"
        # Leaves are made by a deploy.
        " and relname not in ('revision', 'leaf')",
    )
    return sorted(
        f"row of {name}: {row}"
        for name in names
        for row in given.column(
            connection,
            f"select (to_jsonb(t) - array['created_at', 'routed_at', 'snapshot'])::text"
            f" from {name} as t",
        )
    )


_RELATIONS = """
    relations as materialized (
        select c.*, c.oid::regclass::text as name
        from pg_class as c
        where relnamespace::regnamespace::text ~ :schemas
          -- Leaves are as many as there are rows for.
          and c.relname !~ '^(notification|finished_delivery|attempt|receipt|inbox_item)_[0-9]'
          and c.oid <> all (
              array(
                  select oid from pg_class where oid = to_regclass(':revision')
                  union all
                  select indexrelid from pg_index where indrelid = to_regclass(':revision')
              )
          )
    )
"""

_QUERIES = [
    """
    select format('schema %I: %s', nspname, obj_description(oid, 'pg_namespace'))
    from pg_namespace
    where nspname ~ :schemas
    """,
    # Domains and enums; composite types that are none of a table.
    """
    select format(
        '%s %s: %s; default %s, not null %s, values %s; %s',
        case typtype when 'd' then 'domain' when 'e' then 'enum' else 'type' end,
        oid::regtype,
        nullif(format_type(typbasetype, typtypmod), '-'),
        typdefault,
        typnotnull,
        array(select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder),
        obj_description(oid, 'pg_type')
    )
    from pg_type as t
    where typnamespace::regnamespace::text ~ :schemas
      and (
          typtype in ('d', 'e')
          or typtype = 'c' and (select relkind from pg_class where oid = typrelid) = 'c'
      )
    """,
    f"""
    with {_RELATIONS}
    select format(
        'table %s: kind %s, %s, options %s, partition by %s, of %s %s, row security %s, forced %s,'
        ' replica identity %s; %s',
        name, relkind, relpersistence, reloptions, pg_get_partkeydef(oid),
        (select inhparent::regclass from pg_inherits where inhrelid = relations.oid),
        pg_get_expr(relpartbound, oid), relrowsecurity, relforcerowsecurity, relreplident,
        obj_description(oid, 'pg_class')
    )
    from relations
    where relkind in ('r', 'p')
    """,
    # Of tables and composite types; of views their query tells.
    f"""
    with {_RELATIONS}
    select format(
        'column %s.%I, no. %s: %s collate %s, not null %s, default %s, identity "%s",'
        ' generated "%s", storage %s, statistics %s; %s',
        name,
        attname,
        row_number() over (partition by attrelid order by attnum),
        format_type(atttypid, atttypmod),
        nullif(attcollation, 0)::regcollation,
        attnotnull,
        pg_get_expr(adbin, adrelid),
        attidentity,
        attgenerated,
        attstorage,
        nullif(attstattarget, -1),
        col_description(attrelid, attnum)
    )
    from relations
    join pg_attribute on attrelid = relations.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relkind in ('r', 'p', 'c')
    """,
    # Without parentheses: a restore adds or drops some that mean nothing.
    f"""
    with {_RELATIONS}
    select format(
        'constraint %I on %s: %s, validated %s; %s',
        conname,
        coalesce(name, contypid::regtype::text),
        translate(pg_get_constraintdef(pg_constraint.oid), '()', ''),
        convalidated,
        obj_description(pg_constraint.oid, 'pg_constraint')
    )
    from pg_constraint
    left join relations on relations.oid = conrelid
    where connamespace::regnamespace::text ~ :schemas
      and contype not in ('n', 't')
      and (relations.oid is not null or contypid <> 0)
    """,
    f"""
    with {_RELATIONS}
    select format(
        'index %s; valid %s, of constraint %s; %s',
        pg_get_indexdef(indexrelid),
        indisvalid,
        (
            select conname
            from pg_constraint
            where conindid = indexrelid and contype in ('p', 'u', 'x')
        ),
        obj_description(indexrelid, 'pg_class')
    )
    from relations
    join pg_index on indexrelid = relations.oid
    """,
    f"""
    with {_RELATIONS}
    select format(
        'sequence %s: %s from %s by %s, %s to %s, cycle %s, cache %s, owned by %s; %s',
        name, format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcycle,
        seqcache,
        (
            select format('%s.%I', attrelid::regclass, attname)
            from pg_depend
            join pg_attribute on attrelid = refobjid and attnum = refobjsubid
            where classid = 'pg_class'::regclass
              and objid = relations.oid
              and refclassid = 'pg_class'::regclass
              and deptype in ('a', 'i')
        ),
        obj_description(relations.oid, 'pg_class')
    )
    from relations
    join pg_sequence on seqrelid = relations.oid
    """,
    """
    select format(
        'statistics %s; %s', pg_get_statisticsobjdef(oid), obj_description(oid, 'pg_statistic_ext')
    )
    from pg_statistic_ext
    where stxnamespace::regnamespace::text ~ :schemas
    """,
    f"""
    with {_RELATIONS}
    select format(
        'policy %I on %s: %s for %s to %s using %s with check %s; %s',
        polname, name, polpermissive, polcmd, polroles::regrole[], pg_get_expr(polqual, polrelid),
        pg_get_expr(polwithcheck, polrelid), obj_description(pg_policy.oid, 'pg_policy')
    )
    from relations
    join pg_policy on polrelid = relations.oid
    """,
    f"""
    with {_RELATIONS}
    select format(
        'view %s, options %s: %s; %s; columns: %s',
        name, reloptions, pg_get_viewdef(oid), obj_description(oid, 'pg_class'),
        array(
            select col_description(attrelid, attnum)
            from pg_attribute
            where attrelid = relations.oid and attnum > 0
            order by attnum
        )
    )
    from relations
    where relkind in ('v', 'm')
    """,
    """
    select format(
        'routine %s: %s; %s',
        oid::regprocedure,
        pg_get_functiondef(oid),
        obj_description(oid, 'pg_proc')
    )
    from pg_proc
    where pronamespace::regnamespace::text ~ :schemas
      and prokind in ('f', 'p')
    """,
    # Also on tables of the application's, where they call what is ours.
    """
    select format(
        'trigger %s on %s, enabled %s: %s; %s',
        tgname,
        tgrelid::regclass,
        tgenabled,
        pg_get_triggerdef(pg_trigger.oid),
        obj_description(pg_trigger.oid, 'pg_trigger')
    )
    from pg_trigger
    join pg_proc on pg_proc.oid = tgfoid
    where pronamespace::regnamespace::text ~ :schemas
      and not tgisinternal
    """,
    # Who may do what; the owner and what is so by default are left out.
    f"""
    with {_RELATIONS},
    objects as (
        select 'schema ' || nspname as object, nspacl as acl, nspowner as owner
        from pg_namespace
        where nspname ~ :schemas
        union all
        select name, relacl, relowner from relations
        union all
        select name || '.' || attname, attacl, relowner
        from relations
        join pg_attribute on attrelid = relations.oid
        union all
        select
            oid::regprocedure::text,
            coalesce(proacl, acldefault('f', proowner)),
            proowner
        from pg_proc
        where pronamespace::regnamespace::text ~ :schemas
        union all
        select oid::regtype::text, coalesce(typacl, acldefault('T', typowner)), typowner
        from pg_type
        where typnamespace::regnamespace::text ~ :schemas
          and (
              typtype in ('d', 'e')
              or typtype = 'c' and (select relkind from pg_class where oid = typrelid) = 'c'
          )
    )
    select format(
        'grant %s on %s to %s, grantable %s',
        privilege_type,
        object,
        case grantee when 0 then 'public' else grantee::regrole::text end,
        is_grantable
    )
    from objects, aclexplode(acl)
    where grantee <> owner
    """,
]  # fmt: skip
