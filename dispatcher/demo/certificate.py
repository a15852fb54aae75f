"""A certificate for this machine, made for the demo and forgotten with it."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PRIVATE: Final = 0o600
_LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM: the certificate, its key, and all authorities to trust, this one included."""

    path: Path
    key_path: Path
    authorities: Path

    @classmethod
    def create(cls, folder: Path) -> Self:
        """One for localhost. The system's authorities stay trusted beside it."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + _LIFE)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        certificate = made.public_bytes(serialization.Encoding.PEM)
        files = cls(folder / "push.crt", folder / "push.key", folder / "authorities.pem")
        files.path.write_bytes(certificate)
        files.authorities.write_bytes(certificate + _known_to_the_system())
        descriptor = os.open(files.key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
        return files


def _known_to_the_system() -> bytes:
    file = ssl.get_default_verify_paths().cafile
    return b"\n" + Path(file).read_bytes() if file else b""
