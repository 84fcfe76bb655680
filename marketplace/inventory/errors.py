"""What inventory refuses."""

from marketplace.kit.errors import DomainError


class NotAvailable(DomainError):
    """Not every night of the stay is free; ``first_full_night`` names the first that is not."""

    code = "not_available"
    zh = "{first_full_night} 起已无空房"
    en = "Nothing is left on {first_full_night}."


class StayRestricted(NotAvailable):
    """The institution does not sell a stay like this one, full or not; ``night`` is the night that says so.

    This is what the restrictions below have in common and is never raised itself.
    """


class StayTooShort(StayRestricted):
    """Stays that begin on ``night`` must last at least ``min_stay_count`` nights."""

    code = "stay_too_short"
    zh = "{night} 入住至少 {min_stay_count} 晚"
    en = "A stay from {night} must last at least {min_stay_count} nights."


class StayTooLong(StayRestricted):
    """Stays that begin on ``night`` may last at most ``max_stay_count`` nights."""

    code = "stay_too_long"
    zh = "{night} 入住最多 {max_stay_count} 晚"
    en = "A stay from {night} may last at most {max_stay_count} nights."


class ClosedToArrival(StayRestricted):
    """No stay may begin on ``night``."""

    code = "closed_to_arrival"
    zh = "{night} 不办理入住"
    en = "No stay may begin on {night}."


class ClosedToDeparture(StayRestricted):
    """No stay may end on ``night``: the day of check-out."""

    code = "closed_to_departure"
    zh = "{night} 不办理退房"
    en = "No stay may end on {night}."


class LeadTimeTooShort(StayRestricted):
    """Stays that begin on ``night`` must be booked at least ``lead_day_count`` days before."""

    code = "lead_time_too_short"
    zh = "{night} 入住须提前 {lead_day_count} 天预订"
    en = "A stay from {night} must be booked {lead_day_count} days before."


class CompanionBedsTaken(NotAvailable):
    """The rooms are free but not enough companion beds: ``left`` on ``night``, the first that has too few."""

    code = "companion_beds_taken"
    zh = "{night} 陪护床仅余 {left} 张"
    en = "Only {left} companion beds are left on {night}."


class HoldLapsed(DomainError):
    """The hold has ended, and its units may be someone else's; take them again."""

    code = "hold_lapsed"
    zh = "预留已失效"
    en = "The hold has lapsed."


class UnitsBelowTaken(DomainError):
    """More units are already taken on ``night`` than would remain; ``taken_count`` says how many."""

    code = "units_below_taken"
    zh = "{night} 已售 {taken_count} 间，不能低于此数"
    en = "{taken_count} units are already taken on {night}."


class CompanionBedsBelowTaken(DomainError):
    """More companion beds are already taken on ``night`` than would remain; ``taken_count`` says how many."""

    code = "companion_beds_below_taken"
    zh = "{night} 已订出陪护床 {taken_count} 张，不能低于此数"
    en = "{taken_count} companion beds are already taken on {night}."


class RoomInUse(DomainError):
    """The room ``number`` is somebody's on some of these nights, or is promised to them."""

    code = "room_in_use"
    zh = "{number} 房已有人入住或已预留"
    en = "Room {number} is occupied or promised."
