"""The ways to reach a person: what each needs as an address, and the message it makes."""
