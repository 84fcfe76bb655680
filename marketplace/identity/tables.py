"""Families, staff, partners, and how they prove who they are."""

from piccolo.table import Table

from marketplace.kit.columns import integer, jsonb, key, ref, sealed, smallint, text, texts, timestamptz, uuid
from marketplace.kit.db import DB


class Family(Table, tablename="families", db=DB):
    """A family, known by one telephone number: sealed, and found by its blind index."""

    id = key()
    phone = sealed()
    phone_index = sealed()
    joined_at = timestamptz()


class Staff(Table, tablename="staff", db=DB):
    """Someone who works at an institution, for civil affairs or in our finances; ``institution_id`` is of a package above."""

    id = key()
    kind = text()
    name = sealed()
    email = sealed()
    email_index = sealed()
    password_hash = text()
    institution_id = uuid(null=True)
    level = text(null=True)
    jurisdiction = text(null=True)
    registered_at = timestamptz()
    left_at = timestamptz(null=True)


class Partner(Table, tablename="partners", db=DB):
    """A travel platform: its public keys, or outside production a secret of which only the digest is kept."""

    id = key()
    name = text()
    scopes = texts()
    secret_digest = sealed(null=True)
    keys = jsonb(null=True)
    registered_at = timestamptz()
    left_at = timestamptz(null=True)


class PartnerAssertion(Table, tablename="partner_assertions", db=DB):
    """A client assertion that has been used."""

    id = key()
    partner_id = ref(Partner)
    jti_digest = sealed()
    expires_at = timestamptz()


class SessionCode(Table, tablename="session_codes", db=DB):
    """A one-time code: checked by its digest, sent from its sealed copy, which sending erases."""

    id = key()
    phone = sealed()
    phone_index = sealed()
    code = sealed(null=True)
    code_digest = sealed()
    tried_count = smallint()
    requested_at = timestamptz()
    expires_at = timestamptz()
    used_at = timestamptz(null=True)


class SignInFailure(Table, tablename="sign_in_failures", db=DB):
    """How often signing in with an e-mail address, known or not, has failed of late."""

    id = key()
    email_index = sealed()
    failed_count = integer()
    last_failed_at = timestamptz()


class Session(Table, tablename="sessions", db=DB):
    """A bearer token's digest and whose it is: exactly one of family, staff and partner."""

    id = key()
    token_digest = sealed()
    family_id = ref(Family, null=True)
    staff_id = ref(Staff, null=True)
    partner_id = ref(Partner, null=True)
    scopes = texts()
    opened_at = timestamptz()
    idle_expires_at = timestamptz()
    expires_at = timestamptz()
    revoked_at = timestamptz(null=True)
