"""What operators ask over HTTP: what became of messages, and why. Neither texts nor addresses."""
