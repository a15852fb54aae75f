"""The demo's page: buttons, what arrives where, and why; and the gateway behind it."""
