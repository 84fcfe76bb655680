"""The token endpoint for partners (RFC 6749 §4.4, RFC 7523)."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, post
from litestar.enums import MediaType, RequestEncodingType
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Body
from litestar.types import ExceptionHandlersMap

from marketplace.identity import operations
from marketplace.identity.errors import (
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    OAuthRefused,
    UnsupportedGrantType,
)
from marketplace.identity.guards import NO_PRINCIPAL
from marketplace.identity.schemas import OAuthProblem, SecretProof, Token, TokenRequest
from marketplace.kit import clock
from marketplace.kit.http.limits import SIGN_IN, RateLimited, limited
from marketplace.kit.http.problems import UnknownField, refusals
from marketplace.settings import settings


def _write(_: Request[Any, Any, Any], error: OAuthRefused) -> Response[OAuthProblem]:
    headers = {"WWW-Authenticate": 'Basic realm="houniao"'} if error.status == InvalidClient.status else {}
    body = OAuthProblem(error=error.code, error_description=error.english)
    return Response(body, status_code=error.status, headers=headers, media_type=MediaType.JSON)


def _write_malformed(request: Request[Any, Any, Any], _: Exception) -> Response[OAuthProblem]:
    """Answer what the framework or the house refuses on every route in this route's own shape."""
    return _write(request, InvalidRequest())


def _oauth_refusals(*errors: type[OAuthRefused]) -> dict[int, ResponseSpec]:
    """Document the refusals of the token endpoint: its own shape, and problems for what has no OAuth error."""
    found = refusals(RateLimited)
    return {status: spec for status, spec in found.items() if status in (429, 503)} | {
        status: ResponseSpec(
            data_container=OAuthProblem,
            generate_examples=False,
            description=" · ".join(
                f"`{error.code}` {(error.__doc__ or '').splitlines()[0]}" for error in errors if error.status == status
            ),
        )
        for status in sorted({error.status for error in errors})
    }


_WRITERS: ExceptionHandlersMap = {
    OAuthRefused: _write,
    ValidationException: _write_malformed,
    UnknownField: _write_malformed,
}


class Tokens(Controller):
    """Access tokens."""

    path = "/oauth/token"
    tags = ("sessions",)
    exception_handlers = _WRITERS

    @post(
        status_code=200,
        operation_id="issueToken",
        summary="A partner's access token · 合作平台令牌",
        guards=[limited(SIGN_IN)],
        opt=NO_PRINCIPAL,
        responses=_oauth_refusals(InvalidRequest, InvalidClient, UnsupportedGrantType, InvalidScope),
        response_description="An opaque bearer token.",
    )
    async def issue(
        self,
        request: Request[Any, Any, Any],
        data: Annotated[TokenRequest, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ) -> Token:
        """Authenticate with ``private_key_jwt``; outside production also with a secret, by Basic or in the form."""
        proof, now = data.proof(authorization=request.headers.get("authorization")), clock.now()
        if isinstance(proof, SecretProof):
            opened = await operations.token_by_secret(
                client_id=proof.client_id, secret=proof.secret, scope=data.scope, now=now
            )
        else:
            issuer = settings().public_url
            opened = await operations.token_by_assertion(
                assertion=proof.assertion,
                client_id=proof.client_id,
                audiences=frozenset({issuer, issuer + self.path}),
                scope=data.scope,
                now=now,
            )
        return Token.of(opened, now=now)
