"""For each provider, the other side of it, so that one suite can ask the same of them all.

A new provider adds a module here and its class to PEERS, and passes `test_contract.py`; what it
alone does is tested in a module of its own.
"""

from tests.providers.peers.console import ConsoleHarness
from tests.providers.peers.peer import Peer
from tests.providers.peers.sendgrid import SendGridHarness
from tests.providers.peers.smtp import SmtpHarness
from tests.providers.peers.twilio import TwilioHarness
from tests.providers.peers.webhook import WebhookHarness
from tests.providers.peers.webpush import WebPushHarness

PEERS: tuple[type[Peer], ...] = (
    SmtpHarness,
    SendGridHarness,
    TwilioHarness,
    WebhookHarness,
    WebPushHarness,
    ConsoleHarness,
)

__all__ = ["PEERS", "Peer"]
