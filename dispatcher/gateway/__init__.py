"""The gateway: inbox, preferences and streams over HTTP, each for the one person who asks."""
