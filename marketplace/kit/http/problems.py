"""Refusals on the wire: RFC 9457 problem documents, one shape for every error of every route."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec

from marketplace.kit.errors import Busy, DomainError, FieldError, Invalid, NotFound, Unauthenticated
from marketplace.kit.http.context import request_id
from marketplace.kit.http.language import preferred

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "/docs/problems#"

log = structlog.get_logger("http")


class FieldProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refused field: ``pointer`` into the body, or the name of a query ``parameter``."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """A problem document (RFC 9457). ``code`` is stable; ``detail`` is for people. Some codes add members."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    retryable: bool = False
    errors: list[FieldProblem] = []


class UnknownField(DomainError):
    """The body or the query has a name that this route does not know; the nearest known one is suggested."""

    code = "unknown_field"
    status = 400
    zh = "未知字段 {name}{hint_zh}"
    en = "Unknown field {name}.{hint_en}"


class MalformedBody(DomainError):
    """The body is not JSON, or not an object of the documented shape."""

    code = "malformed_body"
    status = 400
    zh = "请求内容不是有效的 JSON"
    en = "The body is not valid JSON."


class MethodNotAllowed(DomainError):
    """The route exists but has no such method; see the Allow header."""

    code = "method_not_allowed"
    status = 405
    zh = "不支持此方法"
    en = "The method is not allowed here."


class BodyTooLarge(DomainError):
    """The body is larger than this service accepts."""

    code = "body_too_large"
    status = 413
    zh = "请求内容过大"
    en = "The body is too large."


class BadRequest(DomainError):
    """The request could not be understood."""

    code = "bad_request"
    status = 400
    zh = "无法理解此请求"
    en = "The request could not be understood."


class Unavailable(DomainError):
    """A service that this one depends on is away; repeat the request shortly."""

    code = "unavailable"
    status = 503
    zh = "服务暂时不可用，请稍后再试"
    en = "The service is briefly unavailable; try again."
    retryable = True
    retry_after_s = 2


class InternalError(DomainError):
    """Something we did not foresee; it has been logged under the request id."""

    code = "internal_error"
    status = 500
    zh = "系统出错，我们已记录"
    en = "Something went wrong; it has been logged."


_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")
_MISSING_PARAMETER = re.compile(r"Missing required (?:query|header|cookie) parameter '(?P<name>[^']*)'")
_PATH = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_BY_STATUS: dict[int, type[DomainError]] = {
    400: BadRequest,
    401: Unauthenticated,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    503: Unavailable,
}
_DATABASE_AWAY = (
    asyncpg.exceptions.PostgresConnectionError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.CrashShutdownError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.TooManyConnectionsError,
    asyncpg.exceptions.InterfaceError,
    # A connection that dies under a query leaves its driver in a state of which this is the complaint.
    asyncpg.exceptions.InternalClientError,
    # The statement took longer than a request may.
    asyncpg.exceptions.QueryCanceledError,
    ConnectionError,
    TimeoutError,
)
# PostgreSQL has no text with the character U+0000; whoever sends it is told so, wherever it came in.
_UNSTORABLE = (asyncpg.exceptions.CharacterNotInRepertoireError, asyncpg.exceptions.UntranslatableCharacterError)
_NUL = FieldError(pointer="", zh="文本含有无法保存的字符", en="Text may not contain the character U+0000.")
_DATABASE_BUSY = (
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.DeadlockDetectedError,
    asyncpg.exceptions.SerializationError,
)


def unknown_field(name: str, known: list[str], *, pointer: str) -> UnknownField:
    """Refuse an unknown name and suggest the nearest known one."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return UnknownField(
        name=name,
        hint_zh=f"，是否指 {near[0]}？" if near else "",
        hint_en=f" Did you mean {near[0]}?" if near else "",
        did_you_mean=near[0] if near else None,
        fields=(FieldError(pointer=pointer, zh=f"未知字段 {name}", en=f"Unknown field {name}"),),
    )


def problem(
    error: DomainError | type[DomainError], *, detail: str, request_id: str, errors: Sequence[FieldProblem] = ()
) -> dict[str, Any]:
    """Return the members that every problem document has."""
    return {
        "type": TYPE_BASE + error.code,
        "title": error.code.replace("_", " "),
        "status": error.status,
        "detail": detail,
        "code": error.code,
        "request_id": request_id,
        "retryable": error.retryable,
        "errors": list(errors),
    }


def respond(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    """Write a refusal as a problem document in the caller's language."""
    language = preferred(request.headers.get("accept-language"))
    document = problem(
        error,
        detail=error.chinese if language == "zh" else error.english,
        request_id=request_id(request.scope),
        errors=[_field_problem(field, language) for field in error.fields],
    )
    for name, value in error.facts.items():
        if not name.startswith("hint_"):
            document.setdefault(name, value)
    headers = {"Content-Language": "zh-CN" if language == "zh" else "en"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == Unauthenticated.status:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(document), status_code=error.status, media_type=MEDIA_TYPE, headers=headers)


def _field_problem(field: FieldError, language: str) -> FieldProblem:
    detail = field.zh if language == "zh" else field.en
    if field.pointer.startswith("?"):
        return FieldProblem(detail=detail, parameter=field.pointer[1:])
    return FieldProblem(detail=detail, pointer=field.pointer)


def on_domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    """Answer a refusal of the domain."""
    return respond(request, error)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework refused: routing, decoding, validation."""
    if isinstance(error, ValidationException):
        return respond(request, _from_validation(request, error))
    kind: type[DomainError] = _BY_STATUS.get(
        error.status_code, InternalError if error.status_code >= 500 else BadRequest
    )
    if error.status_code == 400 and request.headers.get("content-length", "0") != "0":
        kind = MalformedBody
    if kind is InternalError:
        log.error("framework error", exc_info=error)
    response = respond(request, kind())
    for name, value in (error.headers or {}).items():
        response.headers.setdefault(name, value)
    return response


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer everything else: what we can name by its name, the rest as a logged 500."""
    if isinstance(error, _DATABASE_BUSY):
        return respond(request, Busy())
    if isinstance(error, _UNSTORABLE):
        return respond(request, Invalid(fields=(_NUL,)))
    if isinstance(error, _DATABASE_AWAY):
        log.warning("a dependency is away", error=type(error).__name__)
        return respond(request, Unavailable())
    log.error("unhandled error", exc_info=error)
    return respond(request, InternalError())


def body_refusal(request: Request[Any, Any, Any], message: str) -> DomainError:
    """Return the refusal for what msgspec says of a body, naming the field."""
    if unknown := _UNKNOWN.search(message):
        return unknown_field(unknown["name"], _body_fields(request), pointer="/" + unknown["name"])
    return Invalid(fields=(_field_error(message, key="", source="body"),))


def _from_validation(request: Request[Any, Any, Any], error: ValidationException) -> DomainError:
    fields = []
    if absent := _MISSING_PARAMETER.search(error.detail):
        name = absent["name"]
        fields.append(FieldError(pointer=f"?{name}", zh=f"缺少参数 {name}", en=f"The parameter {name} is required."))
    for item in error.extra if isinstance(error.extra, list) else []:
        message, source = item.get("message", ""), item.get("source")
        if unknown := _UNKNOWN.search(message):
            return unknown_field(unknown["name"], _body_fields(request), pointer="/" + unknown["name"])
        fields.append(_field_error(message, key=item.get("key", ""), source=source))
    return Invalid(fields=tuple(fields)) if fields else MalformedBody()


def _field_error(message: str, *, key: str, source: str | None) -> FieldError:
    path = _PATH.search(message)
    text = _PATH.sub("", message)
    if source in ("query", "header", "path", "cookie"):
        # A parameter whose name is a Python keyword, such as from, is called from_ in the handler.
        name = key.removesuffix("_")
        return FieldError(pointer=f"?{name}", zh=f"参数 {name} 的值不正确", en=text)
    where = (path["path"] if path else f".{key}").lstrip(".").replace("[...]", "").replace("[", ".").replace("]", "")
    pointer = "/" + where.replace(".", "/") if where else ""
    if missing := _MISSING.search(message):
        return FieldError(pointer=f"{pointer}/{missing['name']}", zh="此字段必填", en="This field is required.")
    return FieldError(pointer=pointer, zh="此字段的值不正确", en=text)


def _body_fields(request: Request[Any, Any, Any]) -> list[str]:
    """Name every field of the body's type and of the types inside it: enough to find the nearest one."""
    field = request.route_handler.parsed_fn_signature.parameters.get("data")
    found: set[str] = set()

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
            for item in msgspec.structs.fields(annotation):
                if item.encode_name not in found:
                    found.add(item.encode_name)
                    visit(item.type)
        for inner in getattr(annotation, "__args__", ()):
            visit(inner)

    if field is not None:
        visit(field.annotation)
    return sorted(found)


HANDLERS: dict[Any, Any] = {
    DomainError: on_domain_error,
    HTTPException: on_http_exception,
    Exception: on_exception,
}


@dataclass
class Refused(ResponseSpec):
    """The refusals of one status, documented on a handler; the contract shows an example of each."""

    errors: tuple[type[DomainError], ...] = ()


def refusals(*errors: type[DomainError]) -> dict[int, ResponseSpec]:
    """Document the refusals that only this handler knows of: one response per status, naming every code.

    Those that follow from how a route is made are added by the contract itself: that callers must sign in, that calls
    are limited, that a key is needed, that fields and parameters are checked.
    """
    by_status: dict[int, list[type[DomainError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        status: Refused(
            data_container=Problem,
            media_type=MEDIA_TYPE,
            generate_examples=False,
            description=described(group),
            errors=tuple(group),
        )
        for status, group in sorted(by_status.items())
    }


def described(errors: Sequence[type[DomainError]]) -> str:
    """Name refusals of one status with their meanings."""
    return " · ".join(f"`{error.code}` {(error.__doc__ or '').splitlines()[0]}" for error in errors)
