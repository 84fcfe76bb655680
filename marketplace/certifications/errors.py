"""What certification refuses."""

from marketplace.kit.errors import DomainError


class InstitutionNotBookable(DomainError):
    """The institution may not be sold now; ``certification_status`` says why, null when it was never certified."""

    code = "institution_not_bookable"
    zh = "该机构目前不可预订"
    en = "The institution cannot be booked at present."


class StayBeyondCertificate(DomainError):
    """Every night must lie within the certificate's validity, and the stay end on or before its last day."""

    code = "stay_beyond_certificate"
    zh = "入住须在证书有效期内（{valid_from} 至 {valid_until}）"
    en = "The stay must lie within the certificate's validity ({valid_from} to {valid_until})."


class AlreadyCertified(DomainError):
    """The institution has a certification that has not ended; ``certification_id`` names it."""

    code = "already_certified"
    zh = "该机构已有有效认定"
    en = "The institution already has a certification that has not ended."


class NotCertifiable(DomainError):
    """The score is below what certification asks for, in total or in one block."""

    code = "not_certifiable"
    zh = "评分未达到认定标准（{score} 分）"
    en = "The score ({score}) does not reach the standard in total and in every block."


class HigherLevelRequired(DomainError):
    """What one level ordered, only the same level or one above may lift."""

    code = "higher_level_required"
    status = 403
    zh = "须由作出决定的同级或上级机关解除"
    en = "Only the level that ordered this, or one above it, may lift it."


class DecisionPending(DomainError):
    """The same decision is already waiting for its second officer; ``decision_id`` names it."""

    code = "decision_pending"
    zh = "同一事项已在等待第二人批准"
    en = "The same decision is already waiting for its second officer."


class EvidenceMissing(DomainError):
    """The application lacks evidence; ``kinds`` lists all of it."""

    code = "evidence_missing"
    status = 422
    zh = "申请材料不齐"
    en = "The application lacks required evidence."


class EvidenceExpired(DomainError):
    """Evidence is no longer in force; ``kinds`` lists it."""

    code = "evidence_expired"
    status = 422
    zh = "申请材料已过有效期"
    en = "Evidence of the application has expired."


class CorrectionSpent(DomainError):
    """Everything that is missing is said once; a second completeness notice is not possible."""

    code = "correction_spent"
    zh = "补正通知只能发出一次，须一次告知"
    en = "A completeness notice may be given only once."


class ExtensionSpent(DomainError):
    """A period may be extended once."""

    code = "extension_spent"
    zh = "期限只能延长一次"
    en = "The period may be extended only once."


class ApplicationPending(DomainError):
    """The institution has an application under way; ``application_id`` names it."""

    code = "application_pending"
    zh = "该机构已有申请在办理"
    en = "The institution has an application under way."


class LockedOut(DomainError):
    """After a failed assessment or a revocation an institution may not apply again for some time."""

    code = "locked_out"
    zh = "{until} 之前不得再次申请"
    en = "No new application is possible until {until}."


class RenewalWindowClosed(DomainError):
    """A renewal is applied for within its window, before the certificate ends."""

    code = "renewal_window_closed"
    zh = "延续申请须在 {opens_on} 至 {closes_on} 提出"
    en = "A renewal is applied for between {opens_on} and {closes_on}."


class PublicityRunning(DomainError):
    """The publicity has not ended; nothing may be decided before it has."""

    code = "publicity_running"
    zh = "公示期至 {until} 届满，期满方可决定"
    en = "The publicity runs until {until}; nothing is decided before."


class PublicityOver(DomainError):
    """Objections are raised during the publicity."""

    code = "publicity_over"
    zh = "公示期已于 {until} 届满"
    en = "The publicity ended on {until}."


class ObjectionsOpen(DomainError):
    """An objection has not been answered."""

    code = "objections_open"
    zh = "尚有异议未处理"
    en = "Objections are not answered yet."


class NoticeMissing(DomainError):
    """No decision against an institution without telling it first: facts, basis, rights."""

    code = "notice_missing"
    zh = "作出决定前须先行告知"
    en = "The institution must be given notice first."


class DefencePending(DomainError):
    """The period for the institution's defence, or for asking for a hearing, still runs."""

    code = "defence_pending"
    zh = "陈述申辩期限至 {until} 届满"
    en = "The period for the defence runs until {until}."


class HearingOutstanding(DomainError):
    """A hearing was asked for and has not been held."""

    code = "hearing_outstanding"
    zh = "当事人要求听证，尚未举行"
    en = "A hearing was asked for and has not been held."


class DefenceNotWeighed(DomainError):
    """The defence has not been weighed; its outcome must be on file before the decision."""

    code = "defence_not_weighed"
    zh = "尚未记录陈述申辩的采纳情况"
    en = "The outcome of the defence is not on file."


class PeriodOver(DomainError):
    """The period for this step has passed."""

    code = "period_over"
    zh = "该期限已于 {until} 届满"
    en = "The period ended on {until}."


class ProceedingOpen(DomainError):
    """A proceeding of the same kind is under way; ``case_id`` names it."""

    code = "proceeding_open"
    zh = "同类程序正在进行"
    en = "A proceeding of this kind is already under way."


class ReportMissing(DomainError):
    """A rectification is judged on the institution's report."""

    code = "report_missing"
    zh = "机构尚未提交整改报告"
    en = "The institution has not reported its rectification."


class StayedByAppeal(DomainError):
    """The authority that hears the appeal has stayed the decision."""

    code = "stayed_by_appeal"
    zh = "行政复议期间已决定停止执行"
    en = "Execution is stayed while the appeal is heard."


class SecondAssessorRequired(DomainError):
    """A result is confirmed by someone other than the assessor who entered it."""

    code = "second_assessor_required"
    zh = "须由另一名评估人员确认"
    en = "A second assessor must confirm this result."


class ResultChanged(DomainError):
    """The findings are not those that the second assessor has read; ``revision`` is the present one."""

    code = "result_changed"
    zh = "评估结果已修改，请重新核对（第 {revision} 版）"
    en = "The findings have changed; read revision {revision} and confirm that."


class CorrectionOpen(DomainError):
    """A correction of this preview is already waiting for its answer; ``correction_id`` names it."""

    code = "correction_open"
    zh = "已有一项更正申请正在处理"
    en = "A correction of this preview is already waiting for its answer."


class PreviewRunning(DomainError):
    """The institution has its preview of the result until the last day; nothing is decided on it before."""

    code = "preview_running"
    zh = "评估结果预览期至 {until}，尚不能作出决定"
    en = "The institution's preview of the result runs until {until}."


class RubricAltered(DomainError):
    """A rubric that is in force is never altered: give what is changed a new version."""

    code = "rubric_altered"
    zh = "评分标准 {version} 已存在且内容不同"
    en = "Rubric {version} exists with another content; give it a new version."


class ConflictOfInterest(DomainError):
    """The officer has a declared conflict of interest with this institution, and neither assesses nor inspects it."""

    code = "conflict_of_interest"
    zh = "与该机构存在利害关系，应当回避"
    en = "You have a declared conflict of interest with this institution."


class NotDrawn(DomainError):
    """An inspection is carried out by the inspectors that were drawn for it."""

    code = "not_drawn"
    zh = "您不是本次抽取的检查人员"
    en = "You were not drawn for this inspection."


class AlreadyInspected(DomainError):
    """The result of this inspection has been published, and stays as it is."""

    code = "already_inspected"
    zh = "该检查结果已公布"
    en = "The result of this inspection has been published."
