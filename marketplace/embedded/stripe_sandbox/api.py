"""The gate of `/v1`: who calls, what is asked, once only, in one transaction, answered in Stripe's shape."""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.response import Stream

from marketplace.embedded.stripe_sandbox import idempotency, routes
from marketplace.embedded.stripe_sandbox.errors import Json, StripeError
from marketplace.embedded.stripe_sandbox.idempotency import Answer
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.rendering import render
from marketplace.embedded.stripe_sandbox.resources import accounts
from marketplace.embedded.stripe_sandbox.sandbox import Sandbox, TheSandbox
from marketplace.embedded.stripe_sandbox.settings import API_VERSION, TEST_KEYS
from marketplace.embedded.stripe_sandbox.store import PLATFORM, Transaction
from marketplace.embedded.stripe_sandbox.wire import decode_form

log = logging.getLogger(__name__)

ApiRequest = Request[None, None, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request, understood."""

    request_id: str
    changes: bool
    account: str
    key: str | None
    fingerprint: str
    verb: routes.Verb
    ids: dict[str, str]
    params: Json
    expand: list[str]
    version: str | None


@route("/v1/{path:path}", http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE])
async def api(request: ApiRequest, sandbox: TheSandbox) -> Response[Any]:
    """Answer one API call."""
    request_id = new_id("req", 14)
    key = (request.headers.get("idempotency-key") or None) if request.method == "POST" else None
    headers = {
        "Request-Id": request_id,
        "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        "Cache-Control": "no-store",
        **({"Idempotency-Key": key} if key and key.isascii() and key.isprintable() else {}),
    }
    try:
        _authenticate(sandbox, request.headers.get("authorization", ""))
        if sandbox.chaos.strikes(sandbox.chaos.knobs.ignore_keys_rate):
            key = None
        asked = await _understand(request, request_id, key)
        with sandbox.in_flight.claim(key):
            answer = await _perform(sandbox, asked)
    except StripeError as error:
        answer = Answer(error.status, json.dumps(error.body()), request_id)
    except HTTPException as error:
        refusal = StripeError(error.status_code, "invalid_request_error", error.detail)
        answer = Answer(refusal.status, json.dumps(refusal.body()), request_id)
    except Exception:  # The client must get Stripe's shape even for our own mistakes.
        log.exception("%s %s failed", request.method, request.url.path)
        mistake = StripeError(500, "api_error", "The sandbox made a mistake; see its log.")
        answer = Answer(mistake.status, json.dumps(mistake.body()), request_id)
    if answer.replayed:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.request_id}
    if sandbox.chaos.strikes(sandbox.chaos.knobs.lose_response_rate):
        return Stream(_broken_off(), headers={"Content-Length": "4096"}, media_type="application/json")
    return Response(answer.body, status_code=answer.status, headers=headers, media_type="application/json")


def _authenticate(sandbox: Sandbox, authorization: str) -> None:
    """Take the key from `Bearer`, or from the user name of `Basic` as `curl -u` sends it."""
    scheme, _, credentials = authorization.partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if not key:
        raise StripeError(401, "invalid_request_error", "You did not provide an API key: send it as a Bearer token.")
    if not key.startswith(TEST_KEYS):
        raise StripeError(401, "invalid_request_error", "The sandbox takes test keys only (sk_test_…, rk_test_…).")
    if not sandbox.accepts_key(key):
        raise StripeError(401, "invalid_request_error", f"Invalid API Key provided: {key[:8]}****{key[-4:]}")


async def _broken_off() -> AsyncIterator[bytes]:
    """Begin an answer and break off, so that the client sees a connection error after the effect."""
    yield b"{"
    raise ConnectionAbortedError("chaos: this answer is lost on purpose")


async def _understand(request: ApiRequest, request_id: str, key: str | None) -> _Asked:
    verb, ids = routes.find(request.method, request.url.path)
    params = decode_form(await request.body() if request.method == "POST" else request.scope["query_string"])
    account = request.headers.get("stripe-account") or PLATFORM
    print_ = idempotency.fingerprint(request.method, f"{account}{request.url.path}", params)
    expand = params.pop("expand", [])
    if not isinstance(expand, list) or not all(isinstance(path, str) for path in expand):
        raise StripeError(400, "invalid_request_error", "Invalid array", param="expand")
    return _Asked(
        request_id=request_id,
        account=account,
        changes=request.method != HttpMethod.GET,
        key=key,
        fingerprint=print_,
        verb=verb,
        ids=ids,
        params=params,
        expand=expand,
        version=request.headers.get("stripe-version"),
    )


async def _perform(sandbox: Sandbox, asked: _Asked) -> Answer:
    knobs = sandbox.chaos.knobs
    if knobs.latency_ms:
        await asyncio.sleep(knobs.latency_ms / 1000)
    if sandbox.chaos.strikes(knobs.error_rate):
        raise StripeError(500, "api_error", "Chaos: an error before any effect.")
    if sandbox.chaos.strikes(knobs.busy_rate):
        raise StripeError(429, "invalid_request_error", "Chaos: too many requests.", code="rate_limit")
    run = sandbox.store.change if asked.changes else sandbox.store.run
    return await run(lambda tx: _answer(sandbox, tx, asked))


def _answer(sandbox: Sandbox, tx: Transaction, asked: _Asked) -> Answer:
    """Work inside the one transaction that holds the effect, its key, its events and their deliveries."""
    now = sandbox.clock.now()
    if asked.account != PLATFORM:
        accounts.must_exist(tx, asked.account)
        tx.account = asked.account
    if asked.key is not None and (stored := idempotency.recall(tx, asked.key, asked.fingerprint, now=now)):
        return stored
    request = {"id": asked.request_id, "idempotency_key": asked.key}
    ours = asked.version == API_VERSION
    call = sandbox.call(tx, ids=asked.ids, params=asked.params, request=request, speaks_our_version=ours)
    try:
        shown = render(tx, asked.verb(call), asked.expand)
        answer = Answer(200, json.dumps(shown, ensure_ascii=False), asked.request_id)
    except StripeError as error:
        if not error.keeps_effects:
            raise
        answer = Answer(error.status, json.dumps(error.body(), ensure_ascii=False), asked.request_id)
    if asked.key is not None:
        idempotency.keep(tx, asked.key, asked.fingerprint, answer, now=now)
    return answer
