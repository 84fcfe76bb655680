"""The words: both languages say the same, and a Chinese SMS is one SMS."""

from datetime import date
from string import Formatter

import pytest

from marketplace.messaging.rules import SMS_LENGTH_MAX, TEMPLATES, Channel, address, language_of

# As long as facts get: a name of 17 characters, a stay across the year's end, six-figure yuan.
LONG = {
    "code": "123456",
    "minutes": 5,
    "institution": "长白山二道白河旅居养老中心（示例）",
    "phone": "+864335700001",
    "check_in": date(2026, 11, 25),
    "check_out": date(2026, 12, 30),
    "verified_on": date(2026, 12, 31),
    "finding_count": 1_000,
    "movement": "0198c4d2-7b1e-7c3a-9a55-0c8f6a1e2b3c",
    "due_on": date(2026, 10, 26),
    "amount": 12_345_600,
    "refund_amount": 12_345_600,
    "booking": f"bkg_{'0' * 32}",
    "assessment": f"asm_{'0' * 32}",
    "complaint": f"cpl_{'0' * 32}",
    "incident": f"icd_{'0' * 32}",
    "size": "123456",
    "note": "houniao.example/audit\n123456\nXcna\n\n— houniao.example/audit 4pQx\n",
    "guest_count": 2,
    "until_on": date(2026, 11, 3),
    "step": "county_review",
    "outcome": "我方败诉 lost",
    "payment": "pay_0192f0c11a2b7c3d8e4f5a6b7c8d9e0f",
    "refund": "ref_0192f0c11a2b7c3d8e4f5a6b7c8d9e0f",
    "link": "https://houniao.example/p/AbCdEfGhIjK",
}


def facts_in(text: str | None) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text or "") if name}


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_both_languages_use_the_same_facts(name):
    template = TEMPLATES[name]
    assert facts_in(template.zh) == facts_in(template.en)
    assert facts_in(template.zh) <= LONG.keys()
    assert not facts_in(template.subject_zh) | facts_in(template.subject_en)
    assert (template.subject_zh is not None) == (template.channel is Channel.MAIL)


@pytest.mark.parametrize("name", sorted(name for name in TEMPLATES if TEMPLATES[name].channel is Channel.SMS))
def test_a_chinese_sms_is_one_sms_even_with_long_facts(name):
    text = TEMPLATES[name].render(LONG, language="zh").text
    assert text.startswith("【候鸟】")
    assert len(text) <= SMS_LENGTH_MAX, (len(text), text)


def test_facts_are_written_as_people_say_them():
    facts = {**LONG, "institution": "白河旅居", "check_in": date(2026, 7, 1)}
    chinese = TEMPLATES["booking_cancelled"].render(facts, language="zh")
    english = TEMPLATES["booking_cancelled"].render(facts, language="en")
    assert chinese.text == "【候鸟】白河旅居7月1日的预订已取消，退款 ¥123,456.00 将原路退回。"
    assert english.text == (
        "[Houniao] Your booking at 白河旅居 from 2026-07-01 is cancelled; ¥123,456.00 will be paid back."
    )


def test_a_mail_is_in_both_languages():
    mail = TEMPLATES["booking_received"].render(LONG, language="zh")
    assert mail.subject == "新预订待确认接待 · A new booking"
    assert "请登录机构后台确认接待" in mail.text
    assert "Please sign in and acknowledge it." in mail.text


@pytest.mark.parametrize(
    ("phone", "language"),
    [("+8613800138000", "zh"), ("+85291234567", "zh"), ("+886912345678", "zh"), ("+821012345678", "en")],
)
def test_the_number_says_which_language(phone, language):
    assert language_of(phone) == language


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        (" 8613800138000", "+8613800138000"),
        ("Wang@Example.CN ", "wang@example.cn"),
        ("nobody", "nobody"),
    ],
)
def test_readers_are_found_however_they_are_written(given, found):
    assert address(given) == found
