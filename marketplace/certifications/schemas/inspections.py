"""Inspections on the wire: the draw with all that is needed to recompute it, and the results."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.certifications.queries.inspections import Draw, Inspection
from marketplace.certifications.rules.inspecting import DrawInputs, Drawn, Hash, Outcome
from marketplace.certifications.schemas import CertificationId, Day, InstitutionId, Reason
from marketplace.kit.ids import pattern, wire

DrawId = Annotated[str, Meta(pattern=pattern("drw"), examples=["drw_0199a1c2d3e47f60a1b2c3d4e5f60721"])]
InspectionId = Annotated[str, Meta(pattern=pattern("isp"), examples=["isp_0199a1c2d3e47f60a1b2c3d4e5f60722"])]
Period = Annotated[str, Meta(examples=["2027Q1"], description="A quarter.")]


class ConflictRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The institution that the caller must not assess or inspect, and why; the reason is not published."""

    institution_id: InstitutionId
    reason: Reason


class DeclaredConflictView(msgspec.Struct, frozen=True, kw_only=True):
    """A declared conflict of interest of the caller."""

    id: Annotated[str, Meta(pattern=pattern("coi"), examples=["coi_0199a1c2d3e47f60a1b2c3d4e5f60723"])]
    institution_id: InstitutionId

    @classmethod
    def of(cls, conflict_id: UUID, *, institution_id: UUID) -> Self:
        """Show a conflict."""
        return cls(id=wire("coi", conflict_id), institution_id=wire("ins", institution_id))


class InspectionResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a drawn inspector found; published at once."""

    outcome: Outcome
    summary: Reason
    inspected_on: Day


class InspectionDrawView(msgspec.Struct, frozen=True, kw_only=True):
    """A draw. ``commitment`` is the SHA-256 of its seed, published before ``draws_on``; ``is_over`` once all may be seen."""

    id: DrawId
    period: Period
    method: Annotated[str, Meta(examples=["hmac-sha256-rank/1"])]
    commitment: Hash
    announced_at: datetime
    draws_on: date
    drawn_at: datetime | None
    inspect_by: date | None
    inputs_digest: Hash | None
    is_over: bool
    drawn_count: Annotated[int, Meta(examples=[2])]

    @classmethod
    def of(cls, draw: Draw) -> Self:
        """Show a draw."""
        return cls(**_facts(draw))


class InspectionDrawDetail(InspectionDrawView, frozen=True, kw_only=True):
    """A draw with the seed, the lists and the result, so that anyone can recompute it; null until it is over."""

    inputs: DrawInputs | None
    drawn: list[Drawn]

    @classmethod
    def in_full(cls, draw: Draw, inputs: DrawInputs | None, drawn: tuple[Drawn, ...]) -> Self:
        """Show a draw with what it rests on."""
        return cls(**_facts(draw), inputs=inputs, drawn=list(drawn))


class InspectionView(msgspec.Struct, frozen=True, kw_only=True):
    """An institution that was drawn, with what its inspectors found; null until they have been there."""

    id: InspectionId
    draw_id: DrawId
    period: Period
    certification_id: CertificationId
    institution_id: InstitutionId
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    position: Annotated[int, Meta(examples=[1], description="Its rank in the draw.")]
    inspectors: Annotated[list[str], Meta(examples=[["stf_0199a1c2d3e47f60a1b2c3d4e5f6071d"]])]
    inspect_by: date
    outcome: Outcome | None
    summary: Annotated[str | None, Meta(examples=["未发现问题"])]
    inspected_on: date | None
    published_at: datetime | None

    @classmethod
    def of(cls, inspection: Inspection) -> Self:
        """Show an inspection."""
        drawn = (inspection.first_inspector, inspection.second_inspector)
        return cls(
            id=wire("isp", inspection.id),
            draw_id=wire("drw", inspection.draw_id),
            period=inspection.period,
            certification_id=wire("crt", inspection.certification_id),
            institution_id=wire("ins", inspection.institution_id),
            institution_name=inspection.institution_name,
            position=inspection.position,
            inspectors=[wire("stf", who) for who in drawn if who],
            inspect_by=inspection.inspect_by_on,
            outcome=inspection.outcome,
            summary=inspection.summary,
            inspected_on=inspection.inspected_on,
            published_at=inspection.recorded_at,
        )


def _facts(draw: Draw) -> dict[str, Any]:
    facts = msgspec.structs.asdict(draw)
    return facts | {"id": wire("drw", facts["id"]), "inspect_by": facts.pop("inspect_by_on")}
