"""The routes of bookings: those of guests, of institutions, and of civil affairs."""

from marketplace.bookings.controllers.charges import Adjustments, Charges
from marketplace.bookings.controllers.deciding import Approvals
from marketplace.bookings.controllers.guests import Bookings, Quotes
from marketplace.bookings.controllers.institutions import FrontDesk
from marketplace.bookings.controllers.paying import pay_page, pay_there
from marketplace.bookings.controllers.returning import payment_return

__all__ = (
    "Adjustments",
    "Approvals",
    "Bookings",
    "Charges",
    "FrontDesk",
    "Quotes",
    "pay_page",
    "pay_there",
    "payment_return",
)
