"""Signing in on the wire."""

from marketplace.identity.schemas.sessions import (
    REQUEST,
    CodeCredentials,
    CurrentSession,
    PasswordCredentials,
    PrincipalView,
    Session,
    SessionCode,
    SessionCodeRequest,
    SignIn,
)
from marketplace.identity.schemas.tokens import (
    ASSERTION_TYPE,
    AssertionProof,
    OAuthProblem,
    SecretProof,
    Token,
    TokenRequest,
)

__all__ = (
    "ASSERTION_TYPE",
    "REQUEST",
    "AssertionProof",
    "CodeCredentials",
    "CurrentSession",
    "OAuthProblem",
    "PasswordCredentials",
    "PrincipalView",
    "SecretProof",
    "Session",
    "SessionCode",
    "SessionCodeRequest",
    "SignIn",
    "Token",
    "TokenRequest",
)
