"""From a scored visit to a grade: 1,000 points in four blocks, five levels that ask for a total and for every block."""

from datetime import date
from typing import Annotated

import msgspec

Points = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class Scores(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The points of one assessment by block (环境, 设施设备, 运营管理, 服务)."""

    environment: Annotated[Points, msgspec.Meta(examples=[98], description="环境, 120 at most.")]
    facilities: Annotated[Points, msgspec.Meta(examples=[104], description="设施设备, 130 at most.")]
    operations: Annotated[Points, msgspec.Meta(examples=[121], description="运营管理, 150 at most.")]
    services: Annotated[Points, msgspec.Meta(examples=[480], description="服务, 600 at most.")]

    @property
    def total(self) -> int:
        """The sum of the four blocks."""
        return self.environment + self.facilities + self.operations + self.services


class Threshold(msgspec.Struct, frozen=True):
    """What a grade asks for: a total, and a share of every block."""

    grade: int
    total: int
    block_percent: int


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a rubric: a gate, which is passed or not, or an item of a block with its points at most."""

    code: str
    title: str
    title_en: str
    basis: str
    block: str | None = None
    points_max: int | None = None


class Rubric(msgspec.Struct, frozen=True, kw_only=True):
    """A scoring frame and the day from which it is used; with ``criteria`` it can be scored line by line."""

    version: str
    effective_from: date
    maxima: Scores
    thresholds: tuple[Threshold, ...]
    title: str = ""
    title_en: str = ""
    source: str = ""
    criteria: tuple[Criterion, ...] = ()

    @property
    def gates(self) -> tuple[Criterion, ...]:
        """What must be passed, whatever the points."""
        return tuple(criterion for criterion in self.criteria if criterion.block is None)

    @property
    def items(self) -> tuple[Criterion, ...]:
        """What is scored."""
        return tuple(criterion for criterion in self.criteria if criterion.block is not None)


def grade_of(scores: Scores, *, rubric: Rubric) -> int | None:
    """Return the highest grade whose total and whose share of every block are reached; None below the lowest."""
    blocks = list(zip(_points(scores), _points(rubric.maxima), strict=True))
    for threshold in sorted(rubric.thresholds, key=lambda found: -found.grade):
        in_every_block = all(points * 100 >= most * threshold.block_percent for points, most in blocks)
        if in_every_block and scores.total >= threshold.total:
            return threshold.grade
    return None


def _points(scores: Scores) -> tuple[int, ...]:
    return tuple(msgspec.structs.asdict(scores).values())
