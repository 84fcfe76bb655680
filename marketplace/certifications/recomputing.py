"""Recomputing draws, from the database or from what the API has published of one."""

from pathlib import Path

import msgspec

from marketplace.certifications.queries.inspections import drawn_ids, published_draw
from marketplace.certifications.rules.inspecting import PublishedDraw, verify_draw
from marketplace.kit.ids import wire


async def verify_all() -> dict[str, list[str]]:
    """Recompute every draw that has been carried out; returns by its id what is wrong with it, nothing when all holds."""
    return {wire("drw", draw_id): verify_draw(await published_draw(draw_id=draw_id)) for draw_id in await drawn_ids()}


def verify_file(path: str) -> list[str]:
    """Recompute a draw from the API's answer in a file; returns what is wrong with it."""
    try:
        return verify_draw(msgspec.json.decode(Path(path).read_bytes(), type=PublishedDraw))
    except (msgspec.DecodeError, ValueError) as error:
        return [f"this is not a published draw: {error}"]
