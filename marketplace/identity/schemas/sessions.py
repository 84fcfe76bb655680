"""Sessions on the wire."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from marketplace.identity.operations import CodeRequest, OpenedSession
from marketplace.identity.queries import LiveSession
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit.errors import invalid
from marketplace.kit.ids import pattern, wire

REQUEST = "rqs"
_PREFIXES = {
    Kind.FAMILY: "fam",
    Kind.PARTNER: "ptn",
    Kind.INSTITUTION: "stf",
    Kind.OFFICER: "stf",
    Kind.FINANCE: "stf",
}

RequestId = Annotated[str, Meta(pattern=pattern(REQUEST), examples=["rqs_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
Code = Annotated[str, Meta(pattern="^[0-9]{6}$", examples=["428190"])]
Email = Annotated[str, Meta(min_length=3, max_length=254, examples=["officer@jilin.example"])]
Password = Annotated[str, Meta(min_length=1, max_length=256, examples=["a long pass phrase"])]


class SessionCodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send a one-time code; a number without a country code is read as Chinese."""

    phone: Annotated[str, Meta(min_length=1, max_length=32, examples=["13800138000"])]


class SessionCode(msgspec.Struct, frozen=True):
    """A code is on its way; it is good only together with ``request_id``."""

    request_id: RequestId
    expires_at: datetime

    @classmethod
    def of(cls, request: CodeRequest) -> "SessionCode":
        """Write it for the wire."""
        return cls(request_id=wire(REQUEST, request.request_id), expires_at=request.expires_at)


class CodeCredentials(msgspec.Struct, frozen=True):
    """A family's proof."""

    request_id: str
    code: str


class PasswordCredentials(msgspec.Struct, frozen=True):
    """A staff member's proof."""

    email: str
    password: str


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either ``request_id`` and ``code`` (families), or ``email`` and ``password`` (institutions, civil affairs)."""

    request_id: RequestId | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    password: Password | UnsetType = UNSET

    def credentials(self) -> CodeCredentials | PasswordCredentials:
        """Return the one complete pair. Refuses: Invalid naming the field that is missing or too many."""
        by_code = self.request_id is not UNSET or self.code is not UNSET
        by_password = self.email is not UNSET or self.password is not UNSET
        if by_code and by_password:
            raise invalid("email", zh="验证码与密码只能选一种", en="Give a code or a password, not both.")
        if self.request_id is not UNSET and self.code is not UNSET:
            return CodeCredentials(request_id=self.request_id, code=self.code)
        if self.email is not UNSET and self.password is not UNSET:
            return PasswordCredentials(email=self.email, password=self.password)
        for name in ("email", "password") if by_password else ("request_id", "code"):
            if getattr(self, name) is UNSET:
                raise invalid(name, zh="缺少此字段", en="This field is missing.")
        raise AssertionError("a pair is either complete or lacks a field")


class PrincipalView(msgspec.Struct, frozen=True):
    """Who is signed in. Staff have an institution, officers a level and a jurisdiction; families and partners none."""

    kind: Kind
    id: Annotated[str, Meta(examples=["fam_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
    institution_id: str | None
    level: Level | None
    jurisdiction: str | None

    @classmethod
    def of(cls, principal: Principal) -> "PrincipalView":
        """Write it for the wire."""
        kind = Kind(principal.kind)
        return cls(
            kind=kind,
            id=wire(_PREFIXES[kind], principal.id),
            institution_id=wire("ins", principal.institution_id) if principal.institution_id else None,
            level=principal.level,
            jurisdiction=principal.jurisdiction,
        )


class Session(msgspec.Struct, frozen=True):
    """A new session. Send the token as ``Authorization: Bearer …``; it is shown only here."""

    token: Annotated[str, Meta(examples=["pXq3rT0vY1mB8sKd2uHf5wJg7zLc9nAe4iOk6tRx0yM"])]
    expires_at: datetime
    principal: PrincipalView

    @classmethod
    def of(cls, opened: OpenedSession) -> "Session":
        """Write it for the wire."""
        return cls(token=opened.token, expires_at=opened.expires_at, principal=PrincipalView.of(opened.principal))


class CurrentSession(msgspec.Struct, frozen=True):
    """The caller's session: it ends at ``idle_expires_at`` unless it is used, and at ``expires_at`` in any case."""

    principal: PrincipalView
    opened_at: datetime
    idle_expires_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, live: LiveSession) -> "CurrentSession":
        """Write it for the wire."""
        return cls(
            principal=PrincipalView.of(live.principal),
            opened_at=live.opened_at,
            idle_expires_at=live.idle_expires_at,
            expires_at=live.expires_at,
        )
