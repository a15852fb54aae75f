"""For each provider, the other side of it, so that one suite can ask the same of them all.

A new provider adds a module here and its class to PEERS, and passes `test_contract.py`; what it
alone does is tested in a module of its own.
"""

from tests.support.harnesses.chat_webhook import ChatWebhookHarness
from tests.support.harnesses.console import ConsoleHarness
from tests.support.harnesses.peer import Peer
from tests.support.harnesses.sendgrid import SendGridHarness
from tests.support.harnesses.smtp import SmtpHarness
from tests.support.harnesses.twilio import TwilioHarness
from tests.support.harnesses.webhook import WebhookHarness
from tests.support.harnesses.webpush import WebPushHarness

PEERS: tuple[type[Peer], ...] = (
    SmtpHarness,
    SendGridHarness,
    TwilioHarness,
    WebhookHarness,
    WebPushHarness,
    ChatWebhookHarness,
    ConsoleHarness,
)

__all__ = ["PEERS", "Peer"]
