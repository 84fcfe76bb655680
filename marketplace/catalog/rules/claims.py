"""R32: a listing tells what is there, never what it heals (消保法 20; 吉民联〔2026〕14号 item 21)."""

import re
import unicodedata

from marketplace.catalog.errors import MedicalClaim

# Each is an assertion of effect; words of the trade such as 理疗, 康复 and 治疗室 stay allowed.
_CHINESE = (
    "包治", "根治", "治愈", "治好", "抗癌", "防癌", "治癌", "祛病", "除病", "药到病除", "百病", "疗效", "特效", "神效",
    "奇效", "包好", "无效退款", "延年益寿", "返老还童", "降血压", "降血糖", "降血脂", "软化血管", "排毒", "治疗糖尿病",
    "治疗高血压", "治疗关节炎", "治疗风湿", "替代药物", "停药", "秘方", "神医",
)  # fmt: skip
_ENGLISH = re.compile(
    r"\b(cures?|cured|heals?|anti-?cancer|miracle|detox(?:ify|ification)?|rejuvenat\w+|remed(?:y|ies)"
    r"|treats? (?:cancer|diabetes|hypertension|arthritis|rheumatism)|lowers? blood (?:pressure|sugar))\b"
)
# Claims are often broken up to pass a filter: 包·治, 根 治.
_SEPARATORS = re.compile(r"[\s\W_]+")


def check_claims(**texts: str) -> None:
    """Refuse a text that claims a medical effect, naming its field and words. Refuses: MedicalClaim."""
    for field, text in texts.items():
        term = _claim_in(text)
        if term is not None:
            raise MedicalClaim(term=term, field=field)


def _claim_in(text: str) -> str | None:
    folded = unicodedata.normalize("NFKC", text).casefold()
    joined = _SEPARATORS.sub("", folded)
    for term in _CHINESE:
        if term in joined:
            return term
    english = _ENGLISH.search(folded)
    return english.group(0) if english else None
