"""Handles what comes back about a message: bounces, receipts, and links that people follow."""
