"""What a key is for, how its signatures look, and the documents in which strangers find its public half."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

Jwk = dict[str, Any]

# A key signs for a year; its public half is published for as long as anything that it signed may be shown.
ROTATION = timedelta(days=365)


class Purpose(StrEnum):
    """What a key signs: certificates and their status lists, or checkpoints of the audit log."""

    CREDENTIAL = "credential"
    CHECKPOINT = "checkpoint"


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
