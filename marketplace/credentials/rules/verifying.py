"""Verifying a certificate without asking anybody: from its token, the issuer's keys and the lists fetched before."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from marketplace.credentials.rules.certificate import CREDENTIAL_TYPE
from marketplace.credentials.rules.status_lists import StatusPurpose, is_set

ALGORITHM = "ES256"
TOKEN_TYPE = "vc+jwt"  # noqa: S105 - the name of a kind of token.


class Outcome(StrEnum):
    """What may be said of a certificate; only ``valid`` is good."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    STATUS_UNKNOWN = "status_unknown"
    FORGED = "forged"


class Verdict(msgspec.Struct, frozen=True):
    """The outcome, why, and what the certificate says; nothing it says counts when it is forged."""

    outcome: Outcome
    because: str
    credential: dict[str, Any] | None = None


class Untrusted(ValueError):
    """A token is not what its issuer signed."""


_SET = {StatusPurpose.REVOCATION: Outcome.REVOKED, StatusPurpose.SUSPENSION: Outcome.SUSPENDED}


def verify(token: str, *, keys: Mapping[str, Any], status_lists: Iterable[str] = (), now: datetime) -> Verdict:
    """Judge a certificate's token at an instant, by a DID document or key set and by status lists, all given.

    A certificate that is not valid now, or whose status no fresh list of its issuer tells, is not accepted.
    """
    try:
        found = opened(token, keys=keys)
        if CREDENTIAL_TYPE not in found["type"]:
            return Verdict(Outcome.FORGED, "it is not a certificate of this kind")
        lists = _by_address(status_lists, keys=keys)
        return _judge(found, lists, now=now)
    except Untrusted as error:
        return Verdict(Outcome.FORGED, str(error))
    except (KeyError, TypeError, ValueError) as error:
        return Verdict(Outcome.FORGED, f"it is not a well-formed credential ({error})")


def opened(token: str, *, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the credential in a token that one of these keys signed; raises Untrusted."""
    try:
        header = jws.extract_compact(token.strip().encode()).headers()
        key = _key(keys, str(header.get("kid")))
        payload = jws.deserialize_compact(token.strip(), key, algorithms=[ALGORITHM]).payload
    except (JoseError, ValueError) as error:
        raise Untrusted(f"its signature does not verify ({error})") from None
    if header.get("typ") != TOKEN_TYPE:
        raise Untrusted(f"it is not a {TOKEN_TYPE}")
    found: dict[str, Any] = msgspec.json.decode(payload, type=dict[str, Any])
    if found.get("issuer") != str(header["kid"]).partition("#")[0]:
        raise Untrusted("its issuer is not the owner of the key")
    return found


def _key(keys: Mapping[str, Any], kid: str) -> ECKey:
    methods = [method["publicKeyJwk"] | {"kid": method["id"]} for method in keys.get("verificationMethod", ())]
    for jwk in [*methods, *keys.get("keys", ())]:
        if jwk.get("kid") == kid and jwk.get("kty") == "EC":
            return ECKey.import_key(jwk)
    raise Untrusted(f"no key {kid} is known")


def _by_address(tokens: Iterable[str], *, keys: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = [opened(token, keys=keys) for token in tokens]
    return {credential["id"]: credential for credential in found}


def _judge(found: dict[str, Any], lists: Mapping[str, dict[str, Any]], *, now: datetime) -> Verdict:
    if now < datetime.fromisoformat(found["validFrom"]):
        return Verdict(Outcome.NOT_YET_VALID, f"it is valid from {found['validFrom']}", found)
    unknown = None
    for entry in found["credentialStatus"]:
        known = lists.get(entry["statusListCredential"])
        if known is None or known["issuer"] != found["issuer"]:
            unknown = f"no status list {entry['statusListCredential']} was given"
        elif not _current(known, now):
            unknown = f"the status list {known['id']} is of {known['validFrom']}: fetch it anew"
        elif known["credentialSubject"]["statusPurpose"] != entry["statusPurpose"]:
            raise Untrusted("its status list is of another purpose")
        elif is_set(known["credentialSubject"]["encodedList"], int(entry["statusListIndex"])):
            outcome = _SET[StatusPurpose(entry["statusPurpose"])]
            return Verdict(outcome, f"the list of {known['validFrom']} says {outcome}", found)
    if now > datetime.fromisoformat(found["validUntil"]):
        return Verdict(Outcome.EXPIRED, f"it was valid until {found['validUntil']}", found)
    if unknown is not None:
        return Verdict(Outcome.STATUS_UNKNOWN, unknown, found)
    return Verdict(Outcome.VALID, "its signature, its dates and its status are good", found)


def _current(status_list: Mapping[str, Any], now: datetime) -> bool:
    return datetime.fromisoformat(status_list["validFrom"]) <= now <= datetime.fromisoformat(status_list["validUntil"])
