"""From findings to a score: what a rubric asks for, what two assessors found of it, and what follows, point by point."""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

import msgspec

from marketplace.certifications.rules.scoring import Criterion, Rubric, Scores, grade_of
from marketplace.kit.errors import FieldError, Invalid

# A text that says something, and has no byte that the register could not keep.
SAYS_SOMETHING = r"^\s*[^\s\u0000][^\u0000]*$"
Code = Annotated[str, msgspec.Meta(pattern="^[A-Z][0-9]{1,2}$", examples=["S6"], description="The criterion's code.")]


class EvidenceKind(StrEnum):
    """What a finding rests on."""

    DOCUMENT = "document"
    RECORD = "record"
    MEASUREMENT = "measurement"
    OBSERVATION = "observation"
    INTERVIEW = "interview"
    PHOTO = "photo"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a finding rests on: a reference by which it is found again, with the SHA-256 of a file where there is one."""

    kind: EvidenceKind
    reference: Annotated[
        str,
        msgspec.Meta(
            min_length=2,
            max_length=300,
            pattern=SAYS_SOMETHING,
            examples=["水温记录 2027-03 第 12 页"],
            description="No personal data.",
        ),
    ]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", examples=["9c1a" * 16])] | None = None


EvidenceList = Annotated[list[Evidence], msgspec.Meta(min_length=1, max_length=10)]


class GateFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a gate is passed, and by what that is known."""

    code: Code
    passed: bool
    evidence: EvidenceList


class ItemFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The points of an item, and by what they are known."""

    code: Code
    points: Annotated[int, msgspec.Meta(ge=0, le=1000, examples=[36])]
    evidence: EvidenceList


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one visit: every gate and every item of the rubric, once."""

    gates: tuple[GateFinding, ...]
    items: tuple[ItemFinding, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a sheet. ``grade`` is None below the lowest level, and whenever a gate is not passed."""

    scores: Scores
    failed_gates: tuple[str, ...]
    grade: int | None

    @property
    def score(self) -> int:
        """The total of all blocks, of 1,000."""
        return self.scores.total


def score_sheet(sheet: Sheet, *, rubric: Rubric) -> Outcome:
    """Return what a sheet that fits the rubric comes to; the same sheet and rubric always come to the same."""
    block_of = {criterion.code: criterion.block for criterion in rubric.items}
    points: Counter[str] = Counter()
    for item in sheet.items:
        points[str(block_of[item.code])] += item.points
    scores = Scores(**{block: points[block] for block in Scores.__struct_fields__})
    failed = tuple(gate.code for gate in sheet.gates if not gate.passed)
    return Outcome(scores=scores, failed_gates=failed, grade=None if failed else grade_of(scores, rubric=rubric))


def check_sheet(sheet: Sheet, *, rubric: Rubric) -> None:
    """Check that a sheet says of every criterion exactly one thing, and gives no item more than it may have.

    Refuses: Invalid, naming each line that is wrong and each code that is missing.
    """
    problems = (
        *_codes("gates", [gate.code for gate in sheet.gates], rubric.gates),
        *_codes("items", [item.code for item in sheet.items], rubric.items),
        *_points(sheet, rubric),
    )
    if problems:
        raise Invalid(fields=problems)


def _codes(field: str, given: Sequence[str], wanted: Sequence[Criterion]) -> Iterator[FieldError]:
    known = {criterion.code for criterion in wanted}
    for position, code in enumerate(given):
        pointer = f"/{field}/{position}/code"
        if code not in known:
            yield FieldError(pointer=pointer, zh=f"评分标准没有 {code}", en=f"The rubric has no {code}.")
        elif code in given[:position]:
            yield FieldError(pointer=pointer, zh=f"{code} 重复", en=f"{code} is given twice.")
    for criterion in wanted:
        if criterion.code not in given:
            zh, en = (
                f"缺少 {criterion.code}（{criterion.title}）",
                f"{criterion.code} ({criterion.title_en}) is missing.",
            )
            yield FieldError(pointer=f"/{field}", zh=zh, en=en)


def _points(sheet: Sheet, rubric: Rubric) -> Iterator[FieldError]:
    most = {criterion.code: criterion.points_max or 0 for criterion in rubric.items}
    for position, item in enumerate(sheet.items):
        if item.points > most.get(item.code, item.points):
            limit = most[item.code]
            pointer = f"/items/{position}/points"
            yield FieldError(pointer=pointer, zh=f"{item.code} 最多 {limit} 分", en=f"At most {limit} points.")


def check_rubric(rubric: Rubric) -> None:
    """Check a rubric before it is planted: its items add up to its blocks, its blocks to 1,000, its codes are unique.

    Raises ValueError, since a rubric comes from whoever installs the system and not from a caller.
    """
    codes = Counter(criterion.code for criterion in rubric.criteria)
    sums: Counter[str] = Counter()
    for criterion in rubric.items:
        sums[str(criterion.block)] += criterion.points_max or 0
    if max(codes.values(), default=0) != 1 or not rubric.gates:
        raise ValueError(f"rubric {rubric.version} has no gates, or a code twice")
    if dict(sums) != msgspec.structs.asdict(rubric.maxima) or rubric.maxima.total != FULL_MARK:
        raise ValueError(f"rubric {rubric.version} does not add up: {dict(sums)}")
    totals = [threshold.total for threshold in sorted(rubric.thresholds, key=lambda found: found.grade)]
    if totals != sorted(set(totals)):
        raise ValueError(f"rubric {rubric.version} has a higher grade for fewer points")


FULL_MARK = 1000
