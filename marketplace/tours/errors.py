"""What tours refuse."""

from marketplace.kit.errors import DomainError


class DepartureFull(DomainError):
    """The party does not fit any more; ``places_left`` is the largest party that would."""

    code = "departure_full"
    zh = "名额不足，最多还可报名 {places_left} 人"
    en = "Not enough places; a party of at most {places_left} still fits."


class DepartureClosed(DomainError):
    """The departure is not on sale: it has left, did not form, or is being decided; ``departure_status`` says which."""

    code = "departure_closed"
    zh = "该团期已停止报名"
    en = "The departure is no longer on sale."
