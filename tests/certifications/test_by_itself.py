"""What happens without anybody's doing: the queue publishes, writes and follows up, in its own time."""

from datetime import timedelta

from marketplace.certifications import operations, queries
from marketplace.certifications.rules.inspecting import Outcome
from marketplace.kit.db import fetch, fetch_value
from tests.certifications.conftest import NOW, TODAY
from tests.certifications.test_inspecting import add_officer, drawn, inspectors, record  # noqa: F401 - fixtures.
from tests.certifications.test_scoring import PREVIEW_ENDS, colleague, host, order, previewed  # noqa: F401 - fixtures.
from workers import handling


async def templates() -> list[str]:
    return [row["template"] for row in await fetch("SELECT template FROM messages ORDER BY id")]


async def test_a_result_is_published_when_its_preview_is_over(previewed, certified):  # noqa: F811
    await handling.drain(now=PREVIEW_ENDS - timedelta(seconds=1))
    assert (await queries.assessment(previewed.id)).published_at is None
    await handling.drain(now=PREVIEW_ENDS)
    assert (await queries.assessment(previewed.id)).published_at == PREVIEW_ENDS
    shown = await queries.snapshot(institution_id=certified.institution_id, now=PREVIEW_ENDS)
    assert (shown.grade, shown.grade_method) == (4, "jl-sojourn-2026.1")


async def test_who_was_drawn_is_told_and_problems_are_followed_up(drawn, inspectors):  # noqa: F811
    at = NOW + timedelta(days=7)
    await handling.drain(now=at)
    assert (await templates()).count("inspection_drawn") == 2
    await record(drawn, next(iter(inspectors.values())), outcome=Outcome.PROBLEMS, now=at, on=TODAY + timedelta(days=7))
    await handling.drain(now=at)
    ordered = await fetch_value("SELECT reason FROM assessment_orders WHERE status = 'ordered'")
    assert ordered == "inspection"
    assert await operations.order_due_assessments(now=at) == 0
