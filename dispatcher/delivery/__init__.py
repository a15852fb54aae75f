"""Claim, render, send, record."""
