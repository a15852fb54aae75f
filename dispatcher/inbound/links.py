"""Addresses of ours that the outside world calls, each signed for the one thing that it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatcher.inbound.signing import BadToken, Signer

#: A delivery id fits into a bigint.
_LONGEST_NUMBER: Final = 19


class DeliveryRef(NamedTuple):
    """A delivery as the outside world names it: by its number, and so that no other is meant.

    After a crash that undid its routing the number may be another's; see Delivery.identity.
    """

    delivery_id: int
    identity: str

    @property
    def parts(self) -> tuple[str, str]:
        return str(self.delivery_id), self.identity


@dataclass(frozen=True, slots=True)
class Links:
    """Made by `public_url`, under which POSTBELL_PUBLIC_URL says that we are reached."""

    public_url: str
    signer: Signer

    def opened(self, delivery: DeliveryRef) -> str:
        """The picture that a mail asks for when it is looked at."""
        return f"{self.public_url}/o/{self.signer.sign('open', *delivery.parts)}"

    def clicked(self, delivery: DeliveryRef, target: str) -> str:
        """A link that leads to `target`, and nowhere else: it is part of what is signed."""
        return f"{self.public_url}/c/{self.signer.sign('click', *delivery.parts, target)}"

    def callback(self, kind: str, provider: str, delivery: DeliveryRef) -> str:
        """Where a provider, of a kind such as twilio, tells what became of one message."""
        token = self.signer.sign("report", *delivery.parts)
        return f"{self.public_url}/v1/webhooks/{kind}/{provider}/status/{token}"


def opened(signer: Signer, token: str) -> DeliveryRef:
    """The delivery of a token of `Links.opened`. Raises BadToken."""
    delivery_id, identity = _parts(signer, "open", token, 2)
    return DeliveryRef(_number(delivery_id), identity)


def clicked(signer: Signer, token: str) -> tuple[DeliveryRef, str]:
    """The delivery and the target of a token of `Links.clicked`. Raises BadToken."""
    delivery_id, identity, target = _parts(signer, "click", token, 3)
    return DeliveryRef(_number(delivery_id), identity), target


def reported(signer: Signer, token: str) -> DeliveryRef:
    """The delivery of a token of `Links.report`. Raises BadToken."""
    delivery_id, identity = _parts(signer, "report", token, 2)
    return DeliveryRef(_number(delivery_id), identity)


def _parts(signer: Signer, purpose: str, token: str, count: int) -> tuple[str, ...]:
    parts = signer.verify(purpose, token)
    if len(parts) != count:
        raise BadToken("this is a token of another version")
    return parts


def _number(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= _LONGEST_NUMBER):
        raise BadToken("this names no delivery")
    return int(written)
