"""Stripe's published test cards, and how each of them behaves."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Card:
    """One test card; `decline` is Stripe's error code and decline code, `refunds` how its refunds go."""

    number: str
    brand: str = "visa"
    decline: tuple[str, str] | None = None
    challenge: bool = False
    refunds: Literal["at_once", "pending", "fail_later"] = "at_once"
    disputed: Literal["never", "taken", "asked"] = "never"
    available_at_once: bool = False

    @property
    def last4(self) -> str:
        """The digits that may be shown."""
        return self.number[-4:]


GOOD = "4242424242424242"
DECLINED = "4000000000000002"

CARDS = {
    card.number: card
    for card in (
        Card(GOOD),
        Card("5555555555554444", "mastercard"),
        Card("6200000000000005", "unionpay"),
        Card(DECLINED, decline=("card_declined", "generic_decline")),
        Card("4000000000009995", decline=("card_declined", "insufficient_funds")),
        Card("4000000000009987", decline=("card_declined", "lost_card")),
        Card("4000000000000069", decline=("expired_card", "expired_card")),
        Card("4000000000000127", decline=("incorrect_cvc", "incorrect_cvc")),
        Card("4000000000000119", decline=("processing_error", "processing_error")),
        Card("4000000000003220", challenge=True),
        Card("4000002500003155", challenge=True),
        Card("4000000000007726", refunds="pending"),
        Card("4000000000005126", refunds="fail_later"),
        Card("4000000000000259", disputed="taken"),
        Card("4000000000001976", disputed="asked"),
        Card("4000000000000077", available_at_once=True),
    )
}

NAMED = {
    "pm_card_visa": GOOD,
    "pm_card_mastercard": "5555555555554444",
    "pm_card_unionpay": "6200000000000005",
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_visa_chargeDeclined": DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_authenticationRequired": "4000002500003155",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_bypassPending": "4000000000000077",
}

SHOWN = (
    (GOOD, "普通卡，直接成功", "Pays at once"),
    ("4000000000003220", "需要银行验证（3-D Secure）", "Asks the bank (3-D Secure)"),
    ("4000000000009995", "余额不足", "Insufficient funds"),
    ("4000000000005126", "退款稍后失败", "Its refunds fail later"),
    ("4000000000000259", "付款后被拒付", "Disputed after paying"),
)
"""The cards that the hosted page offers, with what each of them does."""

MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}


def decline_message(code: str, decline_code: str) -> str:
    """Say why, in Stripe's words."""
    return MESSAGES.get(decline_code) or MESSAGES[code]
