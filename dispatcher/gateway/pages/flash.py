"""What a page tells once after a form: a signed cookie between the POST and the page (303)."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from dispatcher.inbound.signing import BadToken, Signer

_COOKIE: Final = "postbell_flash"
_SECONDS: Final = 60
#: Characters; browsers keep 4096 bytes with name and attributes (RFC 6265, 6.1).
_LONGEST: Final = 3500


class Flash:
    """For the pages below `path`. `is_secure`: browsers reach the gateway by https."""

    def __init__(self, signer: Signer, path: str, *, is_secure: bool) -> None:
        self._signer: Final = signer
        self._path: Final = path
        self._is_secure: Final = is_secure

    def set(
        self, response: Response, reader: tuple[str, ...], told: dict[str, Any], *spare: str
    ) -> None:
        """Has the next page of this reader know `told`, as JSON.

        Of what a browser would not keep, the lists named in `spare` are emptied, in this order.
        """
        value = self._signed(reader, told)
        for name in spare:
            if len(value) <= _LONGEST:
                break
            told = {**told, name: []}
            value = self._signed(reader, told)
        response.set_cookie(
            _COOKIE,
            value,
            max_age=_SECONDS,
            path=self._path,
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )

    def read(self, request: Request, reader: tuple[str, ...]) -> dict[str, Any] | None:
        """What this gateway told this reader just before, if it did."""
        mark, _, written = request.cookies.get(_COOKIE, "").partition(".")
        try:
            self._signer.verify_mark(_COOKIE, mark, *reader, written)
        except BadToken:
            return None
        packed = urlsafe_b64decode(written + "=" * (-len(written) % 4))
        told: dict[str, Any] = json.loads(zlib.decompress(packed))
        return told

    def clear(self, response: Response) -> None:
        """It is told once."""
        response.delete_cookie(_COOKIE, path=self._path)

    def _signed(self, reader: Sequence[str], told: dict[str, Any]) -> str:
        packed = zlib.compress(json.dumps(told, ensure_ascii=False).encode(), 9)
        written = urlsafe_b64encode(packed).decode("ascii").rstrip("=")
        return f"{self._signer.mark(_COOKIE, *reader, written)}.{written}"
