"""Reads of the numbers of the procedure: all that is in force on a day, as one value."""

from datetime import date
from functools import lru_cache

import msgspec

from marketplace.certifications.rules import Policy
from marketplace.kit.db import fetch_value, once_per_transaction


@once_per_transaction
async def policy_on(day: date) -> Policy:
    """Return the policy in force on ``day``; an operation reads it once, that of the day on which it decides."""
    return policy_in(await fetch_value("SELECT certification_policy($1)", day))


def policy_of(day: str) -> str:
    """Write a column that is the policy in force on ``day`` (SQL), for statements that are asked often.

    PostgreSQL computes it once per statement, and it costs no round trip; ``policy_in`` reads it.
    """
    return f"(SELECT certification_policy({day}))"


@lru_cache(maxsize=8)
def policy_in(document: str) -> Policy:
    """Read a column that ``policy_of`` wrote."""
    return msgspec.json.decode(document, type=Policy)
