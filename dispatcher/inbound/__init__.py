"""What comes back: bounces, receipts, links that people follow."""
