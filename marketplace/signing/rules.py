"""What a key is for, how its signatures look, and the documents in which strangers find its public half."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

Jwk = dict[str, Any]

# A key signs for a year; its public half is published for as long as anything that it signed may be shown.
ROTATION = timedelta(days=365)
# How long a request to change a key waits for its second officer; a proposal without a source.
APPROVAL = timedelta(days=3)


class Purpose(StrEnum):
    """What a key signs: certificates and their status lists, or checkpoints of the audit log."""

    CREDENTIAL = "credential"
    CHECKPOINT = "checkpoint"


class RotationStatus(StrEnum):
    """Where a request to change a key stands; it lapses also when the key has been changed since."""

    PENDING = "pending"
    APPROVED = "approved"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


ALGORITHMS = {Purpose.CREDENTIAL: "ES256", Purpose.CHECKPOINT: "Ed25519"}


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """The public half of a key; ``thumbprint`` (RFC 7638) is its name."""

    purpose: Purpose
    algorithm: str
    thumbprint: str
    public_jwk: Jwk
    made_at: datetime
    retired_at: datetime | None = None


class SigningKey(PublicKey, frozen=True, kw_only=True):
    """A key that signs."""

    private_jwk: Jwk


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """A request to change a key, which takes two officers."""

    id: UUID
    purpose: Purpose
    compromised: bool
    key_id: UUID
    thumbprint: str
    reason: str
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime
    payload_hash: str
    status: RotationStatus = RotationStatus.PENDING
    approved_by: UUID | None = None
    approved_at: datetime | None = None


# What the second officer approves: all that was asked for, by whom and until when.
_ASKED = ("id", "purpose", "compromised", "key_id", "reason", "requested_by", "requested_at", "expires_at")


def digest_of(asked: Rotation) -> str:
    """Return the SHA-256 of what was asked for."""
    facts = {name: getattr(asked, name) for name in _ASKED}
    return sha256(msgspec.json.encode(facts, order="deterministic")).hexdigest()


def rotation_status(*, approved: bool, retired: bool, expires_at: datetime, now: datetime) -> RotationStatus:
    """Return where a request stands at an instant."""
    if approved:
        return RotationStatus.APPROVED
    if retired:
        return RotationStatus.SUPERSEDED
    return RotationStatus.EXPIRED if expires_at <= now else RotationStatus.PENDING


def generate(purpose: Purpose, *, now: datetime) -> SigningKey:
    """Make a new key pair of the purpose's algorithm."""
    pair: ECKey | OKPKey = (
        ECKey.generate_key("P-256") if ALGORITHMS[purpose] == "ES256" else OKPKey.generate_key("Ed25519")
    )
    return SigningKey(
        purpose=purpose,
        algorithm=ALGORITHMS[purpose],
        thumbprint=pair.thumbprint(),
        public_jwk=dict(pair.as_dict(private=False)),
        private_jwk=dict(pair.as_dict(private=True)),
        made_at=now,
    )


def did_of(public_url: str) -> str:
    """Return the did:web of an address: ``https://houniao.example:8443`` is did:web:houniao.example%3A8443."""
    return "did:web:" + urlsplit(public_url).netloc.replace(":", "%3A")


def sign(payload: object, *, key: SigningKey, issuer: str, header: dict[str, str]) -> str:
    """Sign a JSON document as a compact JWS, naming the key by its URL in the issuer's DID document."""
    protected = {"alg": key.algorithm, "kid": f"{issuer}#{key.thumbprint}", **header}
    return jws.serialize_compact(
        protected, msgspec.json.encode(payload), ECKey.import_key(key.private_jwk), algorithms=[key.algorithm]
    )


def jwk_set(keys: Iterable[PublicKey], *, issuer: str) -> dict[str, list[Jwk]]:
    """Return the JSON Web Key Set of these keys."""
    return {
        "keys": [
            {**key.public_jwk, "kid": f"{issuer}#{key.thumbprint}", "use": "sig", "alg": key.algorithm} for key in keys
        ]
    }


def did_document(keys: Iterable[PublicKey], *, issuer: str) -> dict[str, Any]:
    """Return the DID document: which keys may assert something in the issuer's name."""
    methods = [
        {
            "id": f"{issuer}#{key.thumbprint}",
            "type": "JsonWebKey",
            "controller": issuer,
            "publicKeyJwk": {**key.public_jwk, "kid": f"{issuer}#{key.thumbprint}", "alg": key.algorithm},
        }
        for key in keys
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://www.w3.org/ns/cid/v1"],
        "id": issuer,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }
