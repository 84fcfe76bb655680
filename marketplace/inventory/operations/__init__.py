"""Writes of inventory.

Every writer of nights, allocations, stop sale, rooms and room assignments locks the room type's row in
``room_type_locks`` before it touches them, several in the order of their ids, and locks nothing else of inventory: so no
two of them can wait for each other in a circle. In the global order (idempotency key → certification → departure → room
type → quote → holder → booking → payment) these rows come after the departure and before the quote.
"""

from marketplace.inventory.operations.rooming import assign_rooms, set_rooms
from marketplace.inventory.operations.selling import (
    extend_horizon,
    resume_sale,
    set_nights,
    set_nights_of_many,
    stop_sale,
)
from marketplace.inventory.operations.servicing import return_to_service, take_out_of_service
from marketplace.inventory.operations.taking import exchange, extend, join, keep, release, release_many, take, take_many
from marketplace.inventory.operations.verifying import note_verification

__all__ = (
    "assign_rooms",
    "exchange",
    "extend",
    "extend_horizon",
    "join",
    "keep",
    "note_verification",
    "release",
    "release_many",
    "resume_sale",
    "return_to_service",
    "set_nights",
    "set_nights_of_many",
    "set_rooms",
    "stop_sale",
    "take",
    "take_many",
    "take_out_of_service",
)
