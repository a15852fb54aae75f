"""Links that carry what they may do: signed by us, for one purpose, and read back unchanged."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

#: Characters that a secret has at the least: as many bytes as the hash has (RFC 2104, 3).
SHORTEST_SECRET: Final = 32

#: Bytes of the signature that are kept: half of the hash, which is as few as may be (RFC 2104, 5).
_SIGNATURE_BYTES: Final = 16
_MARK_BYTES: Final = 10


class BadToken(Exception):
    """The token was not signed by us for this purpose, or was changed since."""


class Signer:
    """HMAC-SHA256 with a key for each purpose, derived from the secret: none serves for another.

    Of several secrets the first signs, and all verify: so one can be replaced while links that the
    former has signed are still in mailboxes.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises ValueError without a secret, or with one that is too short."""
        if not secrets:
            raise ValueError("there is no secret to sign with")
        if any(len(secret) < SHORTEST_SECRET for secret in secrets):
            raise ValueError(f"a secret has at least {SHORTEST_SECRET} characters")
        self._secrets: Final = tuple(secret.encode() for secret in secrets)
        self._keys: Final[dict[str, tuple[bytes, ...]]] = {}

    def __repr__(self) -> str:
        return f"Signer({len(self._secrets)} secrets)"

    def sign(self, purpose: str, *parts: str) -> str:
        """A token of letters, digits, `-`, `_` and `.`, which anybody can read and nobody make."""
        body = ".".join(map(_written, parts))
        return f"{body}.{_signature(self._keys_for(purpose)[0], body)}"

    def verify(self, purpose: str, token: str) -> tuple[str, ...]:
        """The parts that were signed. Raises BadToken."""
        body, dot, signature = token.rpartition(".")
        if not dot or not token.isascii():
            raise BadToken("this is no token")
        if not any(
            hmac.compare_digest(signature, _signature(key, body)) for key in self._keys_for(purpose)
        ):
            raise BadToken(f"this was not signed for {purpose}")
        return tuple(map(_read, body.split(".")))

    def mark(self, purpose: str, *parts: str) -> str:
        """Sixteen letters and digits, whatever their case: for where there is no room for a token.

        The parts are not in it. Eighty bits, the fewest that RFC 2104, 5, allows.
        """
        return _marked(self._keys_for(purpose)[0], ".".join(map(_written, parts)))

    def verify_mark(self, purpose: str, mark: str, *parts: str) -> None:
        """Raises BadToken unless it is the mark of these parts."""
        body = ".".join(map(_written, parts))
        given = mark.lower().encode("utf-8", "replace")
        if not any(
            hmac.compare_digest(given, _marked(key, body).encode())
            for key in self._keys_for(purpose)
        ):
            raise BadToken(f"this was not signed for {purpose}")

    def _keys_for(self, purpose: str) -> tuple[bytes, ...]:
        keys = self._keys.get(purpose)
        if keys is None:
            keys = tuple(
                hmac.digest(secret, f"postbell {purpose}".encode(), "sha256")
                for secret in self._secrets
            )
            self._keys[purpose] = keys
        return keys


def _signature(key: bytes, body: str) -> str:
    return _encoded(hmac.digest(key, body.encode(), hashlib.sha256)[:_SIGNATURE_BYTES])


def _marked(key: bytes, body: str) -> str:
    return b32encode(hmac.digest(key, body.encode(), hashlib.sha256)[:_MARK_BYTES]).decode().lower()


# Each part on its own, so that no two lists of parts are written alike.
def _written(part: str) -> str:
    return _encoded(part.encode())


def _read(written: str) -> str:
    return urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode()


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
