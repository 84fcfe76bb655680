"""Where strangers find the public keys."""

import msgspec
from litestar import Controller, get

from marketplace.identity.guards import NO_PRINCIPAL
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.settings import settings
from marketplace.signing import operations, queries
from marketplace.signing.rules import Purpose, did_document, did_of, jwk_set
from marketplace.signing.schemas import DidDocument, JwkSet


class WellKnown(Controller):
    """Public keys."""

    path = "/.well-known"
    tags = ("certificates",)
    guards = (limited(GENERAL),)
    middleware = (ETag(),)
    opt = NO_PRINCIPAL

    @get("/jwks.json", operation_id="readKeys", summary="Read the public keys · 公钥")
    async def jwks(self) -> JwkSet:
        """Return every public key that signs or has signed here, as a JSON Web Key Set."""
        for purpose in Purpose:
            await operations.active(purpose, now=clock.now())
        keys = await queries.published(*Purpose)
        return msgspec.convert(jwk_set(keys, issuer=did_of(settings().public_url)), JwkSet)

    @get("/did.json", operation_id="readDidDocument", summary="Read the issuer's DID document · 颁发者标识文档")
    async def did(self) -> DidDocument:
        """Return the did:web document of the issuer of certificates."""
        await operations.active(Purpose.CREDENTIAL, now=clock.now())
        keys = await queries.published(Purpose.CREDENTIAL)
        return msgspec.convert(did_document(keys, issuer=did_of(settings().public_url)), DidDocument)
