"""Adding pictures."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.catalog.queries.room_types import room_types
from marketplace.catalog.rules import Drawing, check_claims, check_picture
from marketplace.institutions.queries import get
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, transaction
from marketplace.kit.errors import NotFound
from marketplace.kit.ids import new_id


async def add_picture(  # noqa: PLR0913 - a picture has these facts, and each is named at the call.
    *,
    institution_id: UUID,
    room_type_id: UUID | None = None,
    caption_zh: str,
    caption_en: str,
    svg: str,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Add one picture and return its id. Refuses: see ``add_pictures``."""
    drawing = Drawing(room_type_id=room_type_id, caption_zh=caption_zh, caption_en=caption_en, svg=svg)
    (added,) = await add_pictures(institution_id=institution_id, drawings=[drawing], actor=actor, now=now)
    return added


async def add_pictures(*, institution_id: UUID, drawings: Sequence[Drawing], actor: Actor, now: datetime) -> list[UUID]:
    """Add pictures of an institution and of its room types, and return their ids.

    Refuses: NotFound, MedicalClaim, UnsafePicture.
    """
    for drawing in drawings:
        check_picture(drawing.svg)
        check_claims(caption_zh=drawing.caption_zh, caption_en=drawing.caption_en, svg=drawing.svg)
    picture_ids = [new_id() for _ in drawings]
    async with transaction():
        await get(institution_id)
        await _check_own({one.room_type_id for one in drawings if one.room_type_id}, institution_id)
        await execute(
            "INSERT INTO media (id, institution_id, room_type_id, caption_zh, caption_en, svg, added_at)"
            " SELECT id, $1, room_type_id, caption_zh, caption_en, svg, $2"
            " FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[])"
            " AS given (id, room_type_id, caption_zh, caption_en, svg)",
            institution_id,
            now,
            picture_ids,
            *([getattr(one, name) for one in drawings] for name in Drawing.__struct_fields__),
        )
        for picture_id, drawing in zip(picture_ids, drawings, strict=True):
            await audit.record("picture.added", actor=actor, subject=picture_id, now=now, after=drawing.svg)
    return picture_ids


async def _check_own(room_type_ids: set[UUID], institution_id: UUID) -> None:
    found = await room_types(room_type_ids) if room_type_ids else {}
    if found.keys() != room_type_ids or any(one.institution_id != institution_id for one in found.values()):
        raise NotFound
