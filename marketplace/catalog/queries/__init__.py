"""Reads of the catalogue."""

from marketplace.catalog.queries.listings import Listed, listing, listings
from marketplace.catalog.queries.pictures import Picture, picture, pictures_of
from marketplace.catalog.queries.room_types import room_type, room_types, room_types_of, room_types_of_many
from marketplace.catalog.queries.search import Found, Matching, SortKey, search

__all__ = (
    "Found",
    "Listed",
    "Matching",
    "Picture",
    "SortKey",
    "listing",
    "listings",
    "picture",
    "pictures_of",
    "room_type",
    "room_types",
    "room_types_of",
    "room_types_of_many",
    "search",
)
