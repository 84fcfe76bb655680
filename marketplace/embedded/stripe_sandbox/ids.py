"""Identifiers in Stripe's fashion: a type prefix and random letters."""

import secrets
import string

_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """Draw an unguessable id such as `pi_3kT…`."""
    return f"{prefix}_{letters(length)}"


def letters(length: int) -> str:
    """Draw random letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
