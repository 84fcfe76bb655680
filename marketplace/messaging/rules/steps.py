"""What the periods of certification are called when people are told of them."""

_NAMES = {
    "completeness": ("材料审查", "the check for completeness"),
    "correction": ("补正", "the correction"),
    "county_review": ("县级审核", "the county's review"),
    "prefecture_review": ("市（州）级审核", "the prefecture's review"),
    "onsite": ("现场评估", "the visit"),
    "preview": ("评估结果预览", "the preview of the result"),
    "correction_answer": ("更正申请答复", "the answer to a correction"),
    "decision": ("认定决定", "the decision"),
    "decision_extension": ("认定决定（已延长）", "the decision, extended"),
    "publicity": ("公示", "the publicity"),
    "objection_review": ("异议核查", "the answer to objections"),
    "certificate": ("颁发证书", "issuing the certificate"),
    "rectification": ("限期整改", "the rectification"),
    "reinspection": ("整改复查", "the second visit"),
    "defence": ("陈述申辩", "the defence"),
    "hearing_request": ("申请听证", "asking for a hearing"),
    "withdrawal_notice": ("退出公告", "the notice of withdrawal"),
    "renewal_review": ("延续审查", "the review of the renewal"),
    "appeal": ("申请行政复议", "appealing"),
    "appeal_review": ("复议申请审查", "the acceptance of the appeal"),
    "appeal_decision": ("复议决定", "the decision on the appeal"),
    "appeal_extension": ("复议决定（已延长）", "the decision on the appeal, extended"),
}


def step_name(clock: str, language: str) -> str:
    """Return what a period is called in a language."""
    zh, en = _NAMES.get(clock, ("认定事项", "a step of certification"))
    return zh if language == "zh" else en
