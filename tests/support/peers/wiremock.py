"""WireMock: a web service that answers in scenarios and keeps a journal of what it was asked."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError

from tests.support.peers import program
from tests.support.peers.server_process import ServerProcess, free_port

_SOURCE = "npm install wiremock"
_JAVA = "apt-get install default-jre-headless"


@dataclass(frozen=True)
class Answer:
    """What is said to one request. With a `fault`, nothing is said, after all of it was read."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    fault: str | None = None
    seconds: float = 0.0

    def definition(self) -> dict[str, Any]:
        """As WireMock has it."""
        definition: dict[str, Any] = {
            "status": self.status,
            "headers": dict(self.headers),
            "body": self.body,
            "fixedDelayMilliseconds": round(self.seconds * 1000),
        }
        return definition | ({"fault": self.fault} if self.fault else {})


#: The request was taken, and the connection ends with a TCP reset.
RESET = Answer(fault="CONNECTION_RESET_BY_PEER")
#: The same, politely closed without a word.
EMPTY = Answer(fault="EMPTY_RESPONSE")
#: A status line, and then what is no HTTP.
NONSENSE = Answer(fault="MALFORMED_RESPONSE_CHUNK")


class WireMock:
    """A server at `url`, inside a `with`. It takes seconds to start: keep it for a session."""

    def __init__(self) -> None:
        """Skips the test if WireMock or Java is absent."""
        self._wiremock = program.path_of("wiremock", source=_SOURCE)
        program.path_of("java", source=_JAVA)
        self._port = free_port()
        self._closing = ExitStack()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def answer(self, path: str, *answers: Answer) -> None:
        """Answers POSTs to `path` with these in turn; the last one is for all that follow."""
        for number, answer in enumerate(answers):
            is_last = number == len(answers) - 1
            self._admin(
                "POST",
                "mappings",
                {
                    "request": {"method": "POST", "urlPath": path},
                    "response": answer.definition(),
                    "scenarioName": path,
                    "requiredScenarioState": f"after {number}" if number else "Started",
                    **({} if is_last else {"newScenarioState": f"after {number + 1}"}),
                },
            )

    def requests(self, path: str) -> list[dict[str, Any]]:
        """The journal: every POST to `path`, oldest first; each has `headers` and `body`."""
        found = self._admin("POST", "requests/find", {"method": "POST", "urlPath": path})
        requests: list[dict[str, Any]] = found["requests"]
        return sorted(requests, key=lambda request: int(request["loggedDate"]))

    def reset(self) -> None:
        """Forgets all answers and the journal."""
        self._admin("POST", "reset")

    def __enter__(self) -> Self:
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        process = ServerProcess(
            [
                *(self._wiremock, "--bind-address", "127.0.0.1", "--port", str(self._port)),
                *("--root-dir", str(folder), "--disable-banner"),
            ],
            folder / "wiremock.log",
            # A small heap and few compiler threads: it plays one service for one test at a time.
            environment={"JAVA_TOOL_OPTIONS": "-Xmx128m -XX:TieredStopAtLevel=1"},
        )
        self._closing.callback(process.end)
        process.start(self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _is_ready(self) -> bool:
        try:
            self._admin("GET", "mappings")
        except (URLError, ConnectionError):
            return False
        return True

    def _admin(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the URL is ours
            f"{self.url}/__admin/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            text = answer.read()
        return json.loads(text) if text else None
