"""Reads of inventory."""

from marketplace.inventory.queries.nights import availability, beside, can_share, nights, stay_nights
from marketplace.inventory.queries.rooms import (
    hosted_room_type,
    hosted_room_types,
    out_of_service,
    room_types_with_rooms,
    rooms,
    rooms_of,
    rooms_of_type,
)
from marketplace.inventory.queries.verifying import Verification, last_verification, verify

__all__ = (
    "Verification",
    "availability",
    "beside",
    "can_share",
    "hosted_room_type",
    "hosted_room_types",
    "last_verification",
    "nights",
    "out_of_service",
    "room_types_with_rooms",
    "rooms",
    "rooms_of",
    "rooms_of_type",
    "stay_nights",
    "verify",
)
