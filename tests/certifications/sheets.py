"""Sheets of findings for the planted rubric."""

from marketplace.certifications.rules import Evidence, EvidenceKind, GateFinding, ItemFinding, Scores, Sheet
from seed.rubric import RUBRIC

SEEN = [Evidence(kind=EvidenceKind.OBSERVATION, reference="现场查看记录 1")]
FULL = {item.code: item.points_max for item in RUBRIC.items}


def sheet_of(*, share: float = 0.84, failed: tuple[str, ...] = (), **points: int) -> Sheet:
    """A sheet that gives every item this share of its points, but for those that are named."""
    return Sheet(
        gates=tuple(
            GateFinding(code=gate.code, passed=gate.code not in failed, evidence=SEEN) for gate in RUBRIC.gates
        ),
        items=tuple(
            ItemFinding(code=code, points=points.get(code, round(most * share)), evidence=SEEN)
            for code, most in FULL.items()
        ),
    )


def sheet_with(scores: Scores) -> Sheet:
    """A sheet whose items add up to these points by block, each item filled before the next."""
    points = {}
    for block in Scores.__struct_fields__:
        left = getattr(scores, block)
        for item in RUBRIC.items:
            if item.block == block:
                points[item.code] = min(left, item.points_max)
                left -= points[item.code]
        assert left == 0
    return sheet_of(**points)
