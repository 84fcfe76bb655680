"""Personal data at rest: AES-256-GCM bound to its table, column and row, and a blind index for look-ups."""

import hmac
import os
from functools import cache
from hashlib import sha256
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from marketplace.settings import settings

_VERSION = b"\x01"
_NONCE_BYTES = 12


class Vault:
    """Seals and opens personal data under keys derived from the application's secret."""

    def __init__(self, secret: bytes) -> None:
        self._aead = AESGCM(_derive(secret, b"seal"))
        self._index_key = _derive(secret, b"blind-index")
        self._digest_key = _derive(secret, b"digest")

    def seal(self, value: object, *, table: str, column: str, row: UUID) -> bytes:
        """Encrypt a JSON-able value; the ciphertext opens only in the same table, column and row."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, msgspec.json.encode(value), _context(table, column, row))
        return _VERSION + nonce + sealed

    def open(self, sealed: bytes, *, table: str, column: str, row: UUID) -> object:
        """Decrypt what ``seal`` made; tampering or a swapped row raises ``cryptography.exceptions.InvalidTag``."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        plain = self._aead.decrypt(nonce, body, _context(table, column, row))
        value: object = msgspec.json.decode(plain)
        return value

    def blind_index(self, value: str) -> bytes:
        """Return 16 bytes by which an exact value can be found without storing it."""
        return hmac.digest(self._index_key, value.encode(), sha256)[:16]

    def keyed_digest(self, value: str) -> bytes:
        """Return an HMAC for short secrets, such as one-time codes, that a plain hash would give away."""
        return hmac.digest(self._digest_key, value.encode(), sha256)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"houniao/" + purpose).derive(secret)


def _context(table: str, column: str, row: UUID) -> bytes:
    return f"{table}|{column}|{row}".encode()


@cache
def vault() -> Vault:
    """Return the process's vault, keyed by ``SECRET_KEY``."""
    return Vault(settings().secret_key)
