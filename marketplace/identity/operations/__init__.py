"""Writing who someone is: codes, sessions, staff and partners."""

from marketplace.identity.operations.codes import (
    CodeRequest,
    erase_session_code,
    register_family,
    request_code,
    sign_in_with_code,
)
from marketplace.identity.operations.forgetting import forget
from marketplace.identity.operations.partners import (
    client_id,
    register_partner,
    remove_partner,
    token_by_assertion,
    token_by_secret,
)
from marketplace.identity.operations.sessions import OpenedSession, close_session, open_session, touch_session
from marketplace.identity.operations.staff import hash_password, register_staff, remove_staff, sign_in_with_password

__all__ = (
    "CodeRequest",
    "OpenedSession",
    "client_id",
    "close_session",
    "erase_session_code",
    "forget",
    "hash_password",
    "open_session",
    "register_family",
    "register_partner",
    "register_staff",
    "remove_partner",
    "remove_staff",
    "request_code",
    "sign_in_with_code",
    "sign_in_with_password",
    "token_by_assertion",
    "token_by_secret",
    "touch_session",
)
