"""Signing in: one-time codes for families, passwords for staff."""

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from marketplace.identity import operations, rules
from marketplace.identity.errors import SessionCodeSpent, SignInRefused, TooManyAttempts, TooManyCodes
from marketplace.identity.guards import NO_PRINCIPAL, signed_in
from marketplace.identity.queries import LiveSession
from marketplace.identity.rules import Principal
from marketplace.identity.schemas import (
    REQUEST,
    CodeCredentials,
    CurrentSession,
    Session,
    SessionCode,
    SessionCodeRequest,
    SignIn,
)
from marketplace.kit import clock
from marketplace.kit.http.limits import GENERAL, SIGN_IN, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.settings import settings


class SessionCodes(Controller):
    """One-time codes for families."""

    path = "/v1/session-codes"
    tags = ("sessions",)

    @post(
        status_code=202,
        operation_id="requestSessionCode",
        summary="Send a one-time code to a telephone · 发送验证码",
        guards=[limited(SIGN_IN)],
        opt=NO_PRINCIPAL,
        responses=refusals(TooManyCodes),
        response_description="A code is on its way; the answer is the same for known and unknown numbers.",
    )
    async def request(self, data: JSONBody[SessionCodeRequest]) -> SessionCode:
        """Send a code of six digits, good for five minutes, once, and only with the ``request_id`` in this answer."""
        policy = rules.RELAXED_CODES if settings().is_development else rules.STRICT_CODES
        return SessionCode.of(await operations.request_code(phone=data.phone, policy=policy, now=clock.now()))


class Sessions(Controller):
    """Opening, reading and closing a session."""

    path = "/v1/sessions"
    tags = ("sessions",)

    @post(
        operation_id="openSession",
        summary="Sign in by code or by password · 登录",
        guards=[limited(SIGN_IN)],
        opt=NO_PRINCIPAL,
        responses=refusals(SignInRefused, SessionCodeSpent, TooManyAttempts),
        response_description="The session; its token is shown only here.",
    )
    async def open(self, data: JSONBody[SignIn]) -> Session:
        """Sign in a family by ``request_id`` and ``code``, or staff by ``email`` and ``password``."""
        given, now = data.credentials(), clock.now()
        if isinstance(given, CodeCredentials):
            request_id = parse(REQUEST, given.request_id)
            opened = await operations.sign_in_with_code(request_id=request_id, code=given.code, now=now)
        else:
            opened = await operations.sign_in_with_password(email=given.email, password=given.password, now=now)
        return Session.of(opened)

    @get(
        "/current",
        operation_id="readSession",
        summary="Who am I · 当前会话",
        guards=[signed_in, limited(GENERAL)],
        response_description="The caller and the limits of the session.",
    )
    async def read(self, live_session: NamedDependency[LiveSession]) -> CurrentSession:
        """Show whose token this is, and until when it is good."""
        return CurrentSession.of(live_session)

    @delete(
        "/current",
        operation_id="closeSession",
        summary="Sign out · 退出登录",
        guards=[signed_in, limited(GENERAL)],
        response_description="The token is refused from now on.",
    )
    async def close(self, principal: NamedDependency[Principal]) -> None:
        """Close the session; its token is refused from the next request on."""
        await operations.close_session(actor=principal, now=clock.now())
