"""The draw as a pure function of what is published of it."""

from collections import Counter
from datetime import date
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.certifications.rules.inspecting import (
    Candidate,
    Conflict,
    DrawInputs,
    Inspector,
    PublishedDraw,
    commitment_of,
    digest_of,
    draw,
    draw_count,
    period_of,
    sorted_inputs,
    verify_draw,
)

SEED = "ab" * 32
PROVINCE, HERE, THERE = "220000", "220621", "222404"


def wide(n: int, where: str) -> Candidate:
    return Candidate(id=f"ins_{n:032x}", jurisdictions=(where, PROVINCE))


def inputs_of(
    seed: str = SEED, *, count: int = 3, institutions: int = 10, inspectors: int = 6, conflicts=()
) -> DrawInputs:
    places = (HERE, THERE)
    return sorted_inputs(
        period="2027Q1",
        seed=seed,
        count=count,
        institutions=[wide(n, places[n % 2]) for n in range(institutions)],
        inspectors=[
            Inspector(id=f"stf_{n:032x}", jurisdiction=(HERE, THERE, PROVINCE)[n % 3]) for n in range(inspectors)
        ],
        conflicts=conflicts,
    )


seeds = st.binary(min_size=32, max_size=32).map(bytes.hex)
conflict_sets = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=60).map(
    lambda pairs: tuple(Conflict(inspector=f"stf_{a:032x}", institution=f"ins_{b:032x}") for a, b in sorted(pairs))
)


@given(seeds, conflict_sets, st.integers(0, 10), st.randoms())
def test_a_draw_follows_from_its_inputs_and_not_from_their_order(seed, conflicts, count, random):
    inputs = inputs_of(seed, count=count, conflicts=conflicts)
    shuffled = {}
    for name in ("institutions", "inspectors", "conflicts"):
        listed = list(getattr(inputs, name))
        random.shuffle(listed)
        shuffled[name] = tuple(listed)
    assert draw(msgspec.structs.replace(inputs, **shuffled)) == draw(inputs)


@given(seeds, conflict_sets, st.integers(0, 10))
def test_only_the_competent_without_a_conflict_are_drawn_and_all_that_were_asked_for(seed, conflicts, count):
    inputs = inputs_of(seed, count=count, conflicts=conflicts)
    drawn = draw(inputs)
    assert len({one.institution for one in drawn}) == len(drawn) == count
    posts = {inspector.id: inspector.jurisdiction for inspector in inputs.inspectors}
    competent = {institution.id: institution.jurisdictions for institution in inputs.institutions}
    excluded = {(conflict.inspector, conflict.institution) for conflict in conflicts}
    for one in drawn:
        eligible = {
            who for who in posts if posts[who] in competent[one.institution] and (who, one.institution) not in excluded
        }
        assert set(one.inspectors) <= eligible
        assert len(one.inspectors) == len(set(one.inspectors)) == min(2, len(eligible))


@given(seeds, st.integers(0, 9))
def test_drawing_more_keeps_who_was_drawn(seed, count):
    assert draw(inputs_of(seed, count=count)) == draw(inputs_of(seed, count=count + 1))[:count]


def test_every_institution_and_inspector_has_the_same_chance():
    """Over 2,000 seeds each of ten institutions is drawn about 600 times, within five standard deviations."""
    institutions, inspectors = Counter(), Counter()
    for n in range(2_000):
        for one in draw(inputs_of(sha256(str(n).encode()).hexdigest())):
            institutions[one.institution] += 1
            inspectors.update(one.inspectors)
    assert len(institutions) == 10
    assert all(abs(times - 600) < 5 * (2_000 * 0.3 * 0.7) ** 0.5 for times in institutions.values())
    # Each institution has four competent inspectors: two of its county, two of the province, who are everywhere.
    provincial = [inspectors[f"stf_{n:032x}"] for n in (2, 5)]
    local = [inspectors[f"stf_{n:032x}"] for n in (0, 1, 3, 4)]
    assert all(abs(times - 3_000) < 200 for times in provincial)
    assert all(abs(times - 1_500) < 200 for times in local)


def published(inputs: DrawInputs) -> PublishedDraw:
    return PublishedDraw(
        period=inputs.period,
        commitment=commitment_of(inputs.seed),
        inputs_digest=digest_of(inputs),
        inputs=inputs,
        drawn=draw(inputs),
    )


def test_a_draw_that_holds_is_found_to_hold():
    assert verify_draw(published(inputs_of())) == []
    assert msgspec.json.decode(msgspec.json.encode(published(inputs_of())), type=PublishedDraw) == published(
        inputs_of()
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda found: {"drawn": found.drawn[:-1]}, "3 institutions should have been drawn, and 2 were"),
        (lambda found: {"drawn": found.drawn[::-1]}, "at 1: ins_"),
        (lambda found: {"commitment": commitment_of("cd" * 32)}, "the seed is not the one that was promised"),
        (
            lambda found: {"inputs": msgspec.structs.replace(found.inputs, institutions=found.inputs.institutions[1:])},
            "the lists are not those that were fixed at the draw",
        ),
        (lambda found: {"period": "2027Q2"}, "the inputs are of another period"),
        (lambda found: {"inputs": msgspec.structs.replace(found.inputs, method="dice")}, "unknown method dice"),
        (lambda found: {"inputs": None}, "the draw has not been revealed yet"),
    ],
)
def test_whatever_was_altered_is_named(change, complaint):
    found = published(inputs_of())
    wrong = verify_draw(msgspec.structs.replace(found, **change(found)))
    assert any(one.startswith(complaint) for one in wrong), wrong


@given(st.integers(0, 5_000), st.integers(1, 10_000))
def test_four_quarters_draw_at_least_the_share_and_no_more_than_needed(standing, share_bps):
    drawn = 0
    for quarter in range(1, 5):
        drawn += draw_count(
            f"2027Q{quarter}", standing=standing, drawn=drawn, candidates=standing - drawn, share_bps=share_bps
        )
    assert drawn == -(-standing * share_bps // 10_000)


def test_quarters():
    assert [period_of(date(2027, month, 1)) for month in (1, 3, 4, 9, 10, 12)] == [
        "2027Q1", "2027Q1", "2027Q2", "2027Q3", "2027Q4", "2027Q4",
    ]  # fmt: skip
