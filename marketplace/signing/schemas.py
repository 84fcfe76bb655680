"""Public keys on the wire: a JSON Web Key Set (RFC 7517) and a DID document (W3C Controlled Identifiers)."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

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
