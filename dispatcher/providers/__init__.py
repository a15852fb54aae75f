"""Providers: what delivers messages to recipients. Each is one module with the same interface."""
