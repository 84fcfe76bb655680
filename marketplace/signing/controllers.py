"""Where strangers find the public keys, and where two officers change one."""

from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.errors import DecisionAltered, DecisionExpired, DecisionNotPending, SecondOfficerRequired
from marketplace.identity.guards import NO_PRINCIPAL, requires
from marketplace.identity.rules import Level, Principal
from marketplace.kit import clock
from marketplace.kit.http.caching import ETag
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.settings import settings
from marketplace.signing import operations, queries
from marketplace.signing.rules import Purpose, did_document, did_of, jwk_set
from marketplace.signing.schemas import DidDocument, JwkSet, RotationRequest, RotationView


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


class KeyRotations(Controller):
    """Changing a key before its year is over."""

    path = "/v1/key-rotations"
    tags = ("certificates",)
    guards = (requires("officer", levels=(Level.PROVINCE,)), limited(GENERAL))

    @get(
        operation_id="listKeyRotations",
        summary="List requests to change a key · 密钥更换申请",
        responses=refusals(BadCursor),
    )
    async def index(
        self, principal: NamedDependency[Principal], cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
    ) -> Page[RotationView]:
        """Return the requests, the newest first; ``valid_transitions`` says which of them the caller may approve."""
        found = page(
            await queries.list_rotations(after=decode_cursor(cursor, UUID), limit=limit, now=clock.now()),
            limit=limit,
            key=lambda rotation: rotation.id,
        )
        return Page([RotationView.of(one, officer=principal.id) for one in found.items], found.next_cursor)

    @post(
        status_code=202,
        operation_id="requestKeyRotation",
        summary="Ask for a key to be changed · 申请更换密钥",
        response_description="The request, which another officer of the province must approve",
    )
    async def create(self, principal: NamedDependency[Principal], data: JSONBody[RotationRequest]) -> RotationView:
        """Ask for the present key to be retired, or to be withdrawn because somebody else may have it.

        What a retired key signed still verifies; what a withdrawn one signed does not.
        """
        found = await operations.request_rotation(
            purpose=data.purpose, compromised=data.compromised, reason=data.reason, actor=principal, now=clock.now()
        )
        return RotationView.of(found, officer=principal.id)

    @post(
        "/{rotation_id:str}/approvals",
        status_code=200,
        operation_id="approveKeyRotation",
        summary="Approve as the second officer · 复核更换密钥",
        responses=refusals(SecondOfficerRequired, DecisionNotPending, DecisionExpired, DecisionAltered),
        response_description="The request, carried out: the new key signs from now on",
    )
    async def approve(self, principal: NamedDependency[Principal], rotation_id: FromPath[str]) -> RotationView:
        """Change the key at once, exactly as was asked for."""
        found = await operations.approve_rotation(
            rotation_id=parse("rot", rotation_id), actor=principal, now=clock.now()
        )
        return RotationView.of(found, officer=principal.id)
