"""nginx holds back what nobody forbids it to: so a stream that passes it was sent as it must be."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.peers.nginx import Nginx

pytestmark = pytest.mark.slow


class _Ringing(ThreadingHTTPServer):
    """Sends one frame of a stream, and is then silent until `over`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.over = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Ringing

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if self.path == "/unbuffered":
            self.send_header("X-Accel-Buffering", "no")
        self.end_headers()
        self.wfile.write(b"data: ding\n\n")
        self.server.over.wait()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxied() -> Iterator[str]:
    """A stream behind nginx."""
    with _Ringing() as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        with Nginx(f"http://127.0.0.1:{server.server_port}") as nginx:
            yield nginx.url
            server.over.set()
        server.shutdown()
        serving.join()


def first_line(url: str, seconds: float) -> bytes:
    """Raises TimeoutError."""
    with urllib.request.urlopen(url, timeout=seconds) as response:  # noqa: S310 - loopback
        return bytes(response.readline())


def test_a_frame_passes_at_once_where_buffering_was_forbidden(proxied: str) -> None:
    assert first_line(f"{proxied}/unbuffered", 30) == b"data: ding\n"


def test_a_frame_is_held_back_where_it_was_not(proxied: str) -> None:
    with pytest.raises(TimeoutError):
        first_line(f"{proxied}/buffered", 2)
