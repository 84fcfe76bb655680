"""Bookings on the wire."""

from marketplace.bookings.schemas.bookings import (
    BookingRequest,
    BookingView,
    CancellationQuoteView,
    CancellationRequest,
    ContactInput,
    ContactView,
    GuestInput,
    GuestView,
    HoldView,
    ImpactView,
    InstitutionCancellationRequest,
    InstitutionCancellationView,
    PaymentRequestBody,
    QuoteRequest,
    Traveller,
)
from marketplace.bookings.schemas.charges import (
    AdjustmentRequest,
    ChargeView,
    ExtensionQuoteRequest,
    ExtensionRequest,
)

__all__ = (
    "AdjustmentRequest",
    "BookingRequest",
    "BookingView",
    "CancellationQuoteView",
    "CancellationRequest",
    "ChargeView",
    "ContactInput",
    "ContactView",
    "ExtensionQuoteRequest",
    "ExtensionRequest",
    "GuestInput",
    "GuestView",
    "HoldView",
    "ImpactView",
    "InstitutionCancellationRequest",
    "InstitutionCancellationView",
    "PaymentRequestBody",
    "QuoteRequest",
    "Traveller",
)
