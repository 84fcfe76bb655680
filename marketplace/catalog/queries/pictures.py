"""Reads of pictures."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.errors import NotFound


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture without its drawing."""

    id: UUID
    institution_id: UUID
    room_type_id: UUID | None
    caption_zh: str
    caption_en: str


async def picture(picture_id: UUID) -> str:
    """Return a picture's SVG. Refuses: NotFound."""
    svg: str | None = await fetch_value("SELECT svg FROM media WHERE id = $1", picture_id)
    if svg is None:
        raise NotFound
    return svg


async def pictures_of(institution_ids: Collection[UUID]) -> dict[UUID, list[Picture]]:
    """Return the pictures of several institutions in one query, in the order in which they were added."""
    rows = await fetch(
        "SELECT id, institution_id, room_type_id, caption_zh, caption_en FROM media"
        " WHERE institution_id = ANY($1) ORDER BY institution_id, id",
        list(institution_ids),
    )
    found: dict[UUID, list[Picture]] = {institution_id: [] for institution_id in institution_ids}
    for row in rows:
        found[row["institution_id"]].append(Picture(**dict(row)))
    return found
