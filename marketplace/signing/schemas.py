"""Keys on the wire: requests to change them, a JSON Web Key Set (RFC 7517) and a DID document (W3C Controlled Identifiers)."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta, field

from marketplace.kit.ids import pattern, wire
from marketplace.signing.rules import Purpose, Rotation, RotationStatus

_JWK = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659"}
_DID = "did:web:houniao.example"
_METHOD = f"{_DID}#mjyKk-oLgon0hiNUrF2KK5P37sNwcaOp9TWI3ihKzTw"

PublicJwk = Annotated[dict[str, Any], Meta(examples=[{**_JWK, "kid": _METHOD, "alg": "ES256"}])]
Did = Annotated[str, Meta(examples=[_DID])]


class JwkSet(msgspec.Struct, frozen=True):
    """The keys that sign here, the newest first: ES256 signs certificates, Ed25519 checkpoints of the audit log."""

    keys: list[PublicJwk]


class VerificationMethod(msgspec.Struct, frozen=True):
    """A public key under its URL, which is the ``kid`` of what it signed."""

    id: Annotated[str, Meta(examples=[_METHOD])]
    type: Annotated[str, Meta(examples=["JsonWebKey"])]
    controller: Did
    public_key_jwk: PublicJwk = field(name="publicKeyJwk")


class DidDocument(msgspec.Struct, frozen=True):
    """Who issues certificates here (did:web), and with which keys; retired keys stay, so that old signatures verify."""

    context: Annotated[list[str], Meta(examples=[["https://www.w3.org/ns/did/v1"]])] = field(name="@context")
    id: Did
    verification_method: list[VerificationMethod] = field(name="verificationMethod")
    assertion_method: Annotated[list[str], Meta(examples=[[_METHOD]])] = field(name="assertionMethod")


class RotationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which key is to be changed, and why; with ``compromised`` nothing that it signed verifies any more."""

    purpose: Purpose
    compromised: bool
    reason: Annotated[
        str, Meta(min_length=2, max_length=1000, pattern=r"^\s*[^\s\u0000][^\u0000]*$", examples=["密钥介质遗失"])
    ]


class RotationView(msgspec.Struct, frozen=True, kw_only=True):
    """A request to change a key; ``superseded`` when the key has been changed since. Two officers make it so."""

    id: Annotated[str, Meta(pattern=pattern("rot"), examples=["rot_0199a1c2d3e47f60a1b2c3d4e5f60727"])]
    purpose: Annotated[Purpose, Meta(examples=["credential"])]
    compromised: bool
    thumbprint: Annotated[str, Meta(examples=["mjyKk-oLgon0hiNUrF2KK5P37sNwcaOp9TWI3ihKzTw"])]
    reason: Annotated[str, Meta(examples=["密钥介质遗失"])]
    payload_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$", examples=["7be4" * 16])]
    status: Annotated[RotationStatus, Meta(examples=["pending"])]
    valid_transitions: Annotated[list[str], Meta(examples=[["approve"]])]
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    approved_by: str | None
    approved_at: datetime | None

    @classmethod
    def of(cls, found: Rotation, *, officer: UUID) -> Self:
        """Show a request to an officer, who cannot approve what they asked for themselves."""
        may = found.status is RotationStatus.PENDING and found.requested_by != officer
        return cls(
            id=wire("rot", found.id),
            purpose=found.purpose,
            compromised=found.compromised,
            thumbprint=found.thumbprint,
            reason=found.reason,
            payload_hash=found.payload_hash,
            status=found.status,
            valid_transitions=["approve"] if may else [],
            requested_by=wire("stf", found.requested_by),
            requested_at=found.requested_at,
            expires_at=found.expires_at,
            approved_by=wire("stf", found.approved_by) if found.approved_by else None,
            approved_at=found.approved_at,
        )
