"""Pure decisions of messaging: the words, the days of reminders, and how events look to partners."""

from marketplace.messaging.rules.reminding import (
    BALANCE_DAYS_BEFORE,
    FIRST_DAYS_BEFORE,
    LAST_DAYS_BEFORE,
    arrival_reminder,
    balance_reminder,
)
from marketplace.messaging.rules.templates import TEMPLATES
from marketplace.messaging.rules.wire import HIDDEN, field_on_the_wire, is_money
from marketplace.messaging.rules.wording import (
    SMS_LENGTH_MAX,
    Channel,
    Fact,
    Language,
    Template,
    Text,
    address,
    language_of,
)

__all__ = (
    "BALANCE_DAYS_BEFORE",
    "FIRST_DAYS_BEFORE",
    "HIDDEN",
    "LAST_DAYS_BEFORE",
    "SMS_LENGTH_MAX",
    "TEMPLATES",
    "Channel",
    "Fact",
    "Language",
    "Template",
    "Text",
    "address",
    "arrival_reminder",
    "balance_reminder",
    "field_on_the_wire",
    "is_money",
    "language_of",
)
