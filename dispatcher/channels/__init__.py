"""Channels: what each takes as an address, and how it makes the message that is sent."""
