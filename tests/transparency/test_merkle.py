"""The tree against the definition of RFC 9162, written again here from its text, and against published vectors."""

from hashlib import sha256

import pytest

from marketplace.transparency.rules import merkle

# The inputs and roots that the reference implementation of Certificate Transparency is tested with.
INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def tree(count: int) -> tuple[list[bytes], dict[merkle.Node, bytes]]:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(count)]
    return leaves, dict(merkle.grown(0, {}, leaves))


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    nodes = dict(merkle.grown(0, {}, [merkle.leaf_hash(data) for data in INPUTS[:size]]))

    assert merkle.root_of((0, size), nodes).hex() == ROOTS[size - 1]


def test_a_tree_grown_piece_by_piece_is_the_tree_of_the_definition() -> None:
    leaves, whole = tree(70)
    grown: dict[merkle.Node, bytes] = {}
    for start, end in ((0, 1), (1, 3), (3, 16), (16, 16), (16, 61), (61, 70)):
        frontier = {node: grown[node] for node in merkle.full_subtrees((0, start))}
        grown |= dict(merkle.grown(start, frontier, leaves[start:end]))

    assert grown == whole
    for size in range(71):
        assert merkle.root_of((0, size), whole) == defined_root(leaves[:size])


def test_every_inclusion_proof_verifies_and_only_for_its_leaf() -> None:
    leaves, nodes = tree(40)
    for size in range(1, 41):
        root = defined_root(leaves[:size])
        for index in range(size):
            proof = [merkle.root_of(found, nodes) for found in merkle.inclusion(index, size)]
            good = {"index": index, "size": size, "proof": proof, "root": root}
            assert merkle.is_included(leaves[index], **good)
            assert not merkle.is_included(merkle.leaf_hash(b"forged"), **good)
            assert not merkle.is_included(leaves[index], **{**good, "root": leaves[0][::-1]})
            assert not merkle.is_included(leaves[index], **{**good, "proof": [*proof, root]})
            if proof:
                assert not merkle.is_included(leaves[index], **{**good, "proof": proof[:-1]})
                assert not merkle.is_included(leaves[index], **{**good, "index": (index + 1) % size})


def test_every_consistency_proof_verifies_and_no_rewritten_log_does() -> None:
    leaves, nodes = tree(40)
    other = [merkle.leaf_hash(b"rewritten"), *leaves[1:]]
    for second in range(1, 41):
        for first in range(1, second + 1):
            proof = [merkle.root_of(found, nodes) for found in merkle.consistency(first, second)]
            good = {
                "first_root": defined_root(leaves[:first]),
                "second_root": defined_root(leaves[:second]),
                "proof": proof,
            }
            assert merkle.is_consistent(first, second, **good)
            assert not merkle.is_consistent(first, second, **{**good, "first_root": defined_root(other[:first])})
            assert not merkle.is_consistent(first, second, **{**good, "second_root": defined_root(other[:second])})
            assert not merkle.is_consistent(first, second, **{**good, "proof": [*proof, leaves[0]]})
