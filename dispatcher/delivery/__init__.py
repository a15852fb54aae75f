"""Delivers batches: claim, render, send, record."""
