"""nginx in front of a server of ours, buffering as it does unless told otherwise."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.support.peers import program
from tests.support.peers.server_process import ServerProcess, free_port, listens

_SOURCE = "apt-get install nginx-light"

# What an installation has out of the box: HTTP/1.0 to the server, buffers, compression.
_CONFIGURATION = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_min_length 0;
    gzip_types text/event-stream application/json;
    gzip_proxied any;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


class Nginx:
    """A reverse proxy at `url` in front of `upstream` (`http://127.0.0.1:…`), inside a `with`."""

    def __init__(self, upstream: str) -> None:
        """Skips the test if nginx is absent."""
        self._nginx = program.path_of("nginx", source=_SOURCE)
        self._upstream = upstream.rstrip("/")
        self._port = free_port()
        self._closing = ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        # Its workers are nobody's, and keep here what does not fit into their buffers.
        folder.chmod(0o777)
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder,
                port=self._port,
                upstream=self._upstream,
                user="user nobody nogroup;" if os.geteuid() == 0 else "",
            )
        )
        process = ServerProcess(
            [self._nginx, "-e", "stderr", "-p", str(folder), "-c", str(configuration)],
            folder / "nginx.log",
        )
        self._closing.callback(process.end)
        process.start(lambda: listens(self._port))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
