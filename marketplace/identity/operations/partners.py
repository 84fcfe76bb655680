"""Travel platforms prove who they are with a signed assertion, or outside production with a secret (RFC 6749, 7523)."""

import hmac
import json
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeySet, OKPKey

from marketplace.identity.errors import InvalidClient, InvalidScope
from marketplace.identity.operations.sessions import OpenedSession, open_session
from marketplace.identity.rules import AssertionClaims, Kind, Scope, assertion_holds, granted_scopes
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_one, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id, parse, wire
from marketplace.settings import settings

PREFIX = "ptn"
SECRET_LENGTH_MIN = 32
# RFC 9864 renames EdDSA to Ed25519; most clients still say EdDSA.
ALGORITHMS = ("ES256", "Ed25519", "EdDSA")


async def register_partner(  # noqa: PLR0913 - these are the facts of a partner.
    *,
    actor: Actor,
    name: str,
    now: datetime,
    scopes: Sequence[Scope] = tuple(Scope),
    secret: str | None = None,
    keys: Mapping[str, Any] | None = None,
    partner_id: UUID | None = None,
) -> UUID:
    """Register a platform by its public keys (a JWKS), a secret of at least 32 random characters, or both.

    Its client id is the wire form of the id returned; only the demo world, whose logins are known beforehand, gives
    one. Refuses: Invalid naming /keys or /secret.
    """
    if keys is not None and not _are_public(keys):
        raise invalid("keys", zh="须为 P-256 或 Ed25519 公钥", en="Give public P-256 or Ed25519 keys.")
    if (secret is None and keys is None) or (secret is not None and len(secret) < SECRET_LENGTH_MIN):
        raise invalid("secret", zh="密钥至少 32 位", en="A secret has at least 32 characters.")
    partner_id = partner_id or new_id()
    async with transaction():
        await execute(
            "INSERT INTO partners (id, name, scopes, secret_digest, keys, registered_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            partner_id,
            name,
            list(scopes),
            sha256(secret.encode()).digest() if secret is not None else None,
            json.dumps(keys) if keys is not None else None,
            now,
        )
        await audit.record("identity.partner_registered", actor=actor, subject=partner_id, now=now, after=keys)
    return partner_id


async def remove_partner(*, partner_id: UUID, actor: Actor, now: datetime) -> None:
    """Record that a platform has left: every token of it is refused from the next request on. Refuses: NotFound."""
    async with transaction():
        if not await execute("UPDATE partners SET left_at = $2 WHERE id = $1 AND left_at IS NULL", partner_id, now):
            raise NotFound
        await audit.record("identity.partner_left", actor=actor, subject=partner_id, now=now)


async def token_by_secret(*, client_id: str, secret: str, scope: str | None, now: datetime) -> OpenedSession:
    """Open a partner's session for its secret, outside production only: there a partner signs an assertion.

    Refuses: InvalidClient, InvalidScope.
    """
    if settings().is_production:
        raise InvalidClient
    client = await _client(client_id)
    if client.secret_digest is None or not hmac.compare_digest(client.secret_digest, sha256(secret.encode()).digest()):
        raise InvalidClient
    async with transaction():
        return await _open(client, scope=scope, now=now)


async def token_by_assertion(
    *, assertion: str, client_id: str | None, audiences: frozenset[str], scope: str | None, now: datetime
) -> OpenedSession:
    """Open a partner's session for an assertion signed with one of its keys; each assertion is good once (RFC 7523).

    Refuses: InvalidClient, InvalidScope.
    """
    claimed = _claims(assertion)
    client = await _client(claimed.sub)
    if client.keys is None or (client_id is not None and client_id != claimed.sub):
        raise InvalidClient
    _check_signature(assertion, keys=client.keys)
    if not assertion_holds(claimed, client_id=claimed.sub, audiences=audiences, now=now):
        raise InvalidClient
    async with transaction():
        first = await execute(
            "INSERT INTO partner_assertions (id, partner_id, jti_digest, expires_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (partner_id, jti_digest) DO NOTHING",
            new_id(),
            client.id,
            sha256(claimed.jti.encode()).digest(),
            datetime.fromtimestamp(claimed.exp, tz=UTC),
        )
        if not first:
            raise InvalidClient
        return await _open(client, scope=scope, now=now)


class _Client(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    scopes: tuple[Scope, ...]
    secret_digest: bytes | None
    keys: dict[str, Any] | None


async def _client(client_id: str) -> _Client:
    try:
        partner_id = parse(PREFIX, client_id)
    except NotFound:
        raise InvalidClient from None
    row = await fetch_one(
        "SELECT id, scopes, secret_digest, keys FROM partners WHERE id = $1 AND left_at IS NULL", partner_id
    )
    if row is None:
        raise InvalidClient
    return _Client(
        id=row["id"],
        scopes=tuple(Scope(scope) for scope in row["scopes"]),
        secret_digest=row["secret_digest"],
        keys=json.loads(row["keys"]) if row["keys"] else None,
    )


async def _open(client: _Client, *, scope: str | None, now: datetime) -> OpenedSession:
    scopes = granted_scopes(scope, allowed=client.scopes)
    if scopes is None:
        raise InvalidScope
    return await open_session(kind=Kind.PARTNER, holder_id=client.id, now=now, scopes=scopes)


def _claims(assertion: str) -> AssertionClaims:
    """Read the claims before the signature is checked: only they say whose keys to check it with."""
    try:
        return msgspec.json.decode(jws.extract_compact(assertion.encode()).payload, type=AssertionClaims)
    except (JoseError, msgspec.DecodeError, ValueError):
        raise InvalidClient from None


def _check_signature(assertion: str, *, keys: Mapping[str, Any]) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            jwt.decode(assertion, KeySet.import_key_set({"keys": list(keys["keys"])}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError):
        raise InvalidClient from None


def _are_public(keys: Mapping[str, Any]) -> bool:
    try:
        found = KeySet.import_key_set({"keys": list(keys["keys"])}).keys
    except (JoseError, KeyError, TypeError, ValueError):
        return False
    return bool(found) and all(
        not key.is_private
        and (
            (isinstance(key, ECKey) and key.curve_name == "P-256")
            or (isinstance(key, OKPKey) and key.curve_name == "Ed25519")
        )
        for key in found
    )


def client_id(partner_id: UUID) -> str:
    """Return the client id of a partner: its id as written on the wire."""
    return wire(PREFIX, partner_id)
