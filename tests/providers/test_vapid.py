"""The key by which push services know us, and what is signed with it (RFC 8292)."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dispatcher.providers.vapid import LIFETIME, MOST_ORIGINS, Signatures, VapidKey
from tests.support.clock import Clock

SUBJECT = "mailto:ops@shop.example"
SERVICE = "https://push.example"


@pytest.fixture
def key(tmp_path: Path) -> VapidKey:
    return VapidKey.create(tmp_path / "vapid.pem")


def claims(header: str, key: VapidKey) -> dict[str, object]:
    """What the header says, if the key's public half confirms it."""
    scheme, _, parts = header.partition(" ")
    named = dict(part.split("=", 1) for part in parts.split(","))
    assert (scheme, named["k"]) == ("vapid", key.public)
    found: dict[str, object] = jwt.decode(
        named["t"],
        key._private.public_key(),
        algorithms=["ES256"],
        options={"verify_aud": False, "verify_exp": False},
    )
    return found


def test_a_key_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "vapid.pem"

    made = VapidKey.create(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert VapidKey.load(path).public == made.public
    # 65 bytes of an uncompressed point, as PushManager.subscribe() takes it.
    assert len(made.public) == 87
    assert made.public.startswith("B")


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "vapid.pem"
    first = VapidKey.create(path)

    with pytest.raises(FileExistsError):
        VapidKey.create(path)

    assert VapidKey.load(path).public == first.public


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no private key in PEM"),
        (b"s3cret", "no private key in PEM"),
        (
            rsa.generate_private_key(65537, 2048).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "not one of the curve P-256",
        ),
        (
            ec.generate_private_key(ec.SECP384R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "not one of the curve P-256",
        ),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"x"),
            ),
            "one with a password",
        ),
    ],
    ids=["empty", "text", "RSA", "P-384", "password"],
)
def test_what_is_no_such_key_is_refused_without_showing_it(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "vapid.pem"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=sentence) as error:
        VapidKey.load(path)

    assert "s3cret" not in str(error.value)


def test_a_repr_shows_only_the_public_half(key: VapidKey) -> None:
    assert repr(Signatures(key, SUBJECT)) == f"Signatures(VapidKey({key.public}), {SUBJECT!r})"


def test_a_signature_is_for_one_service_and_half_a_day(key: VapidKey) -> None:
    clock = Clock(1_900_000_000.0)

    header = Signatures(key, SUBJECT, clock).of(SERVICE)

    assert claims(header, key) == {
        "aud": SERVICE,
        "sub": SUBJECT,
        "exp": int(clock.now) + LIFETIME,
    }


def test_a_signature_is_made_once_for_a_service_and_used_for_hours(key: VapidKey) -> None:
    clock = Clock(1_900_000_000.0)
    signatures = Signatures(key, SUBJECT, clock)
    first = signatures.of(SERVICE)

    clock.now += 9.9 * 3600
    assert signatures.of(SERVICE) is first
    clock.now += 0.2 * 3600
    renewed = signatures.of(SERVICE)

    assert claims(renewed, key)["exp"] == int(clock.now) + LIFETIME
    assert claims(signatures.of("https://other.example"), key)["aud"] == "https://other.example"


def test_what_users_say_their_services_are_does_not_fill_the_memory(key: VapidKey) -> None:
    signatures = Signatures(key, SUBJECT, Clock(1_900_000_000.0))
    first = signatures.of(SERVICE)

    for number in range(MOST_ORIGINS - 1):
        signatures.of(f"https://{number}.example")
        assert signatures.of(SERVICE) is first
    signatures.of("https://one.too.many.example")

    assert len(signatures._kept) == MOST_ORIGINS


@pytest.mark.parametrize("subject", ["", "ops@shop.example", "http://shop.example", "mailto:ops"])
def test_a_subject_that_nobody_could_write_to_is_refused(key: VapidKey, subject: str) -> None:
    with pytest.raises(ValueError, match="sub"):
        Signatures(key, subject)
