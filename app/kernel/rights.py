"""What the product may do with each table where it serves, and no more: the rights of its role on PostgreSQL.

Who migrates owns the tables. Who serves reads them and adds rows; changes none in a table that is append-only, takes
rows out of scratch paper alone, and can neither empty a table nor drop a guard. `flask rights grant` tells the database
so, after each upgrade; `flask rights check` says what is otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection, Table, make_url, text

from app.kernel.db import Base

ERASED_FROM = frozenset(
    {
        "first_facts",
        "idempotency_keys",
        "jobs",
        "limit_windows",
        "paper_codes",
        "reopened_steps",
        "second_factors",
        "sign_in_codes",
        "sync_positions",
    }
)
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
ROLE = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")
VERSIONS = "alembic_version"  # which migrations the database has seen


def rights_on(table: Table) -> tuple[str, ...]:
    """What is done with a table while the product serves."""
    rights = ["SELECT", "INSERT"]
    if not table.info.get("append_only"):
        rights.append("UPDATE")
    if table.name in ERASED_FROM:
        rights.append("DELETE")
    return tuple(rights)


def wanted() -> dict[str, tuple[str, ...]]:
    """The rights on every table, by its name."""
    return {VERSIONS: ("SELECT",), **{each.name: rights_on(each) for each in Base.metadata.sorted_tables}}


def grants(role: str) -> Iterator[str]:
    """The statements that give a role these rights and take away all others. Raises ValueError for an odd name."""
    if not ROLE.match(role):
        raise ValueError(f"{role!r} is no plain name of a role")
    yield f'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "{role}"'
    yield f'GRANT USAGE ON SCHEMA public TO "{role}"'
    for table, rights in wanted().items():
        yield f'GRANT {", ".join(rights)} ON "{table}" TO "{role}"'


def address_of(role: str, url: str) -> str:
    """The same address for somebody who may become this role, and does so with each connection."""
    return (
        make_url(url).update_query_dict({"options": f"-c role={role}"}).render_as_string(hide_password=False)
    )


_HELD = text(
    "SELECT c.relname, r.name FROM pg_class c CROSS JOIN unnest(CAST(:rights AS text[])) AS r(name)"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    " AND has_table_privilege(coalesce(CAST(:role AS name), current_user), c.oid, r.name)"
)
_OWNS = text(
    "SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    " AND pg_has_role(coalesce(CAST(:role AS name), current_user), c.relowner, 'USAGE')"
)


def findings(connection: Connection, role: str | None = None) -> list[str]:
    """Where a role (whoever this connection belongs to) may do more than serving takes, or less; in plain words."""
    if owned := connection.scalar(_OWNS, {"role": role}):
        who = role or connection.scalar(text("SELECT current_user"))
        return [f"{who} owns {owned} tables: it can drop their guards and empty them"]
    held: dict[str, set[str]] = {}
    for table, right in connection.execute(_HELD, {"rights": list(ALL), "role": role}):
        held.setdefault(table, set()).add(right)
    return list(_compared(held))


def _compared(held: dict[str, set[str]]) -> Iterator[str]:
    rights = wanted()
    for table in sorted(held.keys() | rights.keys()):
        has, needs = held.get(table, set()), set(rights.get(table, ()))
        if too_much := has - needs:
            yield f"{table}: {', '.join(sorted(too_much))} too much"
        if missing := needs - has:
            yield f"{table}: {', '.join(sorted(missing))} missing"
