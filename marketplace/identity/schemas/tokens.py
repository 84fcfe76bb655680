"""The token endpoint on the wire (RFC 6749)."""

import base64
from datetime import datetime
from typing import Annotated
from urllib.parse import unquote_plus

import msgspec
from msgspec import Meta

from marketplace.identity.errors import InvalidClient, InvalidRequest, UnsupportedGrantType
from marketplace.identity.operations import OpenedSession

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class SecretProof(msgspec.Struct, frozen=True):
    """A client that shows its secret."""

    client_id: str
    secret: str


class AssertionProof(msgspec.Struct, frozen=True):
    """A client that shows a signed assertion."""

    client_id: str | None
    assertion: str


class TokenRequest(msgspec.Struct, frozen=True):
    """The form of RFC 6749 §4.4. Unknown parameters are ignored, as the standard says."""

    grant_type: Annotated[str, Meta(examples=["client_credentials"])] | None = None
    scope: Annotated[str, Meta(examples=["read write"])] | None = None
    client_id: Annotated[str, Meta(examples=["ptn_0199a1c2d3e47f60a1b2c3d4e5f60718"])] | None = None
    client_secret: str | None = None
    client_assertion_type: str | None = None
    client_assertion: str | None = None

    def proof(self, *, authorization: str | None) -> SecretProof | AssertionProof:
        """Return the one way in which the client authenticates (RFC 6749 §2.3 forbids more than one).

        Refuses: InvalidRequest, UnsupportedGrantType, InvalidClient.
        """
        if not self.grant_type:
            raise InvalidRequest
        if self.grant_type != "client_credentials":
            raise UnsupportedGrantType
        if [bool(authorization), bool(self.client_secret), bool(self.client_assertion)].count(True) > 1:
            raise InvalidRequest
        if self.client_assertion:
            if self.client_assertion_type != ASSERTION_TYPE:
                raise InvalidRequest
            return AssertionProof(client_id=self.client_id or None, assertion=self.client_assertion)
        if authorization:
            return _basic(authorization)
        if not self.client_id or not self.client_secret:
            raise InvalidClient
        return SecretProof(client_id=self.client_id, secret=self.client_secret)


def _basic(authorization: str) -> SecretProof:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise InvalidClient from None
    if not colon:
        raise InvalidClient
    return SecretProof(client_id=unquote_plus(client_id), secret=unquote_plus(secret))


class Token(msgspec.Struct, frozen=True):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: Annotated[str, Meta(examples=["Bearer"])]
    expires_in: Annotated[int, Meta(description="Seconds.", examples=[3600])]
    scope: Annotated[str, Meta(examples=["read write"])]

    @classmethod
    def of(cls, opened: OpenedSession, *, now: datetime) -> "Token":
        """Write it for the wire."""
        return cls(
            access_token=opened.token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme.
            expires_in=int((opened.expires_at - now).total_seconds()),
            scope=" ".join(opened.principal.scopes),
        )


class OAuthProblem(msgspec.Struct, frozen=True):
    """A refusal of the token endpoint (RFC 6749 §5.2)."""

    error: Annotated[str, Meta(examples=["invalid_client"])]
    error_description: str
