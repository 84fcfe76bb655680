"""Refusals as types: each has a stable code, an HTTP status, and words in Chinese and English."""

from typing import Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One field of a request that was refused: a JSON pointer, and why in both languages."""

    pointer: str
    zh: str
    en: str


class DomainError(Exception):
    """A refusal that the caller can act on.

    Subclasses state ``code``, ``status``, ``zh`` and ``en``; both texts may name the facts given to the
    constructor in braces. Facts travel to the client as members of the problem document.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 409
    zh: ClassVar[str]
    en: ClassVar[str]
    retryable: ClassVar[bool] = False
    retry_after_s: ClassVar[int | None] = None

    def __init__(self, *, fields: tuple[FieldError, ...] = (), **facts: Any) -> None:
        self.fields = fields
        self.facts = facts
        super().__init__(self.english)

    @property
    def chinese(self) -> str:
        """The refusal in Chinese, at most 40 characters before the facts are filled in."""
        return self.zh.format(**self.facts)

    @property
    def english(self) -> str:
        """The refusal in English."""
        return self.en.format(**self.facts)


class NotFound(DomainError):
    """Nothing of that id exists for this caller; a foreign id looks the same as a missing one."""

    code = "not_found"
    status = 404
    zh = "未找到"
    en = "Not found."


class Invalid(DomainError):
    """The request has the right shape but a field has an impossible value; ``errors[]`` names it."""

    code = "validation_failed"
    status = 422
    zh = "提交的内容有误"
    en = "The request has an invalid value."


class Busy(DomainError):
    """Another operation holds the same rows; trying again in a moment is safe."""

    code = "busy"
    status = 409
    zh = "系统繁忙，请稍后再试"
    en = "Another operation is in progress; try again shortly."
    retryable = True
    retry_after_s = 1


class IllegalTransition(DomainError):
    """The state machine has no such move from here."""

    code = "illegal_transition"
    status = 409
    zh = "当前状态（{current}）不允许此操作"
    en = "{event} is not possible while {current}."


class Forbidden(DomainError):
    """The caller is known but may not do this."""

    code = "forbidden"
    status = 403
    zh = "没有此操作的权限"
    en = "You may not do this."


class Unauthenticated(DomainError):
    """The caller is not known: sign in, or renew the token."""

    code = "unauthenticated"
    status = 401
    zh = "请先登录"
    en = "Sign in first."


def invalid(field: str, *, zh: str, en: str) -> Invalid:
    """Refuse one field by name, such as ``invalid("check_in", zh=…, en=…)``."""
    pointer = "/" + field.replace(".", "/")
    return Invalid(fields=(FieldError(pointer=pointer, zh=zh, en=en),))
