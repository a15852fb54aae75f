"""Whoever carries a message out of the house: one module each, all of one shape."""
