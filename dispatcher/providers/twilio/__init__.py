"""Twilio: text messages, by one pooled client, and an outcome for each of its error codes."""

from dispatcher.providers.twilio.account import Account
from dispatcher.providers.twilio.provider import Twilio

__all__ = ["Account", "Twilio"]
