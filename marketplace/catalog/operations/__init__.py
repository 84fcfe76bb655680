"""Writes of the catalogue."""

from marketplace.catalog.operations.listings import publish_listing
from marketplace.catalog.operations.pictures import add_picture, add_pictures
from marketplace.catalog.operations.room_types import add_room_type, add_room_types

__all__ = ("add_picture", "add_pictures", "add_room_type", "add_room_types", "publish_listing")
