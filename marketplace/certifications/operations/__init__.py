"""Writes of certifications: granting, restricting, assessing, revoking, and the check before every sale."""

from marketplace.certifications.operations.selling import ensure_bookable

__all__ = ("ensure_bookable",)
