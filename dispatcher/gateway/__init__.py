"""The gateway: inbox, preferences, streams, pages and webhooks over HTTP."""
