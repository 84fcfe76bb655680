from marketplace.kit.migrations import script

ID = "m0002"
VERSION = "1.38.0"
DESCRIPTION = "Families, staff, partners, one-time codes and sessions"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE families (
    id          uuid PRIMARY KEY,
    phone       bytea NOT NULL,
    phone_index bytea NOT NULL UNIQUE,
    joined_at   timestamptz NOT NULL
);

CREATE TABLE staff (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('institution', 'officer')),
    name           bytea NOT NULL,
    email          bytea NOT NULL,
    email_index    bytea NOT NULL UNIQUE,
    password_hash  text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    institution_id uuid,
    level          text CHECK (level IN ('county', 'prefecture', 'province')),
    jurisdiction   text,
    registered_at  timestamptz NOT NULL,
    left_at        timestamptz,
    CONSTRAINT staff_place CHECK (
        CASE kind WHEN 'institution' THEN institution_id IS NOT NULL AND level IS NULL AND jurisdiction IS NULL
                  ELSE institution_id IS NULL AND level IS NOT NULL AND jurisdiction IS NOT NULL END)
);
CREATE INDEX staff_institution ON staff (institution_id) WHERE institution_id IS NOT NULL;
CREATE INDEX staff_jurisdiction ON staff (jurisdiction) WHERE jurisdiction IS NOT NULL;

CREATE TABLE partners (
    id             uuid PRIMARY KEY,
    name           text NOT NULL,
    scopes         text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write'] AND cardinality(scopes) > 0),
    secret_digest  bytea CHECK (octet_length(secret_digest) = 32),
    keys           jsonb,
    registered_at  timestamptz NOT NULL,
    left_at        timestamptz,
    CONSTRAINT partners_credential CHECK (secret_digest IS NOT NULL OR keys IS NOT NULL)
);

-- A client assertion (RFC 7523) opens the door once; its id is remembered until it would be too old anyway.
CREATE TABLE partner_assertions (
    id         uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES partners,
    jti_digest bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT partner_assertions_once UNIQUE (partner_id, jti_digest)
);
CREATE INDEX partner_assertions_age ON partner_assertions (expires_at);

CREATE TABLE session_codes (
    id           uuid PRIMARY KEY,
    phone        bytea NOT NULL,
    phone_index  bytea NOT NULL,
    code         bytea,
    code_digest  bytea NOT NULL,
    tried_count  smallint NOT NULL CHECK (tried_count BETWEEN 0 AND 5),
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > requested_at),
    used_at      timestamptz
);
CREATE INDEX session_codes_phone ON session_codes (phone_index, requested_at);
CREATE INDEX session_codes_age ON session_codes (expires_at);

-- Counted for unknown addresses too, so that the answer does not tell which addresses exist.
CREATE TABLE sign_in_failures (
    id             uuid PRIMARY KEY,
    email_index    bytea NOT NULL UNIQUE,
    failed_count   integer NOT NULL CHECK (failed_count > 0),
    last_failed_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_age ON sign_in_failures (last_failed_at);

CREATE TABLE sessions (
    id              uuid PRIMARY KEY,
    token_digest    bytea NOT NULL UNIQUE CHECK (octet_length(token_digest) = 32),
    family_id       uuid REFERENCES families,
    staff_id        uuid REFERENCES staff,
    partner_id      uuid REFERENCES partners,
    scopes          text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write']),
    opened_at       timestamptz NOT NULL,
    idle_expires_at timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL CHECK (expires_at > opened_at),
    revoked_at      timestamptz,
    CONSTRAINT sessions_principal CHECK (num_nonnulls(family_id, staff_id, partner_id) = 1),
    CONSTRAINT sessions_idle CHECK (idle_expires_at <= expires_at)
);
CREATE INDEX sessions_family ON sessions (family_id) WHERE family_id IS NOT NULL;
CREATE INDEX sessions_staff ON sessions (staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX sessions_partner ON sessions (partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX sessions_age ON sessions (expires_at);
""",
)
