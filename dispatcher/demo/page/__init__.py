"""The demo's page: whose inbox you like, the mails that were caught, and why."""
