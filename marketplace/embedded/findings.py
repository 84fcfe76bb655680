"""What an examination finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One checked fact; a remedy belongs to each that is not well."""

    ok: bool
    what: str
    remedy: str = ""
