"""Stripe's resources: one module each, plain functions that take a `Call`."""
