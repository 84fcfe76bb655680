"""Writes of keys: made when first needed, changed every year by themselves, or by two officers."""

from marketplace.signing.operations.keys import active, rotate_due
from marketplace.signing.operations.rotating import approve_rotation, request_rotation

__all__ = ("active", "approve_rotation", "request_rotation", "rotate_due")
