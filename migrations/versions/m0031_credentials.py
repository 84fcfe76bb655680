from marketplace.kit.migrations import script

ID = "m0031"
VERSION = "1.38.0"
DESCRIPTION = "Keys that sign, and the place of every certification in the status lists"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE signing_keys (
    id             uuid PRIMARY KEY,
    purpose        text NOT NULL CHECK (purpose IN ('credential', 'checkpoint')),
    algorithm      text NOT NULL CHECK (algorithm IN ('ES256', 'Ed25519')),
    thumbprint     text NOT NULL UNIQUE CHECK (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
    public_jwk     jsonb NOT NULL CHECK (NOT public_jwk ? 'd'),
    private_jwk    bytea,
    made_at        timestamptz NOT NULL,
    retired_at     timestamptz,
    compromised_at timestamptz,
    -- A key that signs no more is kept for those who verify; its private half is not.
    CONSTRAINT signing_keys_private CHECK ((retired_at IS NULL) = (private_jwk IS NOT NULL)),
    CONSTRAINT signing_keys_compromised CHECK (compromised_at IS NULL OR retired_at IS NOT NULL)
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (purpose) WHERE retired_at IS NULL;

-- 131,072 certifications share a list. An odd factor makes this a permutation of a list's indexes: unique, and scattered.
CREATE SEQUENCE status_positions MINVALUE 0;
CREATE FUNCTION next_status_position() RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT (n / 131072 * 131072 + (n % 131072 * 48271 + 101) % 131072)::integer FROM nextval('status_positions') AS n
$$;
ALTER TABLE certifications ADD COLUMN status_position integer NOT NULL DEFAULT next_status_position();
ALTER TABLE certifications ADD CONSTRAINT certifications_status_position UNIQUE (status_position);
""",
)
