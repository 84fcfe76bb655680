"""Messages to people: to whom and what, both sealed."""

from piccolo.table import Table

from marketplace.kit.columns import key, sealed, text, timestamptz
from marketplace.kit.db import DB


class Message(Table, tablename="messages", db=DB):
    """One SMS or mail. ``dedupe`` names its occasion, so that nobody is told twice of one thing."""

    id = key()
    channel = text()
    recipient = sealed()
    recipient_index = sealed()
    template = text()
    content = sealed()
    dedupe = text()
    status = text()
    provider_reference = text(null=True)
    queued_at = timestamptz()
    sent_at = timestamptz(null=True)
