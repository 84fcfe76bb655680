"""Chaos knobs: everything that can go wrong between two companies, off until asked for."""

import random
from dataclasses import asdict, dataclass, replace
from typing import Annotated

import msgspec

from marketplace.embedded.stripe_sandbox.errors import Json

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=600_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """Rates from 0 to 1 and delays in milliseconds."""

    drop_webhooks: Rate = 0.0
    """Deliveries that never leave and are never tried again."""
    double_webhooks: Rate = 0.0
    """Deliveries that are sent twice."""
    reorder_webhooks: Rate = 0.0
    """Deliveries that are held back for up to a second, so that later ones overtake them."""
    delay_ms: Milliseconds = 0
    """How long every delivery waits first."""
    latency_ms: Milliseconds = 0
    """How long every API call takes before it is worked on; its idempotency key is in flight meanwhile."""
    lose_response_rate: Rate = 0.0
    """API calls whose effect commits and whose connection then breaks."""
    error_rate: Rate = 0.0
    """API calls answered 500 before they have any effect."""
    busy_rate: Rate = 0.0
    """API calls answered 429 before they have any effect."""
    ignore_keys_rate: Rate = 0.0
    """API calls whose idempotency key is not looked at, as if each try had drawn a new one: what a careless caller gets."""
    settle_delay_ms: Milliseconds = 2_000
    """How long slow things stay pending: wallet refunds, payments made `later` (no accident: 2 s unless told otherwise)."""


class Chaos:
    """The knobs as they stand; a restart turns them off."""

    def __init__(self) -> None:
        self.knobs = Knobs()
        self._dice = random.Random()  # noqa: S311 -- accidents are not secrets.

    def seed(self, number: int) -> None:
        """Make the accidents of a run repeatable, as far as the order of calls is."""
        self._dice.seed(number)

    def turn(self, changes: Json) -> Knobs:
        """Turn the knobs that are named.

        Refuses: an unknown knob or a value out of its range (`msgspec.ValidationError`).
        """
        if unknown := changes.keys() - asdict(self.knobs).keys():
            raise msgspec.ValidationError(f"Unknown knob: {', '.join(sorted(unknown))}")
        given = {name: float(value) if isinstance(value, bool) else value for name, value in changes.items()}
        self.knobs = msgspec.convert({**asdict(self.knobs), **given}, Knobs)
        return self.knobs

    def calm(self) -> Knobs:
        """Turn everything off."""
        self.knobs = replace(Knobs())
        return self.knobs

    def strikes(self, rate: float) -> bool:
        """Roll the dice."""
        return self._dice.random() < rate

    def between(self, least: float, most: float) -> float:
        """Draw a number."""
        return self._dice.uniform(least, most)
