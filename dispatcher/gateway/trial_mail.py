"""Sends a previewed mail to the operator who looks at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import structlog
from pydantic import Field

from dispatcher.channels.email import EmailChannel
from dispatcher.delivery.failover import ProviderCall, send_with_failover
from dispatcher.delivery.model import Delivery, Recipient, Refused, Sent, Tenant
from dispatcher.gateway.rate_limits import RateLimiter
from dispatcher.gateway.schemas import Model
from dispatcher.masking import hint_of, mask
from dispatcher.providers.registry import ProviderRegistry
from dispatcher.rendering.content import EmailContent
from dispatcher.settings import Settings

log = structlog.get_logger()

#: Mails a second of one operator.
_RATE: Final = 0.1
#: Begins the subject, so that nobody takes it for the message itself.
_MARK: Final = "[Test] "


class PreviewTestAnswer(Model):
    """What the providers said of it."""

    is_sent: bool
    provider: str | None = Field(description="The one that was called last.")
    said: str = Field(description="Its answer, or why nobody was asked; addresses are masked.")


class TrialMailer:
    """Builds and sends test mails, by the providers that this process is configured with.

    They are opened for each mail: tests are few.
    """

    def __init__(self, settings: Settings, rate_limiter: RateLimiter | None = None) -> None:
        self._settings: Final = settings
        self._channel: Final = EmailChannel(
            settings.sender_address, settings.sender_name, return_path=settings.return_path
        )
        self._rate_limiter: Final = rate_limiter or RateLimiter(_RATE)

    def sender_of(self, tenant: Tenant) -> str:
        """The sender of a tenant's mails: `Fernhill <mail@fernhill.example>`."""
        made = self._channel.message(
            _delivery(tenant, "somebody@example.org"), EmailContent("subject", "text", None)
        )
        if isinstance(made, Refused):
            return made.reason
        name, address = made.sender.name, made.sender.mailbox.address
        return f"{name} <{address}>" if name else address

    async def send(
        self, operator: str, tenant: Tenant, content: EmailContent, to: str
    ) -> PreviewTestAnswer:
        """Sends it to one address. Raises TooManyRequests."""
        if not self._settings.names_a_mail_server:
            return _unsent(None, "This gateway has no mail server: set POSTBELL_SMTP_URL")
        mail = self._channel.message(
            _delivery(tenant, to), replace(content, subject=_MARK + content.subject)
        )
        if isinstance(mail, Refused):
            return _unsent(None, mask(mail.reason))
        self._rate_limiter.spend(operator)
        entries = [each for each in self._settings.provider_entries if each.channel == "email"]
        registry = ProviderRegistry.from_config(entries)
        await registry.open()
        try:
            calls = await send_with_failover(mail, registry.for_tenant(tenant, "email"))
        finally:
            await registry.close()
        outcome = _outcome(calls)
        log.info(
            "an operator sent a test",
            operator=operator,
            tenant_id=tenant.id,
            to=hint_of(to),
            is_sent=outcome.is_sent,
            provider=outcome.provider,
        )
        return outcome


def _outcome(calls: list[ProviderCall]) -> PreviewTestAnswer:
    if not calls:
        return _unsent(None, "No provider of the tenant is configured in this gateway")
    provider, outcome, *_ = calls[-1]
    if isinstance(outcome, Sent):
        said = outcome.code or outcome.message_id or ""
        return PreviewTestAnswer(is_sent=True, provider=provider, said=said)
    return _unsent(provider, mask(outcome.reason))


def _unsent(provider: str | None, said: str) -> PreviewTestAnswer:
    return PreviewTestAnswer(is_sent=False, provider=provider, said=said)


def _delivery(tenant: Tenant, to: str) -> Delivery:
    """Of no event: it stands in no log."""
    return Delivery(
        id=0,
        identity=uuid4().hex,
        notification_id=0,
        event="",
        category="",
        channel="email",
        priority="normal",
        subject=None,
        payload={},
        tenant=tenant,
        recipient=Recipient("preview", None, None, {}),
        address=to,
        attempts=1,
        created_at=datetime.now(UTC),
        expires_at=None,
    )
