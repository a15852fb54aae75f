"""postbell erase"""

from __future__ import annotations

from typing import Annotated

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import connected
from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.output import echo, echo_json, echo_table
from dispatcher.cli.suggestions import require_tenant
from dispatcher.errors import UnknownRecipientError


def command(
    recipient: Annotated[str, typer.Argument(help="The person's id.", metavar="PERSON")],
    tenant: options.Tenant = "default",
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    is_unknown: Annotated[
        bool,
        typer.Option("--unknown", help="Also if nobody of this id is known: what events said."),
    ] = False,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Erase a person for good: what waits is cancelled; inbox, addresses, devices, choices and what
    events said are gone.
    """
    from dispatcher.db import deliveries, erasures

    with connected(is_embedded=embedded, tenant=tenant) as connection:
        # Most likely the id is mistyped; or they are erased already, and are known no longer.
        if not is_unknown and not deliveries.is_known(connection, recipient, tenant):
            require_tenant(connection, tenant)
            error = UnknownRecipientError(f"{recipient} of tenant {tenant}")
            error.hint = (
                "To erase what events said of them all the same, or to look again for somebody who"
                " was erased: --unknown."
            )
            raise error
        if json and not is_sure:
            raise CommandError("With --json, --yes says that it is meant.", ExitCode.USAGE)
        if not is_sure:
            typer.confirm(f"Erase {recipient} of {tenant} for good?", abort=True)
        certificate = erasures.erase_recipient(connection, recipient, tenant)
    if json:
        echo_json(certificate._asdict())
        return
    echo(f"Certificate {certificate.id}")
    echo_table(("removed", "rows"), sorted(certificate.removed.items()))
    echo(
        f"In the delivery log they are {certificate.pseudonym}. The router looks for the rest, and"
        " then sets completed_at of the certificate in postbell.erasure."
    )
