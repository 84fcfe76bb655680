from marketplace.kit.migrations import script

ID = "m0012"
VERSION = "1.38.0"
DESCRIPTION = "Messages to people"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE messages (
    id                 uuid PRIMARY KEY,
    channel            text NOT NULL CHECK (channel IN ('sms', 'mail')),
    recipient          bytea NOT NULL,
    recipient_index    bytea NOT NULL,
    template           text NOT NULL,
    content            bytea NOT NULL,
    dedupe             text NOT NULL UNIQUE,
    status             text NOT NULL CHECK (status IN ('queued', 'sent', 'undeliverable')),
    provider_reference text,
    queued_at          timestamptz NOT NULL,
    sent_at            timestamptz,
    CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CHECK ((status = 'sent') = (provider_reference IS NOT NULL))
);
CREATE INDEX messages_recipient ON messages (recipient_index, id);
CREATE INDEX messages_age ON messages (queued_at);
""",
)
