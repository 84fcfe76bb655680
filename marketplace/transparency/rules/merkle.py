"""Merkle trees as RFC 9162 §2.1 has them, over hashes that are looked up: of a proof, only what it needs is read.

A node is named by level and position: the root of the full subtree of leaves ``[position << level, (position + 1) <<
level)``. Ranges are half-open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

Node = tuple[int, int]
Range = tuple[int, int]

EMPTY_ROOT = sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf; leaves and inner nodes can never be taken for one another."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node."""
    return sha256(b"\x01" + left + right).digest()


def full_subtrees(found: Range) -> list[Node]:
    """Split a range of the tree into its full subtrees, from left to right."""
    start, end = found
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def root_of(found: Range, hashes: Mapping[Node, bytes]) -> bytes:
    """Return the hash of a range from those of its full subtrees."""
    parts = [hashes[node] for node in full_subtrees(found)]
    if not parts:
        return EMPTY_ROOT
    result = parts.pop()
    while parts:
        result = node_hash(parts.pop(), result)
    return result


def grown(size: int, frontier: Mapping[Node, bytes], leaves: Iterable[bytes]) -> Iterator[tuple[Node, bytes]]:
    """Append leaf hashes to a tree of ``size`` whose full subtrees are ``frontier``; give every node that is new."""
    known = dict(frontier)
    for position, leaf in enumerate(leaves, start=size):
        node, value = (0, position), leaf
        known[node] = value
        yield node, value
        while node[1] % 2:
            left = known.pop((node[0], node[1] - 1))
            del known[node]
            node, value = (node[0] + 1, node[1] >> 1), node_hash(left, value)
            known[node] = value
            yield node, value


def inclusion(index: int, size: int) -> list[Range]:
    """Return the ranges whose hashes prove that leaf ``index`` is in the tree of ``size`` (§2.1.3.1)."""
    start, end = 0, size
    path: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency(first: int, second: int) -> list[Range]:
    """Return the ranges whose hashes prove that the tree of ``second`` begins with the tree of ``first`` (§2.1.4.1)."""
    start, end, whole = 0, second, True
    path: list[Range] = []
    while first != end - start:
        middle = start + _split(end - start)
        if first <= middle - start:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            first, start, whole = first - (middle - start), middle, False
    return ([] if whole else [(start, end)]) + path[::-1]


def is_included(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Verify an inclusion proof (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, result = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if first % 2 or first == last:
            result = node_hash(step, result)
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            result = node_hash(result, step)
        first, last = first >> 1, last >> 1
    return last == 0 and result == root


def is_consistent(first: int, second: int, *, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Verify a consistency proof (§2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second:
        return False
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    inner, last = first - 1, second - 1
    while inner % 2:
        inner, last = inner >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if inner % 2 or inner == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not inner % 2 and inner:
                inner, last = inner >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        inner, last = inner >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root


def _split(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1
