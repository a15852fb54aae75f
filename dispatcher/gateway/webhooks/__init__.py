"""Webhooks by which providers report what became of messages: one module for each kind."""
