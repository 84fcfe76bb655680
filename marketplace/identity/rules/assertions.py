"""Client assertions (RFC 7523): what a partner's signed proof must say."""

from datetime import datetime, timedelta

import msgspec

ASSERTION_LIFETIME_MAX = timedelta(minutes=5)
_CLOCK_SKEW = timedelta(seconds=30)


class AssertionClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a client assertion (RFC 7523 §3) that we read; times are seconds since 1970."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    jti: str
    iat: float | None = None
    nbf: float | None = None


def assertion_holds(claims: AssertionClaims, *, client_id: str, audiences: frozenset[str], now: datetime) -> bool:
    """Say whether a signed assertion is by and about this client, for us, now, and short-lived."""
    aud = frozenset([claims.aud] if isinstance(claims.aud, str) else claims.aud)
    seconds, skew = now.timestamp(), _CLOCK_SKEW.total_seconds()
    return (
        claims.iss == claims.sub == client_id
        and bool(claims.jti)
        and bool(aud & audiences)
        and seconds < claims.exp <= seconds + ASSERTION_LIFETIME_MAX.total_seconds() + skew
        and (claims.iat is None or claims.iat <= seconds + skew)
        and (claims.nbf is None or claims.nbf <= seconds + skew)
    )
