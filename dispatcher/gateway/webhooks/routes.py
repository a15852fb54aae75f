"""The webhooks of the providers that are configured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.routing import Route

from dispatcher.gateway.webhooks.handler import ReceiptMetrics, ReceiptStore, WebhookHandler
from dispatcher.inbound.signing import Signer
from dispatcher.providers.base import missing_extra
from dispatcher.providers.config import ProviderConfig

if TYPE_CHECKING:
    from dispatcher.providers.twilio import TwilioAccount

_ROOT: Final = "/v1/webhooks"


def routes(
    entries: Sequence[ProviderConfig],
    receipt_store: ReceiptStore,
    metrics: ReceiptMetrics,
    *,
    public_url: str,
    signer: Signer,
) -> list[Route]:
    """A webhook for each kind of provider of which an entry has a verification key.

    Raises ValueError, whose text is a sentence, for a malformed key and for a library that is not
    installed.
    """
    try:
        handlers = _handlers(entries, receipt_store, metrics, public_url=public_url, signer=signer)
    except ModuleNotFoundError as error:
        if (sentence := missing_extra(error)) is None:
            raise
        raise ValueError(f"a provider's webhook needs more: {sentence}") from None
    return [
        Route(f"{_ROOT}/{path}", handler.handle, methods=["POST"]) for path, handler in handlers
    ]


def _handlers(
    entries: Sequence[ProviderConfig],
    receipt_store: ReceiptStore,
    metrics: ReceiptMetrics,
    *,
    public_url: str,
    signer: Signer,
) -> list[tuple[str, WebhookHandler]]:
    keys: dict[str, dict[str, str]] = {}
    for entry in entries:
        # webhook+https and webhook+http are one kind.
        kind = urlsplit(entry.url).scheme.partition("+")[0]
        key = entry.webhook_key or _own_key(kind, entry.url)
        if key is not None:
            keys.setdefault(kind, {})[entry.name] = key

    # Imported only for configured kinds: their libraries load slowly.
    handlers: list[tuple[str, WebhookHandler]] = []
    if mails := keys.get("sendgrid"):
        from dispatcher.gateway.webhooks.sendgrid import SendGridWebhook  # noqa: PLC0415

        handlers.append(("sendgrid/{provider}", SendGridWebhook(mails, receipt_store, metrics)))
    if texts := keys.get("twilio"):
        from dispatcher.gateway.webhooks.twilio import TwilioMessage, TwilioStatus  # noqa: PLC0415

        tables = {entry.name: _account(entry.url).codes for entry in entries if entry.name in texts}
        status = TwilioStatus(
            texts, receipt_store, metrics, public_url=public_url, signer=signer, tables=tables
        )
        message = TwilioMessage(texts, receipt_store, metrics, public_url=public_url)
        handlers += [
            ("twilio/{provider}/status/{token}", status),
            ("twilio/{provider}/status", status),
            ("twilio/{provider}/message", message),
        ]
    if others := keys.get("webhook"):
        from dispatcher.gateway.webhooks.standard import StandardWebhook  # noqa: PLC0415

        handlers.append(("standard/{provider}", StandardWebhook(others, receipt_store, metrics)))
    return handlers


def _own_key(kind: str, url: str) -> str | None:
    """Twilio signs with the auth token, which the URL has unless it sends by an API key."""
    if kind != "twilio":
        return None
    account = _account(url)
    return None if account.key else account.token


def _account(url: str) -> TwilioAccount:
    from dispatcher.providers.twilio import TwilioAccount  # noqa: PLC0415 - as above

    return TwilioAccount.from_url(url)
