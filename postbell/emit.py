"""What all verbs end in: the call of the SQL function of the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from postbell.call import Call
from postbell.connection import AnyConnection, execute
from postbell.types import Options, WithActor
from postbell.validation import as_moment, as_person, as_text, attribute


def emit(
    verb: str,
    on: AnyConnection | None,
    options: Mapping[str, Any],
    about: object,
    /,
    **arguments: Any,
) -> Any:
    """What the SQL function returns, or on an asynchronous connection an awaitable of that.

    `about` is the thing whose website it is, if `options` name none. A verb that knows who did it
    has `actor` among its arguments, also if the SQL function is told otherwise, and then None.
    """
    known = Options if "actor" in arguments else WithActor
    if unknown := options.keys() - known.__optional_keys__:
        raise TypeError(f"{verb}() got an unexpected keyword argument {min(unknown)!r}")
    website = options.get("website")
    if website is None:
        website = attribute(about, "website_id")
    call = Call(
        verb,
        {
            "tenant_id": as_person(website, "website"),
            "actor": as_person(options.get("actor"), "actor"),
            "idempotency_key": as_text(options.get("idempotency_key"), "idempotency_key"),
            "deliver_at": as_moment(options.get("deliver_at"), "deliver_at"),
            "expires_at": as_moment(options.get("expires_at"), "expires_at"),
            **arguments,
        },
    )
    return execute(call, on, savepoint=bool(options.get("savepoint")))
