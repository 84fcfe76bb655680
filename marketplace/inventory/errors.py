"""What inventory refuses."""

from marketplace.kit.errors import DomainError


class NotAvailable(DomainError):
    """Not every night of the stay is free; ``first_full_night`` names the first that is not."""

    code = "not_available"
    zh = "{first_full_night} 起已无空房"
    en = "Nothing is left on {first_full_night}."


class StayTooShort(NotAvailable):
    """Stays that begin on this night must last at least ``min_stay_count`` nights."""

    code = "stay_too_short"
    zh = "当日入住至少 {min_stay_count} 晚"
    en = "A stay from {first_full_night} must last at least {min_stay_count} nights."


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
