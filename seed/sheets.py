"""Sheets of findings that fit the rubric."""

from collections.abc import Mapping

from marketplace.certifications.rules import Evidence, EvidenceKind, GateFinding, ItemFinding, Sheet
from seed.rubric import RUBRIC

# Shares of every item's points that reach a grade in every block (60 %, 80 %, 90 %) and fall short of the next.
_SHARES = {3: 0.70, 4: 0.84, 5: 0.93}
_EVIDENCE = [
    Evidence(kind=EvidenceKind.RECORD, reference="近三个月记录抽查（示例）"),
    Evidence(kind=EvidenceKind.OBSERVATION, reference="现场查看（示例）"),
]


def sheet_for(grade: int) -> Sheet:
    """Return the findings of a visit that finds ``grade``: every gate passed, every item with its evidence."""
    return sheet_of({item.code: round((item.points_max or 0) * _SHARES[grade]) for item in RUBRIC.items})


def sheet_of(points: Mapping[str, int]) -> Sheet:
    """Return a sheet with these points by item, every gate passed."""
    return Sheet(
        gates=tuple(GateFinding(code=gate.code, passed=True, evidence=_EVIDENCE) for gate in RUBRIC.gates),
        items=tuple(
            ItemFinding(code=item.code, points=points[item.code], evidence=_EVIDENCE[index % 2 :])
            for index, item in enumerate(RUBRIC.items)
        ),
    )
