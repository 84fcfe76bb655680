"""State machines as one readable table each: from, to, who may, or which clock fires it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from marketplace.kit.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class Transition(msgspec.Struct, Generic[S, E], frozen=True):
    """One row of a machine: ``actors`` may do ``event``, or ``timer`` names the deadline that fires it."""

    event: E
    source: S
    target: S
    actors: tuple[str, ...] = ()
    timer: str | None = None


class Machine(Generic[S, E]):
    """A transition table that answers what may happen next and refuses everything else by name."""

    def __init__(self, rows: Iterable[Transition[S, E]]) -> None:
        self.rows = tuple(rows)
        self._targets = {(row.source, row.event): row.target for row in self.rows}
        if len(self._targets) != len(self.rows):
            raise ValueError("a state machine has two rows for the same state and event")

    def target(self, current: S, event: E) -> S:
        """Return the state after ``event``. Refuses: IllegalTransition."""
        try:
            return self._targets[current, event]
        except KeyError:
            raise IllegalTransition(current=current.value, event=event.value) from None

    def allows(self, current: S, event: E) -> bool:
        """Say whether ``event`` is possible from ``current``."""
        return (current, event) in self._targets

    def valid_transitions(self, current: S, *, actor: str | None = None) -> list[str]:
        """List the events possible from ``current``, for one kind of actor or for all."""
        return [
            row.event.value for row in self.rows if row.source == current and (actor is None or actor in row.actors)
        ]
