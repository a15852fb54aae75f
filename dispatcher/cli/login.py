"""postbell login"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from dispatcher.cli import options
from dispatcher.cli.connection import connected
from dispatcher.cli.output import echo, echo_json, echo_stderr


def command(
    recipient: Annotated[
        str | None, typer.Argument(help="The person, by the application's id.")
    ] = None,
    tenant: options.Tenant = "default",
    operator: Annotated[
        bool, typer.Option("--operator", help="Log you in as an operator, who has no inbox.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(help="The page to open: /preferences, or /operator.", metavar="PATH"),
    ] = None,
    embedded: options.Embedded = False,
    json: options.Json = False,
) -> None:
    """Show a login link: an address that opens the preference centre, or another page.

    It works for ten minutes, for anybody who has it; its session lasts twelve hours.
    """
    from dispatcher.db import sessions
    from dispatcher.gateway.pages import login
    from dispatcher.gateway.server import require_secret
    from dispatcher.gateway.token import LOGIN_LIFE, login_token, operator_login_token
    from dispatcher.settings import Settings

    if operator == (recipient is not None):
        raise typer.BadParameter("name the person, or say --operator.")
    page = to or ("/operator" if operator else login.HOME)
    if not login.is_our_path(page):
        raise typer.BadParameter("--to is a path of the gateway, such as /preferences.")
    settings = Settings.load()
    require_secret(settings)
    secret, now = settings.token_secrets[0], datetime.now(UTC)
    if recipient is None:
        # The name by which logs refer to the operator.
        token = operator_login_token(secret, now, getpass.getuser())
    else:
        with connected(settings, is_embedded=embedded, tenant=tenant) as connection:
            # An unknown recipient is an error here, rather than on the page.
            sessions.require_present(connection, tenant, recipient)
        token = login_token(secret, now, recipient, tenant)
    query = urlencode({"token": token, "to": page}, quote_via=quote, safe="/")
    address = f"{settings.public_url.rstrip('/')}{login.PATH}?{query}"
    if json:
        echo_json({"address": address, "works_until": now + LOGIN_LIFE})
        return
    echo(address)
    echo_stderr(f"It works until {now + LOGIN_LIFE:%H:%M:%S} UTC, while `postbell serve` runs.")
