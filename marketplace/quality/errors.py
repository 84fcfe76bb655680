"""What complaints and incidents refuse."""

from marketplace.kit.errors import DomainError


class StayNotConfirmed(DomainError):
    """Only a stay that was paid for, at least in part, can be complained about."""

    code = "stay_not_confirmed"
    zh = "该预订尚未确认，不能投诉"
    en = "The booking was never confirmed, so there is no stay to complain about."


class ComplaintOpen(DomainError):
    """A complaint about this stay is being dealt with; wait for its answer."""

    code = "complaint_open"
    zh = "该入住已有投诉在处理中"
    en = "A complaint about this stay is still open."
