"""What search refuses: always a parameter, always by its name."""

from marketplace.kit.errors import FieldError, Invalid


def wrong(parameter: str, *, zh: str, en: str) -> Invalid:
    """Refuse one query parameter."""
    return Invalid(fields=(FieldError(pointer=f"?{parameter}", zh=zh, en=en),))
