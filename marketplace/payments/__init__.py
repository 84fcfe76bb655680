"""Payments, refunds and the payment provider: money in, money back, and nothing believed before it was fetched."""
