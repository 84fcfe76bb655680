"""Writes of the catalogue."""

from marketplace.catalog.operations.listings import publish_listing
from marketplace.catalog.operations.pictures import add_picture
from marketplace.catalog.operations.room_types import add_room_type

__all__ = ("add_picture", "add_room_type", "publish_listing")
