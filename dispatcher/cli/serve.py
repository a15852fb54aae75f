"""postbell serve"""

from __future__ import annotations

from dispatcher.cli import options
from dispatcher.cli.connection import database_url


def command(embedded: options.Embedded = False) -> None:
    """Serve inboxes, preferences and streams over HTTP, until SIGTERM or Ctrl-C.

    As many as you like may run, on as many hosts, behind a web server that speaks HTTPS. Needs
    POSTBELL_TOKEN_SECRET, which your application signs its tokens with. /v1/openapi.json describes
    what is there; /healthz and /readyz say how it is.
    """
    import asyncio

    from dispatcher import log
    from dispatcher.deploy import schema
    from dispatcher.gateway import server
    from dispatcher.rendering.catalog import Catalog
    from dispatcher.settings import Settings

    settings = Settings.load()
    log.configure(settings.log_level, console=settings.logs_to_console)
    server.require_secret(settings)
    with database_url(settings, is_embedded=embedded) as url:
        if embedded:
            # The embedded database belongs to this command, so nobody else deploys to it.
            schema.deploy(url, events=Catalog.load(settings.template_folders).events.values())
        with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
            runner.run(server.run(url, settings))
