"""Bitstring status lists (W3C, 2025-05-15): one bit per certificate, the most significant bit of a byte first."""

import gzip
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from enum import StrEnum
from io import BytesIO

import msgspec

from marketplace.certifications.states import Status

# The least that the standard allows, so that a reader's request does not tell which certificate it is about.
LIST_BITS = 131_072

_ID = re.compile(r"(revocation|suspension)-([1-9][0-9]{0,3})")


class StatusPurpose(StrEnum):
    """What a set bit says: it has ended for good, or it does not count for the time being."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


# Which certifications have their bit set. Expiry needs none: a credential says itself until when it is valid.
SET_FOR: dict[StatusPurpose, tuple[Status, ...]] = {
    StatusPurpose.REVOCATION: (Status.REVOKED, Status.WITHDRAWN),
    StatusPurpose.SUSPENSION: (Status.SUSPENDED, Status.REVOCATION_NOTICED),
}


class StatusList(msgspec.Struct, frozen=True):
    """One list: its purpose, and which stretch of positions it covers (1 is the first 131,072)."""

    purpose: StatusPurpose
    serial: int

    @property
    def id(self) -> str:
        """Its name in a URL, such as ``revocation-1``."""
        return f"{self.purpose}-{self.serial}"

    @property
    def positions(self) -> range:
        """The positions that it covers."""
        return range((self.serial - 1) * LIST_BITS, self.serial * LIST_BITS)


def list_of(position: int, purpose: StatusPurpose) -> tuple[StatusList, int]:
    """Return the list in which a position is, and its index there."""
    return StatusList(purpose, position // LIST_BITS + 1), position % LIST_BITS


def parse_list_id(text: str) -> StatusList | None:
    """Read the name of a list; None when it is none."""
    found = _ID.fullmatch(text)
    return StatusList(StatusPurpose(found[1]), int(found[2])) if found else None


def encode(indexes: Iterable[int]) -> str:
    """Write the list in which these bits are set: GZIP in multibase base64url; equal lists have equal texts."""
    bits = bytearray(LIST_BITS // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()


def is_set(encoded: str, index: int) -> bool:
    """Read one bit of a list that somebody else may have written; raises ValueError when it is not one."""
    if not encoded.startswith("u"):
        raise ValueError("an encoded list begins with u")
    try:
        packed = urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))
        # Whatever the packed list claims, no more than one list's bits are unpacked.
        with gzip.GzipFile(fileobj=BytesIO(packed)) as unpacking:
            bits = unpacking.read(LIST_BITS // 8)
    except (OSError, EOFError) as error:
        raise ValueError("the encoded list cannot be unpacked") from error
    if not 0 <= index < len(bits) * 8:
        raise ValueError("the index lies outside the list")
    return bool(bits[index // 8] & 0x80 >> index % 8)
