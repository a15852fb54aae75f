"""Prism between us and a fake: it refuses whatever the official OpenAPI file does not allow.

Both ways: a request of ours that the file forbids gets 422, an answer of the fake's 500. So a fake
that passes here has not drifted from the service it plays.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

from tests.support.peers import program
from tests.support.peers.server_process import ServerProcess, free_port, listens

#: Names the folder of the OpenAPI files; they are their owners', so they are not in here.
FOLDER = "POSTBELL_TEST_OPENAPI"

SENDGRID = "sendgrid_mail_v3.json"
TWILIO = "twilio_messages_v2010.json"

_SOURCE = "npm install @stoplight/prism-cli"


def specification(name: str) -> dict[str, Any]:
    """An OpenAPI file, mended where it is known to be wrong; skips the test if it is absent."""
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip(f"{FOLDER} does not name the folder of {name}")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"{FOLDER} has no {name}")
    document: dict[str, Any] = json.loads(path.read_text())
    if name == SENDGRID:
        _mend_sendgrid(document)
    return document


class Prism:
    """A proxy at `url` in front of `upstream`, inside a `with`."""

    def __init__(self, name: str, upstream: str) -> None:
        """Skips the test if Prism or the OpenAPI file is absent."""
        self._prism = program.path_of("prism", source=_SOURCE)
        self._document = specification(name)
        self._upstream = upstream
        self._port = free_port()
        self._closing = ExitStack()
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def log(self) -> str:
        """What it thought of each request and answer."""
        assert self._process is not None
        return self._process.log()

    def __enter__(self) -> Self:
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        document = folder / "openapi.json"
        document.write_text(json.dumps(self._document))
        self._process = ServerProcess(
            [
                *(self._prism, "proxy", "--errors"),
                *("--host", "127.0.0.1", "--port", str(self._port)),
                *(str(document), self._upstream),
            ],
            folder / "prism.log",
        )
        self._closing.callback(self._process.end)
        self._process.start(lambda: listens(self._port))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def _mend_sendgrid(document: dict[str, Any]) -> None:
    # Typed as a string at the top level; the service takes an object there, as in personalizations.
    content = document["components"]["requestBodies"]["PostMailSend"]["content"]
    properties = content["application/json"]["schema"]["properties"]
    properties["custom_args"] = {
        "type": "object",
        "additionalProperties": {"type": "string"},
    }
