"""Signatures of links in messages, and of webhooks (Standard Webhooks 1.0)."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b32encode, b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

#: Characters, at least: the number of bytes of the hash (RFC 2104, 3).
SHORTEST_SECRET: Final = 32

_MAKE_ONE: Final = "`openssl rand -hex 32` makes one"
#: Bytes of a signature: half of the hash, which RFC 2104, 5 allows at least.
_SIGNATURE_BYTES: Final = 16
_MARK_BYTES: Final = 10


class BadToken(Exception):
    """The token was not signed for this purpose, or was changed."""


class Signer:
    """Signs and verifies tokens by HMAC-SHA256, with a key for each purpose.

    The first secret signs and all of them verify, so that a secret can be replaced while links
    signed with the previous one are in mailboxes.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises ValueError without a secret, or for one that check_secret() refuses."""
        if not secrets:
            raise ValueError("there is no secret to sign with")
        for secret in secrets:
            check_secret(secret)
        self._secrets: Final = tuple(secret.encode() for secret in secrets)
        self._keys: Final[dict[str, tuple[bytes, ...]]] = {}

    def __repr__(self) -> str:
        return f"Signer({len(self._secrets)} secrets)"

    def sign(self, purpose: str, *parts: str) -> str:
        """A token of letters, digits, `-`, `_` and `.`. It can be read, but not forged."""
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
        """Sixteen case-insensitive letters and digits, where a token would be too long.

        The parts are not in it. It has eighty bits, the fewest that RFC 2104, 5 allows.
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


def check_secret(secret: str) -> None:
    """Raises ValueError for a secret that HMAC cannot or must not use.

    The message continues a sentence that names the secret, and does not show it. PEM and SSH keys
    and certificates are refused, as PyJWT does: half of a key pair may be public, and then anybody
    could sign (RFC 8725, 2.1).
    """
    # Loaded only where something is signed.
    from jwt import InvalidKeyError  # noqa: PLC0415
    from jwt.algorithms import HMACAlgorithm  # noqa: PLC0415

    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"is shorter than {SHORTEST_SECRET} characters: {_MAKE_ONE}")
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except UnicodeEncodeError:
        raise ValueError(f"is not written in UTF-8: {_MAKE_ONE}") from None
    except InvalidKeyError:
        raise ValueError(
            "is a key of a key pair or a certificate (PEM or SSH), and HS256 signs with a secret"
            f" that both sides know: {_MAKE_ONE}, for your application and for Postbell"
        ) from None


def _signature(key: bytes, body: str) -> str:
    return _encoded(hmac.digest(key, body.encode(), hashlib.sha256)[:_SIGNATURE_BYTES])


def _marked(key: bytes, body: str) -> str:
    return b32encode(hmac.digest(key, body.encode(), hashlib.sha256)[:_MARK_BYTES]).decode().lower()


# Each part is encoded on its own, so that different lists of parts give different tokens.
def _written(part: str) -> str:
    return _encoded(part.encode())


def _read(written: str) -> str:
    return urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode()


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


#: A webhook secret inside a text, to remove it.
WEBHOOK_SECRET: Final = re.compile(r"whsec_([A-Za-z0-9+/_-]+)={0,2}")
#: Bytes; shorter can be guessed, and longer adds nothing ("Signature scheme").
_SHORTEST, _LONGEST = 24, 64


def read_webhook_secrets(written: str) -> tuple[bytes, ...]:
    """The secrets in `whsec_…`, or in several with commas between, during a rotation.

    Each has 24 to 64 bytes in base64, padded or not, with `_` and `-` allowed for `/` and `+`,
    which a URL would have to escape. Raises ValueError, whose message follows "the secret".
    """
    return tuple(_read_webhook_secret(part) for part in written.split(","))


def webhook_signature(secret: bytes, webhook_id: str, timestamp: int | str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC-SHA256 of id, Unix time and body."""
    digest = hmac.digest(secret, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + b64encode(digest).decode("ascii")


def _read_webhook_secret(written: str) -> bytes:
    found = WEBHOOK_SECRET.fullmatch(written)
    encoded = found[1].translate(str.maketrans("_-", "/+")) if found else ""
    try:
        secret = b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        secret = b""
    if not secret:
        raise ValueError("is not whsec_ and then base64, with _ and - for / and +")
    if not _SHORTEST <= len(secret) <= _LONGEST:
        raise ValueError(f"has {len(secret)} bytes; {_SHORTEST} to {_LONGEST} are needed")
    return secret
