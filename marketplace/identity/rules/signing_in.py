"""The numbers that govern signing in: how long sessions and codes live, and how long to wait between attempts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from marketplace.identity.rules.principals import Kind

HOME_REGION = "CN"
PASSWORD_LENGTH_MIN = 8


def e164(phone: str) -> str | None:
    """Write a telephone number as E.164, reading bare numbers as Chinese; None when no such number can exist."""
    import phonenumbers  # noqa: PLC0415 - few programs ever read a telephone number, and all would load its tables.

    try:
        parsed = phonenumbers.parse(phone, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class Lifetime(msgspec.Struct, frozen=True):
    """How long a session lives at most, and how long without being used."""

    absolute: timedelta
    idle: timedelta


# Elders should not be asked for a code every week; a staff desk is shared, so its session ends with the shift.
# A partner's token is renewed by a machine and can be revoked, so an hour is enough.
LIFETIMES: dict[Kind, Lifetime] = {
    Kind.FAMILY: Lifetime(timedelta(days=90), timedelta(days=14)),
    Kind.INSTITUTION: Lifetime(timedelta(hours=12), timedelta(hours=2)),
    Kind.OFFICER: Lifetime(timedelta(hours=12), timedelta(hours=2)),
    Kind.FINANCE: Lifetime(timedelta(hours=12), timedelta(hours=2)),
    Kind.PARTNER: Lifetime(timedelta(hours=1), timedelta(hours=1)),
}
# Use is written down at most this often, so that reading stays reading.
TOUCH_EVERY = timedelta(minutes=5)


def idle_until(kind: Kind, *, now: datetime, expires_at: datetime) -> datetime:
    """Return when a session used at ``now`` ends unless it is used again."""
    return min(now + LIFETIMES[kind].idle, expires_at)


def touched(kind: Kind, *, idle_expires_at: datetime, expires_at: datetime, now: datetime) -> datetime | None:
    """Return the new idle limit of a session in use, or None while the old one is recent enough."""
    fresh = idle_until(kind, now=now, expires_at=expires_at)
    return fresh if fresh - idle_expires_at >= TOUCH_EVERY else None


class CodePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often one telephone number may be sent a code."""

    cooldown: timedelta
    per_hour_max: int


CODE_LIFETIME = timedelta(minutes=5)
CODE_TRIES_MAX = 5
CODE_WINDOW = timedelta(hours=1)
STRICT_CODES = CodePolicy(cooldown=timedelta(seconds=30), per_hour_max=6)
# A developer or a script signs in again and again with the same demo number, and nobody's telephone rings.
RELAXED_CODES = CodePolicy(cooldown=timedelta(), per_hour_max=600)


def code_wait(sent_at: Sequence[datetime], *, policy: CodePolicy, now: datetime) -> timedelta | None:
    """Return how long a number must wait for its next code, given when it was sent codes; None for not at all."""
    recent = sorted(instant for instant in sent_at if instant > now - CODE_WINDOW)
    allowed_at = now
    if recent:
        allowed_at = max(allowed_at, recent[-1] + policy.cooldown)
    if len(recent) >= policy.per_hour_max:
        allowed_at = max(allowed_at, recent[-policy.per_hour_max] + CODE_WINDOW)
    return allowed_at - now if allowed_at > now else None


FAILURES_FREE = 5
FAILURES_FORGOTTEN_AFTER = timedelta(hours=1)
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)


def attempt_wait(*, failed_count: int, last_failed_at: datetime, now: datetime) -> timedelta | None:
    """Return how long an address must wait after failures: 30 s from the fifth on, doubling, at most 15 minutes."""
    if failed_count < FAILURES_FREE:
        return None
    wait = min(_FIRST_WAIT * 2 ** min(failed_count - FAILURES_FREE, 10), _LONGEST_WAIT)
    return last_failed_at + wait - now if last_failed_at + wait > now else None
