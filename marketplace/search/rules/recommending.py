"""The recommended order: a published sum of points, the same for everybody. No institution can pay for a point.

| code | points | why |
|---|---|---|
| grade | 12 for each of the 1–5 of the public grade | assessed by civil affairs |
| restricted | −15 | an order to rectify is open, or an assessment overdue |
| text | 20 for a hit in the name, 10 in the place | when `q` is given |
| distance | 20 at the point, one less for every 2 km | when `near` is given |
| relief | 2 for each °C cooler than at home, at most 20 | when `origin` is given and the climate is known |

The price has no part in it: it has a sort of its own. Ties stand in the order of registration.
"""

import msgspec

GRADE_POINTS = 12
RESTRICTED_POINTS = -15
TEXT_POINTS: dict[int | None, int] = {0: 20, 1: 10}
NEAREST_POINTS = 20
METRES_PER_POINT = 2_000
RELIEF_PER_POINT = 50
RELIEF_POINTS_MAX = 20


class Point(msgspec.Struct, frozen=True):
    """One reason for a position, with its points."""

    code: str
    points: int
    reason_zh: str
    reason_en: str


def score_of(
    *, grade: int | None, restricted: bool, text_rank: int | None, distance_m: int | None, relief: int | None
) -> int:
    """Return the points of an institution; a fact that was not asked about is None and has none."""
    return (
        GRADE_POINTS * (grade or 0)
        + (RESTRICTED_POINTS if restricted else 0)
        + TEXT_POINTS.get(text_rank, 0)
        + (0 if distance_m is None else _of_distance(distance_m))
        + (0 if relief is None else _of_relief(relief))
    )


def recommend(
    *, grade: int | None, restricted: bool, text_rank: int | None, distance_m: int | None, relief: int | None
) -> tuple[Point, ...]:
    """Return the reasons of a score, of which it is the sum."""
    found = [Point("grade", GRADE_POINTS * (grade or 0), *_grade_words(grade))]
    if restricted:
        found.append(
            Point(
                "restricted",
                RESTRICTED_POINTS,
                "整改中或评估逾期",
                "An order to rectify is open, or an assessment overdue",
            )
        )
    if text_rank in TEXT_POINTS:
        where_zh, where_en = ("名称", "name") if text_rank == 0 else ("地点", "place")
        found.append(
            Point("text", TEXT_POINTS[text_rank], f"{where_zh}与搜索词相符", f"Your words are in the {where_en}")
        )
    if distance_m is not None:
        km = f"{distance_m / 1000:.1f}"
        found.append(Point("distance", _of_distance(distance_m), f"距所选地点 {km} 公里", f"{km} km from your point"))
    if relief is not None:
        found.append(Point("relief", _of_relief(relief), *_relief_words(relief)))
    return tuple(found)


def _of_distance(distance_m: int) -> int:
    return max(0, NEAREST_POINTS - distance_m // METRES_PER_POINT)


def _of_relief(relief: int) -> int:
    return max(0, min(RELIEF_POINTS_MAX, relief // RELIEF_PER_POINT))


def _grade_words(grade: int | None) -> tuple[str, str]:
    if grade is None:
        return "暂无公示等级", "No public grade at present"
    return f"民政评定 {grade} 级", f"Assessed as grade {grade} of 5"


def _relief_words(relief: int) -> tuple[str, str]:
    degrees = f"{abs(relief) / 100:.1f}"
    if relief < 0:
        return f"比家中高 {degrees} °C", f"{degrees} °C warmer than at home"
    return f"比家中凉 {degrees} °C", f"{degrees} °C cooler than at home"
