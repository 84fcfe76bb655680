"""What bookings refuse."""

from marketplace.kit.errors import DomainError


class PartnerReferenceUsed(DomainError):
    """Another booking of this partner already carries the reference."""

    code = "partner_reference_used"
    zh = "该合作方参考号已被使用"
    en = "Another booking already has this partner_reference."


class GuestCountDiffers(DomainError):
    """The guests named are not as many as the quote was made for; make a new quote for the real party."""

    code = "guest_count_differs"
    status = 422
    zh = "入住人数与报价（{quoted} 人）不符"
    en = "The quote was made for {quoted} guests."


class HoldAlreadyExtended(DomainError):
    """A hold can be extended once."""

    code = "hold_already_extended"
    zh = "预留时间只能延长一次"
    en = "The hold has already been extended."


class TooManyHolds(DomainError):
    """A family or partner may have ``holds_max`` unpaid holds at once; pay for one, cancel one or let one lapse."""

    code = "too_many_holds"
    zh = "最多同时预留 {holds_max} 单，请先支付或取消"
    en = "At most {holds_max} unpaid holds at once; pay for one or cancel one first."


class HoldExpired(DomainError):
    """The hold has lapsed; make a new quote."""

    code = "hold_expired"
    zh = "预留已过期，请重新报价"
    en = "The hold has expired; make a new quote."


class LegNotDue(DomainError):
    """The booking has no such leg to pay now; ``payable`` names the one it has."""

    code = "leg_not_payable"
    zh = "此款项目前无需支付"
    en = "That leg cannot be paid now."


class BalanceUnpaid(DomainError):
    """The stay must be paid in full before check-in."""

    code = "balance_unpaid"
    zh = "尾款未付清，不能入住"
    en = "The balance must be paid before check-in."


class TooEarly(DomainError):
    """Check-in and check-out happen on their day, not before."""

    code = "too_early"
    zh = "未到 {on}，不能办理"
    en = "Not before {on}."


class CancellationQuoteExpired(DomainError):
    """The offer to cancel has lapsed or the booking has changed; ask for a new one."""

    code = "cancellation_quote_expired"
    zh = "取消报价已失效，请重新获取"
    en = "The cancellation quote is no longer valid; ask for a new one."


class ExtensionImpossible(DomainError):
    """Only a certain stay in one room can be extended, by up to ``nights_max`` nights at a time, one extension at once."""

    code = "extension_impossible"
    zh = "当前预订不能延住（每次最多 {nights_max} 晚，须先完成上一次延住）"
    en = "This booking cannot be extended now; up to {nights_max} nights at a time, one extension at once."


class NoExtensionQuote(DomainError):
    """The quote was not made to extend this booking; ask for one with ``extension-quotes``."""

    code = "no_extension_quote"
    status = 422
    zh = "该报价不是本预订的延住报价"
    en = "This quote was not made to extend this booking."


class ChargeOpen(DomainError):
    """Another adjustment of this booking waits for its guests."""

    code = "charge_open"
    zh = "上一笔加收尚待客人确认或支付"
    en = "Another adjustment of this booking is still open."
