"""Reads of rubrics, and of assessments in full: what was found, and what the institution said of it."""

from datetime import date
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.queries import assessment, within
from marketplace.certifications.rules import Assessment, Correction, Criterion, Line, Rubric, Scores, Stage, Threshold
from marketplace.identity.rules import Kind, Principal
from marketplace.kit.db import fetch, fetch_one, once_per_transaction
from marketplace.kit.errors import NotFound, invalid

_RUBRICS = """
SELECT r.version, r.effective_from, r.title, r.title_en, r.source, r.maxima, r.thresholds,
       (SELECT json_agg(json_build_object('code', k.code, 'title', k.title, 'title_en', k.title_en, 'basis', k.basis,
                                          'block', k.block, 'points_max', k.points_max) ORDER BY k.position)
          FROM rubric_criteria k WHERE k.rubric_version = r.version) AS criteria
  FROM rubrics r
"""


async def visible_assessment(*, viewer: Principal | None, assessment_id: UUID) -> tuple[Assessment, bool]:
    """Return an assessment and whether the viewer also sees its evidence and assessors.

    Officers of the jurisdiction see it from its order on, the institution from its preview on, and anyone once it is
    published, without the evidence. Refuses: NotFound.
    """
    found = await assessment(assessment_id)
    if viewer is not None and viewer.kind == Kind.OFFICER and found.jurisdiction_code in await within(viewer):
        return found, True
    hosts = viewer is not None and viewer.kind == Kind.INSTITUTION and viewer.institution_id == found.institution_id
    if found.stage is Stage.PUBLISHED or (hosts and found.stage is Stage.PREVIEW):
        return found, hosts
    raise NotFound


async def lines(assessment_id: UUID, *, revision: int) -> list[Line]:
    """Return every criterion of the rubric with what this sheet of the assessment says of it."""
    rows = await fetch(
        "SELECT k.code, k.title, k.title_en, k.basis, k.block, k.points_max, f.passed, f.points, f.evidence"
        "  FROM assessment_findings f JOIN rubric_criteria k ON k.id = f.criterion_id"
        " WHERE f.assessment_id = $1 AND f.revision = $2 ORDER BY k.position",
        assessment_id,
        revision,
    )
    return [msgspec.convert({**row, "evidence": msgspec.json.decode(row["evidence"])}, Line) for row in rows]


async def corrections(assessment_id: UUID) -> list[Correction]:
    """Return what the institution said against its previews, and the answers, oldest first."""
    rows = await fetch(
        "SELECT id, assessment_id, revision, codes, statement, status, requested_at, answer, answered_at"
        " FROM assessment_corrections WHERE assessment_id = $1 ORDER BY requested_at, id",
        assessment_id,
    )
    return [msgspec.convert(dict(row), Correction) for row in rows]


async def rubrics() -> list[Rubric]:
    """Return every version of the rubric, the oldest first."""
    return [_rubric(row) for row in await fetch(f"{_RUBRICS} ORDER BY r.effective_from")]


async def rubric(version: str) -> Rubric | None:
    """Return one version; None when it was never planted, as the frame of the procedure on paper."""
    row = await fetch_one(f"{_RUBRICS} WHERE r.version = $1", version)
    return _rubric(row) if row else None


@once_per_transaction
async def rubric_in_force(day: date) -> Rubric:
    """Return the version in force on ``day`` of a visit. Refuses: Invalid where there was none yet."""
    row = await fetch_one(f"{_RUBRICS} WHERE r.effective_from <= $1 ORDER BY r.effective_from DESC LIMIT 1", day)
    if row is None:
        raise invalid("assessed_on", zh="该日尚无评分标准", en="There was no rubric on that day yet.")
    return _rubric(row)


def _rubric(row: asyncpg.Record) -> Rubric:
    return Rubric(
        version=row["version"],
        effective_from=row["effective_from"],
        title=row["title"],
        title_en=row["title_en"],
        source=row["source"],
        maxima=msgspec.json.decode(row["maxima"], type=Scores),
        thresholds=tuple(msgspec.json.decode(row["thresholds"], type=list[Threshold])),
        criteria=tuple(msgspec.json.decode(row["criteria"], type=list[Criterion])),
    )
