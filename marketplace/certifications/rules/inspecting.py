"""双随机一公开: who is inspected and by whom, as a pure function of what is published.

Every candidate is ranked by HMAC-SHA256 of its public id under the seed of the draw; the first ``count`` institutions
are drawn, and for each of them the first inspectors who are competent there and have no conflict of interest. Nothing
else enters: whoever has the published inputs gets the same lists, in any language.
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

METHOD = "hmac-sha256-rank/1"
# Law enforcement is by two at least (行政处罚法 42).
INSPECTORS_EACH = 2

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", examples=["7be4" * 16])]
InstitutionId = Annotated[str, Meta(examples=["ins_0199a1c2d3e47f60a1b2c3d4e5f60719"])]
OfficerId = Annotated[str, Meta(examples=["stf_0199a1c2d3e47f60a1b2c3d4e5f6071d"])]
Jurisdiction = Annotated[str, Meta(examples=["220621"])]


class Outcome(StrEnum):
    """What an inspection came to."""

    PASSED = "passed"
    PROBLEMS = "problems"
    OBSTRUCTED = "obstructed"


class Candidate(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An institution that may be drawn, with the authorities that are competent for it, nearest first."""

    id: InstitutionId
    jurisdictions: Annotated[tuple[Jurisdiction, ...], Meta(examples=[["220621", "220600", "220000"]])]


class Inspector(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An officer who may be drawn: an opaque id and an authority, no name."""

    id: OfficerId
    jurisdiction: Jurisdiction


class Conflict(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An officer who must not inspect an institution."""

    inspector: OfficerId
    institution: InstitutionId


class DrawInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a draw depends on."""

    method: Annotated[str, Meta(examples=[METHOD])]
    period: Annotated[str, Meta(examples=["2027Q1"])]
    seed: Hash
    count: Annotated[int, Meta(examples=[2])]
    inspectors_each: Annotated[int, Meta(examples=[INSPECTORS_EACH])]
    institutions: tuple[Candidate, ...]
    inspectors: tuple[Inspector, ...]
    conflicts: tuple[Conflict, ...]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One institution that was drawn, and its inspectors in the order of their rank."""

    institution: InstitutionId
    inspectors: tuple[OfficerId, ...]


C = TypeVar("C", Candidate, Inspector)


def draw(inputs: DrawInputs) -> tuple[Drawn, ...]:
    """Return who is inspected by whom; the order in which the inputs are listed does not matter."""
    if inputs.method != METHOD:
        raise ValueError(f"unknown method {inputs.method}")
    excluded = {(conflict.inspector, conflict.institution) for conflict in inputs.conflicts}
    chosen = _ranked(inputs, inputs.institutions, of="institution")[: inputs.count]
    return tuple(
        Drawn(
            institution=institution.id,
            inspectors=tuple(
                inspector.id
                for inspector in _ranked(
                    inputs,
                    [
                        inspector
                        for inspector in inputs.inspectors
                        if inspector.jurisdiction in institution.jurisdictions
                        and (inspector.id, institution.id) not in excluded
                    ],
                    of=f"inspector of {institution.id}",
                )[: inputs.inspectors_each]
            ),
        )
        for institution in chosen
    )


def _ranked(inputs: DrawInputs, candidates: Iterable[C], *, of: str) -> list[C]:
    key = bytes.fromhex(inputs.seed)

    def rank(candidate: C) -> tuple[bytes, str]:
        return hmac.digest(key, f"{inputs.period}|{of}|{candidate.id}".encode(), "sha256"), candidate.id

    return sorted(candidates, key=rank)


def commitment_of(seed: str) -> str:
    """Return the hash by which a seed is promised."""
    return sha256(bytes.fromhex(seed)).hexdigest()


def digest_of(inputs: DrawInputs) -> str:
    """Return the SHA-256 of the inputs' canonical JSON, published at the draw, when the inputs may still be withheld."""
    return sha256(msgspec.json.encode(inputs, order="deterministic")).hexdigest()


class PublishedDraw(msgspec.Struct, frozen=True, kw_only=True):
    """What is published of a draw, as much as is needed to recompute it."""

    period: str
    commitment: str
    inputs_digest: str | None
    inputs: DrawInputs | None
    drawn: tuple[Drawn, ...]


def verify_draw(published: PublishedDraw) -> list[str]:
    """Recompute a draw from what is published of it; returns what is wrong, nothing when all holds."""
    inputs = published.inputs
    if inputs is None:
        return ["the draw has not been revealed yet"]
    wrong = []
    if commitment_of(inputs.seed) != published.commitment:
        wrong.append("the seed is not the one that was promised")
    if digest_of(inputs) != published.inputs_digest:
        wrong.append("the lists are not those that were fixed at the draw")
    if inputs.period != published.period:
        wrong.append("the inputs are of another period")
    if inputs.method != METHOD:
        return [*wrong, f"unknown method {inputs.method}"]
    expected = draw(inputs)
    if len(expected) != len(published.drawn):
        wrong.append(f"{len(expected)} institutions should have been drawn, and {len(published.drawn)} were")
    wrong.extend(
        f"at {position}: {should.institution} by {', '.join(should.inspectors) or 'nobody'} should have been drawn"
        for position, (should, was) in enumerate(zip(expected, published.drawn, strict=False), start=1)
        if should != was
    )
    return wrong


def period_of(day: date) -> str:
    """Return the quarter of a day, such as ``2027Q1``."""
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def draw_count(period: str, *, standing: int, drawn: int, candidates: int, share_bps: int) -> int:
    """Return how many to draw this quarter, so that by the year's end at least the share of ``standing`` has been drawn.

    ``drawn`` counts this year's earlier draws. What is missing is spread over the quarters that are left.
    """
    missing = max(0, -(-standing * share_bps // 10_000) - drawn)
    quarters_left = 5 - int(period[-1])
    return min(candidates, -(-missing // quarters_left))


def sorted_inputs(  # noqa: PLR0913 - a draw has these inputs.
    *,
    period: str,
    seed: str,
    count: int,
    institutions: Sequence[Candidate],
    inspectors: Sequence[Inspector],
    conflicts: Sequence[Conflict],
) -> DrawInputs:
    """Put the inputs of a draw into their published order."""
    return DrawInputs(
        method=METHOD,
        period=period,
        seed=seed,
        count=count,
        inspectors_each=INSPECTORS_EACH,
        institutions=tuple(sorted(institutions)),
        inspectors=tuple(sorted(inspectors)),
        conflicts=tuple(sorted(conflicts)),
    )
