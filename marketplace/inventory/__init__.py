"""Nightly availability: which units of a room type are free on which night, and who holds the others."""
