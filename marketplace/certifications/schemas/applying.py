"""Applications for certification on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import Clock, Deadline, Scores
from marketplace.certifications.rules.applying import (
    Application,
    ApplicationEntry,
    ApplicationKind,
    Exhibit,
    ExhibitKind,
    Objection,
)
from marketplace.certifications.schemas import CertificationId, Grade, InstitutionId
from marketplace.certifications.schemas.assessments import AssessmentId
from marketplace.certifications.schemas.proceeding import ApplicationId, Facts, LegalBasis, Paper, Rights
from marketplace.certifications.states import Status
from marketplace.identity.rules import Level
from marketplace.kit.ids import pattern, wire

ObjectionId = Annotated[str, Meta(pattern=pattern("obj"), examples=["obj_0199a1c2d3e47f60a1b2c3d4e5f60725"])]
InstitutionName = Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
Title = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^\s*[^\s\u0000][^\u0000]*$", examples=["吉消验〔2026〕第 18 号"])
]


class ApplicationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A first certificate, or the renewal of the one that stands."""

    kind: Annotated[ApplicationKind, Meta(examples=["initial"])] = ApplicationKind.INITIAL


class ExhibitInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document: its number or name, who issued it, and its last day if it has one."""

    kind: Annotated[ExhibitKind, Meta(examples=["fire_safety"])]
    reference: Title
    issued_by: Annotated[Title | None, Meta(examples=["住房和城乡建设局"])] = None
    valid_until: Annotated[date | None, Meta(examples=["2029-12-31"])] = None

    @property
    def piece(self) -> Exhibit:
        """The same as a value of the domain."""
        return Exhibit(
            kind=self.kind, reference=self.reference, issued_by=self.issued_by, valid_until_on=self.valid_until
        )


class ReviewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of civil affairs, and why.

    ``request_correction`` lists in ``reason`` everything that is missing. ``reject`` needs ``legal_basis`` and
    ``rights``, its facts are the ``reason``. The visit has a sheet of its own: ``assessment_id`` of the application.
    """

    outcome: Annotated[
        Literal[
            "request_correction",
            "accept",
            "endorse_at_county",
            "endorse_at_prefecture",
            "extend_decision",
            "publicise",
            "dismiss_objections",
            "reject",
            "certify",
            "renew",
        ],
        Meta(examples=["accept"]),
    ]
    reason: Facts
    valid_from: Annotated[date | None, Meta(examples=["2027-03-08"])] = None
    legal_basis: LegalBasis | None = None
    rights: Rights | None = None


class ObjectionInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What speaks against the certification; no personal data of others."""

    statement: Annotated[Paper, Meta(examples=["夜间无人值守，呼叫铃不通"])]


class DeadlineView(msgspec.Struct, frozen=True, kw_only=True):
    """A period that runs; ``tentative`` when it was counted in a year whose holidays are not published yet."""

    clock: Annotated[Clock, Meta(examples=["county_review"])]
    started_on: date
    due_on: date
    overdue: bool
    tentative: bool
    calendar_version: Annotated[str, Meta(examples=["2026 published"])]

    @classmethod
    def of(cls, deadline: Deadline, *, now: datetime) -> Self:
        """Show a deadline."""
        return cls(
            clock=deadline.clock,
            started_on=deadline.started_on,
            due_on=deadline.due_on,
            overdue=deadline.due_at <= now,
            tentative=deadline.is_tentative,
            calendar_version=deadline.calendar_version,
        )


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """An application as its institution and the competent officers see it."""

    id: ApplicationId
    institution_id: InstitutionId
    institution_name: InstitutionName
    kind: ApplicationKind
    status: Annotated[Status, Meta(examples=["submitted"])]
    certification_id: CertificationId | None
    defects: str | None
    assessment_id: AssessmentId | None
    scores: Scores | None
    score: Annotated[int | None, Meta(examples=[803])]
    grade: Grade | None
    assessed_on: date | None
    publicity_from: date | None
    publicity_until: date | None
    facts: str | None
    legal_basis: str | None
    rights: str | None
    locked_until: date | None
    opened_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    version: int
    deadlines: list[DeadlineView]

    @classmethod
    def of(cls, found: Application, *, deadlines: list[Deadline], now: datetime) -> Self:
        """Show an application with the deadlines that run."""
        return cls(
            id=wire("app", found.id),
            institution_id=wire("ins", found.institution_id),
            institution_name=found.institution_name,
            kind=found.kind,
            status=found.status,
            certification_id=wire("crt", found.certification_id) if found.certification_id else None,
            defects=found.defects,
            assessment_id=wire("asm", found.assessment_id) if found.assessment_id else None,
            scores=found.scores,
            score=found.score,
            grade=found.grade,
            assessed_on=found.assessed_on,
            publicity_from=found.publicity_from_on,
            publicity_until=found.publicity_until_on,
            facts=found.facts,
            legal_basis=found.legal_basis,
            rights=found.rights,
            locked_until=found.locked_until_on,
            opened_at=found.opened_at,
            submitted_at=found.submitted_at,
            decided_at=found.decided_at,
            version=found.version,
            deadlines=[DeadlineView.of(deadline, now=now) for deadline in deadlines],
        )


class ExhibitView(msgspec.Struct, frozen=True, kw_only=True):
    """A document on file."""

    kind: ExhibitKind
    reference: Title
    issued_by: str | None
    valid_until: date | None


class ObjectionView(msgspec.Struct, frozen=True, kw_only=True):
    """An objection and its answer; who raised it is not shown."""

    id: ObjectionId
    statement: Annotated[str, Meta(examples=["夜间无人值守，呼叫铃不通"])]
    raised_at: datetime
    outcome: str | None
    answer: str | None
    answered_at: datetime | None

    @classmethod
    def of(cls, found: Objection) -> Self:
        """Show an objection."""
        return cls(
            id=wire("obj", found.id),
            statement=found.statement,
            raised_at=found.raised_at,
            outcome=found.outcome,
            answer=found.answer,
            answered_at=found.answered_at,
        )


class ApplicationStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an application; ``actor_kind`` is system when a deadline took it."""

    event: Annotated[str, Meta(examples=["accept_by_silence"])]
    status: Annotated[Status, Meta(examples=["accepted"])]
    reason: str | None
    actor_kind: Annotated[str, Meta(examples=["system"])]
    decided_level: Level | None
    decided_at: datetime

    @classmethod
    def of(cls, entry: ApplicationEntry) -> Self:
        """Show a step."""
        return cls(**msgspec.structs.asdict(entry))


class ApplicationDetail(ApplicationView, frozen=True, kw_only=True):
    """An application with its evidence, objections, steps, and what the caller may do next."""

    evidence: list[ExhibitView]
    objections: list[ObjectionView]
    history: list[ApplicationStep]
    valid_transitions: Annotated[list[str], Meta(examples=[["accept", "request_correction"]])]


class PublicityView(msgspec.Struct, frozen=True, kw_only=True):
    """An intended certification that anyone may object to until the last day."""

    id: ApplicationId
    institution_id: InstitutionId
    institution_name: InstitutionName
    assessment_id: AssessmentId
    score: int
    grade: Grade
    assessed_on: date
    publicity_from: date
    publicity_until: date

    @classmethod
    def of(cls, found: Application) -> Self:
        """Show a publicity to anyone."""
        shown = ApplicationView.of(found, deadlines=[], now=found.opened_at)
        facts = {name: getattr(shown, name) for name in cls.__struct_fields__}
        return cls(**facts)
