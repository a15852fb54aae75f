"""postbell run"""

from __future__ import annotations

from dispatcher.cli import options
from dispatcher.cli.connection import database_url


def command(embedded: options.Embedded = False) -> None:
    """Route and deliver, until SIGTERM or Ctrl-C.

    As many as you like may run, on as many hosts: one leads the routing, all deliver. When asked
    to stop it finishes what is in flight and gives back the rest.
    """
    import asyncio

    from dispatcher import daemon, log
    from dispatcher.deploy import schema
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.settings import Settings

    settings = Settings.load()
    log.configure(settings.log_level, console=settings.logs_to_console)
    with database_url(settings, is_embedded=embedded) as url:
        if embedded:
            # The embedded database belongs to this command, so nobody else deploys to it.
            schema.deploy(url, events=Catalog.load(settings.template_folders).events.values())
        asyncio.run(daemon.run(url, settings))
