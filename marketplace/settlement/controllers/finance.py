"""What the platform's finance people do, always two of them: pay refunds by bank, and release frozen transfers."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.guards import requires
from marketplace.identity.rules import Principal
from marketplace.kit import clock
from marketplace.kit.errors import IllegalTransition, NotFound
from marketplace.kit.http.limits import GENERAL, limited
from marketplace.kit.http.problems import refusals
from marketplace.kit.ids import parse
from marketplace.kit.pages import LIMIT_DEFAULT, BadCursor, Cursor, Limit, Page, decode_cursor, page
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.errors import ApprovedBySelf
from marketplace.payments.schemas import RefundView
from marketplace.settlement import operations, queries
from marketplace.settlement.errors import NothingFrozen, ReleaseChanged, SecondPersonRequired
from marketplace.settlement.schemas import (
    FrozenTransfersView,
    ProposedTransfer,
    RefundTaskView,
    ReleaseRequest,
    TransferReleaseView,
)


class RefundTasks(Controller):
    """Refunds that the provider cannot make: after a wallet's window, or after one failed; and interest."""

    path = "/v1/refund-tasks"
    tags = ("finance",)
    guards = (requires("finance"), limited(GENERAL))

    @get(
        "/",
        summary="Refunds to be paid by bank · 待人工退款",
        operation_id="listRefundTasks",
        response_description="The open tasks, the oldest first",
    )
    async def index(self) -> Page[RefundTaskView]:
        """Return every refund that people are to pay and have not."""
        return Page(items=[RefundTaskView.of(task) for task in await payment_queries.open_refund_tasks()])

    @post(
        "/{refund_id:str}/proposal",
        status_code=200,
        summary="Propose the bank transfer · 提出银行退款",
        operation_id="proposeBankRefund",
        response_description="The task; another person approves it",
        responses=refusals(IllegalTransition),
    )
    async def propose(
        self, principal: NamedDependency[Principal], refund_id: FromPath[str], data: JSONBody[ProposedTransfer]
    ) -> RefundTaskView:
        """Say by which bank transfer a refund was prepared; proposing anew replaces what nobody has approved."""
        found = parse("ref", refund_id)
        await payments.propose_payment_by_hand(
            refund_id=found, bank_reference=data.bank_reference, actor=principal, now=clock.now()
        )
        return RefundTaskView.of(await self._task(found))

    @post(
        "/{refund_id:str}/approval",
        status_code=200,
        summary="Approve it as the second person · 复核银行退款",
        operation_id="approveBankRefund",
        response_description="The refund, paid",
        responses=refusals(ApprovedBySelf, IllegalTransition),
    )
    async def approve(
        self, principal: NamedDependency[Principal], refund_id: FromPath[str], data: JSONBody[ProposedTransfer]
    ) -> RefundView:
        """Approve the very transfer that was proposed: the refund counts as paid, and the books say so."""
        found = parse("ref", refund_id)
        await payments.approve_payment_by_hand(
            refund_id=found, bank_reference=data.bank_reference, actor=principal, now=clock.now()
        )
        return RefundView.of(await payment_queries.refund(found))

    async def _task(self, refund_id: UUID) -> payment_queries.RefundTask:
        found = [task for task in await payment_queries.open_refund_tasks() if task.refund_id == refund_id]
        if not found:
            raise NotFound
        return found[0]


class TransferReleases(Controller):
    """What an institution earned before it was suspended or revoked, sent all the same."""

    path = "/v1"
    tags = ("finance",)
    guards = (requires("finance"), limited(GENERAL))

    @get(
        "/frozen-transfers",
        summary="What is frozen · 冻结款项",
        operation_id="listFrozenTransfers",
        response_description="By institution",
    )
    async def frozen(self) -> Page[FrozenTransfersView]:
        """Return what waits because an institution is suspended or revoked."""
        return Page(items=[FrozenTransfersView.of(row) for row in await queries.frozen_transfers()])

    @get(
        "/transfer-releases",
        summary="Releases · 放行记录",
        operation_id="listTransferReleases",
        response_description="The newest first",
        responses=refusals(BadCursor),
    )
    async def index(self, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Page[TransferReleaseView]:
        """Return who asked for what to be sent, and who approved it."""
        rows = await queries.releases(after=decode_cursor(cursor, UUID), limit=limit)
        found = page(rows, limit=limit, key=lambda row: row.id)
        return Page(items=[TransferReleaseView.of(row) for row in found.items], next_cursor=found.next_cursor)

    @post(
        "/transfer-releases",
        summary="Ask for a release · 申请放行",
        operation_id="requestTransferRelease",
        response_description="The release; another person approves it",
        responses=refusals(NotFound, NothingFrozen),
    )
    async def ask(self, principal: NamedDependency[Principal], data: JSONBody[ReleaseRequest]) -> TransferReleaseView:
        """Ask for everything that waits for an institution, as it stands now, to be sent."""
        release_id = await operations.request_release(
            institution_id=parse("ins", data.institution_id), reason=data.reason, actor=principal, now=clock.now()
        )
        return TransferReleaseView.of(await queries.release(release_id))

    @post(
        "/transfer-releases/{release_id:str}/approval",
        status_code=200,
        summary="Approve a release as the second person · 复核放行",
        operation_id="approveTransferRelease",
        response_description="The release, approved",
        responses=refusals(SecondPersonRequired, ReleaseChanged, IllegalTransition),
    )
    async def approve(self, principal: NamedDependency[Principal], release_id: FromPath[str]) -> TransferReleaseView:
        """Send what was seen: refused when anything of it has changed since it was asked for."""
        found = parse("rel", release_id)
        await operations.approve_release(release_id=found, actor=principal, now=clock.now())
        return TransferReleaseView.of(await queries.release(found))
