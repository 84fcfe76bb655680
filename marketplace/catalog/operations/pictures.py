"""Adding pictures."""

from datetime import datetime
from uuid import UUID

from marketplace.catalog.queries.room_types import room_type
from marketplace.catalog.rules import check_claims, check_picture
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
    """Add a picture of an institution, or of one of its room types, and return its id.

    Refuses: NotFound, MedicalClaim, UnsafePicture.
    """
    check_picture(svg)
    check_claims(caption_zh=caption_zh, caption_en=caption_en, svg=svg)
    picture_id = new_id()
    async with transaction():
        await get(institution_id)
        if room_type_id is not None and (await room_type(room_type_id)).institution_id != institution_id:
            raise NotFound
        await execute(
            "INSERT INTO media (id, institution_id, room_type_id, caption_zh, caption_en, svg, added_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            picture_id,
            institution_id,
            room_type_id,
            caption_zh,
            caption_en,
            svg,
            now,
        )
        await audit.record("picture.added", actor=actor, subject=picture_id, now=now, after=svg)
    return picture_id
