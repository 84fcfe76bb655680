"""Idempotency keys with Stripe's semantics: same key and parameters replay, others are refused, in flight waits."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from marketplace.embedded.stripe_sandbox.errors import Json, StripeError, invalid
from marketplace.embedded.stripe_sandbox.store import Transaction

_LIFETIME_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """What the request `request_id` was answered, now or, when replayed, earlier."""

    status: int
    body: str
    request_id: str
    replayed: bool = False


def fingerprint(method: str, path: str, params: Json) -> str:
    """Digest what has to be the same when a key is used again."""
    return hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()


def recall(tx: Transaction, key: str, print_: str, *, now: float) -> Answer | None:
    """Find the stored answer of a key; keys older than a day are forgotten first.

    Refuses: the same key with other parameters.
    """
    tx.sql("DELETE FROM idempotency_keys WHERE created_at < ?", now - _LIFETIME_SECONDS)
    rows = tx.sql("SELECT * FROM idempotency_keys WHERE key = ?", _scoped(tx, key))
    if not rows:
        return None
    if rows[0]["fingerprint"] != print_:
        raise StripeError(
            400,
            "idempotency_error",
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
        )
    return Answer(rows[0]["status"], rows[0]["body"], rows[0]["request_id"], replayed=True)


def keep(tx: Transaction, key: str, print_: str, answer: Answer, *, now: float) -> None:
    """Store the answer of a key, in the transaction of its effect."""
    tx.sql(
        "INSERT INTO idempotency_keys (key, fingerprint, status, body, request_id, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        _scoped(tx, key),
        print_,
        answer.status,
        answer.body,
        answer.request_id,
        now,
    )


def _scoped(tx: Transaction, key: str) -> str:
    """Each account has keys of its own."""
    return f"{tx.account} {key}" if tx.account else key


class InFlight:
    """The keys being worked on now; in memory, because a crash undoes their work as well."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    @contextmanager
    def claim(self, key: str | None) -> Iterator[None]:
        """Hold a key while its request runs.

        Refuses: a key that another request holds (409, which the SDK retries), a key beyond 255 characters.
        """
        if key is None:
            yield
            return
        if len(key) > 255:
            raise invalid("Idempotency-Key can be up to 255 characters long.")
        if key in self._keys:
            raise invalid(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                code="idempotency_key_in_use",
                status=409,
            )
        self._keys.add(key)
        try:
            yield
        finally:
            self._keys.discard(key)
