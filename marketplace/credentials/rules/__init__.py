"""Certificates as pure rules: what they say, how their status lists are written, how both are verified."""

from marketplace.credentials.rules.certificate import (
    CAPS,
    Certificate,
    Sign,
    address_of,
    credential,
    sign_on,
    status_list_credential,
    status_on,
)
from marketplace.credentials.rules.status_lists import SET_FOR, StatusList, StatusPurpose, encode, parse_list_id
from marketplace.credentials.rules.verifying import TOKEN_TYPE, Outcome, Verdict, verify

__all__ = (
    "CAPS",
    "SET_FOR",
    "TOKEN_TYPE",
    "Certificate",
    "Outcome",
    "Sign",
    "StatusList",
    "StatusPurpose",
    "Verdict",
    "address_of",
    "credential",
    "encode",
    "parse_list_id",
    "sign_on",
    "status_list_credential",
    "status_on",
    "verify",
)
