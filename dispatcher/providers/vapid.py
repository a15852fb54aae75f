"""The VAPID key, by which push services identify the application server (RFC 8292)."""

from __future__ import annotations

import base64
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02, VapidException

#: Seconds that a signature is valid; RFC 8292, 2 allows a day.
LIFETIME: Final = 12 * 3600
#: Seconds before its end that a signature is replaced, for requests in flight and for push services
#: whose clock is ahead.
MARGIN: Final = 2 * 3600
#: Signatures kept at once. Users choose the endpoints, so the number is bounded.
MOST_ORIGINS: Final = 256

_PRIVATE: Final = 0o600


class VapidKey:
    """A key pair on the curve P-256. Its repr shows only the public half."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        point = private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        #: base64url: the `applicationServerKey` that a page subscribes with.
        self.public = base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def __repr__(self) -> str:
        return f"VapidKey({self.public})"

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new key, written to `path`, which only its owner can read.

        Raises FileExistsError: subscriptions are bound to their key, so no file is overwritten.
        Raises OSError if the file cannot be written.
        """
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        return cls(private)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in a PEM file. Raises OSError if unreadable, ValueError if it has no such key.

        Neither message shows the content.
        """
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError(f"{path} has no private key in PEM, or one with a password") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(
            private.curve, ec.SECP256R1
        ):
            raise ValueError(f"{path} has a key, but not one of the curve P-256")  # noqa: TRY004
        return cls(private)

    def sign(self, origin: str, subject: str, expires_at: int) -> str:
        """The Authorization header for the push service at `origin`, valid until a Unix time.

        `subject` is a mailto: or https: contact for the push service. Raises ValueError if origin
        or subject are not valid in a signature.
        """
        try:
            headers = Vapid02(self._private).sign(
                {"aud": origin, "sub": subject, "exp": expires_at}
            )
        except VapidException as error:
            raise ValueError(str(error)) from None
        return str(headers["Authorization"])


class Signatures:
    """Caches the signature for each push service: it identifies the sender, not the message."""

    def __init__(self, key: VapidKey, subject: str, now: Callable[[], float] = time.time) -> None:
        """`now` is a Unix time. Raises ValueError if the subject is neither mailto: nor https:."""
        self._key = key
        self._subject = subject
        self._now = now
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
        key.sign("https://push.example", subject, 1)

    def __repr__(self) -> str:
        return f"Signatures({self._key!r}, {self._subject!r})"

    def of(self, origin: str) -> str:
        """The Authorization header for a push service, `https://host` or `https://host:port`."""
        now = self._now()
        until, header = self._kept.get(origin, (0.0, ""))
        if now >= until:
            expires_at = int(now) + LIFETIME
            header = self._key.sign(origin, self._subject, expires_at)
            self._kept[origin] = (expires_at - MARGIN, header)
            if len(self._kept) > MOST_ORIGINS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(origin)
        return header
