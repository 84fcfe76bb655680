"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint): text that people, printers and programs can keep.

Whoever keeps one can later prove that the log was rewritten; that is the point of handing them out.
"""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_DASH = "\u2014"
_NOTE = re.compile(rf"^(\S+)\n[0-9]+\n[A-Za-z0-9+/=]+\n\n(?:{_DASH} \1 [A-Za-z0-9+/=]+\n?)+", re.MULTILINE)


class Checkpoint(msgspec.Struct, frozen=True):
    """The size and the root of the log named ``origin``."""

    origin: str
    size: int
    root: bytes


class BadNote(ValueError):
    """The text is not a checkpoint that one of the given keys signed."""


def origin_of(public_url: str) -> str:
    """Return the name of the log of an address, such as ``houniao.example/audit``."""
    return f"{urlsplit(public_url).netloc}/audit"


def signed(checkpoint: Checkpoint, *, private_jwk: dict[str, Any]) -> str:
    """Write and sign a checkpoint with an Ed25519 key."""
    key = Ed25519PrivateKey.from_private_bytes(_raw(private_jwk["d"]))
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{b64encode(checkpoint.root).decode()}\n"
    mark = _key_id(checkpoint.origin, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n{_DASH} {checkpoint.origin} {b64encode(mark).decode()}\n"


def opened(note: str, *, public_jwks: Iterable[dict[str, Any]]) -> Checkpoint:
    """Read a checkpoint that one of these keys signed; raises BadNote."""
    try:
        text, _, signatures = note.partition("\n\n")
        origin, size, root = text.split("\n")
        found = Checkpoint(origin, int(size), b64decode(root, validate=True))
        marks = [b64decode(line.split(" ")[2], validate=True) for line in signatures.splitlines()]
    except (ValueError, IndexError, BadBase64):
        raise BadNote("it is not a checkpoint") from None
    for jwk in public_jwks:
        key = _raw(jwk["x"])
        for mark in marks:
            if mark[:4] == _key_id(origin, key) and _verifies(key, mark[4:], f"{text}\n".encode()):
                return found
    raise BadNote("no known key has signed it")


def notes_in(text: str) -> list[str]:
    """Find every checkpoint in what somebody kept: notes, mails that quote them, or answers of the API as JSON."""
    try:
        texts = _texts(msgspec.json.decode(text))
    except (msgspec.DecodeError, ValueError):
        texts = [text]
    return [found[0] for one in texts for found in _NOTE.finditer(one.replace("\r\n", "\n"))]


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for inner in value for text in _texts(inner)]
        case dict():
            return [text for inner in value.values() for text in _texts(inner)]
    return []


def verifier_key(origin: str, public_jwk: dict[str, Any]) -> str:
    """Write a public key as tools of the transparency world take it: name, key id and key."""
    key = _raw(public_jwk["x"])
    return f"{origin}+{_key_id(origin, key).hex()}+{b64encode(_ED25519 + key).decode()}"


def _key_id(origin: str, key: bytes) -> bytes:
    return sha256(origin.encode() + b"\n" + _ED25519 + key).digest()[:4]


def _verifies(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
