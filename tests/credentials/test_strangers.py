"""Certificates and status lists verified by libraries that are not ours, from nothing but what is published.

PyJWT and jwcrypto verify the ``vc+jwt`` envelope, each in its own implementation. openvc-core resolves did:web, and
judges the credential and its status lists as W3C VCDM 2.0; its own reader of JWT envelopes knows the older one alone
(an embedded ``vc``), so it is given the same payload, signed by the same key, under the other header of VC-JOSE-COSE
(``vc+sd-jwt``, nothing withheld).
"""

import json
from datetime import timedelta

import jwt
import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, InvalidJWSSignature
from openvc import VerificationPolicy, verify_credential
from openvc.did.base import DidResolverRegistry
from openvc.did.did_web import DidWebResolver
from openvc.proof.errors import CredentialExpired
from openvc.status import CredentialRevoked, CredentialSuspended
from openvc.verify import TypeMismatch

from marketplace.certifications import operations as certifications
from marketplace.credentials import operations
from marketplace.credentials.rules import StatusPurpose
from marketplace.kit.db import execute, fetch_value
from marketplace.signing.operations import active
from marketplace.signing.queries import published
from marketplace.signing.rules import Purpose, did_document, did_of, sign
from tests.credentials.test_credentials import change_key, revoke
from tests.support.world import build

# did:web is of domain names, so that these tests stand on one.
URL = "https://houniao.example"
DID = did_of(URL)
LIBRARIES = ("PyJWT", "jwcrypto")


@pytest.fixture
async def world(client):
    """The certificate is valid today: openvc reads the clock of the machine."""
    return await build(client=client)


@pytest.fixture
async def number(world) -> str:
    return await fetch_value("SELECT number FROM certifications WHERE id = $1", world.certification_id)


async def resolver() -> DidResolverRegistry:
    documents = {f"{URL}/.well-known/did.json": did_document(await published(Purpose.CREDENTIAL), issuer=DID)}
    return DidResolverRegistry([DidWebResolver(documents.__getitem__)])


def payload_of(token: str, key: dict, *, library: str) -> dict:
    """Open a token by one library; raises what that library raises when the signature is not good."""
    if library == "PyJWT":
        opened = jwt.api_jws.decode_complete(token, key=jwt.PyJWK(key), algorithms=["ES256"])
        header, payload = opened["header"], opened["payload"]
    else:
        signed = JWS()
        signed.deserialize(token)
        signed.allowed_algs = ["ES256"]
        signed.verify(JWK(**key))
        header, payload = signed.jose_header, signed.payload
    assert (header["alg"], header["typ"], header["cty"]) == ("ES256", "vc+jwt", "vc")
    return json.loads(payload)


async def verified(token: str, *, library: str) -> dict:
    """Verify a token as a stranger: the key by its URL in the DID document, where it must be for assertions."""
    document = (await resolver()).resolve(DID)
    method = document.key_for_purpose(jwt.get_unverified_header(token)["kid"], "assertionMethod")
    assert method is not None, "no such key"
    found = payload_of(token, dict(method.public_key_jwk), library=library)
    assert found["issuer"] == document.id
    return found


async def lists(world) -> dict[str, dict]:
    tokens = [
        await operations.issue_status_list(f"{purpose}-1", public_url=URL, now=world.now) for purpose in StatusPurpose
    ]
    found = [await verified(token, library="PyJWT") for token in tokens]
    return {one["id"]: one for one in found}


async def judged(world, number: str, *, kind: str = "SojournCareCertificate"):
    """Have openvc judge the certificate with its status lists, every issuer and date checked."""
    credential = await verified(await operations.issue(number, public_url=URL, now=world.now), library="PyJWT")
    key = await active(Purpose.CREDENTIAL, now=world.now)
    secured = sign(credential, key=key, issuer=DID, header={"typ": "vc+sd-jwt"})
    policy = VerificationPolicy(expected_types=[kind], require_status_issuer_binding=True)
    found = await lists(world)
    return verify_credential(
        f"{secured}~", policy=policy, resolver=await resolver(), resolve_status_list=found.__getitem__
    )


@pytest.mark.parametrize("library", LIBRARIES)
async def test_other_libraries_verify_the_certificate_and_both_lists(world, number, library: str) -> None:
    certificate = await verified(await operations.issue(number, public_url=URL, now=world.now), library=library)
    assert certificate["credentialSubject"]["certificateNumber"] == number
    for purpose in StatusPurpose:
        token = await operations.issue_status_list(f"{purpose}-1", public_url=URL, now=world.now)
        listed = await verified(token, library=library)
        assert listed["credentialSubject"]["statusPurpose"] == purpose


@pytest.mark.parametrize("library", LIBRARIES)
async def test_other_libraries_refuse_what_was_altered(world, number, library: str) -> None:
    token = await operations.issue(number, public_url=URL, now=world.now)
    head, body, signature = token.split(".")
    other = await operations.issue_status_list("revocation-1", public_url=URL, now=world.now)
    for forged in (f"{head}.{body[:-4]}AAAA.{signature}", f"{head}.{other.split('.')[1]}.{signature}"):
        with pytest.raises((jwt.InvalidSignatureError, InvalidJWSSignature)):
            await verified(forged, library=library)


async def test_a_library_of_verifiable_credentials_judges_as_we_do(world, number) -> None:
    good = await judged(world, number)
    assert (good.issuer, good.status.revoked, good.status.suspended) == (DID, False, False)
    with pytest.raises(TypeMismatch):
        await judged(world, number, kind="AnotherCertificate")

    until = "UPDATE certifications SET valid_from_on = $1, valid_until_on = $2"
    await execute(until, world.day(-9), world.day(-2))
    with pytest.raises(CredentialExpired):
        await judged(world, number)
    await execute(until, world.day(-9), world.day(9))
    asker, other = [(await world.officer()).principal for _ in range(2)]
    await certifications.suspend(certification_id=world.certification_id, reason="停业", actor=asker, now=world.now)
    with pytest.raises(CredentialSuspended):
        await judged(world, number)
    await revoke(world.certification_id, asker, other, now=world.now)
    with pytest.raises(CredentialRevoked):
        await judged(world, number)


async def test_a_key_that_was_withdrawn_resolves_no_more_and_a_retired_one_does(world, number) -> None:
    token = await operations.issue(number, public_url=URL, now=world.now)
    asker, other = [(await world.officer()).principal for _ in range(2)]
    await change_key(asker, other, compromised=False, now=world.now)
    assert (await verified(token, library="jwcrypto"))["issuer"] == DID
    latest = await operations.issue(number, public_url=URL, now=world.now + timedelta(minutes=1))
    await change_key(asker, other, compromised=True, now=world.now)
    with pytest.raises(AssertionError, match="no such key"):
        await verified(latest, library="jwcrypto")
