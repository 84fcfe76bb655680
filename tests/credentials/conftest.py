"""Certified institutions of the certification tests, and what a stranger would check them with."""

import json

import pytest
from jwcrypto.jwk import JWKSet
from jwcrypto.jws import JWS

from tests.certifications.conftest import (
    add_institution,
    at_now,
    certified,
    certify,
    county,
    gazetteer,
    province,
    second,
)

__all__ = ("add_institution", "at_now", "certified", "certify", "county", "gazetteer", "province", "second")


@pytest.fixture
def stranger(client):
    """Open a token with another library than ours, knowing nothing but what is published."""

    async def opened(token: str) -> dict:
        keys = JWKSet.from_json((await client.get("/.well-known/jwks.json")).text)
        signed = JWS()
        signed.deserialize(token)
        signed.allowed_algs = ["ES256"]
        signed.verify(keys.get_key(signed.jose_header["kid"]))
        assert signed.jose_header["typ"] == "vc+jwt"
        assert signed.jose_header["cty"] == "vc"
        return json.loads(signed.payload)

    return opened
