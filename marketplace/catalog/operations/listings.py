"""Publishing what an institution says of itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.catalog.operations.indexing import reindex
from marketplace.catalog.rules import BARRIER_FREE, LANGUAGES, SERVICES, check_claims, check_words
from marketplace.institutions.operations import lock
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import invalid

LEVELS = range(5)


async def publish_listing(  # noqa: PLR0913 - a listing has these facts, and each is named at the call.
    *,
    institution_id: UUID,
    summary: str,
    summary_en: str,
    services: Sequence[str],
    languages: Sequence[str],
    barrier_free: Sequence[str],
    ability_level_min: int,
    ability_level_max: int,
    actor: Actor,
    now: datetime,
) -> None:
    """Publish an institution's listing, or replace it; it appears in lists while its certification is bookable.

    Ability levels are those of GB/T 42195: 0 is able, 4 is completely dependent.
    Refuses: NotFound, Invalid, MedicalClaim.
    """
    check_words(services, SERVICES, field="services")
    check_words(languages, LANGUAGES, field="languages")
    check_words(barrier_free, BARRIER_FREE, field="barrier_free")
    if ability_level_min not in LEVELS or ability_level_max not in LEVELS or ability_level_min > ability_level_max:
        raise invalid("ability_level_max", zh="能力等级应为 0 至 4 的区间", en="Ability levels are a range within 0–4.")
    facts = (
        summary, summary_en, list(services), list(languages), list(barrier_free), ability_level_min, ability_level_max,
    )  # fmt: skip
    async with transaction():
        institution = await lock(institution_id)
        check_claims(name=institution.name, name_en=institution.name_en, summary=summary, summary_en=summary_en)
        await execute(
            "INSERT INTO listings (institution_id, summary, summary_en, services, languages, barrier_free,"
            " ability_level_min, ability_level_max, published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (institution_id) DO UPDATE SET summary = excluded.summary, summary_en = excluded.summary_en,"
            " services = excluded.services, languages = excluded.languages, barrier_free = excluded.barrier_free,"
            " ability_level_min = excluded.ability_level_min, ability_level_max = excluded.ability_level_max,"
            " published_at = excluded.published_at",
            institution_id,
            *facts,
            now,
        )
        await reindex(institution)
        await audit.record("listing.published", actor=actor, subject=institution_id, now=now, after=facts)
