"""Every message to a person, in Chinese and English, in one table.

An SMS goes out in the reader's language, a mail in both. A Chinese SMS of up to 70 characters is one SMS (GSM 03.38);
each begins with the sender's name in brackets, as Chinese carriers require. Facts stand in braces; both languages use
the same ones.
"""

from marketplace.messaging.rules.wording import Channel, Template

_ALL = (
    Template(
        name="session_code",
        zh="验证码 {code}，{minutes} 分钟内有效，请勿告诉他人。",
        en="Your code is {code}, good for {minutes} minutes. Tell it to nobody.",
    ),
    Template(
        name="booking_confirmed",
        zh="{institution}已确认：{check_in}入住，{check_out}离店。{phone}",
        en="{institution} is confirmed from {check_in} to {check_out}.{phone}",
    ),
    Template(
        name="booking_cancelled",
        zh="{institution}{check_in}的预订已取消，退款 {refund_amount} 将原路退回。",
        en="Your booking at {institution} from {check_in} is cancelled; {refund_amount} will be paid back.",
    ),
    Template(
        name="booking_cancelled_without_refund",
        zh="{institution}{check_in}的预订已取消，按约定无退款。",
        en="Your booking at {institution} from {check_in} is cancelled; under its terms nothing is paid back.",
    ),
    Template(
        name="booking_not_honoured",
        zh="很抱歉，{institution}无法接待{check_in}的入住，已付 {refund_amount} 将全额退回。",
        en="We are sorry: {institution} cannot receive you on {check_in}. {refund_amount} will be paid back in full.",
    ),
    Template(
        name="complaint_answered",
        zh="您对{institution}的投诉已有答复，请登录查看。",
        en="Civil affairs has answered your complaint about {institution}. Sign in to read it.",
    ),
    Template(
        name="hold_released",
        zh="{institution}{check_in}的预留已取消，未产生费用。",
        en="The room held for you at {institution} from {check_in} is released; nothing was charged.",
    ),
    Template(
        name="booking_displaced",
        zh="很抱歉，{institution}的认定已被撤销，{check_in}的预订不能入住，已付款将全额退回。",
        en="We are sorry: {institution} is no longer certified, so the stay from {check_in} cannot take place."
        " All you paid will be paid back.",
    ),
    Template(
        name="free_cancellation_offered",
        zh="{institution}已被暂停认定。您{check_in}的预订可免费取消，已付款全额退回；保留预订则以恢复为准，届时另行通知。",
        en="{institution} has been suspended. You may cancel your stay from {check_in} free of charge, and all you paid"
        " comes back. If you keep it, we tell you when the institution is reinstated.",
    ),
    Template(
        name="free_cancellation_limited",
        zh="{institution}已恢复认定，您{check_in}的预订照常。{until_on}前仍可免费取消。",
        en="{institution} has been reinstated and your stay from {check_in} takes place. You may still cancel it free of"
        " charge until {until_on}.",
    ),
    Template(
        name="hold_voided",
        zh="{institution}的认定已被撤销，您的预留已取消，未产生费用。",
        en="{institution} is no longer certified; the room held for you is released and nothing was charged.",
    ),
    Template(
        name="departure_guaranteed",
        zh="您{check_in}出发的旅居团已成团，{check_out}返回，请按时参加。",
        en="Your group tour from {check_in} to {check_out} has enough travellers and will take place.",
    ),
    Template(
        name="departure_not_formed",
        zh="很抱歉，{check_in}出发的旅居团未成团，已付款 {refund_amount} 将全额退回。",
        en="We are sorry: the group tour from {check_in} found too few travellers. {refund_amount} will be paid back.",
    ),
    Template(
        name="payment_returned",
        zh="{institution}{check_in}的款项到账时房间已不可订，{amount} 将全额退回。",
        en="Your payment for {institution} from {check_in} came when the room was gone; {amount} will be paid back.",
    ),
    Template(
        name="refund_paid",
        zh="{institution}的退款 {amount} 已退回原支付账户。",
        en="The refund of {amount} for {institution} is back in the account it was paid from.",
    ),
    Template(
        name="charge_proposed",
        zh="{institution}申请加收 {amount}，请登录候鸟确认；未经您同意不会收取。",
        en="{institution} asks for {amount} beside the price. Please answer in Houniao; without your word it is not charged.",
    ),
    Template(
        name="stay_extended",
        zh="{institution}已为您延住至{check_out}。{phone}",
        en="Your stay at {institution} now lasts until {check_out}.{phone}",
    ),
    Template(
        name="reminder_7_days",
        zh="{institution}将于{check_in}接待您，请备好身份证和常用药。{phone}",
        en="{institution} expects you on {check_in}. Bring identity cards and medicines.{phone}",
    ),
    Template(
        name="reminder_1_day",
        zh="温馨提醒：{check_in}入住{institution}，路上请注意安全。{phone}",
        en="A reminder: your stay at {institution} begins on {check_in}. Travel safely.{phone}",
    ),
    Template(
        name="reminder_balance",
        zh="{institution}的尾款 {amount} 请于{due_on}前支付，以免影响{check_in}入住。",
        en="Please pay the balance of {amount} for {institution} by {due_on}; your stay begins on {check_in}.",
    ),
    Template(
        name="payment_upcoming",
        zh="请于{due_on}前支付 {amount}：{link}",
        en="Please pay {amount} by {due_on}: {link}",
    ),
    Template(
        name="payment_overdue",
        zh="{due_on}应付的 {amount} 尚未支付：{link}",
        en="{amount} was due by {due_on} and is unpaid: {link}",
    ),
    Template(
        name="payment_final",
        zh="{amount} 未付，{until_on}将取消预订：{link}",
        en="{amount} is unpaid; your booking will be cancelled on {until_on}: {link}",
    ),
    Template(
        name="booking_received",
        channel=Channel.MAIL,
        subject_zh="新预订待确认接待",
        subject_en="A new booking",
        zh="预订 {booking}：{check_in} 至 {check_out}，{guest_count} 人。请登录机构后台确认接待。",
        en="Booking {booking}: {check_in} to {check_out}, {guest_count} guests. Please sign in and acknowledge it.",
    ),
    Template(
        name="booking_withdrawn",
        channel=Channel.MAIL,
        subject_zh="预订已取消",
        subject_en="A booking was cancelled",
        zh="预订 {booking}（{check_in} 至 {check_out}，{guest_count} 人）已取消，房间已恢复可售。",
        en="Booking {booking} ({check_in} to {check_out}, {guest_count} guests) is cancelled; the room is for sale again.",
    ),
    Template(
        name="booking_extended",
        channel=Channel.MAIL,
        subject_zh="客人延住",
        subject_en="A stay was extended",
        zh="预订 {booking}（{guest_count} 人）已延住，自 {check_in} 至 {check_out}，款项已付。",
        en="Booking {booking} ({guest_count} guests) was extended: {check_in} to {check_out}, and paid.",
    ),
    Template(
        name="refund_by_hand",
        channel=Channel.MAIL,
        subject_zh="待人工退款",
        subject_en="A refund to be paid by bank",
        zh="退款 {refund}（预订 {booking}，{amount}）须经银行人工退款，须两人办理。",
        en="Refund {refund} of {amount} (booking {booking}) is to be paid by bank, by two people.",
    ),
    Template(
        name="transfer_owed",
        channel=Channel.MAIL,
        subject_zh="机构欠款",
        subject_en="An institution owes us",
        zh="机构 {institution} 未能退回 {amount}，已转为应收款，从后续转账中扣除。",
        en="Institution {institution} could not give {amount} back: it owes it, and later transfers are less by that.",
    ),
    Template(
        name="hold_too_old",
        channel=Channel.MAIL,
        subject_zh="代收款已满 80 天",
        subject_en="Money held for 80 days",
        zh="预订 {booking} 的代收款 {amount} 已满 80 天，最长 90 天，请处理。",
        en="{amount} has been held for booking {booking} for 80 days; 90 are the most. Please act.",
    ),
    Template(
        name="dispute_opened",
        channel=Channel.MAIL,
        subject_zh="付款争议",
        subject_en="A payment is disputed",
        zh="付款 {payment}（预订 {booking}，{amount}）被持卡人发卡行调回，请在期限内提交证据。",
        en="A bank took {amount} of payment {payment} (booking {booking}) back. Please answer the dispute in time.",
    ),
    Template(
        name="dispute_decided",
        channel=Channel.MAIL,
        subject_zh="付款争议结果",
        subject_en="A dispute was decided",
        zh="付款 {payment}（预订 {booking}，{amount}）的争议已裁决：{outcome}。",
        en="The dispute of payment {payment} (booking {booking}, {amount}) was decided: {outcome}.",
    ),
    Template(
        name="payment_defaulted",
        channel=Channel.MAIL,
        subject_zh="在住客人逾期未付",
        subject_en="Guests in the house have not paid",
        zh="预订 {booking}（{check_in} 至 {check_out}，{guest_count} 人）的应付款多次提醒后仍未支付，请联系客人。",
        en="Booking {booking} ({check_in} to {check_out}, {guest_count} guests) is still unpaid after every reminder."
        " Please talk to the guests.",
    ),
    Template(
        name="assessment_ordered",
        channel=Channel.MAIL,
        subject_zh="质量评估任务",
        subject_en="An assessment is due",
        zh="请于 {due_on} 前完成对{institution}的质量评估。任务编号 {assessment}。",
        en="Please assess {institution} by {due_on}. Task {assessment}.",
    ),
    Template(
        name="assessment_escalated",
        channel=Channel.MAIL,
        subject_zh="督办：质量评估逾期",
        subject_en="An assessment is overdue",
        zh="{institution}的质量评估应于 {due_on} 前完成，现已逾期，请督办。任务编号 {assessment}。",
        en="The assessment of {institution} was due by {due_on} and is overdue. Please see to it. Task {assessment}.",
    ),
    Template(
        name="step_overdue",
        channel=Channel.MAIL,
        subject_zh="督办：认定事项逾期",
        subject_en="A step of certification is overdue",
        zh="{institution}：{step}应于 {due_on} 前完成，现已逾期，请尽快办理。",
        en="{institution}: {step} was due by {due_on} and is overdue. Please see to it.",
    ),
    Template(
        name="deadline_moved",
        channel=Channel.MAIL,
        subject_zh="期限顺延通知",
        subject_en="A deadline has moved",
        zh="国务院办公厅已公布节假日安排，{institution}的{step}期限顺延至 {due_on}。",
        en="The holidays of the year have been published: for {institution}, {step} now ends on {due_on}.",
    ),
    Template(
        name="rectification_overdue",
        channel=Channel.MAIL,
        subject_zh="督办：逾期未整改",
        subject_en="A rectification is overdue",
        zh="{institution}逾期未提交整改报告，请依程序处理。",
        en="{institution} has not reported its rectification in time. Please decide what follows.",
    ),
    Template(
        name="reasons_overdue",
        channel=Channel.MAIL,
        subject_zh="督办：紧急暂停逾期未说明理由",
        subject_en="An emergency suspension lacks its reasons",
        zh="{institution}被紧急暂停后，逾期未说明理由，请核查。",
        en="The emergency suspension of {institution} was not reasoned in time. Please look into it.",
    ),
    Template(
        name="assessment_preview",
        channel=Channel.MAIL,
        subject_zh="质量评估结果预告",
        subject_en="Preview of your assessment",
        zh="贵机构的质量评估结果（{assessment}）已可查看，{due_on} 前可申请更正，逾期公布。",
        en="The result of your assessment {assessment} can be seen. Corrections may be asked for until {due_on}.",
    ),
    Template(
        name="correction_requested",
        channel=Channel.MAIL,
        subject_zh="评估结果更正申请",
        subject_en="A correction is asked for",
        zh="{institution}对评估结果 {assessment} 申请更正，答复前不予公布。",
        en="{institution} disagrees with its assessment {assessment}. Nothing is published before you have answered.",
    ),
    Template(
        name="inspection_drawn",
        channel=Channel.MAIL,
        subject_zh="双随机检查任务（检查前请勿告知机构）",
        subject_en="You were drawn for an inspection",
        zh="您被抽中检查{institution}，请于 {due_on} 前完成并录入结果；存在利害关系的请先申报回避。",
        en="You were drawn to inspect {institution} by {due_on}. Do not tell the institution. If you have a conflict of"
        " interest, declare it first.",
    ),
    Template(
        name="movement_unexplained",
        channel=Channel.MAIL,
        subject_zh="支付渠道有不明资金变动",
        subject_en="Money moved at the provider and nobody knows why",
        zh="支付渠道有一笔 {amount} 的变动与我方账目无法对应（{movement}），已列入待查，系统不会自行调账，请核对。",
        en="A movement of {amount} at the provider has no explanation in our books ({movement}). It stands in suspense and"
        " is not put right by itself. Please look into it.",
    ),
    Template(
        name="books_disagree",
        channel=Channel.MAIL,
        subject_zh="账目核对不一致",
        subject_en="The books do not agree",
        zh="{verified_on} 的账目核对发现 {finding_count} 处不一致，明细见日志，系统不会自行调账，请核对。",
        en="The proof of the books of {verified_on} has {finding_count} findings, named in the log. Nothing is put right"
        " by itself. Please look into it.",
    ),
    Template(
        name="complaint_received",
        channel=Channel.MAIL,
        subject_zh="新投诉待处理",
        subject_en="A new complaint",
        zh="收到一件对{institution}的投诉 {complaint}，请登录查看并办理。",
        en="There is a new complaint {complaint} about {institution}. Please sign in and deal with it.",
    ),
    Template(
        name="complaint_referred",
        channel=Channel.MAIL,
        subject_zh="投诉转办，请答复",
        subject_en="A complaint was referred to you",
        zh="民政部门将投诉 {complaint} 转交贵机构，请登录查看并答复。",
        en="Civil affairs asks what you say to complaint {complaint}. Please sign in and reply.",
    ),
    Template(
        name="incident_reported",
        channel=Channel.MAIL,
        subject_zh="机构事故报告",
        subject_en="An incident was reported",
        zh="{institution}报告了一起事故 {incident}，请登录查看并核查。",
        en="Incident {incident} at {institution} was reported. Please sign in and look into it.",
    ),
    Template(
        name="inspection_escalated",
        channel=Channel.MAIL,
        subject_zh="督办：双随机检查逾期",
        subject_en="A drawn inspection is overdue",
        zh="对{institution}的双随机检查应于 {due_on} 前完成，尚无结果，请督办。",
        en="The inspection of {institution} that was drawn was due by {due_on} and has no result. Please see to it.",
    ),
    Template(
        name="audit_checkpoint",
        channel=Channel.MAIL,
        subject_zh="审计日志每日检查点，请留存",
        subject_en="The audit log's checkpoint of the day, to be kept",
        zh="审计日志现有 {size} 条记录。请留存本邮件：日后可据此证明日志未被改写。\n\n{note}",
        en="The audit log has {size} entries. Keep this mail: with it anyone can later show whether the log was"
        " rewritten.\n\n{note}",
    ),
    Template(
        name="guests_to_relocate",
        channel=Channel.MAIL,
        subject_zh="紧急：在住老人需安置",
        subject_en="Urgent: guests to relocate",
        zh="{institution}的认定已被撤销，预订 {booking} 仍有 {guest_count} 人在住，请立即组织安置。",
        en="{institution} is no longer certified while {guest_count} guests of booking {booking} live there."
        " Please relocate them at once.",
    ),
)

TEMPLATES: dict[str, Template] = {template.name: template for template in _ALL}
