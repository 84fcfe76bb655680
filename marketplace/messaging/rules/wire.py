"""How the fields of an event look to partners: ids with their prefixes, amounts as money."""

from typing import Any
from uuid import UUID

from marketplace.kit.ids import wire
from marketplace.kit.money import Money

_PREFIXES = {
    "assessment_id": "asm",
    "booking_id": "bkg",
    "charge_id": "chg",
    "certification_id": "crt",
    "complaint_id": "cpl",
    "correction_id": "cor",
    "decision_id": "dec",
    "departure_id": "dep",
    "draw_id": "drw",
    "inspection_id": "isp",
    "institution_id": "ins",
    "payment_id": "pay",
    "quote_id": "quo",
    "refund_id": "ref",
    "room_type_id": "rmt",
    "tour_id": "tor",
}


# A partner knows who it is; the field says only to whom an event is shown.
HIDDEN = frozenset({"partner_id"})


def is_money(name: str) -> bool:
    """Say whether a field of an event holds fen."""
    return name.rpartition("_")[2] == "amount"


def field_on_the_wire(name: str, value: Any) -> Any:
    """Return a field of a stored event as partners see it. A new kind of id needs its prefix here."""
    if name.endswith("_id") and isinstance(value, str):
        return wire(_PREFIXES[name], UUID(value))
    if is_money(name) and isinstance(value, int):
        return Money(value)
    return value
