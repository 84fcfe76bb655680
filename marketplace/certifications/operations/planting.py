"""Rubrics come whole, from a data module, and stay as they came."""

from datetime import datetime
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

import msgspec

from marketplace.certifications.errors import RubricAltered
from marketplace.certifications.rules import Rubric, check_rubric
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_value, forget_reads, transaction
from marketplace.kit.ids import new_id

RUBRICS = uuid5(NAMESPACE_URL, "houniao:rubrics")


async def plant_rubric(*, rubric: Rubric, actor: Actor, now: datetime) -> None:
    """Write a version of the rubric; repeating it changes nothing. Refuses: RubricAltered; raises ValueError (see rules)."""
    check_rubric(rubric)
    digest = sha256(msgspec.json.encode(rubric, order="deterministic")).hexdigest()
    async with transaction():
        known = await fetch_value("SELECT digest FROM rubrics WHERE version = $1", rubric.version)
        if known == digest:
            return
        if known is not None:
            raise RubricAltered(version=rubric.version)
        await execute(
            "INSERT INTO rubrics (version, effective_from, title, title_en, source, maxima, thresholds, digest)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            rubric.version,
            rubric.effective_from,
            rubric.title,
            rubric.title_en,
            rubric.source,
            msgspec.json.encode(rubric.maxima).decode(),
            msgspec.json.encode(rubric.thresholds).decode(),
            digest,
        )
        await execute(
            "INSERT INTO rubric_criteria (id, rubric_version, code, position, block, points_max, title, title_en, basis)"
            " SELECT k.id, $1, k.code, k.position - 1, k.block, k.points_max, k.title, k.title_en, k.basis"
            " FROM unnest($2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[], $8::text[])"
            "   WITH ORDINALITY AS k (id, code, block, points_max, title, title_en, basis, position)",
            rubric.version,
            [new_id() for _ in rubric.criteria],
            [criterion.code for criterion in rubric.criteria],
            [criterion.block for criterion in rubric.criteria],
            [criterion.points_max for criterion in rubric.criteria],
            [criterion.title for criterion in rubric.criteria],
            [criterion.title_en for criterion in rubric.criteria],
            [criterion.basis for criterion in rubric.criteria],
        )
        forget_reads()
        await audit.record("rubric.planted", actor=actor, subject=RUBRICS, now=now, after=rubric)
