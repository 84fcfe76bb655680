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


class SecondOfficerRequired(DomainError):
    """What cannot be undone is approved by someone other than the officer who asked for it."""

    code = "second_officer_required"
    zh = "须由另一名省级工作人员批准"
    en = "A second provincial officer must approve this."


class DecisionNotPending(DomainError):
    """The decision has already been approved, or has lapsed."""

    code = "decision_not_pending"
    zh = "该决定已处理"
    en = "The decision is no longer pending."


class DecisionExpired(DomainError):
    """Nobody approved the decision in time; ask for it again."""

    code = "decision_expired"
    zh = "该决定已过批准期限，请重新提出"
    en = "The decision was not approved in time; request it again."


class DecisionAltered(DomainError):
    """What is stored is not what the first officer asked for; nothing was done. Investigate, then request again."""

    code = "decision_altered"
    zh = "决定内容与提出时不一致，已拒绝执行"
    en = "The decision differs from what was requested; nothing was done."


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
