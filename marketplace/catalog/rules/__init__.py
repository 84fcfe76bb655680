"""Pure rules of the catalogue: its words, what may be said, drawn and sold."""

from marketplace.catalog.rules.capacity import (
    BedKind,
    RoomType,
    RoomTypeDraft,
    SoldBy,
    check_beds,
    check_room_type,
)
from marketplace.catalog.rules.claims import check_claims
from marketplace.catalog.rules.filters import Filters, check_filters, parse_near, parse_services
from marketplace.catalog.rules.pictures import Drawing, check_picture
from marketplace.catalog.rules.words import BARRIER_FREE, LANGUAGES, SERVICES, Word, check_words, codes_and_names

__all__ = (
    "BARRIER_FREE",
    "LANGUAGES",
    "SERVICES",
    "BedKind",
    "Drawing",
    "Filters",
    "RoomType",
    "RoomTypeDraft",
    "SoldBy",
    "Word",
    "check_beds",
    "check_claims",
    "check_filters",
    "check_picture",
    "check_room_type",
    "check_words",
    "codes_and_names",
    "parse_near",
    "parse_services",
)
