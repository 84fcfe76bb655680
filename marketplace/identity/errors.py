"""What signing in refuses, and what two officers must decide together (the two-person rule)."""

from typing import Any

from marketplace.kit.errors import DomainError


class SignInRefused(DomainError):
    """The code or the password is wrong; which part was wrong, or whether the account exists, is not said."""

    code = "sign_in_refused"
    status = 401
    zh = "验证码、邮箱或密码不正确"
    en = "The code, the e-mail address or the password is wrong."


class SessionCodeSpent(DomainError):
    """The code has expired, was used, or was tried too often: request a new one."""

    code = "session_code_spent"
    status = 409
    zh = "验证码已失效，请重新获取"
    en = "The code is no longer valid; request a new one."


class EmailTaken(DomainError):
    """Someone already signs in with this e-mail address."""

    code = "email_taken"
    status = 409
    zh = "该邮箱已被使用"
    en = "The e-mail address is already in use."


class TooMany(DomainError):
    """Try again after as many seconds as Retry-After says."""

    status = 429
    retryable = True

    def __init__(self, *, retry_after_s: int, **facts: Any) -> None:
        self.retry_after_s = retry_after_s  # type: ignore[misc]  # The wait is known only per refusal.
        super().__init__(**facts)


class TooManyCodes(TooMany):
    """This telephone number was sent a code a moment ago, or several within the hour."""

    code = "too_many_codes"
    zh = "验证码发送过于频繁，请稍后再试"
    en = "A code was sent a moment ago; wait and try again."


class TooManyAttempts(TooMany):
    """Signing in with this e-mail address failed too often; the wait grows with every failure."""

    code = "too_many_attempts"
    zh = "登录失败次数过多，请稍后再试"
    en = "Too many failed attempts; wait and try again."


class OAuthRefused(DomainError):
    """A refusal of the token endpoint, written on the wire as RFC 6749 §5.2 says: error, error_description."""

    status = 400


class InvalidRequest(OAuthRefused):
    """The form lacks a parameter, repeats one, or authenticates in more than one way."""

    code = "invalid_request"
    zh = "请求参数不完整或重复"
    en = "A parameter is missing, repeated, or in conflict with another."


class InvalidClient(OAuthRefused):
    """The client is not known, or did not prove who it is."""

    code = "invalid_client"
    status = 401
    zh = "客户端认证失败"
    en = "Client authentication failed."


class UnsupportedGrantType(OAuthRefused):
    """Only client_credentials is offered."""

    code = "unsupported_grant_type"
    zh = "仅支持 client_credentials"
    en = "Only client_credentials is supported."


class InvalidScope(OAuthRefused):
    """The scope is unknown, or more than this client may have."""

    code = "invalid_scope"
    zh = "权限范围无效"
    en = "The scope is unknown or not granted to this client."


class SecondOfficerRequired(DomainError):
    """What cannot be undone is approved by someone other than the officer who asked for it."""

    code = "second_officer_required"
    zh = "须由另一名省级工作人员批准"
    en = "A second provincial officer must approve this."


class DecisionNotPending(DomainError):
    """The decision has already been approved, or has lapsed."""

    code = "decision_not_pending"
    zh = "该决定已处理"
    en = "The decision is no longer pending."


class DecisionExpired(DomainError):
    """Nobody approved the decision in time; ask for it again."""

    code = "decision_expired"
    zh = "该决定已过批准期限，请重新提出"
    en = "The decision was not approved in time; request it again."


class DecisionAltered(DomainError):
    """What is stored is not what the first officer asked for; nothing was done. Investigate, then request again."""

    code = "decision_altered"
    zh = "决定内容与提出时不一致，已拒绝执行"
    en = "The decision differs from what was requested; nothing was done."
